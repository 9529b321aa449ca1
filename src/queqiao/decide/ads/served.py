"""The record of a decision: what ``Ad Served`` carries, so that it can be replayed and explained.

The bids stand best first. Those that decide are always among them; of the long tails, of bids and
of campaigns left out, the first ``LISTED_MAX`` are listed and the rest is counted.
"""

from collections.abc import Mapping, Sequence
from itertools import chain, islice
from types import MappingProxyType
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from queqiao.decide.ads.auction import FIRST_SLOT, Award, Bid, Pricing, Slot, pick, run
from queqiao.decide.ads.caps.frequency import Capped, Counted
from queqiao.decide.ads.hot_state import LivePlacement
from queqiao.decide.ads.inventory.booked import Booked, booked_award, taken
from queqiao.decide.ads.inventory.document import Sold
from queqiao.decide.ads.pacing.control import ALWAYS, Shares
from queqiao.decide.ads.targeting.index import Entry, Facts, Reason
from queqiao.decide.ads.targeting.situation import recorded

LISTED_MAX = 20
MORE_MAX = 500
"""So many campaigns are looked at that are out by something of the moment."""
_NONE_CAPPED: Mapping[str, Capped] = MappingProxyType({})


class Clause(Struct, frozen=True, array_like=True):
    """Where in an expression the clause stands that kept a campaign out, and what it saw."""

    path: str
    seen: Any


class Out(Struct, frozen=True, array_like=True):
    """A campaign that was not asked, and why.

    ``cap`` goes with ``frequency``, ``clause`` with ``expression``, ``share_ppm`` with ``pacing``:
    the share of auctions that it takes part in, in millionths.
    """

    campaign_id: str
    revision: int
    bid_minor: int
    reason: str
    cap: Capped | None = None
    clause: Clause | None = None
    share_ppm: int | None = None
    group_id: str = ""


class Auction(Struct, frozen=True):
    """Everything that went into one decision.

    ``creatives``: how many of the winner could show; ``attributes``: what expressions there ask;
    ``floor_rule``: which field of the placement asked for the floor; ``page``: who had which
    exclusion label on the page; ``deals``: those that could take the slot, in their order;
    ``more``: by reason, campaigns beyond those in ``out`` that no document would show to be out.
    """

    placement_revision: int
    floor_minor: int
    draw: int
    segments: list[str]
    bids: list[Bid]
    out: list[Out]
    creatives: int
    propensity: float
    runner_up: str | None
    not_listed: int
    attributes: dict[str, Any] | None = None
    floor_rule: str = "floor_minor"
    page: dict[str, str] | None = None
    deals: list[Booked] | None = None
    device: str = ""
    slot: Slot = FIRST_SLOT
    more: dict[str, list[str]] | None = None


class Served(Struct, frozen=True, omit_defaults=True, rename={"price_minor": "click_price_minor"}):
    """The properties of ``Ad Served``.

    A click's price has a name of its own: ``price_minor`` in an event is the price of goods. Under
    another ``pricing`` it is that of a conversion, or of a thousand impressions.
    """

    decision_id: str
    placement_id: str
    campaign_id: str
    creative_id: str
    price_minor: int
    currency: str
    channel: str
    auction: Auction
    creative_number: int
    sku: str | None = None
    url: str | None = None
    frequency: Counted | None = None
    sold: Sold = "auction"
    pricing: Pricing = "cpc"
    group_id: str = ""
    deal_id: str | None = None


def record(
    placement: LivePlacement,
    facts: Facts,
    out: Mapping[str, Reason],
    draw: int,
    award: Award,
    *,
    slot: Slot | None = None,
    creatives: int | None = None,
    capped: Mapping[str, Capped] = _NONE_CAPPED,
    shares: Shares = ALWAYS,
) -> Auction:
    """Return what is to be logged.

    ``out``: campaigns left out by this request, with the reason; ``capped``: more of those that
    are at a cap; ``shares``: who does not take part in every auction; ``slot``: None for the first.
    ``creatives``: how many of the winner's were drawn from, None for all.
    """
    index, slot = placement.index, slot or placement.slot(0)
    winner = index.entry(award.bid.name).campaign
    deals = placement.deals(facts, out) if placement.booked else []
    bids, left_out = _listed(placement, facts, out, capped, slot=slot, sold=winner.sold)
    if winner.sold == "booked":
        bids = [award.bid]
        left_out = [each for each in left_out if each.campaign_id != award.bid.campaign_id]
    left_out = [_with_share(each, shares) for each in left_out]
    if creatives is None:
        creatives = len(winner.creatives)
    floor = placement.floor(facts, winner.sold)
    total = len(index.entries) + len(placement.unfit)
    return Auction(
        placement_revision=placement.revision,
        floor_minor=floor.minor,
        draw=draw,
        segments=sorted(facts.segments.intersection(placement.segments)),
        bids=bids,
        out=left_out,
        creatives=creatives,
        propensity=award.propensity / creatives,
        runner_up=award.runner_up,
        not_listed=total - len(bids) - len(left_out),
        attributes=_attributes(placement, facts),
        floor_rule=floor.rule,
        deals=deals or None,
        page=(facts.page.taken or None) if facts.page else None,
        device=facts.device if placement.floors.asks_device else "",
        slot=slot,
        more=_more(placement, out, left_out) if out or placement.gone_bits else None,
    )


