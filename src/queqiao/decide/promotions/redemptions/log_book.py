"""Redemptions in the event log: what was reserved, committed, released, given back.

The log is where a redemption lives: durable before it is acknowledged, exact in its dedup, readable
by message id from every process, and loaded into the warehouse like all else. Each step has one
message id, so that whoever tells it again tells nothing new.

    redemption-{id}-reserved        Redemption Reserved    the Record
    redemption-{id}-committed       Redemption Committed   and Promotion Applied, Coupon Applied
    redemption-{id}-released        Redemption Released    given up, or expired
    redemption-{id}-returned-{n}    Redemption Returned    and Promotion Returned, by request
"""

from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import Any, Literal, TypeVar

import msgspec

from queqiao.decide.promotions.redemptions.points import NO_POINTS, Points
from queqiao.decide.promotions.redemptions.redemption_types import Record, Redeemed, Return
from queqiao.kernel.clock import parse_rfc3339
from queqiao.kernel.envelope import decode_envelope
from queqiao.kernel.errors import NotFound
from queqiao.kernel.own_events import OWN_SOURCE
from queqiao.kernel.vocabulary import Coupon, GivenPromotion
from queqiao.ports.event_log.base import EventLog, NewEvent
from queqiao.ports.event_log.own import own_event

EXPIRED = "expired"
"""Why a reservation was released that nobody paid for in its time."""

RETURNS_MAX = 1_000
Step = Literal["reserved", "committed", "released"]
T = TypeVar("T")


class Settled(msgspec.Struct, omit_defaults=True):
    """The properties of Redemption Committed and Redemption Released."""

    redemption_id: str
    order_id: str
    ledger_key: str
    currency: str
    discount_minor: int
    promotion_ids: list[str]
    reason: str = ""


class GivenBackEvent(msgspec.Struct):
    """The properties of Redemption Returned."""

    redemption_id: str
    order_id: str
    currency: str
    given_back: Return


class LogBook:
    """Reads and writes the steps of redemptions."""

    def __init__(self, event_log: EventLog, points: Points = NO_POINTS) -> None:
        self._log = event_log
        self._points = points

    async def get(self, redemption_id: str) -> Record:
        """Return a redemption. Raises NotFound."""
        found = await self.find(redemption_id)
        if found is None:
            raise NotFound
        return found

    async def find(self, redemption_id: str) -> Record | None:
        """Return a redemption, None when it was never reserved."""
        return await self._read(f"redemption-{redemption_id}-reserved", Record)

    async def settled(self, record: Record, step: Step) -> Settled | None:
        """Return how a redemption was committed or released, None when it was not."""
        return await self._read(f"redemption-{record.redemption_id}-{step}", Settled)

    async def returns(self, record: Record) -> list[Return]:
        """Return everything that was given back, in its order."""
        found: list[Return] = []
        while len(found) < RETURNS_MAX:
            message_id = f"redemption-{record.redemption_id}-returned-{len(found)}"
            known = await self._read(message_id, GivenBackEvent)
            if known is None:
                break
            found.append(known.given_back)
        return found

    async def reserve(self, record: Record, now_us: int) -> bool:
        """Write a reservation; say False when it stood there already."""
        (outcome,) = await self._log.append([_event(record, "reserved", record, now_us)])
        return outcome.status == "stored"

    async def commit(self, record: Record, ledger_key: str, now_us: int) -> None:
        """Write that the order is paid and what each promotion gave, once its points are noted."""
        await self._points.paid(record, now_us)
        events = [_event(record, "committed", _settled(record, ledger_key, ""), now_us)]
        events += _applied(record, now_us)
        await self._log.append(events)

    async def release(self, record: Record, reason: str, now_us: int) -> None:
        """Write that nothing is held any more."""
        settled = _settled(record, record.ledger_key, reason)
        await self._log.append([_event(record, "released", settled, now_us)])

    async def give_back(
        self, record: Record, given_back: Return, before: Mapping[str, int], now_us: int
    ) -> bool:
        """Write that something was given back; say False when its number is another's.

        ``before``: amounts that went back earlier.
        """
        told = GivenBackEvent(record.redemption_id, record.order_id, record.currency, given_back)
        events = [_event(record, f"returned-{given_back.number}", told, now_us)]
        events += _returned(record, given_back, before, now_us)
        return (await self._log.append(events))[0].status == "stored"

    async def _read(self, message_id: str, kind: type[T]) -> T | None:
        for stored in await self._log.find(message_id, OWN_SOURCE):
            return msgspec.json.decode(decode_envelope(stored.body).properties, type=kind)
        return None


