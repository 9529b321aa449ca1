"""Points that pay: the promotions for it are bound to the points that a cart offers."""

from collections.abc import Sequence

from msgspec.structs import replace

from queqiao.decide.promotions.benefits.points import PointsPayment
from queqiao.decide.promotions.customer_types import Loyalty
from queqiao.decide.promotions.pricing.outcomes import Applied, Placed, Unmet
from queqiao.decide.promotions.reasons import Reason

NO_LOYALTY = Loyalty()
"""Of a customer of whom no points programme says anything."""


def with_points(
    placed: Sequence[Placed], offered: int, loyalty: Loyalty = NO_LOYALTY
) -> tuple[list[Placed], list[Unmet]]:
    """Return the placed offers with the points bound to the first that takes points.

    One promotion takes them; without points, or beside another, the others say why they do not.
    Where the account has fewer points than are offered, none takes any, and each says how many are
    missing, or that no programme is live.
    """
    bound: list[Placed] = []
    unmet: list[Unmet] = []
    reason: Reason = "points_taken" if offered else "points_not_offered"
    short = 0 if loyalty.points is None else max(0, offered - loyalty.points)
    for item in placed:
        benefit = item.offer.benefit
        if not isinstance(benefit, PointsPayment):
            bound.append(item)
        elif short and not loyalty.is_live:
            unmet.append(Unmet(item, "no_points_programme"))
        elif short:
            unmet.append(Unmet(item, "points_short", short, "point"))
        elif offered:
            offer = item.offer.giving(benefit.with_points(offered))
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