def _more(
    placement: LivePlacement, out: Mapping[str, Reason], left_out: Sequence[Out]
) -> dict[str, list[str]] | None:
    """Return who is out by something of that moment (money, caps, pacing) and is not listed."""
    listed = {each.campaign_id for each in left_out}
    index = placement.index
    found: dict[str, list[str]] = {}
    reasons = chain(out.items(), placement.gone.items())
    for name, reason in islice(reasons, MORE_MAX):
        if name.partition("/")[0] not in listed and index.bits_of([name]):
            found.setdefault(reason, []).append(name)
    return found or None


def _attributes(placement: LivePlacement, facts: Facts) -> dict[str, Any] | None:
    fields = placement.index.expressions.fields
    return recorded(facts.situation, fields) if fields else None


def _listed(
    placement: LivePlacement,
    facts: Facts,
    out: Mapping[str, Reason],
    capped: Mapping[str, Capped],
    *,
    slot: Slot,
    sold: Sold,
) -> tuple[list[Bid], list[Out]]:
    """Return the bids that decide and some more, and campaigns left out, both best first."""
    index = placement.index
    bits = placement.match(facts, out, sold) if sold != "booked" else 0
    deciding = index.front(bits, facts.now_us, slot.percent)
    missing = {bid.name for bid in deciding}
    bids: list[Bid] = []
    left_out: list[Out] = []
    for entry in index.walk(bits):
        if len(bids) >= LISTED_MAX and not missing:
            break
        if entry.starts_us <= facts.now_us < entry.ends_us:  # all else is in the bits
            bids.append(entry.bid)
            if missing:
                missing.discard(entry.bid.name)
        else:
            reason: Reason = "not_started" if facts.now_us < entry.starts_us else "ended"
            left_out.append(_out(entry, reason, facts))
    for entry in islice(index.walk(index.others(bits)), LISTED_MAX):
        why = _left_out(entry, out) or placement.why_not(entry, facts, sold)
        cap = capped.get(entry.bid.name) if why == "frequency" else None
        left_out.append(_out(entry, why or "already_shown", facts, cap))
    return bids, left_out


def _left_out(entry: Entry, out: Mapping[str, Reason]) -> Reason | None:
    """Return why this request left out a campaign, or one of its ad groups."""
    return out.get(entry.bid.name) or out.get(entry.bid.campaign_id)


def _out(entry: Entry, reason: Reason, facts: Facts, cap: Capped | None = None) -> Out:
    bid = entry.bid
    clause = clause_of(entry, facts) if reason == "expression" else None
    return Out(
        bid.campaign_id, bid.revision, bid.bid_minor, reason, cap, clause, group_id=bid.group_id
    )


def _with_share(out: Out, shares: Shares) -> Out:
    """Return it with the share of auctions that it takes part in, where that kept it out."""
    if out.reason != "pacing":
        return out
    return replace(out, share_ppm=shares.by_campaign.get(out.campaign_id))


def clause_of(entry: Entry, facts: Facts) -> Clause | None:
    """Return the clause of an expression that decides, None where there is no expression."""
    verdict = entry.verdict(facts)
    return Clause(verdict.path, verdict.seen_as_json()) if verdict else None


def _again(served: Served) -> Award | None:
    auction = served.auction
    if served.sold == "booked":
        deal = taken(auction.deals or (), auction.draw)
        return (
            booked_award(auction.bids[0], deal) if deal and deal.deal_id == served.deal_id else None
        )
    return run(auction.bids, auction.floor_minor, auction.draw, auction.slot)


def differences(served: Served) -> list[str]:
    """Run the auction again on what was logged; return which results differ (none: it is equal)."""
    auction = served.auction
    award = _again(served)
    if award is None:
        return ["campaign_id"]
    found = {
        "campaign_id": award.bid.campaign_id == served.campaign_id,
        "group_id": award.bid.group_id == served.group_id,
        "price_minor": award.price_minor == served.price_minor,
        "runner_up": award.runner_up == auction.runner_up,
        "propensity": award.propensity / auction.creatives == auction.propensity,
        "creative": pick(auction.creatives, auction.draw, award.bid.name) == served.creative_number,
    }
    return [name for name, is_equal in found.items() if not is_equal]
