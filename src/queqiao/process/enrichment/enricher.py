"""All of it for one event. What was looked up once is remembered: most events repeat it."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec import Raw

from queqiao.kernel import json
from queqiao.kernel.envelope import Envelope
from queqiao.process.consent import EVERYTHING
from queqiao.process.enrichment.address import Storage, normal, stored
from queqiao.process.enrichment.context import EMPTY_CONTEXT, Context
from queqiao.process.enrichment.traffic import Traffic, traffic_of
from queqiao.process.enrichment.user_agent import Agent, read_agent

COLUMNS = (
    "device_class", "browser", "browser_version", "os", "os_version", "is_bot",
    "ip", "country", "region", "city", "referrer_domain", "traffic_channel", "traffic_source",
    "utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "click_id",
)  # fmt: skip
"""What is known of the circumstances of an event, by their columns in ``events``."""

Circumstances = tuple[str | int, ...]
"""The values of ``COLUMNS``. Many events share one tuple, so that they are stored by reference."""

UNKNOWN: Circumstances = ("", "", "", "", "", 0, *("",) * 13)
_TAGS_AT = slice(COLUMNS.index("utm_source"), COLUMNS.index("click_id") + 1)
CIRCUMSTANCES_IN_MEMORY_MAX = 4_000
"""Combinations of device, place and traffic that are remembered, about 2 MB."""
ADDRESSES_IN_MEMORY_MAX = 20_000
ADDRESS_CHARS_MAX = 64
"""A longer text is no address, and is not remembered."""


class _Place(NamedTuple):
    """What is kept of an address, its region, and the address as JSON, as said and as kept."""

    columns: tuple[str, str, str, str]
    said: bytes
    kept: bytes


_NO_PLACE = _Place(("", "", "", ""), b"", b"")


class Enricher:
    """Reads events further. ``ip_storage`` says what is kept of addresses.

    ``default_consent`` is the mask of those who said nothing about consent.
    """

    def __init__(
        self,
        ip_database: Path | None = None,
        ip_storage: Storage = "truncated",
        default_consent: int = EVERYTHING,
    ) -> None:
        self.default_consent = default_consent
        self._region_of = _regions_of(ip_database)
        self._ip_storage = ip_storage
        self._remembered = lru_cache(maxsize=ADDRESSES_IN_MEMORY_MAX)(self._place)

    def enrich(self, envelope: Envelope, context: Context) -> Circumstances:
        """Return the columns. Mends the address in the envelope's context."""
        if context is EMPTY_CONTEXT and envelope.client_ip is None:
            return UNKNOWN
        agent = read_agent(context.user_agent or context.user_agent_snake or "")
        address = context.ip or envelope.client_ip
        place = self._place_of(address) if address else _NO_PLACE
        if context.ip and self._ip_storage != "full":
            envelope.context = _without(envelope.context, place)
        came = traffic_of(context, agent.browser)
        return _together(agent, context.webdriver is True, place.columns, came)

    def _place_of(self, said: str) -> _Place:
        return self._remembered(said) if len(said) <= ADDRESS_CHARS_MAX else self._place(said)

    def _place(self, said: str) -> _Place:
        address = normal(said)
        kept = stored(address, self._ip_storage)
        columns = (kept, *self._region_of(address))
        return _Place(columns, json.encode(said), json.encode(kept))


def _regions_of(ip_database: Path | None) -> Callable[[str], tuple[str, str, str]]:
    """Return what tells the region of an address; engines read events without such a database."""
    if ip_database is None:
        return lambda _: ("", "", "")
    from queqiao.process.enrichment.region import open_regions  # noqa: PLC0415  # only when named

    return open_regions(ip_database).of


@lru_cache(maxsize=CIRCUMSTANCES_IN_MEMORY_MAX)
def _together(
    agent: Agent, is_driven: bool, place: tuple[str, str, str, str], came: Traffic
) -> Circumstances:
    return (
        agent.device_class, agent.browser, agent.browser_version, agent.os, agent.os_version,
        int(agent.is_bot or is_driven), *place, came.referrer_domain, came.channel, came.source,
        *came.tags,
    )  # fmt: skip


def campaign_of(circumstances: Circumstances) -> str:
    """Return what names the campaign that an event came by, empty when it came by none."""
    tags = circumstances[_TAGS_AT]
    return "\x1f".join(map(str, tags)) if any(tags) else ""


def _without(context: Raw, place: _Place) -> Raw:
    """Return the context with an address cut wherever it stands as a text of its own."""
    raw = bytes(context)
    cut = raw.replace(place.said, place.kept)
    if cut != raw or place.said == place.kept:
        return Raw(cut)
    whole = msgspec.json.decode(raw)  # written with escapes
    return Raw(json.encode({**whole, "ip": place.columns[0]}))
