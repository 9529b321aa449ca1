"""Points that pay: the promotions for it are bound to the points that a cart offers."""

from collections.abc import Sequence

from msgspec.structs import replace

from queqiao.decide.promotions.benefits.points import PointsPayment
from queqiao.decide.promotions.pricing.outcomes import Applied, Placed, Unmet
from queqiao.decide.promotions.reasons import Reason


def with_points(placed: Sequence[Placed], offered: int) -> tuple[list[Placed], list[Unmet]]:
    """Return the placed offers with the points bound to the first that takes points.

    One promotion takes them; without points, or beside another, the others say why they do not.
    """
    bound: list[Placed] = []
    unmet: list[Unmet] = []
    reason: Reason = "points_taken" if offered else "points_not_offered"
    for item in placed:
        benefit = item.offer.benefit
        if not isinstance(benefit, PointsPayment):
            bound.append(item)
        elif offered:
            offer = replace(item.offer, benefit=benefit.with_points(offered))
            bound.append(replace(item, offer=offer))
            offered = 0
        else:
            unmet.append(Unmet(item, reason))
    return bound, unmet


def points_used(applied: Sequence[Applied]) -> tuple[int, int]:
    """Return the points that pay, and what they are worth in minor units."""
    for item in applied:
        benefit = item.placed.offer.benefit
        if isinstance(benefit, PointsPayment):
            return benefit.points_for(item.amount), item.amount
    return 0, 0
