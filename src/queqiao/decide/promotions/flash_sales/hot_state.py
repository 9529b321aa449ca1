"""From the records to the sales that requests are answered from."""

from sqlalchemy import Connection

from queqiao.decide.promotions.flash_sales.contracts import FLASH_SALE
from queqiao.decide.promotions.flash_sales.snapshot import Sales, compile_sales
from queqiao.ports.records import documents

CHANGES = (FLASH_SALE.name,)
"""The kinds of the change feed upon which the sales are compiled anew."""


def load(conn: Connection) -> Sales:
    """Compile all live and paused sales."""
    return compile_sales(
        (stored.id, stored.document, state == "live")
        for state in ("live", "paused")
        for stored in documents.in_state(conn, FLASH_SALE, state)
    )
