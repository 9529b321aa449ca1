"""What is changed in a replay, and who takes part in an auction then."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from queqiao.decide.ads.auction import Bid
from queqiao.decide.ads.contracts import Campaign, Placement, Targeting
from queqiao.decide.ads.forecast.audience import judged
from queqiao.decide.ads.live import clauses_of
from queqiao.decide.ads.replay.auctions import Logged
from queqiao.decide.ads.served import Out
from queqiao.decide.ads.targeting.index import FOREVER_US
from queqiao.decide.ads.targeting.parsing import parse, questions
from queqiao.decide.ads.targeting.situation import situation
from queqiao.decide.ads.targeting.tree import Junction, Node
from queqiao.kernel.clock import DEFAULT_ZONE, parse_rfc3339

TARGETED = frozenset({"segment", "channel", "expression"})
"""Reasons that another targeting may lift."""


class Document(Struct, frozen=True):
    """A campaign's document as what is live."""

    id: str
    revision: int
    document: Campaign


class NewCampaign(Struct, frozen=True):
    """The campaign's document, and the same as it is changed."""

    id: str
    revision: int
    before: Campaign
    after: Campaign

    @property
    def is_changed(self) -> bool:
        """Whether anything is."""
        return self.before != self.after


class NewFloor(Struct, frozen=True):
    """Another floor of a placement."""

    place: str
    before_minor: int
    after_minor: int


class Asked(Struct, frozen=True):
    """What campaigns and floors of a place ask for, and the log has therefore."""

    segments: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()


NOTHING_ASKED = Asked()


def asked_in(
    placements: Mapping[str, Placement], campaigns: Iterable[Campaign]
) -> dict[str, Asked]:
    """Return by place what its floors and the campaigns that name it ask for."""
    segments = {
        name: {one for rule in each.floors for one in rule.segments_any}
        for name, each in placements.items()
    }
    fields: dict[str, set[str]] = {name: set() for name in placements}
    for campaign in campaigns:
        node = _node(campaign, DEFAULT_ZONE)
        asked = {one.field for one in questions(node)} if node else set[str]()
        for place in campaign.placements:
            segments.setdefault(place, set()).update(campaign.targeting.segments_any)
            fields.setdefault(place, set()).update(asked)
    return {
        name: Asked(frozenset(found), frozenset(fields.get(name, ())))
        for name, found in segments.items()
    }


class Part(NamedTuple):
    """How a campaign takes part in an auction: with which bids, none: it does not.

    ``is_assumed``: the log does not say that it could.
    """

    bids: tuple[Bid, ...] = ()
    is_assumed: bool = False


OUT = Part()

BidOf = Callable[[str], Bid]
"""Gives the bid of the campaign itself in a place where no logged one is known."""


