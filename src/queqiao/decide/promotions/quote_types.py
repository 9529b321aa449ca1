"""The quote on the wire: the question and its answer. Amounts are integers in minor units."""

from decimal import Decimal
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from queqiao.decide.promotions.combination.proof import Proof
from queqiao.decide.promotions.documents.bounds import Name, Names
from queqiao.decide.promotions.documents.profile import Profile
from queqiao.decide.promotions.documents.promotion import InlinePromotion
from queqiao.decide.promotions.reasons import ShortfallUnit

PRICE_MAX = 10**12
LINES_MAX = 500
UNITS_MAX = 100_000

Price = Annotated[int, Meta(ge=0, le=PRICE_MAX)]
Id = Annotated[str, Meta(max_length=200)]


class BoughtGoods(Struct, frozen=True, forbid_unknown_fields=True):
    """Goods that the customer bought before: ``paid_minor`` for all of them, at ``at`` (RFC 3339).

    Where they lie in the catalogue stands there; ``categories`` and the like help where it does
    not know the SKU any more.
    """

    sku: Name
    quantity: Annotated[int, Meta(ge=1, le=UNITS_MAX)] = 1
    paid_minor: Price | None = None
    at: str | None = None
    categories: Names = ()
    brand: str | None = None
    shop: str | None = None
    tags: Names = ()


class CustomerHistory(Struct, frozen=True, forbid_unknown_fields=True):
    """What the customer bought before this order: sold orders, and what was paid for them.

    What is absent is not known; then the system answers from what it knows of the customer's id.
    """

    orders: Annotated[int, Meta(ge=0, le=10**9)] | None = None
    spent_minor: Annotated[int, Meta(ge=0, le=10**15)] | None = None
    last_order_at: str | None = None
    bought: Annotated[tuple[BoughtGoods, ...], Meta(max_length=5_000)] | None = None


class Customer(Struct, frozen=True, forbid_unknown_fields=True):
    """Who buys. ``attributes`` and ``history`` are for rules that read them.

    Without ``segments`` and ``tags`` those hold that the system knows of the customer's ``id``.
    ``birthday`` is ``YYYY-MM-DD`` or ``MM-DD``.
    """

    id: Id | None = None
    device_id: Id | None = None
    segments: Names | None = None
    tags: Names | None = None
    attributes: dict[str, Any] = {}
    birthday: Annotated[str, Meta(pattern="^([0-9]{4}-)?[0-9]{2}-[0-9]{2}$")] | None = None
    history: CustomerHistory = CustomerHistory()


class CatalogItem(Struct, frozen=True, forbid_unknown_fields=True):
    """Goods given with the question instead of the stored catalogue."""

    sku: Name
    price: Price
    list_price: Price | None = None
    minimum_price: Price | None = None
    tags: Names = ()
    categories: Names = ()
    brand: str | None = None
    shop: str | None = None
    tax_category: str | None = None
    stock: Annotated[int, Meta(ge=-(10**9), le=10**9)] | None = None


class CartLine(Struct, frozen=True, forbid_unknown_fields=True):
    """``price`` is per unit and stands instead of the catalogue's."""

    sku: Name
    quantity: Annotated[int, Meta(ge=1, le=UNITS_MAX)] = 1
    id: Id = ""
    price: Price | None = None


class Shipping(Struct, frozen=True, forbid_unknown_fields=True):
    """What delivery costs before promotions."""

    method: str | None = None
    amount: Price = 0
    country: str | None = None


class CartCard(Struct, frozen=True, forbid_unknown_fields=True):
    """A stored-value card that pays, at most ``amount``.

    Without ``balance`` the system looks up what it holds; ``pin`` where its product asks for one.
    """

    code: Annotated[str, Meta(min_length=1, max_length=64)]
    balance: Price | None = None
    amount: Price | None = None
    pin: Annotated[str, Meta(max_length=64)] = ""


class Cart(Struct, frozen=True, forbid_unknown_fields=True):
    """The goods, how they travel, and what the shopper adds to them.

    ``points`` are those that the customer would pay with. ``gift_choices`` names by promotion the
    SKUs that the shopper chose of its gifts. ``cards`` pay in their order. ``engagements`` are the
    groups, bargains and deposits that the customer has.
    """

    lines: Annotated[tuple[CartLine, ...], Meta(max_length=LINES_MAX)]
    shipping: Shipping = Shipping()
    payment_method: str | None = None
    points: Annotated[int, Meta(ge=0, le=10**12)] = 0
    gift_choices: Annotated[dict[Name, Names], Meta(max_length=100)] = {}
    cards: Annotated[tuple[CartCard, ...], Meta(max_length=20)] = ()
    engagements: Annotated[tuple[Id, ...], Meta(max_length=20)] = ()


class Options(Struct, frozen=True, forbid_unknown_fields=True):
    """``explain``: say why other promotions do not apply; ``suggest``: what to add for more."""

    explain: bool = True
    suggest: bool = False


class QuoteRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """The question. Without ``catalog`` and ``promotions``, the stored and the live ones hold."""

    cart: Cart
    currency: str = "CNY"
    profile: Profile | str | None = None
    now: str | None = None
    customer: Customer = Customer()
    channel: str | None = None
    catalog: Annotated[tuple[CatalogItem, ...], Meta(max_length=10_000)] | None = None
    promotions: Annotated[tuple[InlinePromotion, ...], Meta(max_length=1_000)] | None = None
    codes: Annotated[tuple[Annotated[str, Meta(max_length=64)], ...], Meta(max_length=20)] = ()
    options: Options = Options()


class Totals(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """``total`` = ``items`` - ``discount`` + ``shipping`` - ``shipping_discount``, plus ``tax``
    where the profile's prices are without it. ``due`` is what ``cards`` leave to pay.
    """

    items: int
    discount: int
    shipping: int
    shipping_discount: int
    tax: int
    total: int
    cards: int = 0
    due: int = 0


class Unit(Struct, frozen=True, omit_defaults=True, gc=False):
    """One unit of a line: what is taken off it, what is paid for it, and the tax in or on that."""

    discount: int
    total: int
    tax: int = 0


class LineShare(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """What one promotion takes off one line."""

    promotion_id: str
    amount: int


class QuotedLine(Struct, frozen=True, omit_defaults=True, gc=False):
    """One line of the answer, in the cart's order."""

    id: str
    sku: str
    quantity: int
    unit_price: int
    discount: int
    total: int
    units: list[Unit]
    applied: list[LineShare]
    tax: int = 0


class QuotedShipping(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """Delivery in the answer."""

    amount: int
    discount: int
    total: int
    tax: int = 0


class TaxRow(Struct, frozen=True, gc=False):
    """The tax of one category of goods or of delivery; ``net`` is what is paid without it."""

    on: Literal["items", "shipping"]
    category: str | None
    rate: Decimal
    net: int
    tax: int


class FundingSplit(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """Who pays how much of a discount."""

    platform: int
    shop: int
    brand: int


class ShopFunding(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """Who pays how much of what is given on the goods of one shop; None: goods of no shop."""

    shop_id: str | None
    platform: int
    shop: int
    brand: int


class AppliedPromotion(Struct, frozen=True, omit_defaults=True, gc=False):
    """A promotion that took ``amount`` off the goods, or off delivery (``kind``).

    Gifts, points and cashback take nothing off: ``value`` is what the gifts cost at the shelf or
    what is paid back later, ``points`` what is earned. ``points_used`` pay ``amount``.
    ``funding`` splits amount and value; ``funding_by_shop`` does so by shop where goods of several
    shops take part.
    """

    promotion_id: str
    name: str
    amount: int
    funding: FundingSplit
    code: str | None = None
    kind: Literal["items", "shipping", "gift", "points", "cashback"] = "items"
    value: int = 0
    points: int = 0
    points_used: int = 0
    funding_by_shop: list[ShopFunding] = []


class RefusedPromotion(Struct, frozen=True, omit_defaults=True, gc=False):
    """A promotion or a code that gives nothing, and why; what is missing where that is known.

    ``other``: the promotion that stands in its way.
    """

    promotion_id: str | None
    reason: str
    name: str | None = None
    code: str | None = None
    shortfall: int | None = None
    shortfall_unit: ShortfallUnit | None = None
    other: str | None = None


class AddOn(Struct, frozen=True, gc=False):
    """Goods to add."""

    sku: str
    quantity: int


class Suggestion(Struct, frozen=True):
    """凑单: add this for ``cost`` more at the shelf, and discounts grow by ``saves``.

    Discounts are those on goods and delivery; ``worth``: gifts and cashback that come besides.
    """

    promotion_id: str
    add: list[AddOn]
    cost: int
    saves: int
    worth: int = 0


class QuotedGift(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """Goods that the shop adds for nothing; ``value`` is what one unit costs at the shelf."""

    promotion_id: str
    sku: str
    quantity: int
    value: int
    total: int = 0


class GiftOption(Struct, frozen=True, gc=False):
    """A gift that the shopper may choose."""

    sku: str
    quantity: int
    value: int


class GiftChoice(Struct, frozen=True, gc=False):
    """``choose`` so many of the options, by ``cart.gift_choices``."""

    promotion_id: str
    choose: int
    options: list[GiftOption]


class QuotedPoints(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """Points that the order earns, and those that pay ``worth`` of it (a part of the discount)."""

    earned: int = 0
    used: int = 0
    worth: int = 0


class QuotedPayment(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """What one means of payment pays of the total; ``reason`` why a card is worth nothing."""

    method: Literal["card"]
    id: str
    amount: int
    reason: str | None = None


class Quote(Struct, frozen=True):
    """The answer. ``cashback`` is paid back later and changes no total."""

    totals: Totals
    lines: list[QuotedLine]
    shipping: QuotedShipping
    applied: list[AppliedPromotion]
    refused: list[RefusedPromotion]
    suggestions: list[Suggestion]
    gifts: list[QuotedGift]
    proof: Proof
    rules_version: str
    currency: str
    gift_choices: list[GiftChoice] = []
    points: QuotedPoints = QuotedPoints()
    cashback: int = 0
    taxes: list[TaxRow] = []
    payments: list[QuotedPayment] = []
