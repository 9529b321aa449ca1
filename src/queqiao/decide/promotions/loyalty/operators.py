"""What operators ask of a programme: its figures, and its books proven."""

from collections.abc import Sequence
from datetime import date, timedelta

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection

from queqiao.decide.promotions.loyalty import account_rows
from queqiao.decide.promotions.loyalty.account_rows import Account
from queqiao.decide.promotions.loyalty.contracts import POINTS_PROGRAMME
from queqiao.decide.promotions.loyalty.keeper import Keeper
from queqiao.decide.promotions.loyalty.names import Counters, way_counter
from queqiao.decide.promotions.loyalty.programme import Programme
from queqiao.kernel.clock import business_day
from queqiao.ports.records import documents

ACCOUNTS_AT_ONCE = 1_000
FAULTS_SHOWN = 20


class DayOfPoints(msgspec.Struct, frozen=True):
    """Points that moved on a business day of the shop; each is 0 or more but ``adjusted``."""

    day: str
    earned: int = 0
    spent: int = 0
    returned: int = 0
    taken_back: int = 0
    adjusted: int = 0
    expired: int = 0


class TierCount(msgspec.Struct, frozen=True):
    """How many customers have a tier; ``name`` null: none."""

    name: str | None
    customers: int


class PointsFigures(msgspec.Struct, frozen=True):
    """A programme's points. ``outstanding``: all that customers have or will have, less what they
    owe; ``liability_minor`` is its worth in ``currency``."""

    programme_id: str
    accounts: int
    outstanding: int
    pending: int
    liability_minor: int
    currency: str
    tiers: list[TierCount]
    days: list[DayOfPoints]


class PointsProof(msgspec.Struct, frozen=True):
    """A programme's books, by two counts.

    The sum of each account's movements is what its purse holds, and what is pending, less what it
    owes; what orders earned and spent is the same in the ledger and in the movements. An order that
    is just being paid may differ for a moment.
    """

    programme_id: str
    agrees: bool
    accounts: int
    moved: int
    held: int
    earned: int
    earned_in_ledger: int
    spent: int
    spent_in_ledger: int
    faults: list[str]


class PointsOffice:
    """Answers operators. Programmes are read from the records, live or not."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    @property
    def zone(self) -> str:
        """The time zone of the shop's days."""
        return self._keeper.zone

    async def figures(self, programme_id: str, days: int, now_us: int) -> PointsFigures:
        """Return a programme's figures. Raises NotFound."""
        today = date.fromisoformat(business_day(now_us, self._keeper.zone))
        shown = [(today - timedelta(days=n)).isoformat() for n in reversed(range(days))]
        return await self._keeper.records.read(
            lambda conn: self._figures(conn, programme_id, shown)
        )

    async def prove(self, programme_id: str, now_us: int) -> PointsProof:
        """Hold every account's movements against the ledger. Raises NotFound."""
        await self._keeper.records.read(
            lambda conn: documents.get(conn, POINTS_PROGRAMME, programme_id)
        )
        await self._keeper.ledger.expire(now_us)
        count = moved = held = 0
        faults: list[str] = []
        after = ""
        while True:
            accounts, in_rows, in_ledger = await self._two_counts(programme_id, after)
            if not accounts:
                break
            after = accounts[-1].id
            count += len(accounts)
            moved += sum(in_rows.values())
            held += sum(in_ledger.values())
            faults += [one.id for one in accounts if in_rows[one.id] != in_ledger[one.id]]
        return await self._proof(programme_id, (count, moved, held), faults)

    async def _proof(
        self, programme_id: str, sums: tuple[int, int, int], faults: list[str]
    ) -> PointsProof:
        names = [way_counter(programme_id, "earned"), way_counter(programme_id, "spent")]
        ways = await self._keeper.ledger.balances(names)
        told = await self._keeper.records.read(
            lambda conn: account_rows.of_kinds(conn, programme_id)
        )
        earned, spent = told.get("earned", 0), -told.get("spent", 0)
        in_ledger = [ways[name].spent for name in names]
        agrees = not faults and [earned, spent] == in_ledger
        return PointsProof(
            programme_id, agrees, *sums, earned, in_ledger[0], spent, in_ledger[1],
            faults[:FAULTS_SHOWN],
        )  # fmt: skip

    async def _two_counts(
        self, programme_id: str, after: str
    ) -> tuple[list[Account], dict[str, int], dict[str, int]]:
        """Return the next accounts with what their movements and what the ledger say."""

        def read(conn: Connection) -> tuple[list[Account], dict[str, tuple[int, int]]]:
            found = account_rows.of_programme(conn, programme_id, after, ACCOUNTS_AT_ONCE)
            return found, account_rows.sums(conn, [one.id for one in found])

        accounts, told = await self._keeper.records.read(read)
        counters = [Counters(one.id).purse.counter for one in accounts]
        has = await self._keeper.ledger.balances(counters) if counters else {}
        in_ledger = {
            one.id: has[name].free + has[name].leased + told.get(one.id, (0, 0))[1] - one.debt
            for one, name in zip(accounts, counters, strict=True)
        }
        return accounts, {one.id: told.get(one.id, (0, 0))[0] for one in accounts}, in_ledger

    def _figures(self, conn: Connection, programme_id: str, shown: Sequence[str]) -> PointsFigures:
        programme = self._programme(conn, programme_id)
        count, outstanding, pending = account_rows.totals(conn, programme_id)
        names = [tier.name for tier in programme.document.tiers]
        counts = account_rows.tiers(conn, programme_id)
        known = {day: DayOfPoints(day) for day in shown}
        for day, kind, points in account_rows.days(conn, programme_id, shown[0], shown[-1]):
            so_far = known[day]
            field = "expired" if kind == "written_off" else kind
            more = points if field == "adjusted" else abs(points)
            known[day] = replace(so_far, **{field: getattr(so_far, field) + more})
        none = sum(customers for name, customers in counts.items() if name not in names)
        return PointsFigures(
            programme_id,
            count,
            outstanding,
            pending,
            programme.worth(max(0, outstanding)),
            programme.document.worth.currency,
            [TierCount(None, none), *(TierCount(name, counts.get(name, 0)) for name in names)],
            list(known.values()),
        )

    def _programme(self, conn: Connection, programme_id: str) -> Programme:
        stored = documents.get(conn, POINTS_PROGRAMME, programme_id)
        return Programme(programme_id, stored.document, self._keeper.zone)
