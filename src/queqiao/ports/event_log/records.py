"""The payload of one journal frame: the events that one commit stored, column by column.

    first offset u64, seed of the digests u64, position of the dictionary's frame u64,
    count u32, bytes of a dictionary u32, bytes of the ids u32, flags u32 |
    a dictionary, if the frame brings one | fingerprints 8 B each |
    zstd of the ids with their sources | zstd of (lengths u32 each | bodies)

Where a body was rewritten the digest stands in the place of its id, behind a byte that begins no
text. A frame that found no room for its new bodies says so; then all of it lies apart
(``apart.py``), and here are dictionary and fingerprints only.

Ids and fingerprints lie apart from the bodies, so that the dedup index is rebuilt without unpacking
those: a digest follows from source and id. Ids are noise, which a column of their own packs to
their entropy (16 bytes of 32 hex digits); a body that begins with its id stands here without it.
Fingerprints are noise that nothing makes smaller.
"""

import struct
import sys
from array import array
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, pairwise, repeat
from struct import Struct

import msgspec
from xxhash import xxh3_128_digest
from zstandard import ZstdDecompressor, ZstdError

from queqiao.kernel.errors import Broken, Message
from queqiao.ports.event_log.base import StoredEvent
from queqiao.ports.event_log.sources import prefix_of

HEAD = Struct("<QQQIIII")

FINGERPRINT_BYTES = 8
ID_HEAD = b'{"message_id":"'
"""How an encoded envelope begins, before its id."""
FORMAT = 2 << 8
"""Stands in the flags of each frame, so that a log of another version is not taken for damage."""
FLAG_CUT = 1
"""The bodies stand without ``ID_HEAD`` and their ids."""
FLAG_APART = 2
"""The frame as it is now lies elsewhere."""
_FLAGS = FLAG_CUT | FLAG_APART
_HIDDEN = b"\xff"
"""What stands before a digest in the place of an id. The digest is in hexadecimal digits, as most
ids are: one alphabet packs best."""

Unpack = Callable[[bytes], bytes]
"""Undoes the packing of bodies, with the dictionary they were packed with."""


_OTHER_VERSION = Message(
    "日志由另一个版本写成，请用那个版本导出，或换一个新目录",
    "the log was written by another version; export it with that one, or begin in a new folder",
)


def unreadable(position: int) -> Broken:
    """Return the error for a frame that does not unpack, though its checksum holds."""
    return Broken(
        Message(
            f"日志在位置 {position} 处的帧无法解压，请从备份恢复",
            f"the log's frame at position {position} does not unpack; restore it from a backup",
        )
    )


class Ids(msgspec.Struct, array_like=True):
    """Message ids, and runs of them that came from one source, in their order."""

    origins: list[tuple[str, int]]
    lengths: bytes
    joined: bytes


_encode_ids = msgspec.msgpack.Encoder().encode
_decode_ids = msgspec.msgpack.Decoder(Ids).decode


def hidden(digest: bytes) -> bytes:
    """Return what stands in the place of an id that is to be forgotten."""
    return _HIDDEN + digest.hex().encode()


def hidden_in(message_id: bytes) -> str:
    """Return the digest in hexadecimal where it stands in the place of an id, else nothing."""
    return message_id[len(_HIDDEN) :].decode() if message_id.startswith(_HIDDEN) else ""


def shown(message_id: bytes) -> bytes:
    """Return an id as a body says it: none where it is forgotten."""
    return b"" if message_id.startswith(_HIDDEN) else message_id


def lengths_of(parts: Sequence[bytes]) -> bytes:
    """Return the lengths of some bytes, u32 each."""
    return struct.pack(f"<{len(parts)}I", *map(len, parts))


def split(joined: bytes, lengths: bytes) -> list[bytes]:
    """Take apart what was joined."""
    sizes = array("I", lengths)
    if sys.byteorder == "big":
        sizes.byteswap()
    ends = list(accumulate(sizes, initial=0))
    return [joined[start:end] for start, end in pairwise(ends)]


def encoded_ids(ids: Sequence[bytes], origins: list[tuple[str, int]]) -> bytes:
    """Return ids as they stand in a frame, but for their packing."""
    return _encode_ids(Ids(origins, lengths_of(ids), b"".join(ids)))


