"""What one unit of goods costs a stranger by the live promotions, and when that may change."""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from operator import is_not

from queqiao.decide.promotions.quote_types import Cart, CartLine, Options, QuoteRequest
from queqiao.decide.promotions.quoting import Shop, quote
from queqiao.kernel.clock import MINUTE_US
from queqiao.kernel.errors import InvalidInput
from queqiao.reach.landing_pages.scene import Priced, Prices


def prices_by(shop: Callable[[], Shop]) -> Prices:
    """Return what prices one unit of each SKU as a stranger on the web would pay it."""

    def prices(skus: Sequence[str], now_us: int) -> Mapping[str, Priced]:
        known = shop()
        found = {sku: _priced(sku, known, now_us) for sku in skus}
        return {sku: priced for sku, priced in found.items() if priced is not None}

    return prices


class PriceVersion:
    """A number that changes whenever the price of a SKU may have changed.

    By the clock that is when a promotion begins or ends, and at each minute, since conditions
    speak of minutes of a day.
    """

    def __init__(self, shop: Callable[[], Shop]) -> None:
        self._shop = shop
        self._seen: tuple[object, ...] = ()
        self._said: tuple[object, ...] = ()
        self._turns: list[int] = []
        self._number = 0

    def __call__(self, now_us: int) -> int:
        """Return the number of this moment."""
        shop = self._shop()
        seen = shop.promotions, shop.price_book, shop.profiles
        is_new = len(self._seen) != len(seen) or any(map(is_not, seen, self._seen))
        if is_new:
            self._seen, self._turns = seen, _turns(shop)
        said = (
            shop.restraints.refused,
            shop.restraints.rests,
            now_us // MINUTE_US,
            bisect_right(self._turns, now_us),
        )
        if is_new or said != self._said:
            self._said = said
            self._number += 1
        return self._number


def _turns(shop: Shop) -> list[int]:
    offers = [one for one in shop.promotions.by_place if one is not None]
    return sorted({turn for one in offers for turn in (one.starts_us, one.ends_us)})


def _priced(sku: str, shop: Shop, now_us: int) -> Priced | None:
    goods = shop.price_book.goods(sku)
    if goods is None:
        return None
    now_minor = _quoted(sku, goods.currency, shop, now_us)
    usual = max(goods.price_minor, goods.list_price_minor or 0)
    if now_minor is None:
        now_minor = goods.price_minor
    return Priced(now_minor, usual if usual > now_minor else None, goods.currency)


def _quoted(sku: str, currency: str, shop: Shop, now_us: int) -> int | None:
    cart = Cart((CartLine(sku),))
    question = QuoteRequest(
        cart=cart, currency=currency, channel="web", options=Options(explain=False)
    )
    try:
        return quote(question, shop, now_us).totals.total
    except InvalidInput:
        return None
