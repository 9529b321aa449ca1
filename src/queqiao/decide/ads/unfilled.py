"""Opportunities that no ad took: one ``Ad Unfilled`` for a request, so that supply can be counted.

Beside ``Ad Served`` it is what forecasts and replays know of the past: who was there, when, where,
and why nothing was shown.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from queqiao.decide.ads.budgets import SHORTAGES
from queqiao.decide.ads.hot_state import LivePlacement
from queqiao.decide.ads.messages import NoFillReason
from queqiao.decide.ads.targeting.index import Facts, Reason
from queqiao.decide.ads.targeting.situation import recorded


class UnfilledPlace(Struct, frozen=True):
    """Slots of one place that stayed empty, and why; the floor is the least price of a click."""

    placement_id: str
    reason: str
    slots: int
    currency: str
    floor_minor: int
    placement_revision: int


class Unfilled(Struct, frozen=True, omit_defaults=True):
    """The properties of ``Ad Unfilled``.

    ``segments`` are those that any campaign of the places asks for; ``attributes`` what their
    expressions ask. ``placement_id`` is the first place, ``decision_id`` names the record itself.
    """

    decision_id: str
    placement_id: str
    channel: str
    places: list[UnfilledPlace]
    segments: list[str]
    attributes: dict[str, Any] | None = None


def unfilled(
    decision_id: str,
    places: Iterable[UnfilledPlace],
    live: Mapping[str, LivePlacement],
    facts: Facts,
) -> Unfilled | None:
    """Return the record of the places that stayed empty, None where there are none."""
    empty = list(places)
    if not empty:
        return None
    indexes = [live[place.placement_id].index for place in empty]
    asked = frozenset[str]().union(*(index.segments for index in indexes)) & facts.segments
    fields = frozenset[str]().union(*(index.expressions.fields for index in indexes))
    return Unfilled(
        decision_id,
        empty[0].placement_id,
        facts.channel,
        empty,
        sorted(asked),
        recorded(facts.situation, fields) if fields else None,
    )


def empty_place(placement: LivePlacement, reason: str, slots: int) -> UnfilledPlace:
    """Return the record of the slots of a live placement that nothing took."""
    document = placement.document
    return UnfilledPlace(
        placement.id, reason, slots, document.currency, document.floor_minor, placement.revision
    )


def why_empty(placement: LivePlacement, facts: Facts, out: Mapping[str, Reason]) -> NoFillReason:
    """Return why a slot stays empty, ``out`` being who was left out of it by this request."""
    if not placement.index.entries:
        return "no_campaign"
    causes: dict[NoFillReason, frozenset[str]] = {
        "budget": SHORTAGES,
        "frequency": frozenset({"frequency"}),
        "pacing": frozenset({"pacing"}),
    }
    for cause, reasons in causes.items():
        others = [campaign_id for campaign_id, reason in out.items() if reason not in reasons]
        if placement.index.front(placement.match(facts, others), facts.now_us):
            return cause
    resting = placement.index.match(facts, out) & placement.gone_bits
    return "promises" if placement.index.front(resting, facts.now_us) else "no_match"
