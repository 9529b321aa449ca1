"""Void codes: ranges of a batch's numbers that no longer count, each with its reason.

A void holds everywhere within a second, as everything live does. A code that an order has locked
by then may still be redeemed by that order: the lock is a promise.
"""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, insert, select
from sqlalchemy.engine import Row

from queqiao.decide.promotions.coupons.ranges import Range, Ranges, merged
from queqiao.decide.promotions.coupons.tables import voids


class Void(msgspec.Struct, frozen=True):
    """A range of codes that somebody made void."""

    id: int
    first_number: int
    end_number: int
    reason: str
    at_us: int
    by: str


class Voiding(msgspec.Struct, frozen=True):
    """Why codes become void, by whom, and when."""

    reason: str
    by: str
    at_us: int


def add(conn: Connection, batch_id: str, ranges: Sequence[Range], voiding: Voiding) -> None:
    """Make ranges of a batch void; who does so also notes it in the trail and the change feed."""
    row = {"batch_id": batch_id, **msgspec.structs.asdict(voiding)}
    rows = [{**row, "first_number": first, "end_number": end} for first, end in merged(ranges)]
    conn.execute(insert(voids), rows)


def of_batch(conn: Connection, batch_id: str) -> list[Void]:
    """Return what was made void of a batch, oldest first."""
    query = select(voids).where(voids.c.batch_id == batch_id).order_by(voids.c.id)
    return [_void(row) for row in conn.execute(query)]


def load(conn: Connection) -> dict[str, Ranges]:
    """Return all void numbers by batch: what the snapshot of ``decide`` holds."""
    found: dict[str, list[Range]] = {}
    for row in conn.execute(select(voids.c.batch_id, voids.c.first_number, voids.c.end_number)):
        found.setdefault(row.batch_id, []).append((row.first_number, row.end_number))
    return {batch_id: Ranges(ranges) for batch_id, ranges in found.items()}


def _void(row: Row[tuple[object, ...]]) -> Void:
    return Void(row.id, row.first_number, row.end_number, row.reason, row.at_us, row.by)
