"""An event as a record of the topic, which anybody may read.

The value is the event's body as it stands, the key the user's id (the anonymous one where there is
no other), so that a partition holds all of somebody's events, in order. Headers, all of them text:
``offset`` in the log, ``source``, ``message_id``, ``fingerprint`` in hex. An event whose id was
forgotten before it came here has ``digest`` in the place of ``message_id``; then the first event of
the topic brings the ``seed`` of the digests.
"""

from typing import TypeAlias, cast

import msgspec
from confluent_kafka import Message
from xxhash import xxh3_128_digest

from queqiao.ports.event_log.records import hidden_in
from queqiao.ports.event_log.sources import prefix_of

_ID = "message_id"
SEED = "seed"

Headers: TypeAlias = "list[tuple[str, str | bytes | None]]"


class _Who(msgspec.Struct):
    user_id: str | None = None
    anonymous_id: str | None = None


_decode = msgspec.json.Decoder(_Who).decode


def key_of(body: bytes) -> str | None:
    """Return whose event it is, None when the body does not say."""
    try:
        who = _decode(body)
    except msgspec.MsgspecError:
        return None
    return who.user_id or who.anonymous_id


def headers_of(offset: int, source: str, message_id: bytes, fingerprint: bytes) -> Headers:
    """Return the headers of an event."""
    named = ("digest", digest_hex) if (digest_hex := hidden_in(message_id)) else (_ID, message_id)
    return [
        ("offset", str(offset)),
        ("source", source),
        named,
        ("fingerprint", fingerprint.hex()),
    ]


def offset_in(message: Message) -> int:
    """Return the offset in the log, 0 for a record that is none of ours."""
    headers = _headers(message)
    if not headers or headers[0][0] != "offset":
        return 0
    return int(headers[0][1] or 0)


def key_in(message: Message, seed: int) -> tuple[str, bytes, bytes]:
    """Return source, digest and fingerprint of one of our records."""
    source, known, fingerprint = (value or b"" for _, value in _headers(message)[1:4])
    name = source.decode()
    if _headers(message)[2][0] == _ID:
        digest = xxh3_128_digest(prefix_of(name) + known, seed)
    else:
        digest = bytes.fromhex(known.decode())
    return name, digest, bytes.fromhex(fingerprint.decode())


def seed_in(message: Message) -> int | None:
    """Return the seed of the digests where a record brings it."""
    return next((int(value or b"0") for name, value in _headers(message) if name == SEED), None)


def _headers(message: Message) -> list[tuple[str, bytes | None]]:
    return cast("list[tuple[str, bytes | None]]", message.headers() or [])
