"""Points and store credit that are earned beside orders: given once, and taken back once.

They count as earned, in the ledger and on the account, so the proof of the books holds of them too;
what was used before it is taken back is owed.
"""

from msgspec.structs import replace
from sqlalchemy import Connection

from queqiao.decide.promotions.documents.points_programme import Holds
from queqiao.decide.promotions.loyalty import account_rows
from queqiao.decide.promotions.loyalty.account_rows import Account, Move
from queqiao.decide.promotions.loyalty.hot_state import load
from queqiao.decide.promotions.loyalty.keeper import Keeper
from queqiao.decide.promotions.loyalty.names import Names, way_counter
from queqiao.ports.ledger.base import AMOUNT_MAX, Take


class NoProgrammeError(LookupError):
    """No programme that holds it is live: nothing is given now."""


class Rewards:
    """Gives to accounts, and takes from them."""

    def __init__(self, keeper: Keeper, secret: bytes) -> None:
        self._keeper = keeper
        self._names = Names(secret)

    async def programme(self, holds: Holds) -> str:
        """Return the programme that is live. Raises NoProgrammeError."""
        keeper = self._keeper
        found = await keeper.records.read(lambda conn: load(conn, keeper.zone, holds))
        if found is None or not found.is_live:
            raise NoProgrammeError
        return found.id

    async def give(
        self, programme_id: str, customer_id: str, amount: int, name: str, now_us: int
    ) -> None:
        """Give points, or minor units, of a programme once under the name.

        Raises NoProgrammeError.
        """
        keeper = self._keeper
        programme = await keeper.records.read(lambda conn: keeper.programme(conn, programme_id))
        if programme is None:
            raise NoProgrammeError
        fresh = self._account(programme_id, customer_id, now_us)
        move = keeper.move(fresh, "earned", amount, now_us, name)
        move = replace(
            move, lot=amount, available_at_us=now_us, expires_at_us=programme.expires_us(now_us)
        )
        earned = Take(way_counter(programme_id, "earned"), amount, AMOUNT_MAX)
        await keeper.ledger.spend(f"points-rewarded:{move.id}", [earned], now_us)
        await self._note(fresh, move, now_us)

    async def take_back(
        self, programme_id: str, customer_id: str, amount: int, name: str, now_us: int
    ) -> None:
        """Take back what was given under the name, once."""
        fresh = self._account(programme_id, customer_id, now_us)
        move = self._keeper.move(fresh, "taken_back", -amount, now_us, name)
        await self._note(fresh, move, now_us)

    async def _note(self, fresh: Account, move: Move, now_us: int) -> None:
        keeper = self._keeper

        def write(conn: Connection) -> tuple[Account, list[Move]]:
            account = account_rows.opened(conn, fresh)
            return account, account_rows.note(conn, account, [move])

        account, noted = await keeper.records.write(write)
        if move.kind == "earned":  # the keeper tells of all others once they are done
            await keeper.tell(account, noted)
        await keeper.keep(account.id, now_us)

    def _account(self, programme_id: str, customer_id: str, now_us: int) -> Account:
        account_id = self._names.account(programme_id, customer_id)
        return Account(account_id, programme_id, customer_id, now_us)
