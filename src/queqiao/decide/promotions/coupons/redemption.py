"""Coupons: validate, lock, redeem, release, return. The ledger counts; the event log is told.

A wrong code (no such code, void, somebody else's) is refused by one answer after the same work:
whoever guesses learns nothing. Reasons beyond that are told of codes that are right.
"""

from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Literal, NamedTuple

import msgspec
from msgspec import structs

from queqiao.decide.promotions.coupons import events, holdings
from queqiao.decide.promotions.coupons.code_book import Found
from queqiao.decide.promotions.coupons.codes import normal
from queqiao.decide.promotions.coupons.coming_back import (
    ComingBack,
    end_us,
    extend,
    kept_because,
    may_use,
)
from queqiao.decide.promotions.coupons.guesses import GuessBudget
from queqiao.decide.promotions.coupons.holdings import Holding
from queqiao.decide.promotions.coupons.uses import Use, exhausted, order_counter, reason_of
from queqiao.decide.promotions.quoting import Shop
from queqiao.kernel.clock import SECOND_US, format_rfc3339
from queqiao.kernel.errors import Conflict, Gone, Message, NotFound, Refused
from queqiao.ports.event_log.base import EventLog
from queqiao.ports.ledger.base import Balance, Granted, Ledger, Take
from queqiao.ports.ledger.base import Refused as Short
from queqiao.ports.records.base import Records

_REFUSED = Message("券码不可用", "this code cannot be used")
_BY_ORDER = Message(
    "促销限每天、每设备或预算，请用 promotions/redemptions 下单",
    "its promotion is bounded by day, device or budget: place the order by promotions/redemptions",
)
_OF_REDEMPTION = Message(
    "该订单经 promotions/redemptions 占用此券，请用它的 commit、release 或 return",
    "the order has this code by its redemption: commit, release or return that "
    "(promotions/redemptions)",
)
_WRONG = "code_unknown"


class Taking(NamedTuple):
    """A way to take a use: the ledger's step, and the book in which it puts the order's amount."""

    step: Callable[[str, list[Take]], Awaitable[Granted | Short]]
    book: Literal["leased", "spent"]


class Asked(msgspec.Struct, frozen=True):
    """A verb's question: who wants to do something with which code, for which order, and when.

    ``address`` is the shopper's, empty when the till does not know it.
    """

    code: str
    customer_id: str
    order_id: str
    address: str
    now_us: int


class Seen(NamedTuple):
    """A right code for an order, how the order's counter stands, and whether it can be taken."""

    use: Use
    order: Balance
    is_live: bool


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
    state: Literal["locked", "redeemed", "released", "returned"]
    order_id: str
    batch_id: str
    promotion_ids: list[str]
    expires_at: str | None = None


