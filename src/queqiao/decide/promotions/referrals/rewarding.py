"""Gives members their rewards when they are due, and takes them back: the scheduler's work.

Each step has a key of the referral and its order, so whoever dies between them is finished by the
next run. A reward counts in the ledger first, within what the programme allows a member in a month
and in all; then it is given; then the referral says so.
"""

from typing import NamedTuple

from msgspec.structs import replace
from sqlalchemy import Connection

from queqiao.decide.promotions.coupons import events as coupon_events
from queqiao.decide.promotions.coupons import holdings
from queqiao.decide.promotions.coupons.claims import expiry_us
from queqiao.decide.promotions.coupons.code_book import Batch
from queqiao.decide.promotions.coupons.holdings import Issue
from queqiao.decide.promotions.coupons.operators import compiled
from queqiao.decide.promotions.documents.referral_programme import (
    CouponReward,
    CreditReward,
    PointsReward,
    Reward,
)
from queqiao.decide.promotions.loyalty.keeper import Keeper
from queqiao.decide.promotions.loyalty.rewards import NoProgrammeError, Rewards
from queqiao.decide.promotions.referrals import events, referral_rows
from queqiao.decide.promotions.referrals.hot_state import programme
from queqiao.decide.promotions.referrals.names import (
    monthly_counter,
    programme_counter,
    total_counter,
)
from queqiao.decide.promotions.referrals.programme import ReferralProgramme
from queqiao.decide.promotions.referrals.referral_rows import Member, Referral
from queqiao.kernel.clock import HOUR_US
from queqiao.kernel.errors import Refused as RefusedError
from queqiao.ports.ledger.base import AMOUNT_MAX, Granted, Take

AT_ONCE = 500
"""How many referrals one run looks at."""

AGAIN_US = HOUR_US
"""How soon a reward is tried again for which no programme is live, or no coupon is left."""


class Given(NamedTuple):
    """What a member got: of which programme or batch, how much, of a coupon its number."""

    of: str
    type: str
    amount: int


