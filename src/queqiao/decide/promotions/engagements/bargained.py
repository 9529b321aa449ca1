"""Which goods a bargain is for: their price in the catalogue is where it starts."""

from queqiao.catalog.contracts import Goods, PriceBook
from queqiao.decide.promotions.documents.mechanic import Bargain
from queqiao.decide.promotions.matching.goods_test import in_scope
from queqiao.decide.promotions.offers import Offer
from queqiao.kernel.errors import FieldError, InvalidInput, Message

_NAMED = Message(
    "请用 sku 写明砍哪一个商品", "say by sku which goods of the promotion the bargain is for"
)
_UNKNOWN = Message(
    "目录中没有这个商品，或币种不符；请先导入目录",
    "not in the catalogue, or priced in another currency; import the catalogue first",
)
_OUTSIDE = Message("该商品不在此砍价范围内", "these goods are not in the promotion's scope")


def goods_of(offer: Offer, wanted: str | None, book: PriceBook) -> Goods:
    """Return the goods of a bargain. Raises InvalidInput naming ``sku``."""
    sku = _named(offer) or wanted
    if sku is None:
        raise InvalidInput(FieldError("sku", _NAMED))
    if wanted not in {None, sku}:
        raise InvalidInput(FieldError("sku", _OUTSIDE))
    goods = book.goods(sku)
    if goods is None or offer.currency not in {None, goods.currency}:
        raise InvalidInput(FieldError("sku", _UNKNOWN))
    if not in_scope(offer.scope, sku, goods.facts, goods.price_minor):
        raise InvalidInput(FieldError("sku", _OUTSIDE))
    return goods


def _named(offer: Offer) -> str | None:
    """Return the SKU that the document names by itself; None where it leaves a choice."""
    rules, scope = offer.mechanic, offer.scope
    if isinstance(rules, Bargain) and rules.sku is not None:
        return rules.sku
    has_others = scope.categories or scope.brands or scope.shops or scope.tags
    return scope.skus[0] if len(scope.skus) == 1 and not has_others else None