class Coupons:
    """The verbs on one code. Each is safe to retry."""

    def __init__(
        self,
        shop: Callable[[], Shop],
        ledger: Ledger,
        event_log: EventLog,
        records: Records,
        guesses: GuessBudget,
    ) -> None:
        self._shop = shop
        self._ledger = ledger
        self._event_log = event_log
        self._records = records
        self._guesses = guesses
        self.coming_back = ComingBack(shop, records)

    async def validate(self, asked: Asked) -> Validity:
        """Say whether the code could be used. Takes nothing."""
        use = await self._read(asked)
        if use is None:
            return Validity(False, _WRONG, None, [])
        reason = closed(use, asked.now_us) or await self._shortage(use, asked.now_us)
        unlocked = [Unlocked(offer.id, offer.name) for offer in use.offers]
        return Validity(reason is None, reason, use.batch.id, unlocked)

    async def lock(self, asked: Asked) -> CouponState:
        """Hold one use for an order for a while. Raises Refused with its reason.

        An order that holds the code already gets the same answer.
        """
        use, before, _ = await self._known(asked)
        lock_end_s = before.leased
        if lock_end_s * SECOND_US <= asked.now_us:
            _check_free(use, asked.now_us)
            lock_end_s = await self._take(use, asked.now_us, before, self._reserve(asked.now_us))
        return _state(use, "locked", format_rfc3339(lock_end_s * SECOND_US))

    async def redeem(self, asked: Asked) -> CouponState:
        """Use the code for an order, once. Raises Refused with its reason.

        A lock of the order is turned into the use, whatever has ended or was paused meanwhile; a
        second call answers as the first. Raises Conflict where the order's redemption has the code.
        """
        use, before, is_live = await self._known(asked, settles=True)
        lock_end_s = await self._commit_lock(use, before, asked.now_us)
        if not lock_end_s:
            await self._refuse_of_redemption(use, before, asked.now_us)
            lock_end_s = before.spent
        if not lock_end_s:
            if not is_live:
                raise Refused(_REFUSED, reason=_WRONG)
            _check_free(use, asked.now_us)
            lock_end_s = await self._take(use, asked.now_us, before, self._spend(asked.now_us))
        told = events.of_use("Coupon Applied", use, lock_end_s, asked.now_us)
        await self._event_log.append([told])
        return _state(use, "redeemed")

    async def release(self, asked: Asked) -> CouponState:
        """Give back an order's lock; nothing happens without one. Raises Conflict once used.

        So it does where the order's redemption has the code.
        """
        use, balance, _ = await self._known(asked, settles=True)
        await self._refuse_of_redemption(use, balance, asked.now_us)
        if balance.spent:
            raise Conflict(Message("该订单已核销此券", "the order has redeemed this code"))
        for key in use.tries() if balance.leased else ():
            try:
                await self._ledger.release(key, asked.now_us)
            except Conflict:  # it was redeemed and returned
                continue
            if not (await self._order(use)).leased:
                break
        return _state(use, "released")

    async def unlock(self, counter: str, codes: Iterable[str], asked: Asked) -> str | None:
        """Give up the lock of an order that is placed now; return its code, None without one.

        ``counter`` is the order's own for one of its ``codes``. What a redemption of the order
        holds, or what was used, is no lock.
        """
        for code in dict.fromkeys(codes):
            seen = await self.look(structs.replace(asked, code=code), settles=True)
            if seen is None or seen.use.order_counter != counter or not seen.order.leased:
                continue
            with suppress(Conflict):
                await self.release(structs.replace(asked, code=code))
                return code
        return None

    async def give_back(self, asked: Asked) -> CouponState:
        """Return the use of a refunded order, if the batch's rule says so. Raises Refused.

        Raises Conflict where it is only locked, or the order's redemption has the code.
        """
        use, balance, _ = await self._known(asked, settles=True)
        await self._refuse_of_redemption(use, balance, asked.now_us)
        reason = kept_because(use.batch, use.holding, asked.now_us)
        if reason is not None:
            raise Refused(_REFUSED, reason=reason)
        if balance.leased:
            raise Conflict(Message("订单只是锁定此券，请用释放", "it is only locked: release it"))
        if balance.spent:
            await extend(self._records, use.batch, use.holding, asked.now_us)
        if not await self._refund(use, asked.now_us):
            reason = "return_too_late" if balance.spent else "not_redeemed"
            raise Refused(_REFUSED, reason=reason)
        return _state(use, "returned")

    async def uses(self, codes: Iterable[str], asked: Asked) -> dict[str, Use]:
        """Return what the right ones of an order's codes take, by normal code; guesses are counted.

        The promotions that they unlock are left to the order. Raises TooManyRequests.
        """
        found: dict[str, Use] = {}
        for code in dict.fromkeys(codes):
            use = await self._read(structs.replace(asked, code=code))
            if use is not None:
                found[normal(code)] = structs.replace(use, offers=())
        return found

    async def _known(self, asked: Asked, *, settles: bool = False) -> Seen:
        seen = await self.look(asked, settles=settles)
        if seen is None:
            raise Refused(_REFUSED, reason=_WRONG)
        return seen

    async def _read(self, asked: Asked) -> Use | None:
        seen = await self.look(asked)
        return None if seen is None else seen.use

    async def look(self, asked: Asked, *, settles: bool = False) -> Seen | None:
        """Return what a right code is, None for a wrong one, which is counted as a guess.

        The same steps for any text: one decipherment, one look at who holds it, one at the guess
        budget and the order; and for every wrong one a guess. ``settles``: what the order has
        locked or used is right though it be void or its batch paused. Raises TooManyRequests.
        """
        code = normal(asked.code)
        book = self._shop().promotions.code_book
        found = book.locate(code)
        is_live = book.may_be_used(code, found)
        holding = await self._holder(found) if book.has_personal else None
        batch_id, name = ("", code) if found is None else (found.batch.id, found.code)
        order = order_counter(batch_id, name, asked.order_id)
        who = asked.customer_id, asked.address
        balances = await self._guesses.check(*who, asked.now_us, also=[order])
        is_known = is_live or (settles and balances[order].limit > 0)
        if found is None or not is_known or not may_use(found, holding, asked.customer_id):
            await self._guesses.count(*who, code, asked.now_us)
            return None
        return Seen(self._use(found, holding, asked), balances[order], is_live)

    async def _holder(self, found: Found | None) -> Holding | None:
        batch_id, number = ("", -1) if found is None else (found.batch.id, found.number)
        return await self._records.read(lambda conn: holdings.find(conn, batch_id, number))

    def _use(self, found: Found, holding: Holding | None, asked: Asked) -> Use:
        promotions, batch = self._shop().promotions, found.batch
        offers = promotions.unlocked_by(batch.id)
        who = asked.customer_id, asked.order_id
        return Use(found.code, found.number, batch, holding, offers, *who)

    async def _shortage(self, use: Use, now_us: int) -> str | None:
        """Return which limit leaves no use, None when none does."""
        await self._ledger.expire(now_us)
        takes = use.takes(use.lock_end_s(now_us))
        balances = await self._ledger.balances([take.counter for take in takes])
        counter = exhausted(takes, balances)
        return None if counter is None else reason_of(counter, use)

    async def _order(self, use: Use) -> Balance:
        return (await self._ledger.balances([use.order_counter]))[use.order_counter]

    def _reserve(self, now_us: int) -> Taking:
        async def reserve(key: str, takes: list[Take]) -> Granted | Short:
            return await self._ledger.reserve(key, takes, takes[0].amount * SECOND_US, now_us)

        return Taking(reserve, "leased")

    def _spend(self, now_us: int) -> Taking:
        async def spend(key: str, takes: list[Take]) -> Granted | Short:
            return await self._ledger.spend(key, takes, now_us)

        return Taking(spend, "spent")

    async def _take(self, use: Use, now_us: int, before: Balance, taking: Taking) -> int:
        """Take a use under the first key that no earlier try has used up.

        Returns the second in which the order's lock ends, or would have. Raises Refused with the
        limit that is reached. An order that never tried (its counter is not open) needs one step.
        """
        takes = use.takes(use.lock_end_s(now_us))
        for place, key in enumerate(use.tries()):
            granted = await _tried(taking, key, takes)
            if granted and not place and not before.limit:
                return takes[0].amount
            lock_end_s = _in_book(await self._order(use), taking, now_us)
            if lock_end_s:
                return lock_end_s
            reason = await self._shortage(use, now_us)
            if reason is not None:
                raise Refused(_REFUSED, reason=reason)
        raise Refused(_REFUSED, reason="locked_too_often")

    async def _commit_lock(self, use: Use, balance: Balance, now_us: int) -> int:
        """Turn the order's lock into a use; return the second of its end, or 0 without one."""
        for key in use.tries() if balance.leased else ():
            try:
                granted = await self._ledger.commit(key, now_us)
            except (NotFound, Gone):  # a try that was refused, released or has expired
                continue
            if (await self._order(use)).spent:
                return granted.amounts.get(use.order_counter, 0)
        return 0

    async def _refund(self, use: Use, now_us: int) -> bool:
        """Give back what the order's tries spent; say whether any did."""
        found = False
        for key in use.tries():
            try:
                spent = (await self._ledger.commit(key, now_us)).amounts
                await self._ledger.refund(f"{key}:return", key, spent, now_us)
            except (NotFound, Gone):  # it came to nothing
                continue
            told = events.of_use("Coupon Returned", use, spent.get(use.order_counter, 0), now_us)
            await self._event_log.append([told])
            found = True
        return found

    async def _refuse_of_redemption(self, use: Use, order: Balance, now_us: int) -> None:
        """Raise Conflict where the order has the code, and no try of the verbs here took it."""
        held = order.spent or (order.leased if order.leased * SECOND_US > now_us else 0)
        if not held:
            return
        known = (await self._ledger.recall(use.tries())).values()
        if all(one.asked.get(use.order_counter) != held or one.refused for one in known):
            raise Conflict(_OF_REDEMPTION)


