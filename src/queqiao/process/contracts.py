"""What later stages may know of this one: the tables, and how far they are loaded."""

import msgspec

from queqiao.ports.warehouse.base import Warehouse
from queqiao.process.consent import (
    ADVERTISING,
    ANALYTICS,
    PERSONALIZATION,
    REPORTED,
    Purpose,
    allows,
    mask_of,
)
from queqiao.process.ddl import (
    CORRECTIONS,
    EVENTS,
    IDENTITIES,
    ORDER_LINES,
    SESSIONS,
    STITCHES,
    UNPROCESSED,
    create_tables,
)
from queqiao.process.enrichment.declared_bots import Declared, declared

__all__ = [
    "ADVERTISING",
    "ANALYTICS",
    "CORRECTIONS",
    "CUBES",
    "ERASED",
    "EVENTS",
    "IDENTITIES",
    "MEASURES",
    "MERGED",
    "ORDER_LINES",
    "PERSONALIZATION",
    "REPORTED",
    "SEPARATED",
    "SESSIONS",
    "STITCHES",
    "UNPROCESSED",
    "BackfillState",
    "Block",
    "Cube",
    "Declared",
    "Enricher",
    "Order",
    "Purpose",
    "RemoteBackfill",
    "RemoteTiering",
    "SessionRules",
    "Storage",
    "TieringState",
    "Watermark",
    "allows",
    "chain",
    "create_tables",
    "declared",
    "mask_of",
    "sealed_blocks",
    "watermark",
]
from queqiao.process.backfill import BackfillState, RemoteBackfill
from queqiao.process.enrichment.address import Storage
from queqiao.process.enrichment.enricher import Enricher
from queqiao.process.erased import ERASED
from queqiao.process.rollups import CUBES, MEASURES, Block, Cube, chain, sealed_blocks
from queqiao.process.sessions import SessionRules
from queqiao.process.stitching_events import MERGED, SEPARATED, Order
from queqiao.process.tiering import RemoteTiering, TieringState

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
