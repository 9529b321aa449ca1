"""Which bad rows bear a message id, so that its receipt can name what was refused under it."""

from array import array
from collections.abc import Iterator

import msgspec
from xxhash import xxh3_64_intdigest

from queqiao.collect.contracts import BadRow
from queqiao.collect.messages import ID_CHARS_MAX
from queqiao.collect.protocols.translators import segment_call
from queqiao.kernel.errors import InvalidInput
from queqiao.kernel.text import clean


class _Named(msgspec.Struct):
    """The id of a Segment call in both spellings, of whatever type it came."""

    camel: object = msgspec.field(name="messageId", default=None)
    snake: object = msgspec.field(name="message_id", default=None)


_named = msgspec.json.Decoder(_Named)


class BadRowIds:
    """Hashes of the ids, in the order of the rows: 16 bytes a row, searched from end to end.

    Two ids may share a hash: who looks one up compares the ids of the rows that it gets.
    """

    def __init__(self) -> None:
        self._hashes = array("Q")
        self._positions = array("Q")

    def note(self, position: int, row: BadRow) -> None:
        """Remember a row that bears an id."""
        message_id = message_id_of(row)
        if message_id:
            self._hashes.append(_hash(message_id))
            self._positions.append(position)

    def positions(self, message_id: str) -> Iterator[int]:
        """Yield the positions of the rows whose ids have the hash of this one, oldest first."""
        wanted, at = _hash(message_id), 0
        while True:
            try:
                at = self._hashes.index(wanted, at)
            except ValueError:
                return
            yield self._positions[at]
            at += 1


def message_id_of(row: BadRow) -> str:
    """Return the message id that a refused call bears, empty where it bears none."""
    if row.own_id is not None:
        return row.own_id
    try:
        named = _named.decode(segment_call(row.protocol, row.body, row.part))
        return _text(named.camel) or _text(named.snake)
    except (InvalidInput, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""


def _text(value: object) -> str:
    """Return an id as the door reads it: numbers as text, text in NFC."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < 10**ID_CHARS_MAX else ""
    return clean(value, "messageId", ID_CHARS_MAX) if isinstance(value, str) else ""


def _hash(message_id: str) -> int:
    return xxh3_64_intdigest(message_id.encode())
