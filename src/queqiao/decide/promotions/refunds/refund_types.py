"""The refund on the wire: the order as it was quoted, what comes back, the credit memo.

Amounts are integers in minor units. The order is the question and the answer of its quote, as they
went over the wire.
"""

from typing import Annotated, Any

from msgspec import Meta, Struct

from queqiao.decide.promotions.customer_types import UNITS_MAX
from queqiao.decide.promotions.documents.bounds import Count, Name
from queqiao.decide.promotions.documents.promotion import InlinePromotion
from queqiao.decide.promotions.quote_types import (
    LINES_MAX,
    FlashLine,
    FundingSplit,
    LineShare,
    QuotedGift,
    QuotedPayment,
    QuotedPoints,
    QuotedShipping,
    QuoteRequest,
    ShopFunding,
    Totals,
)
from queqiao.decide.promotions.refunds.policy import RefundPolicy

RETURNS_MAX = 1_000
Amount = Annotated[int, Meta(ge=0, le=2**53 - 1)]
Quantity = Annotated[int, Meta(ge=1, le=UNITS_MAX)]
Place = Annotated[int, Meta(ge=0, lt=UNITS_MAX)]


class PaidUnit(Struct, frozen=True, forbid_unknown_fields=True):
    """``count`` equal units one after the other, as a quote lists or a redemption keeps them."""

    discount: Amount
    total: Amount
    tax: Amount = 0
    count: Quantity = 1


class PaidLine(Struct, frozen=True, forbid_unknown_fields=True):
    """A line of the quote."""

    id: str
    sku: str
    quantity: Quantity
    unit_price: Amount
    units: Annotated[tuple[PaidUnit, ...], Meta(min_length=1, max_length=UNITS_MAX)]
    applied: tuple[LineShare, ...] = ()
    discount: Amount | None = None
    total: Amount | None = None
    tax: Amount = 0
    flash_sale: FlashLine | None = None
    price_refused: str | None = None


class PaidPromotion(Struct, frozen=True, forbid_unknown_fields=True):
    """A promotion that the order used."""

    promotion_id: str
    amount: Amount
    code: str | None = None
    kind: str = "items"
    value: Amount = 0
    points: Amount = 0
    points_used: Amount = 0
    name: str = ""
    funding: FundingSplit | None = None
    funding_by_shop: tuple[ShopFunding, ...] = ()
    uses_left: int | None = None


class PaidQuote(Struct, frozen=True, forbid_unknown_fields=True):
    """The answer of the order's quote; the last six are passed over."""

    totals: Totals
    lines: Annotated[tuple[PaidLine, ...], Meta(max_length=LINES_MAX)]
    shipping: QuotedShipping
    applied: tuple[PaidPromotion, ...] = ()
    gifts: tuple[QuotedGift, ...] = ()
    points: QuotedPoints = QuotedPoints()
    cashback: Amount = 0
    currency: str = "CNY"
    rules_version: str = ""
    payments: tuple[QuotedPayment, ...] = ()
    gift_choices: Any = None
    taxes: Any = None
    refused: Any = None
    suggestions: Any = None
    proof: Any = None
    limits: Any = None


class Payment(Struct, frozen=True, forbid_unknown_fields=True):
    """A means of payment and what it paid, or gets back. Stored-value cards are ``card``."""

    method: Name
    amount: Amount
    id: str | None = None


class Order(Struct, frozen=True, forbid_unknown_fields=True):
    """An order as it was quoted.

    ``question`` and ``promotions`` (the documents as they were then) are needed to claw back where
    the live promotions are others by now. Without ``payments``, the quote's cards paid what they
    did and ``original`` the rest.
    """

    quote: PaidQuote
    question: QuoteRequest | None = None
    promotions: Annotated[tuple[InlinePromotion, ...], Meta(max_length=1_000)] | None = None
    payments: Annotated[tuple[Payment, ...], Meta(max_length=50)] | None = None


class ReturnedItem(Struct, frozen=True, forbid_unknown_fields=True):
    """Units of a line that come back: by their places (from 0), or so many of them."""

    line: str
    units: Annotated[tuple[Place, ...], Meta(max_length=UNITS_MAX)] | None = None
    quantity: Quantity | None = None


