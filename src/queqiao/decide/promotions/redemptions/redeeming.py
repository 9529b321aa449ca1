"""Redemptions: an order takes everything its promotions need, or nothing; then pays, or gives back.

The ledger decides in one step; the log remembers. Each verb may be sent again. Where a process died
between the two, the same call again finds the ledger's first answer under the same key and writes
what the log lacks; ``settlement`` does so for what nobody asks for again.
"""

from collections.abc import Callable, Sequence
from typing import cast

from msgspec import structs

from queqiao.decide.promotions.coupons.codes import normal
from queqiao.decide.promotions.coupons.redemption import Asked, Coupons
from queqiao.decide.promotions.engagements.engaging import Engagements
from queqiao.decide.promotions.flash_sales.deals import NO_DEALS, Deals, FlashPrices
from queqiao.decide.promotions.known_customer import Complete, as_asked
from queqiao.decide.promotions.quote_types import QuoteRequest
from queqiao.decide.promotions.quoting import Shop
from queqiao.decide.promotions.reasons import Reason
from queqiao.decide.promotions.redemptions.asking import (
    NO_FLASH_PRICE,
    check,
    check_deals,
    codes_of,
    currency_of,
    customer_of,
    device_of,
    digest_of,
    price,
    redemption_id_of,
    without,
)
from queqiao.decide.promotions.redemptions.claims import Buyer
from queqiao.decide.promotions.redemptions.gift_stock import OUT_OF_STOCK, has_others, sku_of
from queqiao.decide.promotions.redemptions.giving_back import GivingBack
from queqiao.decide.promotions.redemptions.leases import Held, Leases, Short
from queqiao.decide.promotions.redemptions.log_book import EXPIRED, LogBook, is_over
from queqiao.decide.promotions.redemptions.own_locks import own_locks
from queqiao.decide.promotions.redemptions.paying import committed_key, late_key, takes_of
from queqiao.decide.promotions.redemptions.points import (
    NO_POINTS,
    Points,
    PointsCharge,
    check_credit,
    check_points,
    missing_credit,
    missing_points,
    no_credit,
)
from queqiao.decide.promotions.redemptions.recording import Lease, as_held, record_of
from queqiao.decide.promotions.redemptions.redemption_types import (
    NewRedemption,
    NewReturn,
    Record,
    Redemption,
    State,
)
from queqiao.decide.promotions.redemptions.reservations import GONE, Reservations, held_until_us
from queqiao.decide.promotions.restraints import Restraints
from queqiao.decide.promotions.totals.payments import CREDIT_SHORT
from queqiao.kernel.clock import MINUTE_US, SECOND_US, business_day
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
        flash_prices: FlashPrices | None = None,
        points: Points = NO_POINTS,
    ) -> None:
        self._shop = shop
        self._ledger = ledger
        self._leases = Leases(ledger)
        self._book = LogBook(event_log, points)
        self._points = points
        self._coupons = coupons
        self._engagements = engagements
        self._reservations = Reservations(ledger, event_log)
        self._flash_prices = flash_prices
        self._giving_back = GivingBack(ledger, self._book, coupons, self._reservations)
        self._zone = zone
        self._known = known

    async def reserve(self, asked: NewRedemption, now_us: int) -> Redemption:
        """Take everything that the order's promotions need, or nothing, until the order is paid.

        Raises InvalidInput; Refused with its reason where a limit, a budget or the order itself has
        nothing left; Conflict when the id came with another question.
        """
        check(asked)
        redemption_id = redemption_id_of(asked.order_id, asked.request_id)
        digest = digest_of(asked)
        record = await self._book.find(redemption_id)
        if record is None:
            record = await self._reserve(asked, redemption_id, digest, now_us)
        if record.asked != digest:
            raise Conflict(_OTHER)
        if record.reservations:
            await self._sell(record, now_us)
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
        there and nothing was at a flash price. Raises NotFound, and Gone when it is not or was
        released.
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
        await self._reservations.free(record, now_us)
        await self._book.release(record, "released", now_us)
        return await self._shown(record, now_us)

    async def give_back(self, redemption_id: str, asked: NewReturn, now_us: int) -> Redemption:
        """Give back what the order has spent, whole or in parts. See ``GivingBack``."""
        record = await self._book.get(redemption_id)
        await self._giving_back.give_back(record, asked, now_us)
        await self.points_back(record, now_us)
        return await self._shown(record, now_us)

    async def points_back(self, record: Record, now_us: int) -> None:
        """Give back the points of everything that came back of an order so far."""
        await self._points.came_back(record, await self._book.returns(record), now_us)

    async def points_charge(
        self, record: Record, returned: int, taken: int, now_us: int
    ) -> PointsCharge:
        """Return what of the points that a refund takes back it has to pay for instead."""
        return await self._points.charge(record, returned, taken, now_us)

    async def would_come_back(self, record: Record, code: str, now_us: int) -> bool:
        """Say whether a refund gives the use of an order's code back, by the rule of its batch."""
        return await self._coupons.coming_back.would(code, record.customer_id or "", now_us)

    async def _reserve(
        self, asked: NewRedemption, redemption_id: str, digest: str, now_us: int
    ) -> Record:
        deals = await self._deals(asked, now_us)
        check_deals(asked, deals)
        ends_us = held_until_us(now_us + asked.hold_minutes * MINUTE_US, deals, now_us)
        buyer = await self._buyer(asked, deals, now_us, ends_us)
        wrong = [code for code in codes_of(asked) if normal(code) not in buyer.codes]
        restraints = self._shop().restraints._replace(refused={}, rests={}, gifts={})
        question = asked.question
        if question is not None:
            question = await self._with_own_points(
                await self._known(question, now_us), redemption_id, now_us
            )
            check_points(asked, question)
        completed = structs.replace(asked, question=question)
        async with own_locks(self._coupons, asked, now_us) as locks:
            for _ in range(PRICES_MAX):
                seen = self._seen(wrong, buyer)
                priced = price(completed, seen, restraints, buyer, self._points)
                check_credit(asked, priced.quote)
                if asked.expected_total not in {None, priced.total}:
                    short = await self._leases.shortage(priced.claims, now_us)
                    if short is None or not await locks.give_up(short):
                        restraints = self._toward_expected(short, asked, restraints)
                    continue
                taken = await self._leases.take(redemption_id, priced.claims, ends_us, now_us)
                if isinstance(taken, Held):
                    lease = Lease(redemption_id, digest, taken.key, now_us, ends_us)
                    held = as_held(priced, taken.amounts)
                    return await self._write(record_of(completed, held, lease), now_us)
                if not await locks.give_up(taken):
                    restraints = self._restrained(taken, asked, restraints)
            raise Unavailable(_BUSY)

    async def _with_own_points(
        self, question: QuoteRequest, redemption_id: str, now_us: int
    ) -> QuoteRequest:
        """Return the question with the points that a call of this order holds which died."""
        if not (missing_points(question) or missing_credit(question)):
            return question
        held = await self._leases.own(redemption_id, now_us)
        return self._points.with_own(question, held)

    def _toward_expected(
        self, short: Short | None, asked: NewRedemption, known: Restraints
    ) -> Restraints:
        """Leave out what is used up: the shopper was shown the price without it, or is refused.

        Raises Refused.
        """
        if short is None:
            raise Refused(_CHANGED, reason="price_changed")
        return self._restrained(short, structs.replace(asked, when_used_up="leave_out"), known)

    def _seen(self, wrong: Sequence[str], buyer: Buyer) -> Shop:
        """Return the shop as this buyer sees it."""
        shop = without(self._shop(), wrong)
        return shop._replace(engagements=buyer.engagements, deals=buyer.deals)

    async def _buyer(self, asked: NewRedemption, deals: Deals, now_us: int, ends_us: int) -> Buyer:
        customer_id = customer_of(asked)
        coupon = Asked("", customer_id or "", asked.order_id, asked.address, now_us)
        codes = codes_of(asked)
        uses = await self._coupons.uses(codes, coupon) if codes else {}
        day = business_day(now_us, self._zone)
        until_s = ends_us // SECOND_US + 1
        ids = () if asked.question is None else asked.question.cart.engagements
        named = await self._engagements.named(ids) if ids else {}
        return Buyer(
            asked.order_id,
            customer_id,
            device_of(asked),
            day,
            uses,
            named,
            now_us,
            until_s,
            currency_of(asked),
            deals,
        )

    async def _deals(self, asked: NewRedemption, now_us: int) -> Deals:
        """Return what the tokens of the order's lines come to, by the ledger of this moment."""
        if asked.question is None or self._flash_prices is None:
            return NO_DEALS
        deals = self._flash_prices.deals(asked.question, now_us)
        return await self._reservations.standing(deals, now_us)

    async def _sell(self, record: Record, now_us: int) -> None:
        """Sell the reservations of an order; it ends where one is not to be had. Raises Refused."""
        released = await self._book.settled(record, "released")
        if released is None:
            if await self._reservations.sell(record, now_us):
                return
            await self._reservations.free(record, now_us)
            await self._ledger.release(record.ledger_key, now_us)
            await self._book.release(record, GONE, now_us)
        if released is None or released.reason == GONE:
            raise Refused(NO_FLASH_PRICE, reason="price_token_expired")

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
        may_leave_out = asked.when_used_up == "leave_out"
        if claim.reason == OUT_OF_STOCK and (may_leave_out or has_others(offer)):
            return _with_fewer_gifts(known, short)
        if claim.reason == "budget_used_up" and offer.reducible and short.free and is_new:
            return known._replace(rests={**known.rests, promotion_id: short.free})
        if may_leave_out and promotion_id not in known.refused:
            refused = {**known.refused, promotion_id: cast("Reason", claim.reason)}
            return known._replace(refused=refused)
        raise _refusal(short)

    async def _spend(self, record: Record, now_us: int) -> str:
        """Return the key under which the order has spent. Raises Gone."""
        released = await self._book.settled(record, "released")
        if released is not None and released.reason != EXPIRED:
            raise Gone(_RELEASED)
        if record.reservations and not await self._reservations.sell(record, now_us):
            raise Gone(_ENDED, reason=EXPIRED)
        try:
            await self._ledger.commit(record.ledger_key, now_us)
        except (Gone, NotFound):
            if record.reservations:  # its goods went back into the sale's stock
                raise
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
            record.reservations,
        )

    async def _state(self, record: Record, now_us: int) -> State:
        if await self._book.settled(record, "committed") is not None:
            return "committed"
        released = await self._book.settled(record, "released")
        if released is not None:
            return "expired" if released.reason == EXPIRED else "released"
        return "expired" if is_over(record, now_us) else "reserved"


def _with_fewer_gifts(known: Restraints, short: Short) -> Restraints:
    """Return the restraints under which a promotion gives what is left of a gift."""
    name = short.claim.promotion_id or ""
    sku = sku_of(short.claim.take.counter, name) or ""
    left = {**known.gifts.get(name, {}), sku: short.free}
    return known._replace(gifts={**known.gifts, name: left})


def _refusal(short: Short) -> Refused:
    """Return the error that names the promotion and what is left of what it needs."""
    claim = short.claim
    if claim.reason == CREDIT_SHORT:
        return no_credit(claim.reason, short.free)
    if claim.promotion_id is None:
        is_order = claim.reason == "order_redeemed"
        return Refused(_HELD if is_order else NO_FLASH_PRICE, reason=claim.reason)
    left = Message(f"还剩 {short.free}", f"{short.free} left")
    error = Refused(_SHORT, reason=claim.reason)
    error.fields = (FieldError(f"applied.{claim.promotion_id}", left),)
    return error
