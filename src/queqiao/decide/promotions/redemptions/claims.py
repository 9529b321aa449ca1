"""What an order takes from the ledger: uses and money of each promotion, and uses of its codes.

Uses and money of a promotion are always counted, bounded or not, so that the books of the ledger
can be held against the log's. Counters of a promotion:

    promotion:{id}:total                          uses in all
    promotion:{id}:day:{day}                      uses on a business day of the shop
    promotion:{id}:customer:{customer}            uses of one customer
    promotion:{id}:customer-day:{day}:{customer}  the same, on one day
    promotion:{id}:device:{device}                uses on one device
    promotion:{id}:budget                         money, in minor units of the shop's currency
    promotion:{id}:budget:{currency}              money in another currency
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from queqiao.decide.promotions.coupons.uses import Use
from queqiao.decide.promotions.coupons.uses import reason_of as coupon_reason
from queqiao.decide.promotions.engagements.stages import Engagement
from queqiao.decide.promotions.flash_sales.deals import NO_DEALS, Deals
from queqiao.decide.promotions.offers import Offer
from queqiao.decide.promotions.reasons import Reason
from queqiao.kernel.errors import Refused
from queqiao.ports.ledger.base import AMOUNT_MAX, Balance, Take


class Buyer(NamedTuple):
    """Who orders: what uses are counted by. ``day`` is the business day of the shop.

    ``codes`` are the right ones of the order's, by normal code, ``engagements`` those that its cart
    names, by promotion, ``deals`` what its lines' tokens come to; ``until_s`` is when what is held
    for the order is free again. ``currency`` is the order's.
    """

    order_id: str
    customer_id: str | None
    device_id: str | None
    day: str
    codes: Mapping[str, Use]
    engagements: Mapping[str, Engagement]
    now_us: int
    until_s: int
    currency: str
    deals: Deals = NO_DEALS


class Claim(NamedTuple):
    """One counter that the order needs; ``reason`` says what it means when it has too little."""

    take: Take
    reason: str
    promotion_id: str | None = None


def order_counter(order_id: str) -> str:
    """Return the counter that is leased while an order holds promotions, and spent once it paid."""
    return f"redemption:order:{order_id}"


def total_counter(promotion_id: str) -> str:
    """Return the counter of a promotion's uses."""
    return f"promotion:{promotion_id}:total"


def day_counter(promotion_id: str, day: str) -> str:
    """Return the counter of a promotion's uses on a business day."""
    return f"promotion:{promotion_id}:day:{day}"


def budget_counter(promotion_id: str, currency: str | None = None) -> str:
    """Return the counter of a promotion's money: the shop's, or that of another currency."""
    name = f"promotion:{promotion_id}:budget"
    return name if currency is None else f"{name}:{currency}"


def is_budget(counter: str, promotion_id: str) -> bool:
    """Say whether a counter is of a promotion's money, in whatever currency."""
    name = budget_counter(promotion_id)
    return counter == name or counter.startswith(f"{name}:")


def money_counter(offer: Offer, currency: str) -> str:
    """Return the counter of a promotion's money in a currency; no counter ever mixes two."""
    return budget_counter(offer.id, None if currency == offer.home_currency else currency)


class Bound(NamedTuple):
    """A counter that bounds a promotion. ``reason`` is told when it has too little left."""

    counter: str
    limit: int
    reason: Reason


def bounds_of_all(offer: Offer, day: str) -> Iterator[Bound]:
    """Yield what bounds a promotion for everybody; the budget comes last."""
    limits, name = offer.limits, offer.id
    if limits.total is not None:
        yield Bound(total_counter(name), limits.total, "promotion_used_up")
    if limits.per_day is not None:
        yield Bound(day_counter(name, day), limits.per_day, "promotion_day_used_up")
    if limits.budget is not None and limits.budget_end != "go_on":
        counter = money_counter(offer, offer.currency or offer.home_currency)
        yield Bound(counter, limits.budget, "budget_used_up")


