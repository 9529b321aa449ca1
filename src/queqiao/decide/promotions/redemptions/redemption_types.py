"""Redemptions on the wire. Amounts are integers in minor units, times RFC 3339."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from queqiao.decide.promotions.documents.bounds import Name
from queqiao.decide.promotions.quote_types import FundingSplit, QuoteRequest

GivenAmount = Annotated[int, Meta(ge=0, le=10**12)]
ShortId = Annotated[str, Meta(min_length=1, max_length=100)]
State = Literal["reserved", "committed", "released", "expired"]


class Given(Struct, frozen=True, forbid_unknown_fields=True):
    """A promotion that a shop which prices by itself has given: its ``applied`` of a quote."""

    promotion_id: Name
    amount: GivenAmount
    code: Annotated[str, Meta(max_length=64)] | None = None


class NewRedemption(Struct, frozen=True, forbid_unknown_fields=True):
    """An order that is placed: either the ``question`` of its quote, or what was ``applied``.

    - ``request_id`` tells apart several tries of one order, for instance after its cart changed;
      the same one again gets the first answer.
    - ``address`` is the shopper's, by which guesses of codes are counted.
    - ``expected_total`` is what the shopper saw: with another total nothing is taken.
    - ``when_used_up``: refuse the whole order, or price it without what is used up.
    - ``commit``: the order is paid already.
    - ``hold_minutes``: how long uses and money are held for the payment.
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
    """How much of one promotion goes back to its budget; with ``use`` also its uses and codes."""

    promotion_id: Name
    amount: GivenAmount = 0
    use: bool = False


class NewReturn(Struct, frozen=True, forbid_unknown_fields=True):
    """A cancelled or refunded order. Without ``promotions``, all that is left goes back.

    ``request_id`` tells several returns of one order apart: ``promotions`` need it.
    """

    request_id: Annotated[str, Meta(max_length=100)] = ""
    promotions: Annotated[tuple[GivenBack, ...], Meta(max_length=200)] | None = None
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
    """What went back to the budget of one promotion, and whether its uses did."""

    promotion_id: str
    amount: int
    use: bool


class Return(Struct, frozen=True):
    """One giving back, as it was done."""

    number: int
    request_id: str
    reason: str
    at: str
    promotions: list[Returned]


class Record(Struct, frozen=True, omit_defaults=True):
    """All that is known of a redemption from the moment it was reserved: kept in the event log.

    ``quote`` is the whole answer, equal units of a line counted instead of listed; ``question`` is
    what it answered, so that an order can be priced again under other rules; ``profile`` is the
    one by which it was reckoned, whatever the name in the question stands for by now.
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
