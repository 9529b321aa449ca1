"""Keeps accounts: does what was noted and what the clock brings, and says what quotes read.

The records note, the ledger does, each once under its key. Whoever dies between them leaves the
note, and the next one who keeps the account, the scheduler at the latest, finishes it.

Points are used in the order in which they expire. So at any moment an account can hold no more than
the lots that have not expired: what it holds beyond them is of those that have, and goes. (Points
given by hand can be used before older ones that are pending; using them counts against the older
ones, which is never to the customer's loss.)
"""

from collections.abc import Sequence
from functools import partial

from sqlalchemy import Connection

from queqiao.decide.promotions.loyalty import account_rows, events
from queqiao.decide.promotions.loyalty.account_rows import Account, Kind, Move, Standing, State
from queqiao.decide.promotions.loyalty.contracts import POINTS_PROGRAMME
from queqiao.decide.promotions.loyalty.events import Unit
from queqiao.decide.promotions.loyalty.names import Counters, move_id, way_counter
from queqiao.decide.promotions.loyalty.programme import Programme
from queqiao.decide.promotions.offers import FOREVER_US
from queqiao.kernel.clock import MINUTE_US, SECOND_US, business_day
from queqiao.kernel.errors import NotFound
from queqiao.ports.event_log.base import EventLog
from queqiao.ports.ledger.base import AMOUNT_MAX, Balance, Granted, Ledger, Take
from queqiao.ports.ledger.purses import balance, put_on
from queqiao.ports.records import documents
from queqiao.ports.records.base import Records

TURNS_MAX = 64
"""How many steps one call does on an account; what is left is for the next."""

AT_ONCE = 500
"""How many accounts the scheduler keeps in one turn."""

LOOK_AGAIN_US = MINUTE_US
"""How soon expired points are looked at again that an unpaid order holds."""


