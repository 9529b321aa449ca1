"""What a journal promises, and the shape of its bytes.

A journal is a folder of segment files that hold one endless sequence of frames. A position is a
byte address in that sequence; a segment is named by the position of its first byte.

- **Durable**: an append answers after ``fdatasync``; many appends share one (group commit).
- **Ordered**: frames lie in the order of the calls; positions only grow.
- **Whole**: each frame carries a checksum over its position, its payload and whether padding
  follows. A torn tail is cut off when the writer opens; damage before the committed watermark is
  never cut, it raises ``Broken``.
- **Seen when safe**: the watermark, shared through a mapped file, only ever names fsynced bytes.
  Readers in any process stop there.
- **One writer**: held by a file lock for the life of the process.
- **Replaced in place**: ``rewrite`` puts shorter payloads where others stood; positions stay. After
  a crash in between all of them are there or none is. Nothing of the old ones stays in the folder.
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

PADDED = 1 << 31
"""In the length of a header: a shorter payload was put here, and padding follows it."""
_PADDED_SEED = 1 << 63
_COUNT = Struct("<I")
_LONG = 255

SEGMENT_SUFFIX = ".seg"
COMMITTED_NAME = "committed"
LOCK_NAME = "lock"


class Frame(NamedTuple):
    """One committed payload, where it starts and where the next one will."""

    position: int
    payload: bytes
    next_position: int


def checksum(position: int, content: bytes | memoryview, *, is_padded: bool = False) -> int:
    """Return the checksum of a frame. The position in it unmasks bytes left from elsewhere.

    Whether it is padded is in it too, since a reader may see the new length of a frame that is
    being rewritten, and all else as it was.
    """
    return xxh3_64_intdigest(content, position | _PADDED_SEED if is_padded else position)


def padded(payload: bytes, length: int) -> bytes:
    """Return a payload with padding behind it that says, at its end, how long it is.

    Raises ValueError when the payload is longer than that.
    """
    missing = length - len(payload)
    if missing < 0:
        raise ValueError(f"{-missing} bytes too long")
    if missing < _LONG:
        return payload + bytes(missing - 1) + bytes((missing,)) if missing else payload
    return payload + bytes(missing - 1 - _COUNT.size) + _COUNT.pack(missing) + bytes((_LONG,))


def unpadded(content: bytes) -> bytes:
    """Return the payload before the padding."""
    missing = content[-1]
    if missing == _LONG:
        (missing,) = _COUNT.unpack_from(content, len(content) - 1 - _COUNT.size)
    return content[: len(content) - missing]


def segment_name(base: int) -> str:
    """Return the file name of the segment whose first byte has this position."""
    return f"{base:020d}{SEGMENT_SUFFIX}"
