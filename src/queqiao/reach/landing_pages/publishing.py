"""What must hold before a page goes live, and what an operator should know before that."""

from collections.abc import Iterator
from typing import Literal

import msgspec
from sqlalchemy import Connection

from queqiao.decide.promotions.contracts import COUPON_BATCH, PROMOTION, CouponBatchDocument
from queqiao.kernel.documents import DocumentKind
from queqiao.kernel.errors import FieldError, InvalidInput, Message, NotFound, Refused
from queqiao.kernel.http import Request, Response, Route, json_response
from queqiao.ports.records import documents
from queqiao.ports.records.base import Records
from queqiao.ports.records.documents import Stored
from queqiao.reach.landing_pages.document import (
    Block,
    CountdownBlock,
    CouponBlock,
    FlashSaleBlock,
    GoodsBlock,
    LandingPageDocument,
    PromotionBarBlock,
)
from queqiao.reach.landing_pages.kind import LANDING_PAGE
from queqiao.reach.landing_pages.preview import DOCUMENT_BYTES_MAX, RenderRequest, checked
from queqiao.reach.landing_pages.references import Stocked, coupons_of
from queqiao.reach.landing_pages.scene import Prices, window_us

_TAKEN = Message(
    "另一个已发布的页面在用这个地址，请换一个", "another live page stands here; take another slug"
)
PAGES_MAX = 2_000
"""So many pages are live at once: each is held by every worker, with what it refers to."""
_TOO_MANY = Message(
    f"最多同时发布 {PAGES_MAX} 个页面，请先下线或归档不再使用的页面",
    f"at most {PAGES_MAX} pages are live at once; pause or archive one that is no longer used",
)
_NO_BATCH = Message("没有这个券批次，请先创建", "no such coupon batch; create it first")
_NO_PROMOTION = Message("没有这个促销", "no such promotion")
_NO_SALE = Message("没有已发布的这个秒杀活动", "no such live flash sale")
_NO_SKU = Message("商品库里没有这个 SKU", "the catalogue has no such SKU")
_BATCH_NOT_LIVE = Message(
    "券批次未发布，访客看不到这张券", "the coupon batch is not live: visitors do not see it"
)
_BATCH_OVER = Message("券批次已结束，无法领取", "the coupon batch is over: nobody can get one")
_NOT_CLAIMABLE = Message(
    "这批券不能由顾客领取，访客看不到这张券",
    "customers cannot claim coupons of this batch: visitors do not see it",
)
_NO_SIGN_IN = Message(
    "没有写登录地址，未登录的访客领不了券",
    "without sign_in_url, visitors who are not signed in cannot get a coupon",
)
_PROMOTION_NOT_LIVE = Message(
    "促销未发布，访客看不到它", "the promotion is not live: visitors do not see it"
)
_NO_PRICE = Message("这个 SKU 没有价格，不会显示", "this SKU has no price and is not shown")
_NO_GOODS = Message("没有符合的商品，访客看不到这一块", "no goods match: visitors do not see this")
_PAST = Message("这个时间已经过去", "this moment has passed")
_OVER = Message(
    "页面的结束时间已过，访客会看到“已结束”", "the page's end has passed: it shows as over"
)
_LEADS_NOWHERE = Message(
    "没有写商品链接，点商品不会跳转", "without goods_url a tap on goods leads nowhere"
)


Level = Literal["error", "warning"]
_Found = tuple[str, Level, Message]
_Seen = tuple[str, Message]


class Finding(msgspec.Struct, frozen=True):
    """Something about a draft: an ``error`` keeps it from going live, a ``warning`` does not."""

    path: str
    level: Level
    message: str


class Findings(msgspec.Struct, frozen=True):
    """Everything found, in the order of the document."""

    items: list[Finding]


def check_live(document: LandingPageDocument, conn: Connection, stocked: Stocked) -> None:
    """Raise InvalidInput for what a page cannot be live with, Refused when there are too many.

    In the transaction of the write the page itself is live already, so it may be there once.
    """
    wrong = [*_missing(document, conn, stocked)]
    pages = documents.live(conn, LANDING_PAGE)
    if sum(one.document.slug != document.slug for one in pages) >= PAGES_MAX:
        raise Refused(_TOO_MANY, reason="too_many_pages")
    here = [one for one in pages if one.document.slug == document.slug]
    if len(here) > 1 or any(one.document != document for one in here):
        wrong.insert(0, FieldError("slug", _TAKEN))
    if wrong:
        raise InvalidInput(*wrong)


def _missing(
    document: LandingPageDocument, conn: Connection, stocked: Stocked
) -> Iterator[FieldError]:
    for index, block in enumerate(document.blocks):
        for path, what in _absent(block, conn, stocked):
            yield FieldError(f"blocks[{index}].{path}", what)


