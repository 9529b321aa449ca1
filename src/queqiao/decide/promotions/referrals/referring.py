"""Members get a code, newcomers come by it: screened, written and given their coupon in one act.

Whatever speaks against a newcomer, the answer is one: who tries must not learn by what they were
known. Operators see it (``signals.py``).
"""

from collections.abc import Callable
from typing import NamedTuple

from msgspec.structs import replace
from sqlalchemy import Connection

from queqiao.decide.promotions.coupons import events as coupon_events
from queqiao.decide.promotions.coupons import holdings
from queqiao.decide.promotions.coupons.claims import expiry_us
from queqiao.decide.promotions.coupons.code_book import Batch
from queqiao.decide.promotions.coupons.guesses import GuessBudget
from queqiao.decide.promotions.coupons.holdings import Holding, Issue
from queqiao.decide.promotions.coupons.operators import compiled
from queqiao.decide.promotions.known_customer import BuyerOf
from queqiao.decide.promotions.referrals import events, referral_rows
from queqiao.decide.promotions.referrals.names import ReferralNames, daily_counter
from queqiao.decide.promotions.referrals.programme import ReferralProgramme
from queqiao.decide.promotions.referrals.referral_rows import Member, Referral
from queqiao.decide.promotions.referrals.signals import Newcomer, signal_of
from queqiao.kernel.errors import Message, NotFound, Refused
from queqiao.ports.event_log.base import EventLog
from queqiao.ports.ledger.base import Granted, Ledger, Take
from queqiao.ports.records.base import Records

REFUSED = Message("该邀请不适用", "this invitation cannot be used")
_NONE = Message("没有生效的邀请计划", "no referral programme is live")
Live = Callable[[], ReferralProgramme | None]


class Wish(NamedTuple):
    """Who would use a code. ``device_id`` and ``address`` may be empty; the shop says ``orders``
    that it knows of, None for none said."""

    code: str
    customer_id: str
    device_id: str
    address: str
    orders: int | None
    now_us: int


class Came(NamedTuple):
    """A newcomer who came, with the coupon."""

    referral: Referral
    batch: Batch
    coupon: Holding


class ReferralServices(NamedTuple):
    """What referrals work with. ``secret`` is the key of coupon codes, ``live`` the programme of
    now, ``buyer_of`` says what a customer has bought."""

    ledger: Ledger
    records: Records
    event_log: EventLog
    secret: bytes
    live: Live
    buyer_of: BuyerOf


