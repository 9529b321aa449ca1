"""Refunds: credit memos a CPU second, each of the second return of an order of ten lines.

The orders are those of ``pricing``: ten lines, about 46 promotions hold of 1,000 live ones. Keeping
reads what was paid; clawing back prices what is kept under the promotions that the order used.
"""

from random import Random
from time import process_time
from typing import Any

import msgspec
from msgspec.structs import asdict, replace

from bench.pricing import NOW_US, SKUS, carts, goods, promotion, row
from queqiao.catalog.contracts import PriceBook
from queqiao.decide.promotions.documents.promotion import InlinePromotion
from queqiao.decide.promotions.quoting import Shop, quote
from queqiao.decide.promotions.refunds.policy import RefundPolicy
from queqiao.decide.promotions.refunds.reckoning import refund
from queqiao.decide.promotions.refunds.refund_types import (
    Order,
    PaidQuote,
    RefundRequest,
    ReturnedItem,
)
from queqiao.decide.promotions.snapshot import compile_snapshot

ORDERS, PROMOTIONS = 100, 1_000
KEEP, CLAW_BACK = RefundPolicy(), RefundPolicy(discounts="claw_back")


def run() -> list[dict[str, Any]]:
    """Measure and return the rows of the table."""
    shop, orders = placed(Random(20260618))
    kept, clawed = (memos_per_second(shop, orders, policy) for policy in (KEEP, CLAW_BACK))
    figure = f"credit memos, ten lines, {SKUS:,} SKUs, discounts kept"
    return [
        row("refunds", figure, "memos/CPU s", "higher", None, kept, None, None),
        row("refunds", "the same, clawed back", "memos/CPU s", "higher", None, clawed, None, None),
    ]


def placed(random: Random) -> tuple[Shop, list[Order]]:
    """Return the shop and its orders, each with the documents of the promotions that it used."""
    book = PriceBook(goods(random))
    known = {f"p{n:05}": promotion(random, n) for n in range(PROMOTIONS)}
    shop = Shop(compile_snapshot(list(known.items()), [], b"bench-key-of-16b"), book)
    orders = []
    for question in carts(Random(618))[:ORDERS]:
        answer = msgspec.json.encode(quote(question, shop, NOW_US))
        paid = msgspec.json.decode(answer, type=PaidQuote)
        used = [(item.promotion_id, known[item.promotion_id]) for item in paid.applied]
        documents = tuple(InlinePromotion(**asdict(document), id=name) for name, document in used)
        orders.append(Order(paid, question, documents))
    return shop, orders


def memos_per_second(shop: Shop, orders: list[Order], policy: RefundPolicy) -> float:
    """Return credit memos a CPU second, the best of three rounds."""
    asked = [second_return(order, shop, policy) for order in orders]
    return max(_once(asked, shop) for _ in range(3))


def _once(asked: list[RefundRequest], shop: Shop) -> float:
    started = process_time()
    for request in asked:
        refund(request, shop, NOW_US)
    return len(asked) / (process_time() - started)


def second_return(order: Order, shop: Shop, policy: RefundPolicy) -> RefundRequest:
    """Return the question of a second return: two lines, after two others have come back."""
    first, second = order.quote.lines[:2], order.quote.lines[2:4]
    asked = RefundRequest(order, items=tuple(map(_whole, first)), policy=policy)
    memo = refund(asked, shop, NOW_US)
    return replace(asked, items=tuple(map(_whole, second)), returned=(memo,))


def _whole(line: Any) -> ReturnedItem:
    return ReturnedItem(line.id, quantity=line.quantity)


if __name__ == "__main__":
    for line in run():
        print(line)
