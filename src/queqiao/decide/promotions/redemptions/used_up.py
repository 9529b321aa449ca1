"""What is used up, as of a moment ago: so that a quote can say so before an order is placed.

Each ``decide`` process asks the ledger once a second for the counters that bound live promotions as
a whole: uses, uses of the day, and the budget. A quote may therefore show a discount that was used
up less than about a second before; the order itself is decided by the ledger.
"""

from collections.abc import Mapping, Sequence

from queqiao.decide.promotions.offers import Offer
from queqiao.decide.promotions.reasons import Reason
from queqiao.decide.promotions.redemptions.claims import bounds_of_all
from queqiao.decide.promotions.redemptions.gift_stock import gifts_left
from queqiao.decide.promotions.restraints import Restraints
from queqiao.kernel.clock import business_day
from queqiao.ports.ledger.base import Balance, Ledger

REFRESH_EVERY_S = 1.0
"""How old what a quote knows of counters may be, beside the time that asking takes."""

COUNTERS_A_CALL_MAX = 2_000


async def read_used_up(
    ledger: Ledger, offers: Sequence[Offer], now_us: int, zone: str
) -> Restraints:
    """Return what keeps live promotions back. Raises Unavailable."""
    day = business_day(now_us, zone)
    counted = [offer for offer in offers if _is_bounded(offer)]
    names = [bound.counter for offer in counted for bound in bounds_of_all(offer, day)]
    balances: dict[str, Balance] = {}
    for start in range(0, len(names), COUNTERS_A_CALL_MAX):
        balances |= await ledger.balances(names[start : start + COUNTERS_A_CALL_MAX])
    refused: dict[str, Reason] = {}
    rests: dict[str, int] = {}
    for offer in counted:
        _look(offer, day, balances, refused, rests)
    return Restraints(refused, rests, gifts=await gifts_left(ledger, offers))


def _is_bounded(offer: Offer) -> bool:
    limits = offer.limits
    has_budget = limits.budget is not None and limits.budget_end != "go_on"
    return has_budget or limits.total is not None or limits.per_day is not None


def _look(
    offer: Offer,
    day: str,
    balances: Mapping[str, Balance],
    refused: dict[str, Reason],
    rests: dict[str, int],
) -> None:
    for name, limit, reason in bounds_of_all(offer, day):
        free = limit - balances[name].leased - balances[name].spent
        if free <= 0:
            refused.setdefault(offer.id, reason)
        elif reason == "budget_used_up" and offer.reducible is not None:
            rests[offer.id] = free
