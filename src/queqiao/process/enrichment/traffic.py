"""Where a visit came from: campaign tags, click ids and the referrer, to source and channel.

The table is ``traffic.json``. What is said first wins: the medium of the campaign, the click id of
an ad platform, the source of the campaign, the referrer, the app that shows the page.
"""

import re
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from msgspec.structs import astuple

from queqiao.process.enrichment.context import Campaign, Context, Page
from queqiao.process.enrichment.tables import table_of

CHANNELS = (
    "organic_search", "paid_search", "social", "paid_social", "email", "sms", "push", "affiliate",
    "display", "referral", "direct", "other",
)  # fmt: skip
"""The channels. Empty: the event does not say (a server's), or the visit goes on in the site."""
PAGES_IN_MEMORY_MAX = 4_000
TEXT_CHARS_MAX = 200
_URL_CHARS_MAX = 2_048
_PARAMETERS_MAX = 100


class Site(NamedTuple):
    """A known source of visits; ``kind`` is what it is (search, social, …)."""

    name: str
    kind: str


class Tags(NamedTuple):
    """The campaign of a visit, and the name of the click id that came with it."""

    source: str = ""
    medium: str = ""
    campaign: str = ""
    term: str = ""
    content: str = ""
    click_id: str = ""


class Traffic(NamedTuple):
    """Where a visit came from."""

    referrer_domain: str = ""
    channel: str = ""
    source: str = ""
    tags: Tags = Tags()


_TABLE: dict[str, Any] = table_of("traffic.json")
_KINDS: dict[str, str] = _TABLE["kinds"]
_PAID: dict[str, str] = _TABLE["paid"]
_CLICK_IDS: dict[str, list[str]] = _TABLE["click_ids"]
_IN_APP: dict[str, str] = _TABLE["in_app"]
_MEDIA = {word: channel for channel, words in _TABLE["media"].items() for word in words}
_HOSTS: dict[str, Site] = {}
_ANY_END: dict[str, Site] = {}
_NAMED: dict[str, Site] = {}


def _learn(entry: dict[str, Any]) -> None:
    """Take one site of the table in: by its name, other words for it, its apps, its hosts."""
    site = Site(entry["name"], entry["kind"])
    for word in (site.name, *entry.get("words", ()), *entry.get("apps", ())):
        _NAMED[word.lower()] = site
    for host in entry["hosts"]:
        (_ANY_END if host.endswith(".*") else _HOSTS)[host.removesuffix(".*")] = site


for _entry in _TABLE["sites"]:
    _learn(_entry)

_NO_TRAFFIC, _NO_PAGE, _NO_CAMPAIGN = Traffic(), Page(), Campaign()
_TAGGED = re.compile("|".join(["utm_", *map(re.escape, _CLICK_IDS)]))
_SECOND_LEVEL = frozenset(("com", "co", "net", "org", "gov", "edu", "ac"))


def traffic_of(context: Context, browser: str) -> Traffic:
    """Return where the visit of an event came from. ``browser`` is the user agent's."""
    page, campaign = context.page, context.campaign
    if page is None and campaign is None:
        return _NO_TRAFFIC
    page, campaign = page or _NO_PAGE, campaign or _NO_CAMPAIGN
    # What is remembered is bounded, so a campaign of long texts is read each time.
    read = _remembered if campaign == _NO_CAMPAIGN or _is_short(campaign) else _traffic
    return read(
        _query(page), _host(page.url), None if page.referrer is None else _host(page.referrer),
        browser, campaign,
    )  # fmt: skip


def _is_short(campaign: Campaign) -> bool:
    said = filter(None, astuple(campaign))
    return max(map(len, said), default=0) <= TEXT_CHARS_MAX


def _query(page: Page) -> str:
    """Return the query of a page that names a campaign, else nothing: pages of most are alike."""
    query = page.search or ""
    if not query and page.url and "?" in page.url:
        query = page.url.partition("?")[2].partition("#")[0]
    return query[:_URL_CHARS_MAX].lstrip("?") if _TAGGED.search(query) else ""


