"""Gifts are scarce: what a promotion gives of each is counted in the step of the order.

promotion:{id}:gift:{sku}    units given, at most the ``stock`` of the document where it has one
"""

from collections.abc import Iterator, Mapping, Sequence

from queqiao.decide.promotions.documents.benefit import Gift
from queqiao.decide.promotions.offers import Offer
from queqiao.decide.promotions.quote_types import Quote
from queqiao.decide.promotions.redemptions.claims import Claim
from queqiao.decide.promotions.totals.gifts import GiftRule
from queqiao.ports.ledger.base import AMOUNT_MAX, Balance, Ledger, Take

OUT_OF_STOCK = "gift_out_of_stock"
COUNTERS_A_CALL_MAX = 2_000


def gift_counter(promotion_id: str, sku: str) -> str:
    """Return the counter of what a promotion has given of a gift."""
    return f"promotion:{promotion_id}:gift:{sku}"


def sku_of(counter: str, promotion_id: str) -> str | None:
    """Return the SKU of a counter of a promotion's gifts; None for any other counter."""
    start = gift_counter(promotion_id, "")
    return counter.removeprefix(start) if counter.startswith(start) else None


def gifts_of(answer: Quote, promotion_id: str) -> Mapping[str, int]:
    """Return how many units of each gift a promotion gave to an order."""
    return {gift.sku: gift.quantity for gift in answer.gifts if gift.promotion_id == promotion_id}


def gift_claims(offer: Offer, gifts: Mapping[str, int]) -> Iterator[Claim]:
    """Yield what the gifts of an order take."""
    stocks = _stocks(offer)
    for sku, quantity in gifts.items():
        take = Take(gift_counter(offer.id, sku), quantity, stocks.get(sku, AMOUNT_MAX))
        yield Claim(take, OUT_OF_STOCK, offer.id)


def gift_skus(offer: Offer) -> frozenset[str]:
    """Return the gifts that a promotion may give."""
    return frozenset(gift.sku for gift in _gifts(offer))


def has_others(offer: Offer) -> bool:
    """Say whether the document names what is given in place of a gift that has run out."""
    return isinstance(offer.reward, GiftRule) and bool(offer.reward.benefit.instead)


async def gifts_left(ledger: Ledger, offers: Sequence[Offer]) -> Mapping[str, Mapping[str, int]]:
    """Return by promotion and SKU how much is left of counted gifts. Raises Unavailable."""
    stocks = {offer.id: found for offer in offers if (found := _stocks(offer))}
    names = [gift_counter(name, sku) for name, found in stocks.items() for sku in found]
    balances: dict[str, Balance] = {}
    for start in range(0, len(names), COUNTERS_A_CALL_MAX):
        balances |= await ledger.balances(names[start : start + COUNTERS_A_CALL_MAX])
    return {
        name: {
            sku: max(0, stock - _used(balances[gift_counter(name, sku)]))
            for sku, stock in found.items()
        }
        for name, found in stocks.items()
    }


def _used(balance: Balance) -> int:
    return balance.leased + balance.spent


def _stocks(offer: Offer) -> Mapping[str, int]:
    """Return how many units there are of each gift that the document counts."""
    return {gift.sku: gift.stock for gift in _gifts(offer) if gift.stock is not None}


def _gifts(offer: Offer) -> Sequence[Gift]:
    if not isinstance(offer.reward, GiftRule):
        return ()
    return (*offer.reward.benefit.gifts, *offer.reward.benefit.instead)
