"""The quote on the wire: the question and its answer. Amounts are integers in minor units."""

from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta, Struct

from queqiao.decide.promotions.combination.proof import Proof
from queqiao.decide.promotions.customer_types import UNITS_MAX, Customer, Id, Price
from queqiao.decide.promotions.documents.bounds import Name, Names
from queqiao.decide.promotions.documents.profile import Layer, Profile
from queqiao.decide.promotions.documents.promotion import InlinePromotion
from queqiao.decide.promotions.reasons import LimitsKnown, PriceReason, ShortfallUnit

LINES_MAX = 500


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
    """``price`` is per unit and stands instead of the catalogue's.

    ``price_token`` is that of a flash sale's reservation for just these goods and so many; the line
    has its price, as long as the reservation lasts.
    """

    sku: Name
    quantity: Annotated[int, Meta(ge=1, le=UNITS_MAX)] = 1
    id: Id = ""
    price: Price | None = None
    price_token: Annotated[str, Meta(max_length=1_000)] | None = None


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

    ``points`` are those that the customer would pay with; where a points programme is live, no
    more than the account has. ``gift_choices`` names by promotion the
    SKUs that the shopper chose of its gifts. ``cards`` pay in their order, then at most so much of
    the customer's ``store_credit`` (minor units). ``engagements`` are the groups, bargains and
    deposits that the customer has.
    """

    lines: Annotated[tuple[CartLine, ...], Meta(max_length=LINES_MAX)]
    shipping: Shipping = Shipping()
    payment_method: str | None = None
    points: Annotated[int, Meta(ge=0, le=10**12)] = 0
    gift_choices: Annotated[dict[Name, Names], Meta(max_length=100)] = {}
    cards: Annotated[tuple[CartCard, ...], Meta(max_length=20)] = ()
    store_credit: Price = 0
    engagements: Annotated[tuple[Id, ...], Meta(max_length=20)] = ()


class Options(Struct, frozen=True, forbid_unknown_fields=True):
    """``explain``: say why other promotions do not apply; ``suggest``: what to add for more.

    Of live promotions those are explained that a cart like this one may reach. ``everything``: all
    of them are, at most 5,000, for people who look into a price; a checkout has no use for it.
    """

    explain: bool = True
    suggest: bool = False
    everything: bool = False


class QuoteRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """The question. Without ``catalog`` and ``promotions``, the stored and the live ones hold.

    ``order_id``: the order that the cart is to become, or became: what it has locked or holds is
    its own. ``request_id``: that under which it was reserved, where it named one.
    """

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
    order_id: Id | None = None
    request_id: Id = ""


class Totals(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """``total`` = ``items`` - ``discount`` + ``shipping`` - ``shipping_discount``, plus ``tax``
    where the profile's prices are without it. ``due`` is what cards (``cards``, their sum) and
    store credit (see ``payments``) leave to pay.
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


class FlashLine(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """The flash sale whose price a line has, and the layers of promotions that stack on it."""

    flash_sale_id: str
    session: str
    reservation_id: str
    stacks_with: list[Layer]
    returns_stock: str = "cancelled"


class QuotedLine(Struct, frozen=True, omit_defaults=True, gc=False):
    """One line of the answer, in the cart's order.

    ``price_refused``: why its ``price_token`` gives no flash price.
    """

    id: str
    sku: str
    quantity: int
    unit_price: int
    discount: int
    total: int
    units: list[Unit]
    applied: list[LineShare]
    tax: int = 0
    flash_sale: FlashLine | None = None
    price_refused: PriceReason | None = None


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
    shops take part. ``uses_left``: how often the customer could use it, this time counted, where
    uses are limited.
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
    uses_left: int | None = None


class RefusedPromotion(Struct, frozen=True, omit_defaults=True, gc=False):
    """A promotion or a code that gives nothing, and why; what is missing where that is known.

    ``other``: the promotion that stands in its way. ``left``: how many uses, or minor units of a
    budget, are left of what bounds it.
    """

    promotion_id: str | None
    reason: str
    name: str | None = None
    code: str | None = None
    shortfall: int | None = None
    shortfall_unit: ShortfallUnit | None = None
    other: str | None = None
    left: int | None = None


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
    """What one means of payment pays of the total.

    ``id``: of a card its code, of store credit its programme. ``reason``: why a card is worth
    nothing, or the store credit less than was asked for and needed.
    """

    method: Literal["card", "store_credit"]
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
    limits: LimitsKnown = "none"
