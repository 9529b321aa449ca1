"""Whole lines out of an open file, from an offset on, within bounds."""

import os

import msgspec

from queqiao.collect.logs.tracked import READ_BYTES, Tracked
from queqiao.kernel.errors import FieldError, InvalidInput, Message


class Line(msgspec.Struct, frozen=True):
    """One line without its end. One over its bound has a ``refusal``, and ``raw`` is its start."""

    offset: int
    raw: bytes
    refusal: InvalidInput | None = None


class Piece(msgspec.Struct, frozen=True):
    """Whole lines up to the offset ``end``. ``raw`` is empty for a line over its bound."""

    end: int
    lines: list[Line]
    raw: bytes = b""


class WasCut(Exception):
    """What lies before the offset is not what was read there: the file was cut."""


class LineReader:
    """Reads the lines of one open file. It remembers how far it looked for the end of a line."""

    def __init__(self, descriptor: int, line_bytes_max: int) -> None:
        self._descriptor = descriptor
        self._line_bytes_max = line_bytes_max
        self._searched = 0

    def read(self, tracked: Tracked, *, to_the_end: bool = False) -> Piece | None:
        """Return the next lines, or None while there is no whole one.

        ``to_the_end`` takes the rest of a finished file as its last line. Raises WasCut, OSError.
        """
        raw = self._bytes_at(tracked)
        end = raw.rfind(b"\n") + 1
        if end:
            return self._piece(raw[:end], tracked.offset)
        if len(raw) > self._line_bytes_max:
            return self._oversized(raw, tracked.offset, to_the_end)
        if raw and to_the_end:
            return self._piece(raw, tracked.offset)
        return None

    def _piece(self, raw: bytes, offset: int) -> Piece:
        return Piece(offset + len(raw), _split(raw, offset, self._line_bytes_max), raw)

    def _bytes_at(self, tracked: Tracked) -> bytes:
        """Return what follows the offset, after a look at what lies before it."""
        before = tracked.tail.length
        length = before + max(READ_BYTES, self._line_bytes_max + 1)
        raw = os.pread(self._descriptor, length, tracked.offset - before)
        if not tracked.tail.fits(raw[:before]):
            raise WasCut
        return raw[before:]

    def _oversized(self, start: bytes, offset: int, to_the_end: bool) -> Piece | None:
        """Return a line over its bound as one piece, once its end is there."""
        at = max(self._searched, offset + len(start))
        while raw := os.pread(self._descriptor, READ_BYTES, at):
            end = raw.find(b"\n") + 1
            if end:
                return self._long_piece(start, offset, at + end, at + end - offset - 1)
            at += len(raw)
            self._searched = at
        return self._long_piece(start, offset, at, at - offset) if to_the_end else None

    def _long_piece(self, start: bytes, offset: int, end: int, length: int) -> Piece:
        kept = start[: self._line_bytes_max]
        return Piece(end, [Line(offset, kept, _too_long(length, self._line_bytes_max))])


def _split(raw: bytes, offset: int, line_bytes_max: int) -> list[Line]:
    lines = []
    for piece in raw.split(b"\n"):
        line = piece.removesuffix(b"\r")
        if len(line) > line_bytes_max:
            refusal = _too_long(len(line), line_bytes_max)
            lines.append(Line(offset, line[:line_bytes_max], refusal))
        elif line:
            lines.append(Line(offset, line))
        offset += len(piece) + 1
    return lines


def _too_long(length: int, most: int) -> InvalidInput:
    message = Message(
        f"这一行有 {length} 字节，上限 {most}；只保留了开头",
        f"the line has {length} bytes, at most {most} are taken; its start is kept",
    )
    return InvalidInput(FieldError("", message))