class Entrant:
    """The changed campaign, with its ad groups, before each auction in the order of the log."""

    def __init__(
        self, changed: NewCampaign, bid_of: BidOf, zone: str, asked: Mapping[str, Asked]
    ) -> None:
        self._id = changed.id
        self._before, self._after = changed.before, changed.after
        self._is_changed = changed.is_changed
        self._is_aimed_otherwise = changed.before.targeting != changed.after.targeting
        self._is_capped_otherwise = changed.before.caps != changed.after.caps
        self._audience = _Audience(changed, zone, asked)
        self._bid_of = bid_of
        self._known: dict[tuple[str, str], Bid] = {}

    def part(self, row: Logged) -> Part:
        """Return how the campaign takes part in a logged auction."""
        own = tuple(bid for bid in row.auction.bids if bid.campaign_id == self._id)
        for bid in own:
            self._known[row.place, bid.group_id] = bid
        if not row.is_sold and row.winner:
            return OUT
        out = [each for each in row.auction.out if each.campaign_id == self._id]
        lifted = [self._back(row.place, each) for each in out]
        back = tuple(bid for bid in lifted if bid is not None)
        if own or out:
            return self._aimed(row, own + back, is_aimed=not back)
        return self._not_listed(row)

    def _back(self, place: str, out: Out) -> Bid | None:
        """Return the bid of one that was left out and that the change may bring back."""
        lifted = {
            "already_shown": True,
            "budget": self._is_changed,
            "below_floor": self._is_changed,
            "frequency": self._is_capped_otherwise,
        }
        if lifted.get(out.reason, out.reason in TARGETED and self._is_aimed_otherwise):
            return self._bid(place, out.group_id)
        return None

    def _not_listed(self, row: Logged) -> Part:
        """Nothing is known of it there: the documents say whether it could take part.

        Where its targeting and bid are as before, it lost or was left out, and so it is again.
        """
        raised = self._after.bid_minor > self._before.bid_minor
        bid = self._bid(row.place, "")
        if bid is None or not row.auction.not_listed or not (raised or self._is_aimed_otherwise):
            return OUT
        part = self._aimed(row, (bid,), is_aimed=False)
        return part._replace(is_assumed=bool(part.bids))

    def _aimed(self, row: Logged, bids: tuple[Bid, ...], *, is_aimed: bool) -> Part:
        """Return the part, judged by the targeting unless that is known to hold."""
        if is_aimed and not self._is_aimed_otherwise:
            return Part(tuple(map(self._with, bids)))
        holds = self._audience.holds(row)
        return OUT if holds is False else Part(tuple(map(self._with, bids)), holds is None)

    def _bid(self, place: str, group_id: str) -> Bid | None:
        known = self._known.get((place, group_id))
        if known is not None or group_id or not self._before.creatives:
            return known
        return self._bid_of(place) if place in self._before.placements else None

    def _with(self, bid: Bid) -> Bid:
        """Return a bid under the change: that of a group is its own."""
        before, after = self._before.bid_minor, self._after.bid_minor
        if before == after or bid.group_id:
            return bid
        return replace(bid, bid_minor=bid.bid_minor * after // before if before else after)


class _Audience:
    """Whether the changed targeting and time hold, by what was logged."""

    def __init__(self, changed: NewCampaign, zone: str, asked: Mapping[str, Asked]) -> None:
        after = changed.after
        self._targeting: Targeting = after.targeting
        self._node = _node(after, zone)
        self._fields = (
            frozenset(one.field for one in questions(self._node)) if self._node else frozenset()
        ) - {"now", "channel", "segments"}
        self._starts_us = parse_rfc3339(after.starts_at) if after.starts_at else -FOREVER_US
        self._ends_us = parse_rfc3339(after.ends_at) if after.ends_at else FOREVER_US
        self._asked = asked

    def holds(self, row: Logged) -> bool | None:
        """Say whether the campaign may show; None where the log does not have what it asks."""
        targeting, auction = self._targeting, row.auction
        if not self._starts_us <= row.at_us < self._ends_us:
            return False
        if targeting.channels_any and row.channel not in targeting.channels_any:
            return False
        within = self._within(row.place, auction.segments)
        expressed = self._expressed(row)
        if within is False or expressed is False:
            return False
        return None if within is None or expressed is None else True

    def _within(self, place: str, segments: list[str]) -> bool | None:
        wanted = self._targeting.segments_any
        if not wanted or not set(wanted).isdisjoint(segments):
            return True
        known = self._asked.get(place, NOTHING_ASKED).segments
        return False if known.issuperset(wanted) else None

    def _expressed(self, row: Logged) -> bool | None:
        if self._node is None:
            return True
        told = row.auction.attributes or {}
        known = {**told, "segments": row.auction.segments}
        if row.channel:
            known["channel"] = row.channel
        logged = self._asked.get(row.place, NOTHING_ASKED).fields
        missing = self._fields - logged - told.keys()
        return judged(self._node, situation(known, row.at_us), missing)


def _node(campaign: Campaign, zone: str) -> Node | None:
    """Return all expressions that have to hold as one: targeting, and the hours."""
    live = Document("", 0, campaign)
    clauses = [parse(one, path, zone=zone) for path, one in clauses_of(live)]
    if not clauses:
        return None
    return clauses[0] if len(clauses) == 1 else Junction("", "and", tuple(clauses))
