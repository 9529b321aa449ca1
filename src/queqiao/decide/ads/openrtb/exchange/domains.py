"""Host names: of a page, and within domains."""

from collections.abc import Iterable


def host_of(page: str) -> str:
    """Return the host of an address, or of what is a host already, in lower case."""
    rest = page.partition("://")[2] or page
    return rest.partition("/")[0].partition("?")[0].rpartition("@")[2].partition(":")[0].lower()


def within(host: str, domains: Iterable[str]) -> bool:
    """Say whether a host is one of the domains, or a subdomain of one."""
    return any(host == each.lower() or host.endswith(f".{each.lower()}") for each in domains)