class Columns:
    """Events to pack, in the order of their offsets."""

    __slots__ = ("bodies", "fingerprints", "first", "ids", "origins", "size")

    def __init__(self, first: int) -> None:
        self.first = first
        self.origins: list[tuple[str, int]] = []
        self.ids: list[bytes] = []
        self.fingerprints: list[bytes] = []
        self.bodies: list[bytes] = []
        self.size = 0

    def add(
        self,
        source: str,
        ids: Sequence[bytes],
        fingerprints: Sequence[bytes],
        bodies: Sequence[bytes],
    ) -> None:
        """Take events of one source in."""
        count = len(ids)
        if self.origins and self.origins[-1][0] == source:
            count += self.origins.pop()[1]
        self.origins.append((source, count))
        self.ids += ids
        self.fingerprints += fingerprints
        self.bodies += bodies
        self.size += sum(map(len, bodies))

    @property
    def last(self) -> int:
        """Offset of the last event."""
        return self.first + len(self.bodies) - 1

    def encoded_ids(self) -> bytes:
        """Return the ids as they stand in a frame, but for their packing."""
        return encoded_ids(self.ids, self.origins)


class Records:
    """The payload of the frame at a position, taken apart only as far as it is asked for.

    ``dictionary_at`` is the position of the frame that brings the dictionary of its bodies; 0 when
    they were packed without one.
    """

    __slots__ = ("_cut", "_ids", "_ids_at", "_ids_size", "_marks_at", "_payload", "count",
                 "dictionary_at", "first", "is_apart", "last", "position", "seed")  # fmt: skip

    def __init__(self, payload: bytes, position: int) -> None:
        self._payload = payload
        self.position = position
        self.first: int
        self.seed: int
        self.dictionary_at: int
        self.count: int
        head = HEAD.unpack_from(payload)
        self.first, self.seed, self.dictionary_at, self.count, own, self._ids_size, flags = head
        if flags & ~_FLAGS != FORMAT:
            raise Broken(_OTHER_VERSION)
        if own:
            self.dictionary_at = position
        self.last = self.first + self.count - 1
        self._cut = bool(flags & FLAG_CUT)
        self.is_apart = bool(flags & FLAG_APART)
        self._marks_at = HEAD.size + own
        self._ids_at = self._marks_at + self.count * FINGERPRINT_BYTES
        self._ids: tuple[list[bytes], list[bytes], list[tuple[str, int]]] | None = None

    @property
    def payload(self) -> bytes:
        """The frame as it is now."""
        return self._payload

    @property
    def dictionary(self) -> bytes:
        """The dictionary that the frame brings, empty when it brings none."""
        return self._payload[HEAD.size : self._marks_at]

    @property
    def fingerprints(self) -> bytes:
        """The fingerprints of all events, 8 bytes each."""
        return self._payload[self._marks_at : self._ids_at]

    def ids(self) -> tuple[list[bytes], list[tuple[str, int]]]:
        """Return the ids as they stand here, and runs of them that came from one source."""
        _, ids, origins = self._named()
        return ids, origins

    def _named(self) -> tuple[list[bytes], list[bytes], list[tuple[str, int]]]:
        """Return the prefix of the digest and the id of each event, and the sources."""
        if self._ids is None:
            packed = self._payload[self._ids_at : self._ids_at + self._ids_size]
            ids = _decode_ids(self._unpacked(packed, ZstdDecompressor().decompress))
            prefixes = [
                prefix for name, count in ids.origins for prefix in repeat(prefix_of(name), count)
            ]
            self._ids = prefixes, split(ids.joined, ids.lengths), ids.origins
        return self._ids

    def _unpacked(self, packed: bytes, unpack: Unpack) -> bytes:
        try:
            return unpack(packed)
        except ZstdError as error:
            raise unreadable(self.position) from error

    def keys(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield digest and fingerprint of each event."""
        return map(self.key_at, range(self.first, self.last + 1))

    def key_at(self, offset: int) -> tuple[bytes, bytes]:
        """Return digest and fingerprint of one event."""
        prefixes, ids, _ = self._named()
        index = offset - self.first
        at = self._marks_at + index * FINGERPRINT_BYTES
        one = ids[index]
        if digest_hex := hidden_in(one):
            digest = bytes.fromhex(digest_hex)
        else:
            digest = xxh3_128_digest(prefixes[index] + one, self.seed)
        return digest, self._payload[at : at + FINGERPRINT_BYTES]

    def events(self, after: int, limit: int, unpack: Unpack) -> list[StoredEvent]:
        """Return up to ``limit`` events with offsets above ``after``."""
        content = self._unpacked(self._payload[self._ids_at + self._ids_size :], unpack)
        lengths = 4 * self.count
        bodies = split(content[lengths:], content[:lengths])
        start = max(0, after + 1 - self.first)
        end = min(self.count, start + limit)
        if self._cut:
            ids = self._named()[1]
            return [
                StoredEvent(
                    self.first + index, b"".join((ID_HEAD, shown(ids[index]), bodies[index]))
                )
                for index in range(start, end)
            ]
        return [StoredEvent(self.first + index, bodies[index]) for index in range(start, end)]
