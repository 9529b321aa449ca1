"""What orders do to referrals: a newcomer's first one that is paid counts, until it comes back.

Told with the points of the order, before the log is; so whoever dies is finished by the same call
or the settlement. An order that comes back before its reward lets the next one count; once the
reward is begun, it is reversed.
"""

from collections.abc import Sequence

from msgspec.structs import replace
from sqlalchemy import Connection

from queqiao.decide.promotions.loyalty.keeper import Keeper
from queqiao.decide.promotions.redemptions.points import NoPoints
from queqiao.decide.promotions.redemptions.redemption_types import Record, Return, is_cancelled
from queqiao.decide.promotions.referrals import events, referral_rows
from queqiao.decide.promotions.referrals.hot_state import programme
from queqiao.decide.promotions.referrals.referral_rows import Referral
from queqiao.decide.promotions.referrals.rewarding import Rewarding
from queqiao.decide.promotions.refunds.memo_book import MemoBook


class ReferralsOfOrders(NoPoints):
    """Follows the first orders of newcomers. It takes nothing of an order's ledger step."""

    def __init__(self, keeper: Keeper, rewarding: Rewarding) -> None:
        self._records = keeper.records
        self._event_log = keeper.event_log
        self._rewarding = rewarding
        self._memos = MemoBook(keeper.event_log)
        self._zone = keeper.zone

    async def paid(self, record: Record, now_us: int) -> None:
        """Let a newcomer's order be the first, once."""
        newcomer_id = record.customer_id
        if not newcomer_id:
            return
        waiting = await self._records.read(
            lambda conn: referral_rows.accepted_of(conn, newcomer_id, now_us)
        )
        if not waiting:
            return
        ordered = await self._records.write(
            lambda conn: self._note(conn, newcomer_id, record, now_us)
        )
        if ordered:
            told = [events.of_step("Ordered", one, newcomer_id, now_us) for one in ordered]
            await self._event_log.append(told)

    async def came_back(self, record: Record, returns: Sequence[Return], now_us: int) -> None:
        """Look whether enough of a first order is kept; it may be called again at any time."""
        found = await self._records.read(
            lambda conn: referral_rows.of_order(conn, record.redemption_id)
        )
        if not found:
            return
        kept = await self._kept(record, returns)
        if await self._records.write(lambda conn: self._undo(conn, record, kept, now_us)):
            await self._rewarding.run(now_us)

    async def _kept(self, record: Record, returns: Sequence[Return]) -> int | None:
        """Return what is paid of an order and was not refunded; None where nobody said."""
        memos = [one.memo for one in await self._memos.issued(record.redemption_id)]
        if _is_cancelled(record, returns) or any(memo.complete for memo in memos):
            return 0
        if record.total_minor is None:
            return None
        return record.total_minor - sum(memo.totals.total for memo in memos)

    def _note(
        self, conn: Connection, newcomer_id: str, record: Record, now_us: int
    ) -> list[Referral]:
        ordered = []
        for one in referral_rows.accepted_of(conn, newcomer_id, now_us):
            of = programme(conn, one.programme_id, self._zone)
            if of is None or not of.is_kept(record.total_minor):
                continue
            due_us, name = of.due_us(now_us), record.redemption_id
            if referral_rows.change(conn, one, state="ordered", redemption_id=name, due_us=due_us):
                ordered.append(replace(one, redemption_id=name))
        return ordered

    def _undo(self, conn: Connection, record: Record, kept: int | None, now_us: int) -> bool:
        """Undo what a first order did that is no longer kept; say if a reward is to be reversed."""
        is_reversing = False
        for one in referral_rows.of_order(conn, record.redemption_id):
            of = programme(conn, one.programme_id, self._zone)
            if of is None or of.is_kept(kept):
                continue
            is_begun = one.state == "ordered" and one.reward_of
            if one.state == "rewarded" or is_begun:
                is_reversing |= referral_rows.change(conn, one, state="reversing", due_us=now_us)
            elif one.state in {"ordered", "limited"}:
                still = "accepted" if one.ends_us > now_us else "lapsed"
                referral_rows.change(conn, one, state=still, redemption_id="", due_us=one.ends_us)
        return is_reversing


def _is_cancelled(record: Record, returns: Sequence[Return]) -> bool:
    return is_cancelled({item.promotion_id: item.amount for item in record.promotions}, returns)
