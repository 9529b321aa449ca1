"""Who buys, in the question of a quote: what is known of the customer, and what they bought."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from queqiao.decide.promotions.documents.bounds import Name, Names

PRICE_MAX = 10**12
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


class Loyalty(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a points programme says of the customer.

    Where a programme is live the system fills this in, whatever the question says. ``points``: how
    many can be used; None: as many as the cart offers. ``earn_percent``: of the points that an
    order earns by the promotions' own rules. ``is_live`` false: no programme is, so nobody uses
    points.
    """

    programme_id: Id = ""
    tier: Name | None = None
    points: Annotated[int, Meta(ge=0, le=10**12)] | None = None
    earn_percent: Annotated[int, Meta(ge=0, le=10_000)] = 100
    is_live: bool = True


class StoreCredit(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a programme of store credit says of the customer: the system fills it in.

    ``available``: minor units of the cart's currency that can be used.
    """

    programme_id: Id = ""
    available: Price = 0


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
    loyalty: Loyalty | None = None
    store_credit: StoreCredit | None = None
