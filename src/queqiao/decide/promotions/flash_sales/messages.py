"""What goes over the wire of the flash sale API."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from queqiao.decide.promotions.flash_sales.documents import Phase

BATCH_MAX = 64
Text = Annotated[str, Meta(min_length=1, max_length=200)]
Token = Annotated[str, Meta(max_length=1_000)]


class _Asked(Struct, frozen=True, forbid_unknown_fields=True):
    """A request: an unknown field is a slip."""


class Wish(_Asked, frozen=True, gc=False):
    """One reservation that is wanted. ``request_id`` names it: sent again it gets its first answer.

    Without ``session`` it is the one of the admission, else that of now, else the next one.
    ``admission`` is the token from the queue, where the sale has one.
    """

    request_id: Text
    customer_id: Text
    sku: Annotated[str, Meta(min_length=1, max_length=128)]
    quantity: Annotated[int, Meta(ge=1, le=10_000)] = 1
    session: Annotated[str, Meta(max_length=32)] | None = None
    admission: Token | None = None


class Wishes(_Asked, frozen=True):
    """Several at once, each its own step: one that is refused leaves the others alone."""

    reservations: Annotated[list[Wish], Meta(min_length=1, max_length=BATCH_MAX)]


class Reserved(Struct, frozen=True, gc=False, tag_field="state", tag="reserved"):
    """The goods wait for the order until ``expires_at``. ``price_token`` holds the price."""

    request_id: str
    reservation_id: str
    session: str
    sku: str
    quantity: int
    price_minor: int
    currency: str
    expires_at: str
    price_token: str


class Declined(Struct, frozen=True, gc=False, tag_field="state", tag="refused", omit_defaults=True):
    """No, for good: a stable ``reason``, and how many pieces were left of what was short."""

    request_id: str
    reason: str
    left: int | None = None


Told = Reserved | Declined


class ToldMany(Struct, frozen=True):
    """The answers in the order of the wishes."""

    results: list[Told]


class Settlement(_Asked, frozen=True):
    """Of which order it is; a reservation is committed for one order only."""

    order_id: Annotated[str, Meta(max_length=200)] = ""


class ReservationView(Struct, frozen=True, omit_defaults=True):
    """A reservation as it stands."""

    reservation_id: str
    state: Literal["reserved", "committed", "released", "returned"]
    flash_sale_id: str
    session: str
    sku: str
    quantity: int
    price_minor: int
    currency: str
    customer_id: str
    expires_at: str
    order_id: str | None = None
    price_token: str | None = None


class Arrival(_Asked, frozen=True):
    """A customer at the door; ``ticket`` is the number drawn before, absent the first time."""

    customer_id: Text
    session: Annotated[str, Meta(max_length=32)] | None = None
    ticket: Token | None = None


class Place(Struct, frozen=True, omit_defaults=True):
    """Where the customer stands in the queue.

    ``admitted``: ``admission`` lets reserve until ``admission_expires_at``. ``waiting``: so many
    are ahead (``position``), it takes about ``estimated_wait_s``; ask again after
    ``poll_after_s`` with the ``ticket``.
    """

    state: Literal["admitted", "waiting"]
    session: str
    ticket: str
    number: int
    now_serving: int
    position: int = 0
    estimated_wait_s: int = 0
    poll_after_s: int = 0
    admission: str | None = None
    admission_expires_at: str | None = None


class SessionView(Struct, frozen=True):
    """One session of a sale."""

    id: str
    starts_at: str
    ends_at: str


class ItemState(Struct, frozen=True):
    """An item in a session: stock = left + reserved + sold."""

    sku: str
    price_minor: int
    stock: int
    left: int
    reserved: int
    sold: int
    limit_per_customer: int | None


class QueueState(Struct, frozen=True):
    """The queue of a session: numbers drawn, let in so far, how many still wait."""

    drawn: int
    now_serving: int
    waiting: int
    admissions_per_s: int


class SaleState(Struct, frozen=True):
    """A sale at this moment, for the shop's page and the operators' cockpit.

    ``sales_per_s`` is of pieces sold over the last seconds in which somebody asked; null at first.
    """

    id: str
    name: str
    phase: Phase
    now: str
    currency: str
    session: SessionView
    items: list[ItemState]
    queue: QueueState | None
    sold: int
    reserved: int
    reservations_per_s: float | None
    sales_per_s: float | None
