"""What is set of a campaign while it runs, as an artifact: which share of its bid, how often.

Bids are multiplied in integers, and who does not take part is drawn from the decision's own draw,
so a decision is replayed exactly. A campaign that is to be controlled and is not yet is held.
"""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

import msgspec
from msgspec import Struct

from queqiao.decide.ads.auction import Award, fortune
from queqiao.decide.ads.live import Live, bidding

ARTIFACT = "ads_pacing"
"""The name under which the controls travel to the decide role (``ports/records/artifacts``)."""

UNIT = 1_000_000
"""Multipliers and probabilities are integers in millionths."""

_LUCK_BITS = 64


class Control(Struct, frozen=True, array_like=True):
    """The share of ``bid_minor`` that is bid, and of auctions that are taken part in."""

    campaign_id: str
    multiplier_ppm: int = UNIT
    probability_ppm: int = UNIT

    def bid_minor(self, most_minor: int) -> int:
        """Return what is bid where the document allows ``most_minor``: rounded down."""
        return most_minor * self.multiplier_ppm // UNIT


Controls = Mapping[str, Control]
NO_CONTROLS: Controls = MappingProxyType({})


def encode(controls: Iterable[Control]) -> bytes:
    """Return the artifact's bytes."""
    return msgspec.msgpack.encode(sorted(controls, key=lambda each: each.campaign_id))


def decode(body: bytes) -> Controls:
    """Return the controls of an artifact by campaign."""
    found = msgspec.msgpack.decode(body, type=list[Control])
    return MappingProxyType({each.campaign_id: each for each in found})


class Shares(Struct, frozen=True):
    """The campaigns that do not take part in every auction: how often they do, in millionths."""

    by_campaign: Mapping[str, int] = MappingProxyType({})

    def held(self, award: Award, draw: int) -> list[str]:
        """Return who of winner and runner-up does not take part under this draw."""
        if not self.by_campaign:
            return []
        names = (award.bid.campaign_id, award.runner_up)
        return [name for name in names if name is not None and not self.takes_part(name, draw)]

    def takes_part(self, campaign_id: str, draw: int) -> bool:
        """Say whether a campaign takes part under this draw."""
        share_ppm = self.by_campaign.get(campaign_id, UNIT)
        if share_ppm >= UNIT:
            return True
        luck = fortune(draw, f"{campaign_id}\x1fpacing")
        return luck * UNIT >> _LUCK_BITS < share_ppm


ALWAYS = Shares()
"""Everybody takes part."""


def controlled(live: Iterable[Live], controls: Controls) -> Iterator[Live]:
    """Yield the live campaigns, those that bid by themselves with the bids that they make now."""
    for each in live:
        control = controls.get(each.id)
        if control is None or not each.document.strategy.is_automatic:
            yield each
            continue
        bid_minor = control.bid_minor(each.document.bid_minor)
        yield bidding(each, bid_minor)


def shares_of(live: Iterable[Live], controls: Controls) -> Shares:
    """Return how often each campaign takes part, by its strategy and its control."""
    found = {}
    for each in live:
        if not each.document.strategy.is_controlled:
            continue
        control = controls.get(each.id)
        share_ppm = 0 if control is None else control.probability_ppm
        if share_ppm < UNIT:
            found[each.id] = share_ppm
    return Shares(MappingProxyType(found))
