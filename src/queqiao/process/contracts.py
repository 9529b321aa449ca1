"""What later stages may know of this one: the tables, and how far they are loaded."""

import msgspec

from queqiao.ports.warehouse.base import Warehouse
from queqiao.process.ddl import (
    EVENTS,
    IDENTITIES,
    ORDER_LINES,
    SESSIONS,
    UNPROCESSED,
    create_tables,
)

__all__ = [
    "EVENTS",
    "IDENTITIES",
    "ORDER_LINES",
    "SESSIONS",
    "UNPROCESSED",
    "Watermark",
    "create_tables",
    "watermark",
]

_WATERMARK = "SELECT max(offset), max(timestamp), max(received_at) FROM watermark"


class Watermark(msgspec.Struct, frozen=True):
    """Every event up to ``offset`` is in every table, whole; none of a later one need be.

    ``timestamp_us`` is the latest time of happening among them (a client's clock, mended at the
    door), ``received_at_us`` the latest time of taking (ours). Offset 0: nothing is loaded yet.
    """

    offset: int
    timestamp_us: int
    received_at_us: int


async def watermark(warehouse: Warehouse) -> Watermark:
    """Return how far the warehouse is loaded."""
    (row,) = (await warehouse.query(_WATERMARK)).rows
    return Watermark(*row)
