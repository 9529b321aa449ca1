"""The type of a flash sale, as operators write it.

Amounts are integers in minor units of ``currency``; times are RFC 3339, or hours of a day in a
named time zone.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from queqiao.decide.promotions.documents.profile import Layer
from queqiao.kernel.clock import DEFAULT_ZONE

PRICE_MAX = 10**12
"""Bound of one price: ten thousand million yuan is a slip of the keyboard."""
STOCK_MAX = 10**9

Name = Annotated[str, Meta(min_length=1, max_length=200)]
Sku = Annotated[str, Meta(min_length=1, max_length=128)]
Price = Annotated[int, Meta(ge=0, le=PRICE_MAX)]
Count = Annotated[int, Meta(ge=1, le=STOCK_MAX)]
Day = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]
HourMinute = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")]
Weekday = Annotated[int, Meta(ge=1, le=7)]


class _Document(Struct, frozen=True, forbid_unknown_fields=True):
    """A part of a document: an unknown field is a slip, so it is refused by its path."""


class SessionTimes(_Document, frozen=True):
    """One session (场次), from ``starts_at`` to just before ``ends_at``."""

    starts_at: str
    ends_at: str


class Hours(_Document, frozen=True):
    """A session of each day: ``"10:00"`` to ``"12:00"``; a day's last moment is ``"24:00"``."""

    starts: HourMinute
    ends: HourMinute


class DailyTimes(_Document, frozen=True):
    """The same sessions every day from ``first_day`` to ``last_day``, in a named time zone.

    ``weekdays`` are 1 (Monday) to 7; none named means all of them.
    """

    first_day: Day
    last_day: Day
    hours: Annotated[tuple[Hours, ...], Meta(min_length=1, max_length=48)]
    timezone: Name = DEFAULT_ZONE
    weekdays: Annotated[tuple[Weekday, ...], Meta(max_length=7)] = ()


class Item(_Document, frozen=True):
    """What is sold: ``stock`` pieces in each session, so many to one customer in a session.

    ``limit_per_customer`` null means that only the sale's other limits hold.
    """

    sku: Sku
    price_minor: Price
    stock: Annotated[int, Meta(ge=0, le=STOCK_MAX)]
    limit_per_customer: Count | None = 1


class CustomerLimits(_Document, frozen=True):
    """How many pieces of all goods together one customer may have."""

    per_session: Count | None = None
    per_sale: Count | None = None


class Queue(_Document, frozen=True):
    """A waiting room: ``admissions_per_s`` customers are let in each second, in their order.

    An admission is good for ``admission_lifetime_s`` from the customer's turn.
    """

    admissions_per_s: Annotated[int, Meta(ge=1, le=1_000_000)]
    admission_lifetime_s: Annotated[int, Meta(ge=10, le=86_400)] = 300


STACKS_WITH: tuple[Layer, ...] = ("shipping",)
"""What stacks on a flash price where the document says nothing: free delivery counts its goods."""

StockReturn = Literal["cancelled", "refunded", "never"]
"""When an order's pieces go back to the sale's stock after it was paid."""


class FlashSaleDocument(_Document, frozen=True):
    """A flash sale. It has ``sessions``, ``daily`` ones, or both; none may overlap.

    - ``stacks_with``: the layers of promotions that count goods at the flash price and may give on
      them; for all others these goods are not in the cart.
    - ``returns_stock``: what of a paid order goes back to stock: ``cancelled`` orders, also lines
      all of whose units were ``refunded``, or ``never``. An unpaid order always gives it back.
    - ``reservation_expires_after_s``: how long a reservation waits for its order, and at most how
      long that order waits for its payment.
    - ``warm_up_s`` (预热): so long before a session its queue hands out numbers and the sale shows
      as coming.
    """

    name: Name
    items: Annotated[tuple[Item, ...], Meta(min_length=1, max_length=1_000)]
    sessions: Annotated[tuple[SessionTimes, ...], Meta(max_length=500)] = ()
    daily: DailyTimes | None = None
    currency: Name = "CNY"
    customer_limits: CustomerLimits = CustomerLimits()
    queue: Queue | None = None
    reservation_expires_after_s: Annotated[int, Meta(ge=10, le=7 * 86_400)] = 900
    warm_up_s: Annotated[int, Meta(ge=0, le=30 * 86_400)] = 0
    stacks_with: Annotated[tuple[Layer, ...], Meta(max_length=7)] = STACKS_WITH
    returns_stock: StockReturn = "cancelled"
    note: Annotated[str, Meta(max_length=2_000)] = ""


Phase = Literal["coming", "warming_up", "running", "between", "ended", "paused"]
"""Where a sale stands: before its first session, shown ahead, selling, between two, over."""
