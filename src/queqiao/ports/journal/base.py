"""What a journal promises, and the shape of its bytes.

A journal is a folder of segment files that hold one endless sequence of frames. A position is a
byte address in that sequence; a segment is named by the position of its first byte.

- **Durable**: an append answers after ``fdatasync``; many appends share one (group commit).
- **Ordered**: frames lie in the order of the calls; positions only grow.
- **Whole**: each frame carries a checksum over its position and payload. A torn tail is cut off
  when the writer opens; damage before the committed watermark is never cut, it raises ``Broken``.
- **Seen when safe**: the watermark, shared through a mapped file, only ever names fsynced bytes.
  Readers in any process stop there.
- **One writer**: held by a file lock for the life of the process.
- **Full disk**: the file is cut back to the last committed frame and every append that was waiting
  raises ``StorageFull``; later appends try again. **I/O error**: fatal for this writer, since what
  the disk holds is unknown; every later append raises ``Broken`` until a new writer opens.
"""

from struct import Struct
from typing import NamedTuple

from xxhash import xxh3_64_intdigest

HEADER = Struct("<IQ")
"""Length of the payload in bytes, then the checksum."""

FRAME_BYTES_MAX = 64 << 20
"""A longer length in a header is damage, not a frame."""

SEGMENT_SUFFIX = ".seg"
COMMITTED_NAME = "committed"
LOCK_NAME = "lock"


class Frame(NamedTuple):
    """One committed payload, where it starts and where the next one will."""

    position: int
    payload: bytes
    next_position: int


def checksum(position: int, payload: bytes | memoryview) -> int:
    """Return the checksum of a frame. The position in it unmasks bytes left from elsewhere."""
    return xxh3_64_intdigest(payload, position)


def segment_name(base: int) -> str:
    """Return the file name of the segment whose first byte has this position."""
    return f"{base:020d}{SEGMENT_SUFFIX}"
