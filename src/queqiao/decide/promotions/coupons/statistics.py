"""What has become of a batch's uses, in numbers that add up.

Uses and locks are the ledger's own totals. What is void or expired is counted in numbers, and what
was used of it is taken off by the ledger's counters of whole lots of numbers and of hours of
expiry; codes are asked one by one only at the edges of a range.
"""

from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy import Connection

from queqiao.decide.promotions.coupons import holdings
from queqiao.decide.promotions.coupons.code_book import Batch
from queqiao.decide.promotions.coupons.ranges import Range, Ranges
from queqiao.decide.promotions.coupons.uses import (
    LOT,
    code_counter,
    expiry_counter,
    lot_counter,
    total_counter,
)
from queqiao.ports.ledger.base import Ledger
from queqiao.ports.records.base import Records

ASKED_AT_ONCE = 1_000


class BatchStatistics(msgspec.Struct, frozen=True):
    """Every use that the batch's codes have, in exactly one state; ``uses`` is their sum.

    - ``redeemed``, ``locked``: used, and held by an order.
    - ``void``, ``expired``: can no longer be used.
    - ``available``: can be used; of a personal batch those that nobody holds yet count too.
    - ``over_total``: what the codes have beyond ``uses_total``.

    ``issued`` counts the coupons of a personal batch that customers were given, in any state.
    """

    batch_id: str
    codes: int
    issued: int
    uses: int
    redeemed: int
    locked: int
    void: int
    expired: int
    available: int
    over_total: int


class Statistics:
    """Counts batches."""

    def __init__(self, ledger: Ledger, records: Records) -> None:
        self._ledger = ledger
        self._records = records

    async def of(self, batch: Batch, now_us: int) -> BatchStatistics:
        """Return the batch as it stands now."""
        await self._ledger.expire(now_us)
        (redeemed, locked) = await self._used([total_counter(batch.id)])
        uses = batch.count * batch.uses_per_code
        void = len(batch.voids) * batch.uses_per_code - await self._used_within(batch)
        rest = uses - redeemed - locked - void
        issued, expired = await self._records.read(lambda conn: _held(conn, batch, now_us))
        expired_uses = rest if now_us >= batch.ends_us else await self._expired(batch, expired)
        rest -= expired_uses
        available = max(0, min(rest, batch.uses_total - redeemed - locked))
        return BatchStatistics(
            batch.id,
            batch.count,
            issued,
            uses,
            redeemed,
            locked,
            void,
            expired_uses,
            available,
            rest - available,
        )

    async def _used(self, counters: Sequence[str]) -> tuple[int, int]:
        """Return what is spent and what is leased of the counters together."""
        spent = leased = 0
        for start in range(0, len(counters), ASKED_AT_ONCE):
            asked = counters[start : start + ASKED_AT_ONCE]
            for balance in (await self._ledger.balances(asked)).values():
                spent, leased = spent + balance.spent, leased + balance.leased
        return spent, leased

    async def _used_within(self, batch: Batch) -> int:
        """Return how many uses of void codes there were or are under way."""
        return sum(await self._used(list(_counters(batch, batch.voids))))

    async def _expired(self, batch: Batch, expired: "Expired") -> int:
        """Return the personal coupons that expired unused and not void."""
        used = sum(await self._used([expiry_counter(batch.id, at) for at in expired.by_moment]))
        names = [code_counter(batch.id, batch.code(number)) for number in expired.void]
        void_unused = len(names) - sum(await self._used(names))
        return sum(expired.by_moment.values()) - used - void_unused


class Expired(msgspec.Struct, frozen=True):
    """Personal coupons that have expired: how many when, and the numbers of those that are void."""

    by_moment: dict[int, int]
    void: Sequence[int]


def _held(conn: Connection, batch: Batch, now_us: int) -> tuple[int, Expired]:
    if batch.personal is None:
        return 0, Expired({}, ())
    void = holdings.expired_within(conn, batch.id, batch.voids.parts, now_us)
    expired = Expired(holdings.expiring(conn, batch.id, now_us), void)
    return holdings.issued(conn, batch.id), expired


def _counters(batch: Batch, ranges: Ranges) -> Iterable[str]:
    """Yield the counters that hold the uses of the numbers in the ranges: lots, and codes."""
    for first, end in ranges.parts:
        whole_first, whole_end = -(-first // LOT), end // LOT
        edges: list[Range] = [(first, end)]
        if whole_first < whole_end:
            edges = [(first, whole_first * LOT), (whole_end * LOT, end)]
            yield from (lot_counter(batch.id, lot) for lot in range(whole_first, whole_end))
        for start, stop in edges:
            yield from (code_counter(batch.id, batch.code(n)) for n in range(start, stop))