class Keeper:
    """Keeps the accounts of all programmes. ``zone`` is that of the shop's days."""

    def __init__(self, ledger: Ledger, records: Records, event_log: EventLog, zone: str) -> None:
        self.ledger = ledger
        self.records = records
        self.event_log = event_log
        self.zone = zone
        self._units: dict[str, Unit] = {}

    async def keep(self, account_id: str, now_us: int) -> None:
        """Bring an account to how it stands at a moment; nothing happens where there is none."""
        for _ in range(TURNS_MAX):
            # Read before the rows: what comes later is among the lots then, but not in the purse.
            has = await balance(self.ledger, Counters(account_id).purse.counter)
            standing = await self.records.read(
                partial(account_rows.standing, account_id=account_id, now_us=now_us)
            )
            if standing is None:
                return
            if not await self._turn(standing, has, now_us):
                break
        await self._publish(account_id, now_us)

    async def keep_due(self, now_us: int) -> int:
        """Keep the accounts on which the clock has something to do; return how many."""
        found = await self.records.read(lambda conn: account_rows.due(conn, now_us, AT_ONCE))
        if found:
            await self.ledger.expire(now_us)
        for account_id in found:
            await self.keep(account_id, now_us)
        return len(found)

    async def tell(self, account: Account, moves: Sequence[Move]) -> None:
        """Tell the log of movements; what it knows it keeps once."""
        if moves:
            unit = await self.unit(account.programme_id)
            await self.event_log.append([events.of_move(account, move, unit) for move in moves])

    async def unit(self, programme_id: str) -> Unit:
        """Return what a programme's accounts hold: the same once it has accounts."""
        known = self._units.get(programme_id)
        if known is None:
            found = await self.records.read(lambda conn: self.programme(conn, programme_id))
            if found is None:
                return Unit()
            known = Unit(found.document.holds, found.document.worth.currency)
            self._units[programme_id] = known
        return known

    def move(self, account: Account, kind: Kind, amount: int, now_us: int, *of: object) -> Move:
        """Return a movement to be noted, of an id that ``of`` makes."""
        return Move(
            account.id,
            move_id(account.id, kind, *of),
            account.programme_id,
            kind,
            amount,
            now_us,
            business_day(now_us, self.zone),
            "begun",
        )

    def programme(self, conn: Connection, programme_id: str) -> Programme | None:
        """Return a programme as it is, live or not; None when it was never stored."""
        try:
            stored = documents.get(conn, POINTS_PROGRAMME, programme_id)
        except NotFound:
            return None
        return Programme(programme_id, stored.document, self.zone)

    async def _turn(self, standing: Standing, has: Balance, now_us: int) -> bool:
        """Do the next step; say False when there is none."""
        account = standing.account
        if standing.under_way:
            take_up = partial(account_rows.take_up, account_id=account.id, now_us=now_us)
            for move in await self.records.write(take_up):
                await self._finish(account, move, now_us)
            return True
        if account.repaying or (account.debt and has.free):
            await self._repay(account, has.free, now_us)
            return True
        if has.free and not account.customer_id:
            gone = self.move(account, "written_off", -has.free, now_us, account.version)
            await self.records.write(lambda c: account_rows.note_if_same(c, account, [gone]))
            return True
        return await self._expire(standing, has, now_us)

    async def _finish(self, account: Account, move: Move, now_us: int) -> None:
        key = f"points-move:{move.id}"
        owed = False
        state: State = "done"
        if move.amount >= 0:
            if move.lot:
                await put_on(self.ledger, Counters(account.id).purse, move.lot, key, now_us)
        elif not await self._take_off(account, -move.amount, key, now_us):
            owed = move.kind == "taken_back"
            state = "done" if owed else "refused"
        if state == "done" and move.amount and move.kind != "earned":
            await self.tell(account, [move])
        await self.records.write(lambda conn: account_rows.finish(conn, move, state, owed=owed))

    async def _take_off(self, account: Account, amount: int, key: str, now_us: int) -> bool:
        takes = [
            Take(Counters(account.id).purse.counter, amount),
            Take(way_counter(account.programme_id, "taken_off"), amount, AMOUNT_MAX),
        ]
        return isinstance(await self.ledger.spend(key, takes, now_us), Granted)

    async def _repay(self, account: Account, free: int, now_us: int) -> None:
        """Pay what the account owes from what it has."""
        on_its_way: Account | None = account
        if not account.repaying:
            on_its_way = await self.records.write(
                lambda conn: account_rows.begin_repayment(conn, account, free)
            )
        if on_its_way is None:
            return
        paying = on_its_way
        key = f"points-debt:{paying.id}:{paying.repayments}"
        done = await self._take_off(paying, paying.repaying, key, now_us)
        await self.records.write(lambda conn: account_rows.end_repayment(conn, paying, done=done))

    async def _expire(self, standing: Standing, has: Balance, now_us: int) -> bool:
        """Take off what is of expired lots. While an order holds points, they are not closed."""
        account = standing.account
        over = [lot for lot in standing.lots if lot.expires_at_us <= now_us]
        living = sum(
            lot.lot
            for lot in standing.lots
            if lot.expires_at_us > now_us and lot.state != "pending"
        )
        gone = max(0, has.free - living) if over else 0
        if not over or (has.leased and not gone):
            return False
        lost = self.move(account, "expired", -gone, now_us, account.version)

        def work(conn: Connection) -> None:
            is_same = account_rows.note_if_same(conn, account, [lost] if gone else [])
            if is_same and not has.leased:
                account_rows.close_lots(conn, account, over)

        await self.records.write(work)
        return True

    async def _publish(self, account_id: str, now_us: int) -> None:
        """Reckon score, tier and next due moment, and set the counters that quotes read."""
        counters = Counters(account_id)
        names = [counters.due, counters.score]
        for _ in range(TURNS_MAX):
            account, before = await self._reckoned(account_id, now_us)
            if before is not None and account.tier != before:
                await self.event_log.append([events.of_tier(account, before, now_us)])
            due_s = 0 if account.due_us >= FOREVER_US else -(-account.due_us // SECOND_US)
            wanted = [due_s, account.score]
            found = await self.ledger.balances(names)
            if [found[name].limit for name in names] == wanted:
                return
            takes = [Take(name, 0, value) for name, value in zip(names, wanted, strict=True)]
            key = f"points-told:{account_id}:{account.version}"
            await self.ledger.spend(key, takes, now_us)
            found = await self.ledger.balances(names)
            if [found[name].limit for name in names] == wanted:
                return
            # Another's step of an earlier version came after ours: say it anew.
            await self.records.write(partial(account_rows.store, account=account))

    async def _reckoned(self, account_id: str, now_us: int) -> tuple[Account, str | None]:
        """Return the account with what the clock makes of it, and its tier before a change."""

        def reckon(conn: Connection) -> tuple[Account, dict[str, object]]:
            account = account_rows.find(conn, account_id)
            assert account is not None
            return account, self._changes(conn, account, now_us)

        account, changes = await self.records.read(reckon)
        if not changes:
            return account, None

        def write(conn: Connection) -> tuple[Account, str]:
            account, changes = reckon(conn)
            after = account_rows.store(conn, account, **changes) if changes else account
            return after, account.tier

        return await self.records.write(write)

    def _changes(self, conn: Connection, account: Account, now_us: int) -> dict[str, object]:
        """Return the fields of an account that are others by now."""
        programme = self.programme(conn, account.programme_id)
        moments = [
            lot.available_at_us if lot.state == "pending" else lot.expires_at_us
            for lot in account_rows.lots(conn, account.id)
        ]
        due_us = min(moments, default=FOREVER_US)
        score, tier = account.score, account.tier
        if programme is not None and programme.document.tiers:
            since_us = programme.window_start_us(now_us)
            scored = account_rows.scoring(conn, account, since_us)
            by_points = programme.document.tier_by == "points"
            score = max(0, sum(one.amount if by_points else one.spend_minor for one in scored))
            reached = programme.tier(score) if account.customer_id else None
            tier = "" if reached is None else reached.name
            if scored:
                due_us = min(due_us, programme.counts_until_us(scored[0].at_us))
        if due_us <= now_us:  # an order holds what has expired
            due_us = now_us + LOOK_AGAIN_US
        now = {"due_us": due_us, "score": score, "tier": tier}
        return {name: value for name, value in now.items() if getattr(account, name) != value}
