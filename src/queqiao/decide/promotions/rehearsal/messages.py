"""The rehearsal on the wire. Amounts are integers in minor units."""

from typing import Annotated

from msgspec import Meta, Struct

from queqiao.decide.promotions.documents.bounds import Name
from queqiao.decide.promotions.documents.profile import Profile
from queqiao.decide.promotions.documents.promotion import InlinePromotion
from queqiao.decide.promotions.quote_types import AddOn, AppliedPromotion
from queqiao.decide.promotions.rehearsal.findings import Code
from queqiao.decide.promotions.rehearsal.replay import Replayed
from queqiao.decide.promotions.rehearsal.worst_cart import Goal
from queqiao.kernel.kept_jobs import Status

Drafts = Annotated[tuple[InlinePromotion, ...], Meta(max_length=1_000)]
Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$")]


class Asked(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What every rehearsal asks: drafts beside the live rules, and a time (RFC 3339).

    A draft with the id of a live promotion stands in its place. Without ``from`` it is now, without
    ``until`` thirty days later.
    """

    promotions: Drafts = ()
    from_: str | None = None
    until: str | None = None
    currency: Currency | None = None
    profile: Profile | str | None = None


class LowestPriceQuestion(Asked, frozen=True, kw_only=True, rename={"from_": "from"}):
    """Of which SKUs; without any, of those in the drafts' scope whose margin is thinnest."""

    skus: Annotated[tuple[Name, ...], Meta(max_length=200)] = ()
    quantity_max: Annotated[int, Meta(ge=1, le=1_000)] = 20


class WorstCartQuestion(Asked, frozen=True, kw_only=True, rename={"from_": "from"}):
    """The worst cart by ``goal``: least margin, or largest share given away."""

    goal: Goal = "margin"
    quantity_max: Annotated[int, Meta(ge=1, le=1_000)] = 20


class FindingsQuestion(Asked, frozen=True, kw_only=True, rename={"from_": "from"}):
    """What is wrong with rules; ``only_drafts`` leaves the live ones out of the answer."""

    only_drafts: bool = False


class ReplayQuestion(Asked, frozen=True, kw_only=True, rename={"from_": "from"}):
    """Past orders from ``from`` (seven days ago) to before ``until`` (now)."""


class ReachedBy(Struct, frozen=True):
    """How a price was reached: the cart, the shopper, the moment, and what applied."""

    cart: list[AddOn]
    at: str
    channel: str | None
    segments: list[str]
    codes: list[str]
    applied: list[AppliedPromotion]


class LowestPriceOf(Struct, frozen=True):
    """One SKU. ``lowest_price`` is its line's total by its units, rounded down.

    ``lowest_unit`` is what its cheapest unit costs. ``below_cost`` and ``at_minimum`` say that it
    sells under its cost, or that only its minimum price stopped it.
    """

    sku: str
    price: int
    lowest_price: int
    lowest_unit: int
    cost: int | None
    minimum_price: int | None
    below_cost: bool
    at_minimum: bool
    reached_by: ReachedBy | None


class LowestPrices(Struct, frozen=True):
    """``complete`` false: there was not work enough for all carts that were thought of."""

    items: list[LowestPriceOf]
    complete: bool


class WorstCartAnswer(Struct, frozen=True):
    """The worst cart found. ``margin`` null where the cost of some goods is unknown."""

    items: int
    discount: int
    paid: int
    cost: int | None
    margin: int | None
    reached_by: ReachedBy
    complete: bool


class FindingView(Struct, frozen=True):
    """What is wrong with one rule, as a code and in the reader's words."""

    promotion_id: str
    name: str
    code: Code
    detail: str
    others: list[str]
    sku: str | None
    price: int | None
    cost: int | None


class FindingList(Struct, frozen=True):
    """All findings."""

    items: list[FindingView]


class OrderReplayView(Struct, frozen=True, rename={"from_": "from"}):
    """A replay and how far it is."""

    id: str
    status: Status
    created_at: str
    from_: str
    until: str
    currency: str
    orders_total: int
    orders_read: int
    result: Replayed | None
    failure: str | None


class PlannedView(Struct, frozen=True):
    """One promotion of the calendar. Null: it has no start, or no end."""

    id: str
    name: str
    state: str
    starts_at: str | None
    ends_at: str | None
    layer: str | None
    exclusive: bool


class OverlapView(Struct, frozen=True, rename={"from_": "from"}):
    """Two promotions that run at once on the same goods, from the later start to the earlier end.

    Null: neither has a start, or an end. ``conflict``: the lowest price found of the goods with the
    thinnest margin among those they share is below its cost, or at its minimum price.
    """

    promotion_ids: list[str]
    from_: str | None
    until: str | None
    shared_skus: int
    stacks: bool
    conflict: bool
    lowest: LowestPriceOf | None


class CalendarView(Struct, frozen=True):
    """The promotions that run within a time, and where they meet.

    ``compared``: how many of them were held against each other, those that change within the time
    first; the others may meet unsaid.
    """

    promotions: list[PlannedView]
    overlaps: list[OverlapView]
    compared: int
