"""Whether a rule by itself nearly gives goods away, whatever its kind of benefit: tried on carts.

The carts are those that just reach what the rule asks, of its cheapest and its dearest goods, with
what goes with them; so a fixed amount, a price, a tier, a bundle or a gift is judged by what a
shopper can really make of it, not by its type. What its bounds let it give away in all is the
shop's own affair up to ``exposure_max`` (``exposure.py``).
"""

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

from queqiao.catalog.contracts import Goods
from queqiao.decide.promotions.documents.coupon_batch import CouponBatchDocument
from queqiao.decide.promotions.documents.promotion import PromotionDocument
from queqiao.decide.promotions.loyalty.programme import Programme
from queqiao.decide.promotions.publishing import gives_away
from queqiao.decide.promotions.quote_types import Quote
from queqiao.decide.promotions.quoting import Shop
from queqiao.decide.promotions.rehearsal.carts import carts_of
from queqiao.decide.promotions.rehearsal.exposure import UNITS_MAX, exposure_of, largest_carts
from queqiao.decide.promotions.rehearsal.lowest_price import Terms
from queqiao.decide.promotions.rehearsal.moments import moments_of
from queqiao.decide.promotions.rehearsal.rulebook import rulebook
from queqiao.decide.promotions.rehearsal.shelf import Shelf, shelf_of
from queqiao.decide.promotions.rehearsal.shoppers import shoppers_of
from queqiao.decide.promotions.rehearsal.trials import Amounts, Trials
from queqiao.kernel.errors import FieldError, Message

QUOTES_MAX = 200
"""Carts priced for each of both questions before one promotion goes live: a tenth of a second."""


class Generous(NamedTuple):
    """Who takes ``percent`` or more off what a cart is worth nearly gives it away.

    Points count by what they are worth in the live ``programme``, where there is one. One whose
    bounds keep what it gives in all at ``exposure_max`` minor units needs nobody else.
    """

    percent: int
    programme: Programme | None
    exposure_max: int


class Rule(NamedTuple):
    """A promotion that is to go live, by its name, with the batch of its codes."""

    name: str
    document: PromotionDocument
    batch: CouponBatchDocument | None = None


def giveaway_dangers(rule: Rule, shop: Shop, terms: Terms, generous: Generous) -> list[FieldError]:
    """Return a danger where the rule alone nearly gives a cart away, more than its bounds stop."""
    trying = _Trying(rule, shop, terms, generous.programme)
    by_itself = gives_away(rule.document)
    found = None if by_itself else trying.nearly_free(generous.percent)
    if not by_itself and found is None:
        return []
    exposure = exposure_of(rule.document, rule.batch, trying.most(), terms.from_us)
    worst = exposure.worst
    if worst is not None and worst <= generous.exposure_max:
        return []
    why = exposure.said(generous.exposure_max)
    if found is None:
        shown = Message(f"优惠 {generous.percent}% 以上", f"{generous.percent} % off or more")
        return [FieldError("benefit.percent", _joined(shown, why))]
    return [FieldError("benefit", _joined(_example(*found), why))]


class _Trying:
    """The rule alone, priced on carts. Money is in minor units."""

    def __init__(self, rule: Rule, shop: Shop, terms: Terms, programme: Programme | None) -> None:
        self._document, self._programme = rule.document, programme
        self._currency = rule.document.currency or terms.currency
        self._profile = terms.profile
        alone = rulebook({rule.name: rule.document}, (), shop, {})
        self._shop = alone.shop
        self._shelf: Shelf = shelf_of(alone.goods(self._currency), rule.document)
        documents = (rule.document,)
        self._moments = moments_of(documents, terms.from_us, terms.until_us, terms.zone)
        self._shoppers = shoppers_of(documents)

    def nearly_free(self, percent: int) -> tuple[Amounts, int, int] | None:
        """Return a cart with what it is worth and what is paid for it, the first found."""
        ends = (self._shelf.cheapest(), self._shelf.dearest())
        some: dict[str, Goods] = {one.sku: one for one in ends if one is not None}
        shelf, document = self._shelf, self._document
        carts = [c for one in some.values() for c in carts_of(one, document, shelf, UNITS_MAX)]
        for cart, worth, paid in self._priced(carts):
            if worth and paid * 100 <= worth * (100 - percent):
                return cart, worth, paid
        return None

    def most(self) -> int:
        """Return the most that one use was found to give."""
        carts = list(largest_carts(self._document, self._shelf))
        return max((worth - paid for _, worth, paid in self._priced(carts)), default=0)

    def _priced(self, carts: list[Amounts]) -> Iterator[tuple[Amounts, int, int]]:
        trials = Trials(self._shop, self._currency, self._profile, QUOTES_MAX)
        for cart, shopper, at_us in product(carts, self._shoppers, self._moments):
            trial = trials.price(cart, shopper, at_us)
            if trial is None:
                return
            paid = _paid(trial.quote) - _points_worth(trial.quote, self._programme)
            yield cart, _worth(trial.quote), paid


def _example(cart: Amounts, worth: int, paid: int) -> Message:
    goods = ", ".join(f"{sku} × {quantity}" for sku, quantity in cart[:3])
    return Message(
        f"{goods} 值 {worth}、只需付 {paid}（最小货币单位）",
        f"{goods} are worth {worth} and cost {paid} (minor units)",
    )


def _joined(one: Message, other: Message) -> Message:
    return Message(f"{one.zh}；{other.zh}", f"{one.en}; {other.en}")


def _worth(answer: Quote) -> int:
    """Return what the goods and the gifts cost at the shelf."""
    return answer.totals.items + sum(gift.value * gift.quantity for gift in answer.gifts)


def _points_worth(answer: Quote, programme: Programme | None) -> int:
    """Return what the points that a cart earns are worth in its currency."""
    if programme is None or not programme.is_live:
        return 0
    if programme.document.worth.currency != answer.currency:
        return 0
    return programme.worth(answer.points.earned)


def _paid(answer: Quote) -> int:
    """Return what is paid for them in the end."""
    return answer.totals.items - answer.totals.discount - answer.cashback
