"""A frame packed anew with other bodies for some of its events, to fit the place of the old one."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from zstandard import ZstdCompressionDict, ZstdCompressor

from queqiao.ports.event_log.packer import LEVEL
from queqiao.ports.event_log.records import (
    FLAG_APART,
    FLAG_CUT,
    FORMAT,
    HEAD,
    ID_HEAD,
    Records,
    Unpack,
    encoded_ids,
    hidden,
    lengths_of,
    shown,
)

LEVELS = (LEVEL, 9, 15)
"""Of zstd, in this order until the frame fits. Measured with one event of a shop's changed:

| events a frame | level 1 | 9 | 15 | 19 |
|---|---|---|---|---|
| 1,000 | 1 ms, none fits | 5 ms, all fit | 11 ms | 165 ms |
| 100 | 0.2 ms, none | 1.1 ms, none | 10 ms, all | 10 ms |
| 20 | 0.1 ms, none | 0.4 ms, 8 of 100 | 2 ms, 97 of 100 | 2 ms, as many |
"""


class Content(NamedTuple):
    """The events of a frame: ids as they stand in it, and whole bodies, in order."""

    ids: list[bytes]
    bodies: list[bytes]


def content_of(records: Records, unpack: Unpack) -> Content:
    """Return what a frame holds."""
    events = records.events(records.first - 1, records.count, unpack)
    return Content(list(records.ids()[0]), [event.body for event in events])


def changed(records: Records, content: Content, bodies: Mapping[int, bytes]) -> Content:
    """Return the content with other bodies at some offsets.

    Their ids are forgotten, but where the new body begins with its id as the old one did.
    """
    ids, new = list(content.ids), list(content.bodies)
    for offset, body in bodies.items():
        index = offset - records.first
        new[index] = body
        if not body.startswith(ID_HEAD + ids[index] + b'"'):
            ids[index] = hidden(records.key_at(offset)[0])
    return Content(ids, new)


def repacked(records: Records, content: Content, dictionary: bytes, room: int | None) -> bytes:
    """Return the payload of a frame with another content; empty when it takes more than ``room``.

    ``dictionary`` is the one that the frame was packed with. Without a room any size will do.
    """
    heads = [ID_HEAD + shown(one) for one in content.ids]
    bodies: Sequence[bytes] = content.bodies
    is_cut = all(map(bytes.startswith, bodies, heads))
    if is_cut:
        bodies = [body[len(head) :] for body, head in zip(bodies, heads, strict=True)]
    told, joined = encoded_ids(content.ids, records.ids()[1]), lengths_of(bodies) + b"".join(bodies)
    for level in LEVELS:
        ids = ZstdCompressor(level=level).compress(told)
        packed = _compressor(dictionary, level)(joined)
        head = _head(records, len(ids), FLAG_CUT if is_cut else 0)
        payload = b"".join((head, records.dictionary, records.fingerprints, ids, packed))
        if room is None or len(payload) <= room:
            return payload
    return b""


def without_events(records: Records) -> bytes:
    """Return what stays of a frame in its place when all of it lies apart."""
    return b"".join((_head(records, 0, FLAG_APART), records.dictionary, records.fingerprints))


def _head(records: Records, ids_size: int, flags: int) -> bytes:
    own = len(records.dictionary)
    at = 0 if own else records.dictionary_at
    return HEAD.pack(records.first, records.seed, at, records.count, own, ids_size, FORMAT | flags)


def _compressor(dictionary: bytes, level: int) -> Callable[[bytes], bytes]:
    if not dictionary:
        return ZstdCompressor(level=level).compress
    prepared = ZstdCompressionDict(dictionary)
    prepared.precompute_compress(level=level)
    return ZstdCompressor(level=level, dict_data=prepared).compress
