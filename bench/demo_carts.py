"""The demo's store with its thousand live promotions, and carts of its shoppers.

A usual cart has one to five lines; a large one up to twelve, of as many as four units each.
"""

from typing import Any

import msgspec

from queqiao.catalog.contracts import Facts, Goods, PriceBook
from queqiao.decide.promotions.contracts import COUPON_BATCH, PROMOTION
from queqiao.decide.promotions.customer_types import Customer
from queqiao.decide.promotions.quote_types import Cart, CartLine, Options, QuoteRequest
from queqiao.decide.promotions.quoting import Shop
from queqiao.decide.promotions.snapshot import compile_snapshot
from queqiao.demo import documents, late_offers, offers
from queqiao.demo.store import Store
from queqiao.kernel.clock import DAY_US, HOUR_US, format_rfc3339, parse_rfc3339
from queqiao.kernel.randomness import Randomness

NOW_US = parse_rfc3339("2026-06-18T12:00:00Z")
SPAN = offers.Span(NOW_US - 30 * DAY_US, NOW_US)
USUAL, LARGE = (1, 1, 1, 2, 3, 5), (3, 5, 8, 10, 12)
"""How many lines a cart may have."""


class DemoShop:
    """The store, and its papers as a system has them when all are live."""

    def __init__(self, seed: int = 618) -> None:
        chance = Randomness(seed).stream
        self._store = store = Store(Randomness(seed), SPAN.born_us)
        early = offers.early_offers(store.goods, SPAN, chance("early offers"))
        later = offers.later_offers(store.goods, SPAN, chance("later offers"))
        batches = documents.coupon_batches(store.codes) | late_offers.coupon_batches()
        snapshot = compile_snapshot(
            _read(PROMOTION, documents.PROMOTIONS | early | later),
            _read(COUPON_BATCH, batches),
            b"bench-key-of-16b",
        )
        goods = [
            Goods(one.sku, one.price_minor, "CNY", facts=Facts((one.category,), one.brand), stock=9)
            for one in store.goods
        ]
        self.shop = Shop(snapshot, PriceBook(goods))

    def question(self, number: int, lines: tuple[int, ...] = USUAL) -> QuoteRequest:
        """Return what a shopper asks; the same number asks the same."""
        chance = self._store.randomness.stream("cart", number)
        shopper = chance.choice(self._store.shoppers)
        units = (1, 1, 1, 2, 3) if lines is USUAL else (1, 1, 2, 3, 4)
        goods = chance.sample(self._store.goods, chance.choice(lines))
        return QuoteRequest(
            Cart(tuple(CartLine(good.sku, chance.choice(units)) for good in goods)),
            now=format_rfc3339(NOW_US + chance.randrange(7 * 24) * HOUR_US),
            channel=shopper.channel,
            profile="best_for_shopper",
            customer=Customer(
                shopper.user_id,
                attributes=shopper.traits,
                segments=chance.choice(((), (), ("loyal-buyers",))),
            ),
            codes=chance.choice(((), (shopper.code,))),
            options=Options(explain=False),
        )


def _read(kind: Any, papers: dict[str, dict[str, Any]]) -> list[tuple[str, Any]]:
    return [(name, msgspec.convert(paper, kind.type)) for name, paper in papers.items()]
