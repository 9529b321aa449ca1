"""The message id of a line: which file, where in it, and what it says.

The same line of the same file has the same id for ever, so the log's exact dedup closes the window
between a delivery and the checkpoint that notes it. The digest of the line is a part of it, so that
another line that comes to lie at the same place is never taken for a repetition.
"""

import re
from typing import NamedTuple

from xxhash import xxh3_64_hexdigest

_ID = re.compile(r"log-([0-9a-f]{32})-(\d{1,18})-[0-9a-f]{16}")


class Place(NamedTuple):
    """A byte offset in a followed file, by its name."""

    file: str
    offset: int


def line_id(place: Place, line: bytes) -> str:
    """Return the message id of a line that begins at ``place``."""
    return f"log-{place.file}-{place.offset}-{xxh3_64_hexdigest(line)}"


def place_of(message_id: str | None) -> Place | None:
    """Return the place in a line's id; None for any other id."""
    found = _ID.fullmatch(message_id) if message_id else None
    return Place(found[1], int(found[2])) if found else None