def _host(address: str | None) -> str:
    """Return what stands where the host does; ``_plain`` makes the host of it."""
    parts = address.split("/", 3) if address else ()
    return parts[2][:TEXT_CHARS_MAX] if len(parts) > 2 and not parts[1] else ""


def _plain(host: str) -> str:
    """Return a host without user, port and www, in lower case."""
    host = host.rpartition("@")[2].partition(":")[0].partition("?")[0]
    return host.lower().removeprefix("www.")[:TEXT_CHARS_MAX]


def _traffic(
    query: str, own: str, referrer: str | None, browser: str, campaign: Campaign
) -> Traffic:
    tags = _tags(query, campaign)
    domain = _plain(referrer or "")
    inside = bool(domain) and _registered(domain) == _registered(_plain(own))
    if inside:
        domain = ""
    source, channel = _by_tags(tags)
    if not channel and domain:
        site = site_of(domain)
        source = site.name if site else domain
        channel = _KINDS[site.kind] if site else "referral"
    if not channel and not inside and referrer is not None:
        source, channel = _without_referrer(browser)
    return Traffic(domain, channel, source[:TEXT_CHARS_MAX], tags)


_remembered = lru_cache(maxsize=PAGES_IN_MEMORY_MAX)(_traffic)


def _by_tags(tags: Tags) -> tuple[str, str]:
    """Return source and channel by campaign tags and click ids; empty where there are none."""
    named = tags.source.strip().lower()
    site = _NAMED.get(named) or site_of(named)
    source = site.name if site else named
    clicked = _CLICK_IDS.get(tags.click_id, ["", ""])
    channel = _MEDIA.get(tags.medium.strip().lower(), "")
    if channel == "paid":
        return source or clicked[0], _PAID[site.kind] if site else clicked[1] or "paid_search"
    if channel:
        return source or clicked[0], channel
    if clicked[1]:
        return source or clicked[0], clicked[1]
    if named or tags.medium:
        return source, _KINDS[site.kind] if site else "other"
    return "", ""


def _without_referrer(browser: str) -> tuple[str, str]:
    """Return the app that shows the page, or that the person came on their own."""
    app = _IN_APP.get(browser)
    return (app, _KINDS[_NAMED[app].kind]) if app else ("", "direct")


def _tags(query: str, campaign: Campaign) -> Tags:
    """Return the tags: what the SDK says, else what the page's address says."""
    said = dict(_pairs(query))
    found = (
        campaign.source or said.get("utm_source", ""),
        campaign.medium or said.get("utm_medium", ""),
        campaign.name or said.get("utm_campaign", ""),
        campaign.term or said.get("utm_term", ""),
        campaign.content or said.get("utm_content", ""),
        next((one for one in _CLICK_IDS if one in said), ""),
    )
    return Tags(*(text[:TEXT_CHARS_MAX] for text in found))


def _pairs(query: str) -> list[tuple[str, str]]:
    if "=" not in query:
        return []
    try:
        return parse_qsl(query, max_num_fields=_PARAMETERS_MAX)
    except ValueError:  # more parameters than any campaign has
        return []


def _registered(host: str) -> str:
    """Return the part of a host that one owner has: ``shop.com`` of ``m.shop.com``."""
    labels = host.split(".")
    deep = len(labels) > 2 and labels[-2] in _SECOND_LEVEL and len(labels[-1]) == 2
    return ".".join(labels[-3:] if deep else labels[-2:])


def site_of(host: str) -> Site | None:
    """Return the known site that a host or an app belongs to."""
    if host in _NAMED and "." in host:
        return _NAMED[host]
    labels, registered = host.split("."), _registered(host)
    for start in range(len(labels) - 1):
        part = ".".join(labels[start:])
        found = _HOSTS.get(part) or (_ANY_END.get(labels[start]) if part == registered else None)
        if found is not None:
            return found
    return None
