"""Live campaigns and placements, as the store of documents gives them, and what bids of them."""

from typing import Any, Protocol

from msgspec import Struct
from msgspec.structs import replace

from queqiao.decide.ads.checks import hours_clause
from queqiao.decide.ads.contracts import Campaign


class Live(Protocol):
    """A live document with its id and revision, as the store of documents gives it."""

    @property
    def id(self) -> str:
        """The document's id."""
        ...

    @property
    def revision(self) -> int:
        """Its revision."""
        ...

    @property
    def document(self) -> Any:
        """The Placement or Campaign."""
        ...


Clause = tuple[str, dict[str, Any]]
"""An expression of targeting, and where it stands."""


class Bidding(Struct, frozen=True):
    """What bids: a live campaign, or one of its ad groups with what both documents say.

    ``clauses`` are all expressions that have to hold, each with where it stands. ``revision`` is
    the group's, where it is one.
    """

    id: str
    revision: int
    document: Campaign
    group_id: str = ""
    clauses: tuple[Clause, ...] = ()


def bidding(live: Live, bid_minor: int) -> Live:
    """Return a live campaign as it bids now."""
    document = replace(live.document, bid_minor=bid_minor)
    if isinstance(live, Bidding):
        return replace(live, document=document)
    return Bidding(live.id, live.revision, document, clauses=clauses_of(live))


def group_of(live: Live) -> str:
    """Return the ad group that bids, "" where the campaign does."""
    return live.group_id if isinstance(live, Bidding) else ""


def name_of(live: Live) -> str:
    """Return what tells one that bids from all others, as its bid does."""
    return f"{live.id}/{group}" if (group := group_of(live)) else live.id


def clauses_of(live: Live) -> tuple[Clause, ...]:
    """Return the expressions that have to hold."""
    if isinstance(live, Bidding):
        return live.clauses
    campaign: Campaign = live.document
    found: list[Clause] = []
    if campaign.targeting.expression is not None:
        found.append(("targeting.expression", campaign.targeting.expression))
    if campaign.hours:
        found.append(("hours", hours_clause(campaign.hours)))
    return tuple(found)
