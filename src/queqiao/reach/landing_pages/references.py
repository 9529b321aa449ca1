"""From the records to what pages refer to: read once, when something of it has changed."""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from sqlalchemy import Connection

from queqiao.catalog.contracts import ShownGoods
from queqiao.decide.promotions.contracts import COUPON_BATCH, PROMOTION
from queqiao.kernel.documents import DocumentKind
from queqiao.kernel.errors import NotFound
from queqiao.ports.records import documents
from queqiao.reach.landing_pages.document import (
    CountdownBlock,
    CouponBlock,
    FlashSaleBlock,
    GoodsBlock,
    LandingPageDocument,
    PromotionBarBlock,
)
from queqiao.reach.landing_pages.scene import References, Sale


class Stocked(msgspec.Struct, frozen=True):
    """Where pages find goods and flash sales. Each call reads in the transaction it is given.

    ``listed`` gives the goods of a block, ``named`` those of some SKUs, ``sales`` the live flash
    sales of some ids.
    """

    listed: Callable[[Connection, GoodsBlock], list[ShownGoods]]
    named: Callable[[Connection, list[str]], list[ShownGoods]]
    sales: Callable[[Connection, Iterable[str]], dict[str, Sale]]


def references(conn: Connection, document: LandingPageDocument, stocked: Stocked) -> References:
    """Read what a page's blocks name; what is not live is left out."""
    blocks = document.blocks
    shelves = {
        block.id: stocked.listed(conn, block) for block in blocks if isinstance(block, GoodsBlock)
    }
    sales = stocked.sales(conn, sales_of(document))
    in_sales = {item.sku for sale in sales.values() for item in sale.items}
    goods = [
        *stocked.named(conn, sorted(in_sales)),
        *(one for each in shelves.values() for one in each),
    ]
    return References(
        coupons=_live(conn, COUPON_BATCH, coupons_of(document)),
        promotions=_live(conn, PROMOTION, promotions_of(document)),
        sales=sales,
        goods={one.sku: one for one in goods},
        shelves={block: tuple(one.sku for one in found) for block, found in shelves.items()},
    )


def coupons_of(document: LandingPageDocument) -> list[str]:
    """Return the coupon batches that a page names."""
    return [block.batch for block in document.blocks if isinstance(block, CouponBlock)]


def promotions_of(document: LandingPageDocument) -> list[str]:
    """Return the promotions that a page names."""
    bars = (block for block in document.blocks if isinstance(block, PromotionBarBlock))
    return [one for bar in bars for one in bar.promotions]


def sales_of(document: LandingPageDocument) -> list[str]:
    """Return the flash sales that a page names."""
    strips = [block.sale for block in document.blocks if isinstance(block, FlashSaleBlock)]
    clocks = [
        block.flash_sale
        for block in document.blocks
        if isinstance(block, CountdownBlock) and block.flash_sale is not None
    ]
    return [*strips, *clocks]


def _live(conn: Connection, kind: DocumentKind, ids: Iterable[str]) -> dict[str, Any]:
    found = {}
    for one in dict.fromkeys(ids):
        try:
            stored = documents.get(conn, kind, one)
        except NotFound:
            continue
        if stored.state == "live":
            found[one] = stored.document
    return found