def _absent(block: Block, conn: Connection, stocked: Stocked) -> Iterator[tuple[str, Message]]:
    """Yield what a block names and nobody knows: the path below the block, and the words."""
    if isinstance(block, CouponBlock) and _stored(conn, COUPON_BATCH, block.batch) is None:
        yield "batch", _NO_BATCH
    elif isinstance(block, PromotionBarBlock):
        for place, one in enumerate(block.promotions):
            if _stored(conn, PROMOTION, one) is None:
                yield f"promotions[{place}]", _NO_PROMOTION
    elif isinstance(block, FlashSaleBlock | CountdownBlock):
        field = "sale" if isinstance(block, FlashSaleBlock) else "flash_sale"
        sale = getattr(block, field)
        if sale is not None and not stocked.sales(conn, [sale]):
            yield field, _NO_SALE
    elif isinstance(block, GoodsBlock):
        yield from _absent_goods(block, conn, stocked)


def _absent_goods(
    block: GoodsBlock, conn: Connection, stocked: Stocked
) -> Iterator[tuple[str, Message]]:
    known = {one.sku for one in stocked.named(conn, [item.sku for item in block.items])}
    for place, item in enumerate(block.items):
        if item.sku not in known:
            yield f"items[{place}].sku", _NO_SKU


def _stored(conn: Connection, kind: DocumentKind, document_id: str) -> Stored | None:
    try:
        return documents.get(conn, kind, document_id)
    except NotFound:
        return None


class Examiner:
    """Looks at drafts before they are published."""

    def __init__(self, records: Records, stocked: Stocked, prices: Prices) -> None:
        self._records = records
        self._stocked = stocked
        self._prices = prices

    def route(self) -> Route:
        """Return the route that tells what was found."""

        async def examine(request: Request) -> Response:
            asked = request.decode(RenderRequest, DOCUMENT_BYTES_MAX)
            checked(asked.document)
            found = await self._records.read(
                lambda conn: self._found(asked.document, conn, request.now_us)
            )
            items = [
                Finding(path, level, message.in_language(request.language))
                for path, level, message in found
            ]
            return json_response(Findings(items))

        words = Message("发布前检查", "What should be known before publishing")
        path = "/api/v1/landing-pages/check"
        tags = ("landing-pages",)
        return Route(
            "POST", path, examine, words, "read", RenderRequest, Findings, tags, DOCUMENT_BYTES_MAX
        )

    def _found(self, document: LandingPageDocument, conn: Connection, now_us: int) -> list[_Found]:
        wrong = _missing(document, conn, self._stocked)
        found: list[_Found] = [(path, "error", words) for path, words in wrong]
        seen = [*_of_page(document, now_us)]
        for index, block in enumerate(document.blocks):
            below = [*_of_block(block, conn, now_us), *self._of_goods(block, conn, now_us)]
            seen += [(f"blocks[{index}].{path}", words) for path, words in below]
        return found + [(path, "warning", words) for path, words in seen]

    def _of_goods(self, block: Block, conn: Connection, now_us: int) -> Iterator[_Seen]:
        if not isinstance(block, GoodsBlock):
            return
        skus = [one.sku for one in self._stocked.listed(conn, block)]
        if not skus and not block.items:
            yield ("category" if block.category else "tag"), _NO_GOODS
        prices = self._prices(skus, now_us)
        for place, item in enumerate(block.items):
            if item.sku in skus and item.sku not in prices:
                yield f"items[{place}].sku", _NO_PRICE


def _of_page(document: LandingPageDocument, now_us: int) -> Iterator[_Seen]:
    ends_us = window_us(None, document.ends_at)[1]
    if ends_us is not None and ends_us <= now_us:
        yield "ends_at", _OVER
    has_goods = any(isinstance(one, GoodsBlock | FlashSaleBlock) for one in document.blocks)
    if has_goods and document.goods_url is None:
        yield "goods_url", _LEADS_NOWHERE
    if document.sign_in_url is None and coupons_of(document):
        yield "sign_in_url", _NO_SIGN_IN


def _of_batch(batch: CouponBatchDocument, now_us: int) -> Iterator[_Seen]:
    personal = batch.personal
    if personal is None or not personal.claimable:
        yield "batch", _NOT_CLAIMABLE
        return
    ends = [window_us(None, end)[1] for end in (batch.ends_at, personal.claim_ends_at)]
    if any(end_us is not None and end_us <= now_us for end_us in ends):
        yield "batch", _BATCH_OVER


def _of_block(block: Block, conn: Connection, now_us: int) -> Iterator[_Seen]:
    if isinstance(block, CountdownBlock):
        until_us = window_us(block.until, None)[0]
        if until_us is not None and until_us <= now_us:
            yield "until", _PAST
    elif isinstance(block, CouponBlock):
        batch = _stored(conn, COUPON_BATCH, block.batch)
        if batch is not None and batch.state != "live":
            yield "batch", _BATCH_NOT_LIVE
        if batch is not None:
            yield from _of_batch(batch.document, now_us)
    elif isinstance(block, PromotionBarBlock):
        for place, one in enumerate(block.promotions):
            known = _stored(conn, PROMOTION, one)
            if known is not None and known.state != "live":
                yield f"promotions[{place}]", _PROMOTION_NOT_LIVE
