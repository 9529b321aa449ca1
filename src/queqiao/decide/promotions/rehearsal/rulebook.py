"""What is rehearsed: the live promotions, drafts in their place, prices, and costs."""

from collections.abc import Mapping, Sequence
from heapq import nsmallest
from typing import NamedTuple

from msgspec.structs import asdict

from queqiao.catalog.contracts import Goods
from queqiao.decide.promotions.documents.promotion import InlinePromotion, PromotionDocument
from queqiao.decide.promotions.questions import inline_snapshot
from queqiao.decide.promotions.quote_types import Cart, QuoteRequest
from queqiao.decide.promotions.quoting import Shop

RULES_MAX = 200
"""How many rules one question looks at; drafts come first, then the live ones by id."""

GOODS_MAX = 20_000
"""How many goods one question looks at, those with the thinnest margins first."""


class Rulebook(NamedTuple):
    """Rules and goods of one rehearsal.

    ``documents`` are all rules by id, ``drafts`` the ids of those that are not live as they stand
    here. ``shop`` is what the quote reads: a coupon batch's id stands for any code of it.
    ``costs`` are what goods cost the shop, by SKU, in minor units.
    """

    shop: Shop
    documents: Mapping[str, PromotionDocument]
    drafts: frozenset[str]
    costs: Mapping[str, int]

    def looked_at(self) -> dict[str, PromotionDocument]:
        """Return the rules that a question looks at, drafts first."""
        names = sorted(self.documents, key=lambda name: (name not in self.drafts, name))
        return {name: self.documents[name] for name in names[:RULES_MAX]}

    def goods(self, currency: str, most: int = GOODS_MAX) -> list[Goods]:
        """Return the goods that are priced in a currency, the thinnest margins first.

        Goods of unknown cost come last, the cheapest first.
        """
        book = self.shop.price_book
        every = (book.goods(sku) for sku in book)
        priced = [one for one in every if one is not None and one.currency == currency]
        return nsmallest(most, priced, key=self._margin)

    def _margin(self, goods: Goods) -> tuple[float, int, str]:
        cost, price = self.costs.get(goods.sku, 0), goods.price_minor
        return (1 - cost / price if price else 1.0), price, goods.sku


def rulebook(
    live: Mapping[str, PromotionDocument],
    drafts: Sequence[InlinePromotion],
    shop: Shop,
    costs_minor: Mapping[str, int],
) -> Rulebook:
    """Put drafts beside the live rules; a draft with the id of a live rule stands in its place.

    Raises InvalidInput for a draft that could not go live.
    """
    named = {draft.id or f"promotions[{place}]": draft for place, draft in enumerate(drafts)}
    told = {name: asdict(document) for name, document in live.items() if name not in named}
    told |= {name: asdict(document) for name, document in named.items()}
    every = [InlinePromotion(**fields | {"id": name}) for name, fields in told.items()]
    question = QuoteRequest(Cart(()), promotions=(*(draft for draft in every),))
    compiled = inline_snapshot(question, shop.promotions)
    return Rulebook(
        Shop(compiled, shop.price_book),
        {document.id or "": document for document in every},
        frozenset(named),
        costs_minor,
    )
