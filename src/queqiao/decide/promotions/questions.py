"""From the question on the wire to its goods, its basket and the promotions that came with it."""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from queqiao.catalog.contracts import Facts, Goods
from queqiao.decide.promotions.basket import Basket, Line
from queqiao.decide.promotions.check_condition import count_conditions, named_batches
from queqiao.decide.promotions.checks import check_promotion
from queqiao.decide.promotions.coupons.codes import normal
from queqiao.decide.promotions.customer_types import UNITS_MAX
from queqiao.decide.promotions.documents.promotion import InlinePromotion, Limits
from queqiao.decide.promotions.flash_sales.deals import NO_DEALS, Deal, Deals
from queqiao.decide.promotions.matching.asked import FindGoods
from queqiao.decide.promotions.offers import compile_offer
from queqiao.decide.promotions.quote_types import CartCard, CartLine, CatalogItem, QuoteRequest
from queqiao.decide.promotions.snapshot import Codes, PromotionsSnapshot
from queqiao.kernel.clock import parse_rfc3339
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.money import MINOR_MAX

CONDITIONS_MAX = 2_000
"""How many conditions the promotions that come with a question may hold in all: they are checked
and compiled while a worker answers nobody else."""

_FIRST_US = parse_rfc3339("1971-01-01T00:00:00Z")
_END_US = parse_rfc3339("2201-01-01T00:00:00Z")

NO_LIMITS = Limits()
"""A quote counts no uses, so a draft's limits are not held against it."""


def moment_of(now: str) -> int:
    """Return the moment that a question asks about. Raises InvalidInput for far years."""
    at_us = parse_rfc3339(now, "now")
    if not _FIRST_US <= at_us < _END_US:
        message = Message("年份须在 1971 至 2200 之间", "must be in the years 1971 to 2200")
        raise InvalidInput(FieldError("now", message))
    return at_us


def refuse_equal_cards(cards: Sequence[CartCard]) -> None:
    """Raise InvalidInput for a card named twice: it would pay twice with the same money."""
    seen: set[str] = set()
    for index, card in enumerate(cards):
        code = normal(card.code)
        if code in seen:
            message = Message("同一张卡出现两次，请只保留一个", "named twice; keep one")
            raise InvalidInput(FieldError(f"cart.cards[{index}].code", message))
        seen.add(code)


def inline_goods(items: Sequence[CatalogItem], currency: str) -> Mapping[str, Goods]:
    """Return the goods that came with the question. Raises InvalidInput for a SKU named twice."""
    found: dict[str, Goods] = {}
    for index, item in enumerate(items):
        if item.sku in found:
            message = Message("SKU 重复，请只保留一个", "this SKU is named twice; keep one")
            raise InvalidInput(FieldError(f"catalog[{index}].sku", message))
        facts = Facts(item.categories, item.brand, item.shop, item.tags, item.tax_category)
        found[item.sku] = Goods(
            item.sku,
            item.price,
            currency,
            item.list_price,
            item.minimum_price,
            facts,
            item.stock,
        )
    return found


def inline_snapshot(request: QuoteRequest, live: PromotionsSnapshot) -> PromotionsSnapshot:
    """Return the promotions that came with the question, compiled, or the live ones."""
    if request.promotions is None:
        return live
    _refuse_too_many_conditions(request.promotions)
    named = {}
    for index, document in enumerate(request.promotions):
        promotion_id = document.id or f"promotions[{index}]"
        try:
            check_promotion(replace(document, limits=NO_LIMITS))
        except InvalidInput as error:
            path = f"promotions[{index}]"
            fields = (FieldError(f"{path}.{field.path}", field.message) for field in error.fields)
            raise InvalidInput(*fields) from error
        if promotion_id in named:
            message = Message("编号重复", "this id is given twice")
            raise InvalidInput(FieldError(f"promotions[{index}].id", message))
        named[promotion_id] = document
    zone, currency = live.zone, live.currency
    offers = [compile_offer(*item, zone, currency) for item in named.items()]
    codes = Codes(live.code_book)
    return PromotionsSnapshot(offers, codes, inline=True, zone=zone, currency=currency)


