"""What a quote says of lines that came with the token of a flash price."""

from collections.abc import Sequence

from msgspec.structs import replace

from queqiao.decide.promotions.documents.profile import LAYERS
from queqiao.decide.promotions.flash_sales.deals import Deal, Deals
from queqiao.decide.promotions.quote_types import CartLine, FlashLine, QuotedLine


def with_deals(
    written: Sequence[QuotedLine], asked: Sequence[CartLine], deals: Deals
) -> list[QuotedLine]:
    """Return the lines with the flash sale whose price they have, or why they have none."""
    return [
        line if one.price_token is None else _told(line, deals, one.price_token)
        for line, one in zip(written, asked, strict=True)
    ]


def _told(line: QuotedLine, deals: Deals, token: str) -> QuotedLine:
    deal = deals.get(token, "price_token_unknown")
    if not isinstance(deal, Deal):
        return replace(line, price_refused=deal)
    stacks = [layer for layer in LAYERS if layer in deal.stacks_with]
    named = FlashLine(
        deal.flash_sale_id, deal.session, deal.reservation_id, stacks, deal.returns_stock
    )
    return replace(line, flash_sale=named)
