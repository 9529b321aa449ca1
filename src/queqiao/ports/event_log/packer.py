"""Makes the payloads of frames, small ones too: with a dictionary of what the log has seen before.

Events resemble each other, and a frame of few has little to look back on: alone, an event of 600 B
packs to 456, with a dictionary of 8 KB to 82 (in tens: 119 to 58); large frames need none. The
dictionary is trained of a sample of the log's own events, of what several people's have in common
(``samples.py``), on the committer's thread (10 ms, and 50 for the choice), and stands in the frame
that is the first to use it; later frames name that frame's position. So it is as durable as what
needs it. It is made anew as the log grows, and then once in a while, since shops change.
"""

from collections.abc import Callable, Sequence

import structlog
from zstandard import ZstdCompressionDict, ZstdCompressor, ZstdError, train_dictionary

from queqiao.ports.event_log.records import (
    FLAG_CUT,
    FORMAT,
    HEAD,
    ID_HEAD,
    Columns,
    lengths_of,
)
from queqiao.ports.event_log.samples import shared

LEVEL = 1
"""Of zstd. Measured: 0.7 us an event of 600 B in thousands, 38 B left; level 3 takes no less."""

DICTIONARY_BYTES = 8 << 10
SAMPLES = 500
SAMPLES_A_FRAME = 50
FIRST_OFFSET = 1
"""The frame that begins here lies at position 0, which names no dictionary: it brings none."""
SAMPLE_BYTES_MAX = 4096
PLAIN_FROM_BYTES = 64 << 10
"""A frame of so many bytes of events is packed without a dictionary: it gains next to nothing."""
RENEW_GROWTH = 8
"""A dictionary is made anew when the log has so many times the events it had then, ..."""
RENEW_EVENTS_MAX = 1 << 20
"""... and after so many more at the latest."""

log = structlog.get_logger()

Compress = Callable[[bytes], bytes]


class Packer:
    """Makes payloads. One thread uses one packer (a zstd context bears no second one)."""

    def __init__(self) -> None:
        self._plain: Compress = ZstdCompressor(level=LEVEL).compress
        self._samples: list[bytes] = []
        self._fresh: tuple[bytes, int] | None = None
        self._use(b"", 0, 0)

    def _use(self, dictionary: bytes, position: int, due: int) -> None:
        self._position, self._due = position, due
        self._compress = _compressor(dictionary) if dictionary else self._plain

    def resume(self, dictionary: bytes, position: int, first: int) -> None:
        """Go on with the dictionary that the frame at ``position`` brought, from ``first`` on."""
        self._use(dictionary, position, _next_due(first))

    def pack(self, events: Columns, seed: int) -> bytes:
        """Return the payload of new events."""
        heads, bodies = list(map(ID_HEAD.__add__, events.ids)), events.bodies
        dictionary = self._new_dictionary(events.first, bodies)
        cut = all(map(bytes.startswith, bodies, heads))
        if cut:
            bodies = [body[len(head) :] for body, head in zip(bodies, heads, strict=True)]
        if dictionary:
            compress, position = _compressor(dictionary), 0
        elif events.size < PLAIN_FROM_BYTES:
            compress, position = self._compress, self._position
        else:
            compress, position = self._plain, 0
        ids = self._plain(events.encoded_ids())
        head = HEAD.pack(
            events.first,
            seed,
            position,
            len(bodies),
            len(dictionary),
            len(ids),
            FORMAT | FLAG_CUT if cut else FORMAT,
        )
        packed = compress(b"".join((lengths_of(bodies), *bodies)))
        return b"".join((head, dictionary, *events.fingerprints, ids, packed))

    def _new_dictionary(self, first: int, bodies: Sequence[bytes]) -> bytes:
        """Take samples; return a dictionary of them when it is time, else nothing."""
        if first < self._due:
            return b""
        step = -(-len(bodies) // SAMPLES_A_FRAME)
        self._samples += [body for body in bodies[::step] if len(body) <= SAMPLE_BYTES_MAX]
        if first == FIRST_OFFSET or len(self._samples) < SAMPLES:
            return b""
        samples, self._samples = self._samples, []
        dictionary = _trained(samples)
        if dictionary:
            self._fresh = dictionary, first
        else:
            self._due = _next_due(first)
        return dictionary

    def stored(self, position: int) -> None:
        """Note where the last payload lies: what it brought is used from now on."""
        if self._fresh is not None:
            dictionary, first = self._fresh
            self.resume(dictionary, position, first)
            self._fresh = None

    def lost(self) -> None:
        """Note that the last payload did not reach the disk, nor what it brought.

        Its events come again, if at all: were its samples kept, tries would count as events.
        """
        self._fresh = None
        self._samples = []


def _trained(samples: Sequence[bytes]) -> bytes:
    """Return a dictionary; empty when there is none to be had, which costs bytes and no event."""
    try:
        left: list[bytes | bytearray | memoryview] = [*shared(samples)]
        return train_dictionary(DICTIONARY_BYTES, left).as_bytes()
    except ZstdError:  # they have nothing in common
        return b""
    except Exception as error:  # noqa: BLE001  # whatever is in bodies, the log goes on
        # Its kind only: its words may be a person's.
        log.warning("the event log goes on without a new dictionary", cause=type(error).__name__)
        return b""


def _next_due(first: int) -> int:
    return min(first * RENEW_GROWTH, first + RENEW_EVENTS_MAX)


def _compressor(dictionary: bytes) -> Compress:
    prepared = ZstdCompressionDict(dictionary)
    prepared.precompute_compress(level=LEVEL)
    return ZstdCompressor(level=LEVEL, dict_data=prepared).compress
