"""What must hold before a promotion gives anything: leaves, and trees of them."""

from typing import Annotated, Literal

from msgspec import Meta, field

from queqiao.decide.promotions.documents.bounds import Amount, Count, Document, Name, Names, Price
from queqiao.decide.promotions.documents.scope import Scope

NESTING_MAX = 8
"""How deep conditions may stand in conditions."""

CONDITIONS_MAX = 200
"""How many conditions one promotion may hold in all."""

NUMBER_MAX = 2**53
"""Numbers up to here are the same in every language's JSON."""

WholeNumber = Annotated[int, Meta(ge=0, le=10**9)]
Day = Annotated[int, Meta(ge=1, le=7)]
DayTime = Annotated[str, Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$")]
Date = Annotated[str, Meta(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]


class AttributeTest(Document, frozen=True):
    """One attribute of the customer: any of the values, or a number within the bounds.

    A dotted ``name`` reads inside objects. An attribute that is absent fails every test but
    ``exists`` false.
    """

    name: Name
    any_of: Annotated[tuple[str | int | bool, ...], Meta(max_length=1_000)] = ()
    none_of: Annotated[tuple[str | int | bool, ...], Meta(max_length=1_000)] = ()
    at_least: int | float | None = None
    at_most: int | float | None = None
    exists: bool | None = None


class TimeWindow(Document, frozen=True):
    """When, by the clock of the condition's time zone.

    Days of the week are 1 (Monday) to 7; without them, every day. ``from_time`` to before
    ``until_time``; one that ends before it starts goes over midnight and belongs to the day it
    starts on. ``from_date`` and ``until_date`` are both inside.
    """

    weekdays: Annotated[tuple[Day, ...], Meta(max_length=7)] = ()
    from_time: DayTime = "00:00"
    until_time: DayTime = "24:00"
    from_date: Date | None = None
    until_date: Date | None = None


class Spent(Document, frozen=True):
    """What the customer has paid before, in all or within the last days."""

    at_least: Price | None = None
    at_most: Price | None = None
    within_days: Count | None = None


class Bought(Document, frozen=True):
    """What the customer has bought before; ``quantity_at_least`` 0 with at_most 0: never."""

    goods: Scope = Scope()
    quantity_at_least: WholeNumber = 1
    quantity_at_most: WholeNumber | None = None
    within_days: Count | None = None


class Condition(Document, frozen=True):
    """Everything that is given must hold; a condition without fields always does.

    Subtotal, quantity and kinds (different SKUs) are of ``goods``, else of the promotion's scope.
    ``reads`` says whether the subtotal is what the lines still cost (``running``) or what they
    cost before any promotion (``original``); without it the profile's ``base`` decides.
    Lists ``_any`` mean any of them, ``_none`` none of them. Tiers are those of the live points
    programme. ``orders`` counts the customer's past
    orders; ``order_number_any`` and ``order_number_every`` look at the number of this one.
    ``birthday_before_days`` and ``birthday_after_days`` are the days around the birthday.
    ``all``, ``any`` and ``not`` hold further conditions.
    """

    goods: Scope | None = None
    reads: Literal["running", "original"] | None = None
    subtotal_at_least: Amount | None = None
    subtotal_at_most: Price | None = None
    quantity_at_least: Count | None = None
    quantity_at_most: WholeNumber | None = None
    kinds_at_least: Count | None = None

    segments_any: Names = ()
    segments_none: Names = ()
    tags_any: Names = ()
    tags_none: Names = ()
    tiers_any: Names = ()
    tiers_none: Names = ()
    attributes: Annotated[tuple[AttributeTest, ...], Meta(max_length=20)] = ()
    first_purchase: bool | None = None
    orders_at_least: WholeNumber | None = None
    orders_at_most: WholeNumber | None = None
    order_number_any: Annotated[tuple[Count, ...], Meta(max_length=100)] = ()
    order_number_every: Count | None = None
    birthday_before_days: Annotated[int, Meta(ge=0, le=180)] | None = None
    birthday_after_days: Annotated[int, Meta(ge=0, le=180)] | None = None
    spent: Spent | None = None
    bought: Bought | None = None

    channels_any: Names = ()
    channels_none: Names = ()
    countries_any: Names = ()
    countries_none: Names = ()
    shipping_methods_any: Names = ()
    payment_methods_any: Names = ()
    code_batches_any: Names = ()

    windows: Annotated[tuple[TimeWindow, ...], Meta(max_length=50)] = ()
    timezone: Name | None = None

    all: Annotated[tuple["Condition", ...], Meta(max_length=50)] = ()
    any: Annotated[tuple["Condition", ...], Meta(max_length=50)] = ()
    not_: "Condition | None" = field(default=None, name="not")
