"""Who is in which segment, as the segments' artifacts in the records say."""

from sqlalchemy import Connection

from queqiao.ports.records import artifacts
from queqiao.profile.contracts import ARTIFACT_PREFIX


def read_bodies(conn: Connection) -> list[bytes]:
    """Return the bodies of all segments' artifacts; ``load_members`` reads them."""
    found = (artifacts.get(conn, name) for name in artifacts.names(conn, ARTIFACT_PREFIX))
    return [one[1] for one in found if one is not None]
