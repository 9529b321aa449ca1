"""From the records to the points programme that is live, or rests."""

from sqlalchemy import Connection

from queqiao.decide.promotions.documents.points_programme import Holds
from queqiao.decide.promotions.loyalty.contracts import POINTS_PROGRAMME
from queqiao.decide.promotions.loyalty.programme import Programme
from queqiao.kernel.clock import DEFAULT_ZONE
from queqiao.ports.records import documents

CHANGES = (POINTS_PROGRAMME.name,)
"""The kinds of the change feed upon which it is read anew."""


def load(conn: Connection, zone: str = DEFAULT_ZONE, holds: Holds = "points") -> Programme | None:
    """Return the live programme that holds it, else one that is paused, None without either."""
    for state in ("live", "paused"):
        for stored in documents.in_state(conn, POINTS_PROGRAMME, state):
            if stored.document.holds != holds:
                continue
            return Programme(stored.id, stored.document, zone, is_live=state == "live")
    return None
