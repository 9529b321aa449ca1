"""People counted through stitching: numbers that stand for another number count as that one.

A set of people is a bitmap of their numbers; a stitch moves one number in it. What was known at an
offset is read of the stitches up to it, so a past report stays what it was.
"""

from queqiao.ports.warehouse.base import Warehouse

PEOPLE = "people"
"""The base, and the measure of the rollups, that counts people."""

_MOVED = (
    "SELECT person AS old, argMax(`into`, offset) AS new FROM stitches"
    " WHERE offset <= {as_of:UInt64} GROUP BY old HAVING new != old ORDER BY old"
)
_ARRAYS = ", ".join(f"(SELECT groupArray({name}) FROM ({_MOVED}))" for name in ("old", "new"))  # noqa: S608  # our own words; values are parameters
_ANY = "SELECT count() > 0 FROM stitches WHERE offset <= {as_of:UInt64}"


async def any_stitched(warehouse: Warehouse, as_of: int) -> bool:
    """Say whether anybody was stitched to another by an offset."""
    return bool((await warehouse.query(_ANY, {"as_of": as_of})).rows[0][0])


def counted(bitmap: str) -> str:
    """Return the number of people in a bitmap of their numbers, in SQL; needs ``as_of``."""
    return f"bitmapCardinality(bitmapTransform({bitmap}, {_ARRAYS}))"


def person(*, stitched: bool) -> str:
    """Return the number that an event's person counts as, in SQL; needs ``as_of`` if stitched."""
    return f"transform(person, {_ARRAYS}, person)" if stitched else "person"


_RENAMED = (
    "SELECT person_id AS old, argMax(into_id, offset) AS new FROM stitches"
    " WHERE offset <= {as_of:UInt64} GROUP BY old HAVING new != old AND new != '' ORDER BY old"
)
_NAMES = ", ".join(f"(SELECT groupArray({name}) FROM ({_RENAMED}))" for name in ("old", "new"))  # noqa: S608  # our own words; values are parameters


def person_id(*, stitched: bool) -> str:
    """Return the id that a row's person goes by, in SQL; needs ``as_of`` if stitched."""
    return f"transform(person_id, {_NAMES}, person_id)" if stitched else "person_id"
