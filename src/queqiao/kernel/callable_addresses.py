"""What this system calls on somebody's word, such as a receiver's or a bidder's address."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from queqiao.kernel.errors import FieldError, InvalidInput, Message

METADATA_ADDRESSES = ("100.100.100.200", "fd00:ec2::254", "168.63.129.16", "192.0.0.192")
"""Metadata services that are not link-local: Alibaba Cloud, AWS, Azure, Oracle Cloud."""
_CARRIERS = tuple(map(ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "::/96")))
"""IPv6 addresses that end in an IPv4 one: NAT64 (RFC 6052, RFC 8215) and what came before it."""


def is_callable(address: str) -> bool:
    """Say whether an IP address may be called.

    Private ones may: receivers often stand in the same network. Link-local ones and the
    metadata services of clouds may not: they would give their secrets away.
    """
    found = _inner(ip_address(address.partition("%")[0]))
    if str(found) in METADATA_ADDRESSES:
        return False
    return not (found.is_link_local or found.is_multicast or found.is_unspecified)


def _inner(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address that an IPv6 one carries (mapped, 6to4, NAT64), else itself."""
    if isinstance(address, IPv4Address):
        return address
    if any(address in carrier for carrier in _CARRIERS) and not address.is_loopback:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or address


_NO_URL = Message(
    "应为 http 或 https 地址，例如 https://example.com/hook，不含用户名和密码",
    "write an http or https address such as https://example.com/hook, without user name",
)
_FORBIDDEN = Message("这个地址不允许调用", "this address may not be called")


def check_url(url: str, path: str) -> None:
    """Raise InvalidInput, which names the field ``path``, for a URL that cannot be called.

    A host that is a name is only known when it is resolved: who calls it checks again.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port  # raises when it is not a port
    except ValueError as error:
        raise InvalidInput(FieldError(path, _NO_URL)) from error
    printable = url.isprintable() and " " not in url
    if parts.scheme not in {"http", "https"} or not host or "@" in parts.netloc or not printable:
        raise InvalidInput(FieldError(path, _NO_URL))
    if is_address(host) and not is_callable(host):
        raise InvalidInput(FieldError(path, _FORBIDDEN))


def is_address(host: str) -> bool:
    """Say whether a host is an IP address and not a name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
