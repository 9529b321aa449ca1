"""Coupons: validate, lock, redeem, release. The ledger counts; the event log is told."""

from collections.abc import Callable
from hashlib import blake2b
from typing import Literal

import msgspec

from queqiao.decide.promotions.coupons.code_book import Batch
from queqiao.decide.promotions.coupons.codes import normal
from queqiao.decide.promotions.coupons.uses import Use, exhausted, lock_end_us, reason_of
from queqiao.decide.promotions.quoting import Shop
from queqiao.kernel import json
from queqiao.kernel.clock import format_rfc3339
from queqiao.kernel.envelope import Envelope, encode_envelope
from queqiao.kernel.errors import Conflict, Gone, Message, NotFound, Refused
from queqiao.kernel.vocabulary import Coupon
from queqiao.ports.event_log.base import EventLog, NewEvent
from queqiao.ports.ledger.base import Ledger
from queqiao.ports.ledger.base import Refused as Short

SOURCE = "queqiao"
"""The source of events that the system itself tells."""

_REFUSED = Message("券码不可用", "this code cannot be used")


class Unlocked(msgspec.Struct, frozen=True):
    """A promotion that the code unlocks."""

    id: str
    name: str


class Validity(msgspec.Struct, frozen=True):
    """Whether the code could be used now by this customer, and if not, why."""

    valid: bool
    reason: str | None
    batch_id: str | None
    promotions: list[Unlocked]


class CouponState(msgspec.Struct, frozen=True, omit_defaults=True):
    """What has become of the code for this order."""

    code: str
    state: Literal["locked", "redeemed", "released"]
    order_id: str
    batch_id: str
    promotion_ids: list[str]
    expires_at: str | None = None


