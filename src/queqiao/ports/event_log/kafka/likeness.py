"""Whether a topic holds what the embedded log holds, as far as the copy went.

Frames that were copied and noted are read again, and the digest over them is compared: one that was
rewritten since (an erasure) would otherwise live on in the topic, where nothing can be replaced.
What was sent and not noted, when the copy was killed, is read from the topic, event by event.
"""

from collections.abc import Callable
from typing import NamedTuple

from xxhash import xxh3_64_intdigest

from queqiao.kernel.errors import Conflict, Message
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.ports.event_log.kafka.copying import Copied
from queqiao.ports.event_log.kafka.merge import Merge
from queqiao.ports.event_log.kafka.records import key_in
from queqiao.ports.event_log.records import Records

Seen = Callable[[Records, list[bytes]], None]
"""Told of a frame that the topic was found to hold, with the keys of its events."""


class Held(NamedTuple):
    """One event as both hold it."""

    digest: bytes
    fingerprint: bytes
    body: bytes


def digest_of(frame: Records, before: int) -> int:
    """Return the digest over the frames up to this one, from that before it."""
    return xxh3_64_intdigest(frame.payload, before)


def keys_of(frame: Records) -> list[bytes]:
    """Return digest and fingerprint, joined, of each event of a frame."""
    return list(map(b"".join, frame.keys()))


def look(
    reader: EmbeddedEventLogReader, merge: Merge, how_far: Copied, last: int, seen: Seen
) -> int:
    """Compare the log with a topic that ends at ``last``; return the digest over its frames.

    ``merge`` stands behind what was noted. Raises Conflict when the two are not the same.
    """
    digest = 0
    for frame in reader.records(0):
        if frame.first > last:
            break
        if frame.last > last:
            raise Conflict(NOT_THIS_LOG)
        digest = digest_of(frame, digest)
        if frame.last > how_far.offset:
            compare(reader, merge, frame)
            seen(frame, keys_of(frame))
        elif frame.last == how_far.offset and str(digest) != how_far.digest:
            raise Conflict(_REWRITTEN)
    return digest


def compare(reader: EmbeddedEventLogReader, merge: Merge, frame: Records) -> None:
    """Compare a frame with what comes next in the topic. Raises Conflict, or Unavailable."""
    bodies = frame.events(frame.first - 1, frame.count, reader.unpack(frame))
    ours = [Held(*key, event.body) for key, event in zip(frame.keys(), bodies, strict=True)]
    theirs: list[Held] = []
    while len(theirs) < len(ours):
        for message in merge.take(len(ours) - len(theirs)):
            _, digest, fingerprint = key_in(message, frame.seed)
            theirs.append(Held(digest, fingerprint, message.value() or b""))
    if [one[:2] for one in ours] != [one[:2] for one in theirs]:
        raise Conflict(NOT_THIS_LOG)
    if ours != theirs:
        raise Conflict(_REWRITTEN)


NOT_THIS_LOG = Message(
    "主题里是另一个日志；换一个主题名",
    "the topic holds another log; name another topic",
)
_REWRITTEN = Message(
    "事件搬过去之后又被改写过（有人要求删除），而 Kafka 里不能改；加 --anew 再运行："
    "它会删除该主题并从头再搬",
    "events were rewritten after they had been copied (an erasure), and Kafka cannot replace them;"
    " run it again with --anew, which deletes the topic and copies all of it",
)