class ReturnedGift(Struct, frozen=True, forbid_unknown_fields=True):
    """Gifts that come back now."""

    sku: Name
    quantity: Count = 1


class MemoUnit(Struct, frozen=True, forbid_unknown_fields=True):
    """One unit: ``refund`` = ``paid`` - ``claw_back`` - ``fee``; ``tax`` is that in ``paid``."""

    unit: int
    paid: int
    tax: int
    claw_back: int
    fee: int
    refund: int


class MemoLine(Struct, frozen=True, forbid_unknown_fields=True):
    """The units of one line that come back, and their sums."""

    id: str
    sku: str
    quantity: int
    paid: int
    tax: int
    claw_back: int
    fee: int
    refund: int
    units: tuple[MemoUnit, ...]


class MemoTotals(Struct, frozen=True, forbid_unknown_fields=True):
    """What goes back: items - claw_back - restocking_fee + shipping - points_charged = total.

    ``items``: what was paid for the units, tax included. ``claw_back``: what the goods that are
    kept cost more than was paid for them; below 0 where they cost less. ``gifts_charged`` is the
    part of it that gifts cost which were not sent back. ``tax``: the tax in the refund before the
    fee, that of ``shipping`` included. ``points_charged`` is the worth of points that were earned
    and used already, where the points programme takes it from the refund.
    """

    items: int
    claw_back: int
    gifts_charged: int
    restocking_fee: int
    shipping: int
    shipping_tax: int
    tax: int
    total: int
    points_charged: int = 0


class MemoCoupon(Struct, frozen=True, forbid_unknown_fields=True):
    """A code of the order; ``returned``: it may be used again from now on."""

    code: str
    promotion_id: str
    returned: bool


class MemoPoints(Struct, frozen=True, forbid_unknown_fields=True):
    """Points that paid and go back to the customer; points earned that are taken back.

    ``charged`` of those taken back were used already, and paid by the refund.
    """

    returned: int = 0
    taken_back: int = 0
    charged: int = 0


class MemoGift(Struct, frozen=True, forbid_unknown_fields=True):
    """A gift that is no longer earned: ``due`` in all, ``came_back`` in all, price of one unit."""

    promotion_id: str
    sku: str
    due: int
    came_back: int
    value: int


class MemoPromotion(Struct, frozen=True, forbid_unknown_fields=True):
    """What one promotion gave and gives no more; ``use``: its use goes back as well."""

    promotion_id: str
    amount: int
    use: bool


class CreditMemo(Struct, frozen=True, forbid_unknown_fields=True):
    """The answer: hand it back as one of ``returned`` with the next refund of the order.

    ``reservations``: of flash sales whose goods go back into stock, since all of their line has
    come back and the sale's document says so.
    """

    currency: str
    lines: tuple[MemoLine, ...]
    totals: MemoTotals
    payments: tuple[Payment, ...]
    coupons: tuple[MemoCoupon, ...]
    points: MemoPoints
    cashback_taken_back: int
    gifts: tuple[MemoGift, ...]
    promotions: tuple[MemoPromotion, ...]
    complete: bool
    gifts_came_back: tuple[ReturnedGift, ...] = ()
    number: int = 0
    reservations: tuple[str, ...] = ()


class RefundRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """The question: an order and what comes back now, after what came back before.

    Either the ``order`` itself, with the memos so far in their order (``returned``), or the
    ``redemption_id`` under which it was placed: then the memo is kept, once a ``request_id``.
    ``everything``: all units that are still out.
    """

    order: Order | None = None
    redemption_id: str | None = None
    request_id: Annotated[str, Meta(max_length=100)] = ""
    items: Annotated[tuple[ReturnedItem, ...], Meta(max_length=LINES_MAX)] = ()
    everything: bool = False
    gifts: Annotated[tuple[ReturnedGift, ...], Meta(max_length=1_000)] = ()
    returned: Annotated[tuple[CreditMemo, ...], Meta(max_length=RETURNS_MAX)] = ()
    policy: RefundPolicy = RefundPolicy()