class Coupons:
    """The four verbs on one code. Each is safe to retry."""

    def __init__(self, shop: Callable[[], Shop], ledger: Ledger, event_log: EventLog) -> None:
        self._shop = shop
        self._ledger = ledger
        self._event_log = event_log

    async def validate(self, code: str, customer_id: str, order_id: str, now_us: int) -> Validity:
        """Say whether the code could be used. Takes nothing."""
        found = self._shop().promotions.code_book.find(normal(code))
        if found is None:
            return Validity(False, "code_unknown", None, [])
        batch = found.batch
        use = self._use(code, batch, customer_id, order_id)
        reason = self._closed(use, now_us) or await self._shortage(use, now_us)
        unlocked = [Unlocked(offer.id, offer.name) for offer in use.offers]
        return Validity(reason is None, reason, batch.id, unlocked)

    async def lock(self, code: str, customer_id: str, order_id: str, now_us: int) -> CouponState:
        """Hold one use for an order for a while. Raises Refused with its reason.

        An order that holds the code already gets the same answer.
        """
        use = self._open_use(code, customer_id, order_id, now_us)
        await self._ledger.expire(now_us)
        ends_us = lock_end_us(now_us)
        if not await self._is_held(use):
            await self._reserve(use, ends_us, now_us)
        return _state(use, "locked", format_rfc3339(ends_us))

    async def redeem(self, code: str, customer_id: str, order_id: str, now_us: int) -> CouponState:
        """Use the code for an order, once. Raises Refused with its reason.

        A lock of the order is turned into the use; a second call answers as the first.
        """
        use = self._open_use(code, customer_id, order_id, now_us)
        await self._ledger.expire(now_us)
        if not await self._is_spent(use) and not await self._commit_lock(use, now_us):
            await self._spend(use, now_us)
        await self._event_log.append([_event(use, now_us)])
        return _state(use, "redeemed")

    async def release(self, code: str, customer_id: str, order_id: str, now_us: int) -> CouponState:
        """Give back an order's lock; nothing happens without one. Raises Conflict once used."""
        use = self._known_use(code, customer_id, order_id)
        if await self._is_spent(use):
            raise Conflict(Message("该订单已核销此券", "the order has redeemed this code"))
        for keys in use.lock_keys(now_us):
            for key in keys:
                try:
                    await self._ledger.release(key, now_us)
                except NotFound:
                    break
        return _state(use, "released")

    def _known_use(self, code: str, customer_id: str, order_id: str) -> Use:
        found = self._shop().promotions.code_book.find(normal(code))
        if found is None:
            raise Refused(_REFUSED, reason="code_unknown")
        return self._use(code, found.batch, customer_id, order_id)

    def _open_use(self, code: str, customer_id: str, order_id: str, now_us: int) -> Use:
        use = self._known_use(code, customer_id, order_id)
        reason = self._closed(use, now_us)
        if reason is not None:
            raise Refused(_REFUSED, reason=reason)
        return use

    def _use(self, code: str, batch: Batch, customer_id: str, order_id: str) -> Use:
        promotions = self._shop().promotions
        offers = [promotions.offers[place] for place in promotions.unlocked_by(batch.id)]
        return Use(normal(code), batch, offers, customer_id, order_id)

    def _closed(self, use: Use, now_us: int) -> str | None:
        """Return why the code cannot be used by its dates, None when it can."""
        if now_us < use.batch.starts_us:
            return "code_not_started"
        if now_us >= use.batch.ends_us:
            return "code_ended"
        return None

    async def _shortage(self, use: Use, now_us: int) -> str | None:
        """Return which limit leaves no use, None when none does."""
        await self._ledger.expire(now_us)
        takes = use.takes()
        balances = await self._ledger.balances([take.counter for take in takes])
        counter = exhausted(takes, balances)
        return None if counter is None else reason_of(counter, use)

    async def _is_held(self, use: Use) -> bool:
        balance = (await self._ledger.balances([use.order_counter]))[use.order_counter]
        if balance.spent:
            raise Refused(_REFUSED, reason="used_by_order")
        return balance.leased > 0

    async def _is_spent(self, use: Use) -> bool:
        balance = (await self._ledger.balances([use.order_counter]))[use.order_counter]
        return balance.spent > 0

    async def _reserve(self, use: Use, ends_us: int, now_us: int) -> None:
        """Lease every counter under the first key that no earlier lock has used up."""
        for key in next(use.lock_keys(now_us)):
            reason = await self._shortage(use, now_us)
            if reason is not None:
                raise Refused(_REFUSED, reason=reason)
            try:
                await self._ledger.reserve(key, use.takes(), ends_us, now_us)
            except Conflict:  # the key is of a lock under other rules
                continue
            if await self._is_held(use):
                return
        raise Refused(_REFUSED, reason="locked_too_often")

    async def _commit_lock(self, use: Use, now_us: int) -> bool:
        """Turn the order's lock into a use; False when there is none."""
        for keys in use.lock_keys(now_us):
            for key in keys:
                try:
                    await self._ledger.commit(key, now_us)
                except NotFound:
                    break
                except Gone:
                    continue
                return True
        return False

    async def _spend(self, use: Use, now_us: int) -> None:
        answer = await self._ledger.spend(use.redeem_key(now_us), use.takes(), now_us)
        if isinstance(answer, Short) and not await self._is_spent(use):
            raise Refused(_REFUSED, reason=reason_of(answer.counter, use))


def _state(
    use: Use, state: Literal["locked", "redeemed", "released"], expires_at: str | None = None
) -> CouponState:
    promotion_ids = [offer.id for offer in use.offers]
    return CouponState(use.code, state, use.order_id, use.batch.id, promotion_ids, expires_at)


def _event(use: Use, now_us: int) -> NewEvent:
    """Return the event of a redemption; retries give the same one, which the log keeps once."""
    name = blake2b(f"{use.code}\x1f{use.order_id}".encode(), digest_size=16).hexdigest()
    promotion_id = use.offers[0].id if use.offers else None
    told = Coupon(
        order_id=use.order_id, coupon=use.code, coupon_id=use.batch.id, promotion_id=promotion_id
    )
    envelope = Envelope(
        message_id=f"coupon-redeemed-{name}",
        type="track",
        timestamp_us=now_us,
        received_at_us=now_us,
        source=SOURCE,
        event="Coupon Applied",
        user_id=use.customer_id,
        properties=msgspec.Raw(json.encode(told)),
    )
    fingerprint = blake2b(bytes.fromhex(name) + use.customer_id.encode(), digest_size=8).digest()
    return NewEvent(SOURCE, envelope.message_id, encode_envelope(envelope), fingerprint)
