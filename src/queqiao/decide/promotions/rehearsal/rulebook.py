"""What is rehearsed: the live promotions, drafts in their place, prices, and costs."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import asdict

from queqiao.decide.promotions.documents.promotion import InlinePromotion, PromotionDocument
from queqiao.decide.promotions.questions import inline_snapshot
from queqiao.decide.promotions.quote_types import Cart, QuoteRequest
from queqiao.decide.promotions.quoting import Shop


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
