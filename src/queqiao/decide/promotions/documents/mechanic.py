"""How a shopper comes by a promotion that others or a deposit must help to: 拼团, 砍价, 预售.

A promotion with a mechanic holds only for a cart that names an engagement of it (one group that is
full, one bargain as far as it was cut, one deposit that was paid).
"""

from decimal import Decimal
from typing import Annotated

from msgspec import Meta

from queqiao.decide.promotions.documents.bounds import Amount, Count, Document, Name, Price


class GroupBuy(Document, frozen=True, tag_field="type", tag="group"):
    """拼团: the benefit holds once ``size`` customers have joined within ``lasts_minutes``."""

    size: Annotated[int, Meta(ge=2, le=1_000)]
    lasts_minutes: Annotated[int, Meta(ge=1, le=60 * 24 * 30)] = 24 * 60
    joins_per_customer: Count | None = 1
    new_customers_only: bool = False


class Bargain(Document, frozen=True, tag_field="type", tag="bargain"):
    """砍价: friends cut the price of one unit from what it costs down to ``floor``.

    ``helpers`` cuts reach the floor; each takes a random part of what is left, within
    ``cut_percent_min`` and ``cut_percent_max`` of an even share. The benefit of such a promotion
    is a fixed price: the floor. ``sku`` says which goods; where it is absent and the scope does not
    name one SKU alone, who begins a bargain chooses one of the scope.
    """

    floor: Price
    helpers: Annotated[int, Meta(ge=1, le=1_000)]
    lasts_minutes: Annotated[int, Meta(ge=1, le=60 * 24 * 30)] = 24 * 60
    cut_percent_min: Decimal = Decimal(50)
    cut_percent_max: Decimal = Decimal(150)
    must_reach_floor: bool = False
    sku: Name | None = None


class Presale(Document, frozen=True, tag_field="type", tag="presale"):
    """预售: ``deposit`` paid before ``deposit_until`` counts as ``deposit_worth`` on the balance.

    The balance is due from ``balance_from`` to before ``balance_until``; times are RFC 3339.
    """

    deposit: Amount
    deposit_worth: Amount
    deposit_until: str
    balance_from: str
    balance_until: str


Mechanic = GroupBuy | Bargain | Presale
