"""Printable files of codes, made piece by piece while they are sent: CSV, plain text, gzip, zip."""

import zipfile
import zlib
from collections.abc import Iterator
from io import RawIOBase
from typing import Literal

from queqiao.kernel.http import Response

Form = Literal["csv", "txt", "csv.gz", "zip"]
FORMS: tuple[Form, ...] = ("csv", "txt", "csv.gz", "zip")

_TYPES: dict[Form, str] = {
    "csv": "text/csv; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "csv.gz": "application/gzip",
    "zip": "application/zip",
}
_QUICK = 1
"""Codes are near to random, so a higher level of compression costs time and saves nothing."""
_GZIP = 31
"""zlib's word for the gzip format."""


def code_file(
    form: Form, name: str, heading: str, lines: Iterator[bytes], lines_bytes: int | None
) -> Response:
    """Return the file as a streamed answer. ``lines`` end in CRLF; text files have no heading.

    ``lines_bytes`` is their length in all, where it is known: then the answer tells its own.
    """
    head = b"" if form == "txt" else f"{heading}\r\n".encode()
    body = _with_head(head, lines)
    headers = [("content-disposition", f'attachment; filename="{name}.{form}"')]
    if form == "csv.gz":
        body = _gzip(body)
    elif form == "zip":
        body = _zip(f"{name}.csv", body)
    elif lines_bytes is not None:
        headers.append(("content-length", str(len(head) + lines_bytes)))
    return Response(200, b"", _TYPES[form], tuple(headers), body)


def _with_head(head: bytes, lines: Iterator[bytes]) -> Iterator[bytes]:
    if head:
        yield head
    yield from lines


def _gzip(pieces: Iterator[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(_QUICK, wbits=_GZIP)
    for piece in pieces:
        yield packer.compress(piece)
    yield packer.flush()


def _zip(member: str, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield an archive of one member. Nothing seeks: sizes follow the data (ZIP64)."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=_QUICK) as archive:
        with archive.open(member, "w", force_zip64=True) as entry:
            for piece in pieces:
                entry.write(piece)
                yield sink.taken()
        yield sink.taken()
    yield sink.taken()


class _Sink(RawIOBase):
    """Takes what the archive writes until somebody fetches it."""

    def __init__(self) -> None:
        self._held = bytearray()

    def writable(self) -> bool:
        """Say yes."""
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]  # the archive writes bytes only
        """Keep some bytes."""
        self._held += data
        return len(data)

    def taken(self) -> bytes:
        """Return what was written since the last time."""
        taken = bytes(self._held)
        self._held.clear()
        return taken
