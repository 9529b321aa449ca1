"""Redemptions: an order takes everything its promotions need, or nothing; then pays, or gives back.

The ledger decides in one step; the log remembers. Each verb may be sent again. Where a process died
between the two, the same call again finds the ledger's first answer under the same key and writes
what the log lacks; ``settlement`` does so for what nobody asks for again.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, cast

import msgspec
from msgspec import structs

from queqiao.decide.promotions.coupons.codes import normal
from queqiao.decide.promotions.coupons.redemption import Asked, Coupons
from queqiao.decide.promotions.engagements.engaging import Engagements
from queqiao.decide.promotions.known_customer import Complete, as_asked
from queqiao.decide.promotions.quoting import Shop
from queqiao.decide.promotions.reasons import Reason
from queqiao.decide.promotions.redemptions.asking import (
    Priced,
    check,
    codes_of,
    customer_of,
    device_of,
    digest_of,
    masked,
    price,
    recorded,
    redemption_id_of,
    without,
)
from queqiao.decide.promotions.redemptions.claims import (
    Buyer,
)
from queqiao.decide.promotions.redemptions.giving_back import GivingBack
from queqiao.decide.promotions.redemptions.leases import Held, Leases, Short
from queqiao.decide.promotions.redemptions.log_book import EXPIRED, LogBook, is_over
from queqiao.decide.promotions.redemptions.paying import committed_key, late_key, takes_of
from queqiao.decide.promotions.redemptions.redemption_types import (
    NewRedemption,
    NewReturn,
    Record,
    Redemption,
    State,
)
from queqiao.decide.promotions.restraints import Restraints
from queqiao.kernel.clock import MINUTE_US, SECOND_US, business_day, format_rfc3339
from queqiao.kernel.errors import (
    Conflict,
    FieldError,
    Gone,
    Message,
    NotFound,
    Refused,
    Unavailable,
)
from queqiao.ports.event_log.base import EventLog
from queqiao.ports.ledger.base import Granted, Ledger

PRICES_MAX = 32
"""How often one order is priced anew because something was used up meanwhile."""

_BUSY = Message("同时下单过多，请再试", "too many orders at once; try again")
_RELEASED = Message("已释放，请用新的 request_id 再下单", "it was released; use a new request_id")
_ENDED = Message("已过期，优惠已用尽或订单已另行核销", "it has expired, and cannot be had again")
_COMMITTED = Message("已核销，请用 return 退回", "it is committed; give it back by return")
_OTHER = Message("同一订单的另一个请求，请换 request_id", "another question; use a new request_id")
_HELD = Message("该订单已占用优惠", "the order holds its promotions already")
_SHORT = Message("优惠已用尽或次数已满", "used up, or used as often as allowed")
_CHANGED = Message("价格已变，请重新展示", "the price has changed; show it again")


class Lease(NamedTuple):
    """What is held for an order: by which key, from when, until when."""

    redemption_id: str
    digest: str
    key: str
    from_us: int
    until_us: int


class Redemptions:
    """The verbs on the promotions of one order.

    ``zone`` is that of the shop's days; ``known`` fills in what the system knows of the customer.
    """

    def __init__(
        self,
        shop: Callable[[], Shop],
        ledger: Ledger,
        event_log: EventLog,
        coupons: Coupons,
        engagements: Engagements,
        *,
        zone: str,
        known: Complete = as_asked,
    ) -> None:
        self._shop = shop
        self._ledger = ledger
        self._leases = Leases(ledger)
        self._book = LogBook(event_log)
        self._coupons = coupons
        self._engagements = engagements
        self._giving_back = GivingBack(ledger, self._book, coupons)
        self._zone = zone
        self._known = known

    async def reserve(self, asked: NewRedemption, now_us: int) -> Redemption:
        """Take everything that the order's promotions need, or nothing, until the order is paid.

        Raises InvalidInput; Refused with its reason where a limit, a budget or the order itself has
        nothing left; Conflict when the id came with another question.
        """
        check(asked)
        redemption_id, digest = redemption_id_of(asked), digest_of(asked)
        record = await self._book.find(redemption_id)
        if record is None:
            record = await self._reserve(asked, redemption_id, digest, now_us)
        if record.asked != digest:
            raise Conflict(_OTHER)
        if asked.commit:
            return await self.commit(redemption_id, now_us)
        return await self._shown(record, now_us)

    async def show(self, redemption_id: str, now_us: int) -> Redemption:
        """Return a redemption as it stands. Raises NotFound."""
        return await self._shown(await self._book.get(redemption_id), now_us)

    async def read(self, redemption_id: str, now_us: int) -> tuple[Record, Redemption]:
        """Return what a redemption was reserved with, and how it stands. Raises NotFound."""
        record = await self._book.get(redemption_id)
        return record, await self._shown(record, now_us)

    async def commit(self, redemption_id: str, now_us: int) -> Redemption:
        """Spend what was reserved: the order is paid.

        A payment that comes after the reservation has expired takes the same again, if it is still
        there. Raises NotFound, and Gone when it is not or was released.
        """
        record = await self._book.get(redemption_id)
        if await self._book.settled(record, "committed") is None:
            key = await self._spend(record, now_us)
            await self._book.commit(record, key, now_us)
        return await self._shown(record, now_us)

    async def release(self, redemption_id: str, now_us: int) -> Redemption:
        """Give up what was reserved; nothing happens when it holds nothing any more.

        Raises NotFound, and Conflict once it was committed.
        """
        record = await self._book.get(redemption_id)
        if await self._book.settled(record, "committed") is not None:
            raise Conflict(_COMMITTED)
        key = await committed_key(self._ledger, record, now_us)
        if key is not None:  # it was paid by a call that died before it told the log
            await self._book.commit(record, key, now_us)
            raise Conflict(_COMMITTED)
        await self._book.release(record, "released", now_us)
        return await self._shown(record, now_us)

    async def give_back(self, redemption_id: str, asked: NewReturn, now_us: int) -> Redemption:
        """Give back what the order has spent, whole or in parts. See ``GivingBack``."""
        record = await self._book.get(redemption_id)
        await self._giving_back.give_back(record, asked, now_us)
        return await self._shown(record, now_us)

    async def would_come_back(self, record: Record, code: str, now_us: int) -> bool:
        """Say whether a refund gives the use of an order's code back, by the rule of its batch."""
        asked = Asked(code, record.customer_id or "", record.order_id, "", now_us)
        return await self._coupons.would_come_back(asked)

    async def _reserve(
        self, asked: NewRedemption, redemption_id: str, digest: str, now_us: int
    ) -> Record:
        ends_us = now_us + asked.hold_minutes * MINUTE_US
        buyer = await self._buyer(asked, now_us, ends_us)
        wrong = [code for code in codes_of(asked) if normal(code) not in buyer.codes]
        restraints = self._shop().restraints._replace(refused={}, rests={})
        question = asked.question
        if question is not None:
            question = await self._known(question, now_us)
        completed = structs.replace(asked, question=question)
        for _ in range(PRICES_MAX):
            priced = price(completed, self._seen(wrong, buyer), restraints, buyer)
            _check_total(asked, priced)
            taken = await self._leases.take(redemption_id, priced.claims, ends_us, now_us)
            if isinstance(taken, Held):
                lease = Lease(redemption_id, digest, taken.key, now_us, ends_us)
                held = _as_held(priced, taken.amounts)
                return await self._write(_record(completed, held, lease), now_us)
            restraints = self._restrained(taken, asked, restraints)
        raise Unavailable(_BUSY)

    def _seen(self, wrong: Sequence[str], buyer: Buyer) -> Shop:
        """Return the shop as this buyer sees it."""
        return without(self._shop(), wrong)._replace(engagements=buyer.engagements)

    async def _buyer(self, asked: NewRedemption, now_us: int, ends_us: int) -> Buyer:
        customer_id = customer_of(asked)
        coupon = Asked("", customer_id or "", asked.order_id, asked.address, now_us)
        codes = codes_of(asked)
        uses = await self._coupons.uses(codes, coupon) if codes else {}
        day = business_day(now_us, self._zone)
        until_s = ends_us // SECOND_US + 1
        ids = () if asked.question is None else asked.question.cart.engagements
        named = await self._engagements.named(ids) if ids else {}
        return Buyer(
            asked.order_id, customer_id, device_of(asked), day, uses, named, now_us, until_s
        )

    async def _write(self, record: Record, now_us: int) -> Record:
        """Write a reservation, and return the one that stands: of two calls at once, the first."""
        if await self._book.reserve(record, now_us):
            return record
        stands = await self._book.get(record.redemption_id)
        if stands.ledger_key != record.ledger_key:
            await self._ledger.release(record.ledger_key, now_us)
        return stands

    def _restrained(self, short: Short, asked: NewRedemption, known: Restraints) -> Restraints:
        """Return the restraints under which the order is priced again. Raises Refused."""
        claim, promotion_id = short.claim, short.claim.promotion_id
        offer = self._shop().promotions.find(promotion_id or "")
        if promotion_id is None or offer is None or asked.question is None:
            raise _refusal(short)
        is_new = promotion_id not in known.rests or short.free < known.rests[promotion_id]
        if claim.reason == "budget_used_up" and offer.reducible and short.free and is_new:
            return known._replace(rests={**known.rests, promotion_id: short.free})
        if asked.when_used_up == "leave_out" and promotion_id not in known.refused:
            refused = {**known.refused, promotion_id: cast("Reason", claim.reason)}
            return known._replace(refused=refused)
        raise _refusal(short)

    async def _spend(self, record: Record, now_us: int) -> str:
        """Return the key under which the order has spent. Raises Gone."""
        released = await self._book.settled(record, "released")
        if released is not None and released.reason != EXPIRED:
            raise Gone(_RELEASED)
        try:
            await self._ledger.commit(record.ledger_key, now_us)
        except (Gone, NotFound):
            return await self._spend_late(record, now_us)
        return record.ledger_key

    async def _spend_late(self, record: Record, now_us: int) -> str:
        key = late_key(record)
        answer = await self._ledger.spend(key, takes_of(record), now_us)
        if not isinstance(answer, Granted):
            raise Gone(_ENDED, reason=EXPIRED)
        return key

    async def _shown(self, record: Record, now_us: int) -> Redemption:
        state = await self._state(record, now_us)
        returns = await self._book.returns(record) if state == "committed" else []
        return Redemption(
            record.redemption_id,
            record.order_id,
            state,
            record.currency,
            record.discount_minor,
            record.total_minor,
            record.promotions,
            record.reserved_at,
            record.expires_at,
            returns,
            record.quote,
        )

    async def _state(self, record: Record, now_us: int) -> State:
        if await self._book.settled(record, "committed") is not None:
            return "committed"
        released = await self._book.settled(record, "released")
        if released is not None:
            return "expired" if released.reason == EXPIRED else "released"
        return "expired" if is_over(record, now_us) else "reserved"