class Rewarding:
    """Rewards, reverses and gives up what is due."""

    def __init__(self, keeper: Keeper, rewards: Rewards, coupon_secret: bytes) -> None:
        self._ledger = keeper.ledger
        self._records = keeper.records
        self._event_log = keeper.event_log
        self._zone = keeper.zone
        self._rewards = rewards
        self._secret = coupon_secret

    async def run(self, now_us: int) -> int:
        """Do what is due by now; return how many referrals were looked at."""
        found = await self._records.read(lambda conn: referral_rows.due(conn, now_us, AT_ONCE))
        for one in found:
            if one.state == "ordered":
                await self._reward(one, now_us)
            elif one.state == "reversing":
                await self._reverse(one, now_us)
            else:
                await self._change(one, state="lapsed")
        return len(found)

    async def _reward(self, one: Referral, now_us: int) -> None:
        of, member = await self._records.read(lambda conn: self._of(conn, one))
        if of is None or member is None or not member.customer_id:
            await self._change(one, state="lapsed")
            return
        if not await self._is_within(of, one, now_us):
            await self._change(one, state="limited")
            return
        try:
            plan = await self._plan(of.document.reward, one)
            if plan is None:
                await self._uncount(one, now_us)
                return
            given = await self._give(plan, one, member, now_us)
        except (NoProgrammeError, RefusedError):
            await self._change(one, due_us=now_us + AGAIN_US)
            return
        values = {**_values(given), "rewarded_at_us": now_us}
        # Told first: who dies in between tells it again under the same id.
        told = events.of_step("Rewarded", replace(one, **values), member.customer_id, now_us)
        await self._event_log.append([told])
        await self._change(one, state="rewarded", **values)

    async def _is_within(self, of: ReferralProgramme, one: Referral, now_us: int) -> bool:
        """Count the reward of a member's; the month is that in which it came due."""
        key, document = _limits_key(one), of.document
        known = (await self._ledger.recall([key])).get(key)
        if known is not None:
            return known.state == "spent"
        takes = [
            Take(monthly_counter(of.id, one.number, of.month(one.due_us)), 1,
                 document.rewards_per_month),
            Take(total_counter(of.id, one.number), 1, document.rewards_total),
            Take(programme_counter(of.id), 1, document.rewards_in_all or AMOUNT_MAX),
        ]  # fmt: skip
        return isinstance(await self._ledger.spend(key, takes, now_us), Granted)

    async def _plan(self, reward: Reward, one: Referral) -> Given | None:
        """Return what is given, noted before it is: a retry gives the same.

        From then on an order that comes back reverses it. None: it came back before. Raises
        NoProgrammeError.
        """
        if one.reward_of:
            return Given(one.reward_of, one.reward_type, one.reward_amount)
        match reward:
            case PointsReward(points):
                plan = Given(await self._rewards.programme("points"), "points", points)
            case CreditReward(amount):
                plan = Given(await self._rewards.programme("money"), "store_credit", amount)
            case CouponReward(batch):
                plan = Given(batch, "coupon", 0)
        return plan if await self._change(one, **_values(plan)) else None

    async def _give(self, plan: Given, one: Referral, member: Member, now_us: int) -> Given:
        """Give a reward once. Raises Refused where a batch is exhausted."""
        name, customer_id = _name(one), member.customer_id
        if plan.type == "coupon":
            return await self._coupon(plan.of, customer_id, name, now_us)
        await self._rewards.give(plan.of, customer_id, plan.amount, name, now_us)
        return plan

    async def _coupon(self, batch_id: str, customer_id: str, name: str, now_us: int) -> Given:
        def write(conn: Connection) -> tuple[Batch, holdings.Holding]:
            batch = compiled(conn, batch_id, self._secret)
            wanted = Issue(
                batch.id, batch.count, customer_id, "gift", name, expiry_us(batch, now_us)
            )
            return batch, holdings.issue(conn, wanted, now_us).holding

        batch, held = await self._records.write(write)
        told = coupon_events.of_issue(held, batch.code(held.number), batch.name)
        await self._event_log.append([told])
        return Given(batch.id, "coupon", held.number)

    async def _reverse(self, one: Referral, now_us: int) -> None:
        """Take a reward back: what was used already is owed; a coupon that is left ends."""
        of, member = await self._records.read(lambda conn: self._of(conn, one))
        customer_id = "" if member is None else member.customer_id
        if not one.rewarded_at_us and of is not None and member is not None:
            one = await self._given_first(of, one, member, now_us)
        if one.rewarded_at_us:
            await self._take_back(one, customer_id, now_us)
        await self._uncount(one, now_us)
        told = events.of_step("Reversed", one, customer_id, now_us)
        await self._event_log.append([told])
        await self._change(one, state="reversed")

    async def _given_first(
        self, of: ReferralProgramme, one: Referral, member: Member, now_us: int
    ) -> Referral:
        """Return a referral with its reward, which was begun when its order came back.

        Who began may have died, or be at work: once it is given under its name it can be taken
        back, and is not given again. Without a reward where none can be given.
        """
        if not member.customer_id or not await self._is_within(of, one, now_us):
            return one
        plan = Given(one.reward_of, one.reward_type, one.reward_amount)
        try:
            given = await self._give(plan, one, member, now_us)
        except (NoProgrammeError, RefusedError):
            return one
        one = replace(one, **_values(given), rewarded_at_us=now_us)
        told = events.of_step("Rewarded", one, member.customer_id, now_us)
        await self._event_log.append([told])
        return one

    async def _take_back(self, one: Referral, customer_id: str, now_us: int) -> None:
        if one.reward_type == "coupon":
            await self._records.write(
                lambda conn: holdings.end(conn, one.reward_of, one.reward_amount, now_us)
            )
        elif customer_id:
            amount, name = one.reward_amount, _name(one)
            await self._rewards.take_back(one.reward_of, customer_id, amount, name, now_us)

    async def _uncount(self, one: Referral, now_us: int) -> None:
        """Give back what the reward counted in the limits, once."""
        key = _limits_key(one)
        known = (await self._ledger.recall([key])).get(key)
        if known is not None and known.state == "spent":
            await self._ledger.refund(f"{key}:back", key, known.spent, now_us)

    def _of(
        self, conn: Connection, one: Referral
    ) -> tuple[ReferralProgramme | None, Member | None]:
        member = referral_rows.member(conn, one.programme_id, one.number)
        return programme(conn, one.programme_id, self._zone), member

    async def _change(self, one: Referral, **values: object) -> bool:
        return await self._records.write(lambda conn: referral_rows.change(conn, one, **values))


def _name(one: Referral) -> str:
    """Return what the reward of a referral's order is called wherever it is given."""
    return f"referral:{one.id}:{one.redemption_id}"


def _values(given: Given) -> dict[str, object]:
    return {"reward_of": given.of, "reward_type": given.type, "reward_amount": given.amount}


def _limits_key(one: Referral) -> str:
    return f"referral-reward:{one.id}:{one.redemption_id}"
