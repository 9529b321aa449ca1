"""From the question on the wire to a basket, its placed offers, and the codes that fail."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from queqiao.catalog.contracts import Facts, Goods
from queqiao.decide.promotions.basket import Basket, Line
from queqiao.decide.promotions.checks import check_promotion
from queqiao.decide.promotions.coupons.codes import normal
from queqiao.decide.promotions.documents.profile import LAYERS, Profile
from queqiao.decide.promotions.documents.promotion import Limits
from queqiao.decide.promotions.matching import lines_by_offer, places
from queqiao.decide.promotions.offers import Offer, compile_offer
from queqiao.decide.promotions.pricing.outcomes import Placed
from queqiao.decide.promotions.quote_types import (
    UNITS_MAX,
    CartLine,
    CatalogItem,
    QuoteRequest,
)
from queqiao.decide.promotions.reasons import Reason
from queqiao.decide.promotions.snapshot import PromotionsSnapshot, digest
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.money import MINOR_MAX

NO_LIMITS = Limits()
"""A quote counts no uses, so a draft's limits are not held against it."""

FindGoods = Callable[[str], Goods | None]


class Situation(NamedTuple):
    """What the clauses of promotions are held against, beside the goods."""

    now_us: int
    currency: str
    channel: str | None
    segments: Sequence[str]


class BadCode(NamedTuple):
    """A code that unlocks nothing. The code is as the shopper wrote it."""

    code: str
    reason: Reason


class Match(NamedTuple):
    """Offers that reach the basket in their order, the codes, and the bits behind them."""

    placed: list[Placed]
    code_of_batch: dict[str, str]
    bad_codes: list[BadCode]
    goods_bits: int
    code_bits: int


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
    offers = [compile_offer(promotion_id, document) for promotion_id, document in named.items()]
    return PromotionsSnapshot(offers, live.code_book, digest(request.promotions), inline=True)


def basket_of(lines: Sequence[CartLine], find: FindGoods, currency: str) -> Basket:
    """Return the cart with prices and facts. Raises InvalidInput for goods that it cannot price."""
    _refuse_equal_ids(lines)
    made = [_line(line, index, find, currency) for index, line in enumerate(lines)]
    basket = Basket(made)
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


def _line(line: CartLine, index: int, find: FindGoods, currency: str) -> Line:
    goods = find(line.sku)
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


def match(
    basket: Basket,
    codes: Sequence[str],
    situation: Situation,
    promotions: PromotionsSnapshot,
    profile: Profile,
) -> Match:
    """Find the offers whose clauses all hold, put them in the profile's order."""
    index = promotions.index
    named = [index.goods.named(line.sku, line.facts) for line in basket.lines]
    goods_bits = index.goods.everything if basket.lines else 0
    for bits in named:
        goods_bits |= bits
    code_of_batch, bad_codes = _read_codes(codes, situation.now_us, promotions)
    code_bits = index.batches.any_of(code_of_batch)
    holding = goods_bits & code_bits & index.periods.at(situation.now_us)
    holding &= index.currencies.any_of((situation.currency,))
    holding &= index.channels.any_of(() if situation.channel is None else (situation.channel,))
    holding &= index.segments.any_of(situation.segments)
    placed = _place(promotions, holding, named, code_of_batch)
    return Match(_ordered(placed, profile), code_of_batch, bad_codes, goods_bits, code_bits)


def _place(
    promotions: PromotionsSnapshot,
    holding: int,
    named: Sequence[int],
    code_of_batch: Mapping[str, str],
) -> list[Placed]:
    everything = promotions.index.goods.everything
    every_line = tuple(range(len(named)))
    lines = lines_by_offer(named, holding & ~everything)
    offers = promotions.offers
    placed = []
    for place in places(holding):
        offer = offers[place]
        code = None if offer.code_batch is None else code_of_batch.get(offer.code_batch)
        placed.append(Placed(offer, lines.get(place, every_line), code))
    return placed


def _ordered(placed: list[Placed], profile: Profile) -> list[Placed]:
    """Return the offers in the profile's order; the places already stand in the default one."""
    if profile.priority == "high_first" and profile.layers == LAYERS:
        return placed
    sign = -1 if profile.priority == "high_first" else 1
    layers = {layer: place for place, layer in enumerate(profile.layers)}
    chosen = [item for item in placed if item.offer.layer in layers]

    def key(item: Placed) -> tuple[int, int, str]:
        return layers[item.offer.layer], sign * item.offer.priority, item.offer.id

    return sorted(chosen, key=key)


def _read_codes(
    codes: Sequence[str], now_us: int, promotions: PromotionsSnapshot
) -> tuple[dict[str, str], list[BadCode]]:
    """Return the first good code of each batch, and the codes that are good for nothing."""
    good: dict[str, str] = {}
    bad: list[BadCode] = []
    for code in codes:
        batch_id, reason = _read_code(code, now_us, promotions)
        if reason is not None:
            bad.append(BadCode(code, reason))
        else:
            good.setdefault(batch_id, code)
    return good, bad


def _read_code(code: str, now_us: int, promotions: PromotionsSnapshot) -> tuple[str, Reason | None]:
    found = promotions.code_book.find(normal(code))
    if found is None:
        stands_in = promotions.inline and promotions.unlocked_by(code)
        return (code, None) if stands_in else ("", "code_unknown")
    batch = found.batch
    if now_us < batch.starts_us:
        return "", "code_not_started"
    if now_us >= batch.ends_us:
        return "", "code_ended"
    if not promotions.unlocked_by(batch.id):
        return "", "code_without_promotion"
    return batch.id, None


def outside(
    promotions: PromotionsSnapshot, situation: Situation, found: Match
) -> Iterator[tuple[Offer, Reason]]:
    """Explain the offers that a clause keeps away from the basket.

    All of them where they came with the question; else those that a given code would unlock.
    """
    candidates: Iterable[int] = range(len(promotions.offers))
    if not promotions.inline:
        batches = found.code_of_batch
        candidates = [place for batch in batches for place in promotions.unlocked_by(batch)]
    for place in candidates:
        reason = _outside_reason(promotions.offers[place], situation, found, place)
        if reason is not None:
            yield promotions.offers[place], reason


def _outside_reason(offer: Offer, situation: Situation, match: Match, place: int) -> Reason | None:
    """Say which clause keeps an offer away from the basket; None when none does."""
    away: tuple[tuple[bool, Reason], ...] = (
        (not match.goods_bits >> place & 1, "no_goods_in_scope"),
        (situation.now_us < offer.starts_us, "not_started"),
        (situation.now_us >= offer.ends_us, "ended"),
        (offer.currency not in (None, situation.currency), "currency_differs"),
        (bool(offer.channels) and situation.channel not in offer.channels, "channel_differs"),
        (
            bool(offer.segments) and set(offer.segments).isdisjoint(situation.segments),
            "segment_missing",
        ),
        (not match.code_bits >> place & 1, "code_missing"),
    )
    return next((reason for is_away, reason in away if is_away), None)