def name_of_request(request_id: str) -> str:
    """Return what stands for the request of a return in keys and ids, however it is written."""
    return blake2b(request_id.encode(), digest_size=12).hexdigest()


NAMES = {
    "reserved": "Redemption Reserved",
    "committed": "Redemption Committed",
    "released": "Redemption Released",
    "returned": "Redemption Returned",
}
"""The event of each step."""


def _event(record: Record, step: str, properties: Any, now_us: int) -> NewEvent:
    message_id = f"redemption-{record.redemption_id}-{step}"
    return new_event(message_id, NAMES[step.partition("-")[0]], properties, record, now_us)


def _settled(record: Record, ledger_key: str, reason: str) -> Settled:
    return Settled(
        record.redemption_id,
        record.order_id,
        ledger_key,
        record.currency,
        record.discount_minor,
        [item.promotion_id for item in record.promotions],
        reason,
    )


def _applied(record: Record, now_us: int) -> Iterator[NewEvent]:
    for number, item in enumerate(record.promotions):
        message_id = f"redemption-{record.redemption_id}-applied-{number}"
        given = _given(record, item, item.amount, 1)
        yield new_event(message_id, "Promotion Applied", given, record, now_us)
        if item.code is not None:
            message_id = f"redemption-{record.redemption_id}-coupon-{number}"
            yield new_event(message_id, "Coupon Applied", _coupon(record, item), record, now_us)


def _coupon(record: Record, item: Redeemed) -> Coupon:
    return Coupon(
        order_id=record.order_id,
        coupon=item.code,
        promotion_id=item.promotion_id,
        discount_minor=item.amount,
        currency=record.currency,
    )


def _returned(
    record: Record, given_back: Return, before: Mapping[str, int], now_us: int
) -> Iterator[NewEvent]:
    redeemed = {item.promotion_id: item for item in record.promotions}
    request = name_of_request(given_back.request_id)
    for place, item in enumerate(given_back.promotions):
        message_id = f"redemption-{record.redemption_id}-returned-{request}-{place}"
        earlier = before.get(item.promotion_id, 0)
        given = _given(record, redeemed[item.promotion_id], item.amount, int(item.use), earlier)
        yield new_event(message_id, "Promotion Returned", given, record, now_us)


def _given(
    record: Record, item: Redeemed, amount: int, uses: int, earlier: int = 0
) -> GivenPromotion:
    until, since = _funded(item, earlier + amount), _funded(item, earlier)
    platform, shop, brand = (end - start for end, start in zip(until, since, strict=True))
    return GivenPromotion(
        record.order_id,
        item.promotion_id,
        record.redemption_id,
        amount,
        record.currency,
        uses,
        platform,
        shop,
        brand,
        item.code,
    )


def _funded(item: Redeemed, amount: int) -> tuple[int, int, int]:
    """Return who pays the first ``amount`` of what a promotion gave.

    Borders are rounded, not shares, so that parts given back add up to what each paid.
    """
    funding, whole = item.funding, max(1, item.amount)
    platform = funding.platform * amount // whole
    both = (funding.platform + funding.shop) * amount // whole
    return platform, both - platform, amount - both


def new_event(
    message_id: str, event: str, properties: Any, record: Record, now_us: int
) -> NewEvent:
    """Return an event about an order; whatever comes again under its id is a repeat."""
    return own_event(
        message_id,
        event,
        properties,
        now_us,
        user_id=record.customer_id,
        anonymous_id=None if record.customer_id else f"order-{record.redemption_id}",
    )


def is_over(record: Record, now_us: int) -> bool:
    """Say whether the time of a reservation is over."""
    return now_us >= parse_rfc3339(record.expires_at)