class Referring:
    """Codes for members, and newcomers who use them."""

    def __init__(self, services: ReferralServices) -> None:
        self._services = services
        self.names = ReferralNames(services.secret)
        self._guesses = GuessBudget(services.ledger, services.secret)

    def programme(self) -> ReferralProgramme:
        """Return the live programme. Raises NotFound."""
        found = self._services.live()
        if found is None:
            raise NotFound(_NONE)
        return found

    async def join(self, customer_id: str, device_id: str, address: str, now_us: int) -> Member:
        """Return a customer as a member, with a code from now on. Raises NotFound."""
        wanted = Member(
            self.programme().id, 0, customer_id, now_us, self.names.device(device_id),
            self.names.address(address),
        )  # fmt: skip
        return await self._services.records.write(lambda conn: referral_rows.join(conn, wanted))

    async def accept(self, wish: Wish) -> Came:
        """Let a newcomer come by a code; a retry gets the first answer.

        Raises NotFound without a programme; Refused, ``referral_refused``, whatever speaks against
        it; TooManyRequests after too many wrong codes.
        """
        programme, now_us = self.programme(), wish.now_us
        await self._guesses.check(wish.customer_id, wish.address, now_us)
        found = self.names.read(wish.code, (programme.id,))
        member = None
        if found is not None:
            member = await self._services.records.read(
                lambda conn: referral_rows.member(conn, *found)
            )
        if member is None:
            await self._guesses.count(wish.customer_id, wish.address, wish.code, now_us)
            raise Refused(REFUSED, reason="referral_refused")
        newcomer = await self._newcomer(programme, wish)
        return await self._come(programme, member, newcomer, now_us)

    async def _newcomer(self, programme: ReferralProgramme, wish: Wish) -> Newcomer:
        known = await self._services.buyer_of((wish.customer_id,), wish.now_us)
        orders = max(wish.orders or 0, 0 if known is None else known.orders)
        return Newcomer(
            self.names.referral(programme.id, wish.customer_id),
            wish.customer_id,
            self.names.device(wish.device_id),
            self.names.address(wish.address),
            orders > 0,
        )

    async def _come(
        self, programme: ReferralProgramme, member: Member, newcomer: Newcomer, now_us: int
    ) -> Came:
        services = self._services
        wants_room = await services.records.read(
            lambda conn: self._wants_room(conn, programme, member, newcomer, now_us)
        )
        has_room = programme.runs(now_us) and (
            not wants_room or await self._counted(programme, member, newcomer, now_us)
        )
        referral, came = await services.records.write(
            lambda conn: self._write(conn, programme, member, newcomer, now_us, has_room=has_room)
        )
        if came is None:
            if referral.newcomer_id == newcomer.customer_id and referral.state == "refused":
                told = events.of_step("Refused", referral, newcomer.customer_id, now_us)
                await services.event_log.append([told])
            raise Refused(REFUSED, reason="referral_refused")
        code = came.batch.code(came.coupon.number)
        await services.event_log.append(
            [
                events.of_step("Accepted", referral, newcomer.customer_id, now_us),
                coupon_events.of_issue(came.coupon, code, came.batch.name),
            ]
        )
        return came

    def _wants_room(
        self,
        conn: Connection,
        programme: ReferralProgramme,
        member: Member,
        newcomer: Newcomer,
        now_us: int,
    ) -> bool:
        """Say whether the newcomer would count by the member's code: not who is refused anyway."""
        known = referral_rows.find(conn, newcomer.referral_id)
        is_new = known is None or known.state == "refused"
        return is_new and signal_of(conn, programme, member, newcomer, now_us) is None

    async def _counted(
        self, programme: ReferralProgramme, member: Member, newcomer: Newcomer, now_us: int
    ) -> bool:
        """Count the newcomer among those of the day by the member's code; say if there was room."""
        day, most = programme.day(now_us), programme.document.accepts_per_day
        counter = daily_counter(programme.id, member.number, day)
        key = f"referral-accept:{newcomer.referral_id}:{member.number}:{day}:{most}"
        found = await self._services.ledger.spend(key, [Take(counter, 1, most)], now_us)
        return isinstance(found, Granted)

    def _write(
        self,
        conn: Connection,
        programme: ReferralProgramme,
        member: Member,
        newcomer: Newcomer,
        now_us: int,
        *,
        has_room: bool,
    ) -> tuple[Referral, Came | None]:
        """Write who came, with the coupon; or that they were refused, and why."""
        known = referral_rows.find(conn, newcomer.referral_id)
        if known is not None and known.state != "refused":
            if known.number != member.number or not known.newcomer_id:
                return replace(known, state="refused", signal="came_before"), None
            return known, self._with_coupon(conn, programme, known, now_us)
        signal = signal_of(conn, programme, member, newcomer, now_us)
        if signal is None and not has_room:
            signal = "too_many"
        until_us = programme.accept_until_us(now_us)
        fresh = Referral(
            newcomer.referral_id, programme.id, member.number, newcomer.customer_id,
            "accepted" if signal is None else "refused", now_us, until_us, signal or "",
            newcomer.device, newcomer.address, due_us=until_us,
        )  # fmt: skip
        referral_rows.add(conn, fresh)
        if signal is not None:
            return fresh, None
        return fresh, self._with_coupon(conn, programme, fresh, now_us)

    def _with_coupon(
        self, conn: Connection, programme: ReferralProgramme, referral: Referral, now_us: int
    ) -> Came:
        """Give the newcomer's coupon, once: a retry gets that of then, whatever is given by now.

        Raises Refused: ``batch_exhausted``.
        """
        newcomer_id, name = referral.newcomer_id, f"referral:{referral.id}"
        secret, batch_id = self._services.secret, programme.document.newcomer_batch
        held = holdings.of_request(conn, newcomer_id, name)
        batch = compiled(conn, batch_id if held is None else held.batch_id, secret)
        if held is None:
            ends_us = expiry_us(batch, now_us)
            wanted = Issue(batch.id, batch.count, newcomer_id, "gift", name, ends_us)
            held = holdings.issue(conn, wanted, now_us).holding
        return Came(referral, batch, held)
