"""The wire of a call: a length of four bytes, then one msgpack message.

Request ``[number, method, payload]``; answer ``[number, payload, error or null]``. Answers
may come in any order: one connection carries many calls at once.
"""

import struct
from asyncio import StreamReader

import msgspec

from queqiao.kernel.problem import WireError

FRAME_BYTES_MAX = 256 * 1024 * 1024
"""A longer frame is a defect of ours; the connection is dropped."""

NIL = msgspec.Raw(b"\xc0")
"""msgpack's nothing."""

_LENGTH = struct.Struct("<I")


class Call(msgspec.Struct, array_like=True):
    """A request: the caller's number for it, the method's name and its msgpack payload."""

    number: int
    method: str
    payload: msgspec.Raw


class Answer(msgspec.Struct, array_like=True):
    """An answer: an error, or else the payload."""

    number: int
    payload: msgspec.Raw = NIL
    error: WireError | None = None


encoder = msgspec.msgpack.Encoder()
call_decoder = msgspec.msgpack.Decoder(Call)
answer_decoder = msgspec.msgpack.Decoder(Answer)


def pack(message: Call | Answer) -> bytes:
    """Return the frame of a message."""
    body = encoder.encode(message)
    return _LENGTH.pack(len(body)) + body


async def read_frame(reader: StreamReader) -> bytes:
    """Return the next message's bytes. Raises IncompleteReadError at the end of the stream."""
    (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
    if length > FRAME_BYTES_MAX:
        raise ConnectionError("a frame over its bound")
    return await reader.readexactly(length)
