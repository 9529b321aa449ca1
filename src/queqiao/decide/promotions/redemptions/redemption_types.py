"""Redemptions on the wire. Amounts are integers in minor units, times RFC 3339."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from queqiao.decide.promotions.documents.bounds import Count, Name
from queqiao.decide.promotions.quote_types import LINES_MAX, FundingSplit, QuoteRequest

GivenAmount = Annotated[int, Meta(ge=0, le=10**12)]
ShortId = Annotated[str, Meta(min_length=1, max_length=100)]
State = Literal["reserved", "committed", "released", "expired"]

MEMO = "memo-"
"""Begins the request of a return that a credit memo makes; callers' own begin with something else:
the memo itself says the points, and a return under its name would stand for it."""


class Given(Struct, frozen=True, forbid_unknown_fields=True):
    """A promotion that a shop which prices by itself has given: its ``applied`` of a quote.

    ``gifts``: how many units of which of its gifts, by SKU.
    """

    promotion_id: Name
    amount: GivenAmount
    code: Annotated[str, Meta(max_length=64)] | None = None
    gifts: Annotated[dict[Name, Count], Meta(max_length=100)] = {}


class NewRedemption(Struct, frozen=True, forbid_unknown_fields=True):
    """An order that is placed: either the ``question`` of its quote, or what was ``applied``.

    - ``request_id`` tells apart several tries of one order, for instance after its cart changed;
      the same one again gets the first answer.
    - ``address`` is the shopper's, by which guesses of codes are counted.
    - ``expected_total`` is what the shopper saw: with another total nothing is taken.
    - ``when_used_up``: refuse the whole order, or price it without what is used up.
    - ``commit``: the order is paid already.
    - ``hold_minutes``: how long uses and money are held for the payment; with goods at a flash
      price at most as long as a reservation of their sale waits.
    """

    order_id: ShortId
    question: QuoteRequest | None = None
    applied: Annotated[tuple[Given, ...], Meta(max_length=200)] | None = None
    request_id: Annotated[str, Meta(max_length=100)] = ""
    customer_id: ShortId | None = None
    device_id: ShortId | None = None
    address: Annotated[str, Meta(max_length=64)] = ""
    currency: str = "CNY"
    expected_total: GivenAmount | None = None
    when_used_up: Literal["refuse", "leave_out"] = "refuse"
    commit: bool = False
    hold_minutes: Annotated[int, Meta(ge=1, le=60 * 24 * 30)] = 30


class GivenBack(Struct, frozen=True, forbid_unknown_fields=True):
    """How much of one promotion goes back to its budget; with ``use`` also its uses and codes.

    ``gifts``: how many units of which of its gifts are there again, by SKU; without mention and
    with ``use``, all that are still out.
    """

    promotion_id: Name
    amount: GivenAmount = 0
    use: bool = False
    gifts: Annotated[dict[Name, GivenAmount], Meta(max_length=100)] | None = None


class NewReturn(Struct, frozen=True, forbid_unknown_fields=True):
    """A cancelled or refunded order. Without ``promotions``, all that is left goes back.

    ``request_id`` tells several returns of one order apart: ``promotions`` need it. Beside them
    ``reservations`` names those of flash sales whose goods go back into stock.
    """

    request_id: Annotated[str, Meta(max_length=100)] = ""
    promotions: Annotated[tuple[GivenBack, ...], Meta(max_length=200)] | None = None
    reservations: Annotated[tuple[Name, ...], Meta(max_length=LINES_MAX)] = ()
    reason: Annotated[str, Meta(max_length=200)] = ""


class Redeemed(Struct, frozen=True, omit_defaults=True):
    """What one promotion gave to the order, and what it took from the ledger by counter.

    ``amount``: off the goods and the delivery, and what gifts and cashback are worth.
    """

    promotion_id: str
    name: str
    amount: int
    funding: FundingSplit
    code: str | None = None
    takes: dict[str, int] = {}


class Returned(Struct, frozen=True):
    """What went back to the budget of one promotion, whether its uses did, and which gifts."""

    promotion_id: str
    amount: int
    use: bool
    gifts: dict[str, int] = {}


class Return(Struct, frozen=True):
    """One giving back, as it was done; ``whole`` when all that was left was asked for."""

    number: int
    request_id: str
    reason: str
    at: str
    promotions: list[Returned]
    reservations: list[str] = []
    whole: bool = False


class SoldReservation(Struct, frozen=True):
    """A flash sale's reservation whose price a line has: sold with the order.

    ``returns_stock``: when its goods go back into stock, as the sale's document said.
    """

    reservation_id: str
    line: str
    returns_stock: str


class Record(Struct, frozen=True, omit_defaults=True):
    """All that is known of a redemption from the moment it was reserved: kept in the event log.

    ``quote`` is the whole answer, equal units of a line counted instead of listed; ``question`` is
    what it answered, so that an order can be priced again under other rules; ``profile`` is the
    one by which it was reckoned, whatever the name in the question stands for by now. ``takes``:
    what the order takes of the ledger for no promotion, by counter: the store credit that pays it.
    """

    redemption_id: str
    order_id: str
    currency: str
    discount_minor: int
    promotions: list[Redeemed]
    ledger_key: str
    reserved_at: str
    expires_at: str
    asked: str
    request_id: str = ""
    customer_id: str | None = None
    device_id: str | None = None
    total_minor: int | None = None
    rules_version: str = ""
    question: dict[str, Any] | None = None
    quote: dict[str, Any] | None = None
    profile: dict[str, Any] | None = None
    reservations: list[SoldReservation] = []
    takes: dict[str, int] = {}


class Redemption(Struct, frozen=True):
    """A redemption as it stands."""

    id: str
    order_id: str
    state: State
    currency: str
    discount: int
    total: int | None
    promotions: list[Redeemed]
    reserved_at: str
    expires_at: str
    returns: list[Return]
    quote: dict[str, Any] | None
    reservations: list[SoldReservation] = []


def is_cancelled(given: Mapping[str, int], returns: Sequence[Return]) -> bool:
    """Say whether all of an order went back without a memo: asked for as a whole, or by its parts.

    ``given``: the minor units of each promotion. Of an order without any, parts say nothing.
    """
    own = [one for one in returns if not one.request_id.startswith(MEMO)]
    if any(one.whole for one in own):
        return True
    by_parts = bool(own) and bool(given)
    return by_parts and all(_is_all_back(name, most, returns) for name, most in given.items())


def _is_all_back(promotion_id: str, amount: int, returns: Sequence[Return]) -> bool:
    """Say whether all that a promotion gave went back, and its use.

    A use alone is no cancelled order: a shop gives it back to who keeps the goods.
    """
    every = [part for one in returns for part in one.promotions]
    parts = [part for part in every if part.promotion_id == promotion_id]
    return any(part.use for part in parts) and sum(part.amount for part in parts) >= amount