def inline_batches(documents: Sequence[InlinePromotion]) -> frozenset[str]:
    """Return the coupon batches that promotions which came with a question name.

    The id of one stands for any code of it, and is looked up nowhere.
    """
    own = [document.code_batch for document in documents if document.code_batch is not None]
    named = [name for document in documents for _, name in named_batches(document.condition)]
    return frozenset([*own, *named])


def _refuse_too_many_conditions(documents: Sequence[InlinePromotion]) -> None:
    if sum(count_conditions(document.condition) for document in documents) > CONDITIONS_MAX:
        message = Message(
            f"所有促销合计最多 {CONDITIONS_MAX} 个条件",
            f"at most {CONDITIONS_MAX} conditions in all promotions together",
        )
        raise InvalidInput(FieldError("promotions", message))


def basket_of(
    lines: Sequence[CartLine], find: FindGoods, currency: str, deals: Deals = NO_DEALS
) -> Basket:
    """Return the cart with prices and facts. Raises InvalidInput for goods that it cannot price."""
    _refuse_equal_ids(lines)
    tokens = [line.price_token for line in lines if line.price_token is not None]
    if tokens:
        _refuse_wrong_tokens(lines)
    made = [_line(line, index, find, currency, deals) for index, line in enumerate(lines)]
    basket = Basket(made, has_tokens=bool(tokens))
    if basket.subtotal > MINOR_MAX:
        raise InvalidInput(FieldError("cart", Message("总额过大", "the total is too large")))
    if sum(basket.quantities) > UNITS_MAX:
        message = Message(f"最多 {UNITS_MAX} 件", f"at most {UNITS_MAX} units")
        raise InvalidInput(FieldError("cart.lines", message))
    return basket


def _refuse_equal_ids(lines: Sequence[CartLine]) -> None:
    """Raise InvalidInput for a line id given twice; lines may all do without."""
    ids = [line.id for line in lines if line.id]
    if len(set(ids)) == len(ids):
        return
    seen: set[str] = set()
    for index, line in enumerate(lines):
        if line.id and line.id in seen:
            message = Message("行编号重复", "this line id is given twice")
            raise InvalidInput(FieldError(f"cart.lines[{index}].id", message))
        seen.add(line.id)


def _refuse_wrong_tokens(lines: Sequence[CartLine]) -> None:
    """Raise InvalidInput for a flash price beside another price, and for one given twice."""
    seen: set[str] = set()
    for index, line in enumerate(lines):
        if line.price_token is None:
            continue
        if line.price is not None:
            raise InvalidInput(FieldError(f"cart.lines[{index}].price", _ONE_PRICE))
        if line.price_token in seen:
            raise InvalidInput(FieldError(f"cart.lines[{index}].price_token", _ONE_LINE))
        seen.add(line.price_token)


_ONE_PRICE = Message(
    "已有 price_token，请删去 price", "the line has a price_token; leave the price out"
)
_ONE_LINE = Message("一个凭证只能用于一行", "a token is for one line")


def _line(line: CartLine, index: int, find: FindGoods, currency: str, deals: Deals) -> Line:
    goods = find(line.sku)
    if line.price_token is not None:
        deal = deals.get(line.price_token)
        if isinstance(deal, Deal):
            return _flash_line(line, index, goods, deal)
    if goods is None and line.price is None:
        message = Message("目录中没有这个 SKU；请先导入或给出 price", "no such SKU; give a price")
        raise InvalidInput(FieldError(f"cart.lines[{index}].sku", message))
    if goods is None:
        return Line(index, line.id, line.sku, line.quantity, line.price or 0)
    if goods.currency != currency:
        message = Message("该商品不以此币种定价", "these goods are not priced in this currency")
        raise InvalidInput(FieldError(f"cart.lines[{index}].sku", message))
    price = goods.price_minor if line.price is None else line.price
    minimum = goods.minimum_price_minor or 0
    return Line(index, line.id, line.sku, line.quantity, price, minimum, goods.facts)


def _flash_line(line: CartLine, index: int, goods: Goods | None, deal: Deal) -> Line:
    """Return a line at the price of its flash sale; the reservation said in which currency."""
    minimum = 0 if goods is None else goods.minimum_price_minor or 0
    facts = Facts() if goods is None else goods.facts
    price = deal.price_minor
    return Line(index, line.id, line.sku, line.quantity, price, minimum, facts, deal)