async def _tried(taking: Taking, key: str, takes: list[Take]) -> bool:
    """Do the step; say whether the key stands for these very takes."""
    try:
        return isinstance(await taking.step(key, takes), Granted)
    except Conflict:  # the key is of a try of another moment or kind
        return False


def _in_book(order: Balance, taking: Taking, now_us: int) -> int:
    """Return the order's amount where the step puts it. Raises Refused to lock what is used."""
    if taking.book == "spent":
        return order.spent
    if order.spent:
        raise Refused(_REFUSED, reason="used_by_order")
    return order.leased if order.leased * SECOND_US > now_us else 0


def closed(use: Use, now_us: int) -> str | None:
    """Return why the code cannot be used by its dates, None when it can."""
    if now_us < use.batch.starts_us:
        return "code_not_started"
    return "code_ended" if now_us >= end_us(use.batch, use.holding) else None


def _check_free(use: Use, now_us: int) -> None:
    """Raise Refused where the code is not good now, or its promotion is counted by orders alone."""
    reason = closed(use, now_us)
    if reason is not None:
        raise Refused(_REFUSED, reason=reason)
    if use.needs_redemption:
        raise Refused(_BY_ORDER, reason="use_redemptions")


def _state(
    use: Use,
    state: Literal["locked", "redeemed", "released", "returned"],
    expires_at: str | None = None,
) -> CouponState:
    promotion_ids = [offer.id for offer in use.offers]
    return CouponState(use.code, state, use.order_id, use.batch.id, promotion_ids, expires_at)
