"""Documents as they stood at a moment of the past: one placement, and one campaign with its groups.

Every revision is kept, with the time from which it stood. A worker learns of a change within a
second, so of a decision in the very second of a change either may be true.
"""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from sqlalchemy import Connection

from queqiao.decide.ads.click_rate import Count
from queqiao.decide.ads.contracts import CAMPAIGN, PLACEMENT
from queqiao.decide.ads.groups.document import AD_GROUP, CREATIVE
from queqiao.decide.ads.groups.joining import joined
from queqiao.decide.ads.hot_state import AdsSnapshot, LivePlacement, snapshot
from queqiao.decide.ads.wallets.account import account_of
from queqiao.decide.ads.wallets.contracts import ADVERTISER
from queqiao.decide.ads.wallets.hot_state import NOBODY, Payers
from queqiao.kernel.documents import DocumentKind
from queqiao.ports.records import documents
from queqiao.ports.records.base import Records
from queqiao.ports.records.documents import Stored
from queqiao.ports.records.past import as_of

NOT_CREATED = "not_created"


class Then(NamedTuple):
    """A placement with the campaign in it, as they stood; None where the place was not live.

    ``state`` is why the campaign was not live: ``not_created``, or its state; None where it was.
    """

    placement: LivePlacement | None
    state: str | None = None


ThenOf = Callable[[str, str, int], Awaitable[Then]]
"""Gives a placement and a campaign, by their ids, as they stood at a moment (µs)."""


def as_now(hot: Callable[[], AdsSnapshot]) -> ThenOf:
    """Return what takes everything to have stood as it does now: where no past is kept."""

    async def then(place_id: str, campaign_id: str, at_us: int) -> Then:  # noqa: ARG001
        return Then(hot().placements.get(place_id))

    return then


def as_kept(records: Records, counts: Callable[[], list[Count]], zone: str) -> ThenOf:
    """Return what reads the documents of then. Rates are those of now: ``counts``."""

    async def then(place_id: str, campaign_id: str, at_us: int) -> Then:
        found = counts()
        return await records.read(
            lambda conn: _read(conn, place_id, campaign_id, at_us, (found, zone))
        )

    return then


def _read(
    conn: Connection,
    place_id: str,
    campaign_id: str,
    at_us: int,
    known: tuple[list[Count], str],
) -> Then:
    place = as_of(conn, PLACEMENT, place_id, at_us)
    campaign = as_of(conn, CAMPAIGN, campaign_id, at_us)
    state = None if campaign is not None and campaign.state == "live" else _state(campaign)
    if place is None or place.state != "live":
        return Then(None, state)
    if campaign is None or state is not None:
        return Then(snapshot([place], []).placements[place_id], state)
    groups = _live_then(conn, AD_GROUP, _groups_of(conn, campaign_id), at_us)
    wanted = {name for group in groups for name in group.document.creatives}
    creatives = _live_then(conn, CREATIVE, wanted, at_us)
    payers = _payers(conn, campaign.document.advertiser, at_us)
    counts, zone = known
    bidding = joined([campaign], groups, creatives)
    ads = snapshot([place], bidding, counts, payers, zone=zone)
    return Then(ads.placements[place_id])


def _state(campaign: Stored | None) -> str:
    return NOT_CREATED if campaign is None else campaign.state


def _groups_of(conn: Connection, campaign_id: str) -> set[str]:
    """Return the ad groups of a campaign, of whatever state they are now."""
    states = ("draft", "live", "paused", "archived")
    found = (one for state in states for one in documents.in_state(conn, AD_GROUP, state))
    return {one.id for one in found if one.document.campaign == campaign_id}


def _live_then(conn: Connection, kind: DocumentKind, ids: set[str], at_us: int) -> list[Stored]:
    found = (as_of(conn, kind, name, at_us) for name in sorted(ids))
    return [one for one in found if one is not None and one.state == "live"]


def _payers(conn: Connection, advertiser_id: str, at_us: int) -> Payers:
    found = as_of(conn, ADVERTISER, advertiser_id, at_us)
    if found is None or found.state == "draft":
        return NOBODY
    if found.state != "live":
        return Payers(aside=frozenset({advertiser_id}))
    return Payers({advertiser_id: account_of(advertiser_id, found.document)})