def _as_held(priced: Priced, amounts: Mapping[str, int]) -> Priced:
    """Return a price whose promotions take what the ledger holds for them."""
    promotions = [
        structs.replace(item, takes={name: amounts[name] for name in item.takes})
        for item in priced.promotions
    ]
    return priced._replace(promotions=promotions)


def _check_total(asked: NewRedemption, priced: Priced) -> None:
    if asked.expected_total not in {None, priced.total}:
        raise Refused(_CHANGED, reason="price_changed")


def _refusal(short: Short) -> Refused:
    """Return the error that names the promotion and what is left of what it needs."""
    claim = short.claim
    if claim.promotion_id is None:
        return Refused(_HELD, reason=claim.reason)
    left = Message(f"还剩 {short.free}", f"{short.free} left")
    error = Refused(_SHORT, reason=claim.reason)
    error.fields = (FieldError(f"applied.{claim.promotion_id}", left),)
    return error


def _record(asked: NewRedemption, priced: Priced, lease: Lease) -> Record:
    question, answer = asked.question, priced.quote
    return Record(
        redemption_id=lease.redemption_id,
        order_id=asked.order_id,
        currency=asked.currency if question is None else question.currency,
        discount_minor=priced.discount,
        promotions=priced.promotions,
        ledger_key=lease.key,
        reserved_at=format_rfc3339(lease.from_us),
        expires_at=format_rfc3339(lease.until_us),
        asked=lease.digest,
        request_id=asked.request_id,
        customer_id=customer_of(asked),
        device_id=device_of(asked),
        total_minor=priced.total,
        rules_version="" if answer is None else answer.rules_version,
        question=None if question is None else msgspec.to_builtins(masked(question)),
        quote=recorded(answer),
        profile=None if priced.profile is None else msgspec.to_builtins(priced.profile),
    )
