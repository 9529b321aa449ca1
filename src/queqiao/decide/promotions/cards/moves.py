"""Money on its way to a card: noted first, then moved by the ledger, then marked as done.

Each half is done once under its key. Whoever dies between them leaves the note, and the scheduler
finishes it.
"""

from functools import partial

from queqiao.decide.promotions.cards import card_rows
from queqiao.decide.promotions.cards.card_rows import Move
from queqiao.decide.promotions.cards.money import (
    CardAccount,
    TakeOff,
    balance,
    put_on,
    take_off,
)
from queqiao.kernel.clock import SECOND_US
from queqiao.kernel.errors import Message, Refused
from queqiao.ports.ledger.base import Ledger
from queqiao.ports.records.base import Records

PATIENCE_US = 5 * SECOND_US
"""How long a move may be under way before somebody else finishes it."""
AT_ONCE = 500

_SHORT = Message("卡上余额不足", "the card has not so much on it")


class Moves:
    """Finishes moves."""

    def __init__(self, ledger: Ledger, records: Records) -> None:
        self._ledger = ledger
        self._records = records

    async def finish(self, move: Move, now_us: int) -> None:
        """Do what the move says, if it is not done. Raises Refused: ``insufficient_balance``."""
        if move.state == "begun":
            done = await self._do(move, now_us)
            state: card_rows.MoveState = "done" if done else "refused"
            await self._records.write(lambda conn: card_rows.settle(conn, move.id, state))
            if done:
                return
        elif move.state == "done":
            return
        raise Refused(_SHORT, reason="insufficient_balance")

    async def _do(self, move: Move, now_us: int) -> bool:
        if move.from_product_id:
            source = CardAccount(move.from_product_id, move.from_number)
            key = f"card-move:{move.id}:out"
            if not await take_off(self._ledger, TakeOff(source, move.amount, "moved", key), now_us):
                return False
        account = CardAccount(move.product_id, move.number)
        await put_on(self._ledger, account, move.amount, f"card-move:{move.id}:in", now_us)
        return True

    async def finish_all(self, now_us: int) -> int:
        """Finish what others left half done; return how many moves that were."""
        before_us = now_us - PATIENCE_US
        found = await self._records.read(lambda conn: card_rows.begun(conn, before_us, AT_ONCE))
        for move in found:
            try:
                await self.finish(move, now_us)
            except Refused:
                continue  # it is marked so, and whoever asked is told when asking again
        return len(found)

    async def write_off(self, now_us: int) -> int:
        """Take off what is left on cards that are void or have expired; return how many those are.

        A card on which an order still holds money is looked at again.
        """
        found = await self._records.read(lambda conn: card_rows.to_write_off(conn, now_us, AT_ONCE))
        await self._ledger.expire(now_us)
        for card in found:
            account = CardAccount(card.product_id, card.number)
            left = await balance(self._ledger, account)
            # Of one moment and one amount: a key for each time that something was left.
            key = f"card-off:{account.money}:{now_us}:{left.free}"
            off = TakeOff(account, left.free, "written_off", key)
            took = not left.free or await take_off(self._ledger, off, now_us)
            if took and not left.leased:
                await self._records.write(partial(card_rows.change, card=card, written_off=1))
        return len(found)