def bounds_of_one(
    offer: Offer, day: str, customer_id: str | None, device_id: str | None
) -> Iterator[Bound]:
    """Yield what bounds a promotion for a customer and a device, as far as they are known."""
    limits, name = offer.limits, f"promotion:{offer.id}"
    if limits.per_customer is not None and customer_id:
        counter = f"{name}:customer:{customer_id}"
        yield Bound(counter, limits.per_customer, "promotion_customer_limit")
    if limits.per_customer_per_day is not None and customer_id:
        counter = f"{name}:customer-day:{day}:{customer_id}"
        yield Bound(counter, limits.per_customer_per_day, "promotion_customer_day_limit")
    if limits.per_device is not None and device_id:
        counter = f"{name}:device:{device_id}"
        yield Bound(counter, limits.per_device, "promotion_device_limit")


def order_claim(order_id: str) -> Claim:
    """Return the claim that lets an order hold promotions once."""
    return Claim(Take(order_counter(order_id), 1, 1), "order_redeemed")


def code_claims(use: Use, buyer: Buyer, promotion_id: str) -> Iterator[Claim]:
    """Yield one use of every counter that bounds a code.

    The promotion's own are not among them. Raises Refused where each customer has so many uses and
    the order names none.
    """
    if use.batch.uses_per_customer is not None:
        _named(buyer.customer_id, "customer_unknown")
    for take in use.takes(buyer.until_s):
        yield Claim(take, coupon_reason(take.counter, use), promotion_id)


def promotion_claims(offer: Offer, amount: int, buyer: Buyer) -> Iterator[Claim]:
    """Yield what one use of a promotion takes that gives ``amount`` minor units.

    Raises Refused where a limit counts customers or devices and the order names none.
    """
    limits, name = offer.limits, offer.id
    engagement = buyer.engagements.get(name)
    if offer.mechanic is not None and engagement is not None:
        counter = f"engagement:{engagement.id}:{buyer.customer_id}"
        yield _claim(counter, 1, 1, "engagement_used", name)
    if limits.per_customer is not None or limits.per_customer_per_day is not None:
        _named(buyer.customer_id, "customer_unknown")
    if limits.per_device is not None:
        _named(buyer.device_id, "device_unknown")
    yield _claim(total_counter(name), 1, limits.total, "promotion_used_up", name)
    if limits.per_day is not None:
        counter = day_counter(name, buyer.day)
        yield _claim(counter, 1, limits.per_day, "promotion_day_used_up", name)
    for bound in bounds_of_one(offer, buyer.day, buyer.customer_id, buyer.device_id):
        yield _claim(bound.counter, 1, bound.limit, bound.reason, name)
    budget = None if limits.budget_end == "go_on" else limits.budget
    yield _claim(money_counter(offer, buyer.currency), amount, budget, "budget_used_up", name)


def _claim(counter: str, amount: int, limit: int | None, reason: str, name: str) -> Claim:
    return Claim(Take(counter, amount, AMOUNT_MAX if limit is None else limit), reason, name)


def _named(who: str | None, reason: str) -> None:
    if not who:
        raise Refused(reason=reason)


def first_short(claims: Sequence[Claim], balances: Mapping[str, Balance]) -> Claim | None:
    """Return the first claim that its counter has too little for; None when all can be met.

    A counter that nobody has opened has the limit that the claim would open it with.
    """
    for claim in claims:
        take, balance = claim.take, balances[claim.take.counter]
        if take.amount + balance.leased + balance.spent > _limit(take, balance):
            return claim
    return None


def free_of(claim: Claim, balance: Balance) -> int:
    """Return how much of its counter a claim could have."""
    return max(0, _limit(claim.take, balance) - balance.leased - balance.spent)


def _limit(take: Take, balance: Balance) -> int:
    """Return the limit under which a take is asked for: its own, else the one that there is."""
    return balance.limit if take.limit is None else take.limit
