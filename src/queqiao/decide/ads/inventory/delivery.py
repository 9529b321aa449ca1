"""How a booked deal is delivered: by day against its plan, and what it takes just now."""

from collections.abc import Sequence

from msgspec import Struct

from queqiao.decide.ads.click_rate import RATE_UNIT
from queqiao.decide.ads.inventory.availability import Calendar
from queqiao.decide.ads.inventory.booking import spread
from queqiao.decide.ads.inventory.deal import Deal
from queqiao.decide.ads.inventory.deliveries import Delivered
from queqiao.decide.ads.inventory.plan import Plan


class DeliveryDay(Struct, frozen=True):
    """One day: impressions planned by the booking, ads served, and impressions told of them."""

    day: str
    planned: int
    served: int
    shown: int


class DealDelivery(Struct, frozen=True):
    """The answer of ``GET /api/v1/deals/{id}/delivery``.

    ``planned_so_far`` are the impressions planned for the days before today; ``shares`` are what
    the deal takes just now of the slots of each placement, from 0 to 1; ``eligible`` is the share
    of slots in which its ad may stand, by what it got lately; ``supply_left`` the slots still to
    come on its days. Without a plan the last three are empty.
    """

    deal_id: str
    impressions: int
    shown: int
    served: int
    planned_so_far: int
    days: list[DeliveryDay]
    shares: dict[str, float]
    eligible: float | None
    supply_left: int | None


def delivery(
    named: tuple[str, Deal],
    calendar: Calendar,
    delivered: Sequence[Delivered],
    plan: Plan,
    today: str,
) -> DealDelivery:
    """Return how a guaranteed deal is delivered."""
    deal_id, deal = named
    days: dict[str, list[int]] = {}
    for (_, day), count in spread(deal, calendar).items():
        days.setdefault(day, [0, 0, 0])[0] += count
    for one in delivered:
        counts = days.setdefault(one.day, [0, 0, 0])
        counts[1] += one.served
        counts[2] += one.shown
    rows = [DeliveryDay(day, *counts) for day, counts in sorted(days.items())]
    planned = next((one for one in plan.deals if one.deal_id == deal_id), None)
    shares = planned.shares if planned else {}
    return DealDelivery(
        deal_id=deal_id,
        impressions=deal.impressions or 0,
        shown=sum(row.shown for row in rows),
        served=sum(row.served for row in rows),
        planned_so_far=sum(row.planned for row in rows if row.day < today),
        days=rows,
        shares={place: share / RATE_UNIT for place, share in shares.items()},
        eligible=planned.eligible if planned else None,
        supply_left=planned.left if planned else None,
    )
