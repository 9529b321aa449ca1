"""A request's body, unpacked within a bound."""

import zlib
from collections.abc import Callable

import brotli
import zstandard

from queqiao.kernel.errors import InvalidInput, Message, TooLarge, UnsupportedMedia

_GZIP_MAGIC = b"\x1f\x8b"
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_ZLIB_FIRST = 0x78
"""The first byte of zlib data with a window of 32 kB; no text of ours begins with it."""
_GZIP_WINDOW = 31
"""zlib's code for: a gzip header, the largest window."""
_RAW_WINDOW = -15
"""zlib's code for: deflate without any header."""
_ZSTD_WINDOW_MAX = 8 << 20
"""The window that RFC 8878 asks every decoder to hold; a larger one is refused."""
_JSON_STARTS = (b"{", b"[", b'"')
_KNOWN = frozenset({"", "identity", "gzip", "x-gzip", "deflate", "zstd", "br"})


class _NotThis(Exception):
    """The bytes are not of the compression that was tried."""


def unpack(body: bytes, encoding: str | None, size_max: int) -> bytes:
    """Return the body in clear: gzip, deflate (zlib or raw), zstd, br, or as it came.

    gzip, zstd and zlib are told by their first bytes, whatever the header line says; br and raw
    deflate have none, and are tried where the line names them. A body that is named compressed and
    begins as JSON does is taken as clear: some proxies unpack and leave the line.

    Raises TooLarge before it holds more than ``size_max``, InvalidInput for broken data and
    UnsupportedMedia for another encoding.
    """
    if not encoding and body[:1] in {b"{", b"["}:
        return _bounded(body, size_max)
    named = (encoding or "").strip().lower()
    for method in _methods(body, named):
        try:
            return method(body, size_max)
        except _NotThis:
            continue
    if named not in _KNOWN:
        raise UnsupportedMedia(
            Message("请用 gzip、deflate、zstd、br 或不压缩", "use gzip, deflate, zstd, br or none")
        )
    if _is_packed(body) or (named not in {"", "identity"} and body and not _is_text(body)):
        raise InvalidInput(detail=Message("压缩数据不完整", "the compressed data is broken"))
    return _bounded(body, size_max)


def _methods(body: bytes, named: str) -> list[Callable[[bytes, int], bytes]]:
    """Return what to try, in order: the unmistakable first."""
    found: list[Callable[[bytes, int], bytes]] = []
    if named == "br":
        found.append(_brotli)
    if body[:2] == _GZIP_MAGIC:
        found.append(_gzip)
    elif body[:4] == _ZSTD_MAGIC:
        found.append(_zstd)
    elif _is_zlib(body):
        found.append(_zlib)
    elif named == "deflate":
        found.append(_raw_deflate)
    return found


def _is_zlib(body: bytes) -> bool:
    return len(body) > 2 and body[0] == _ZLIB_FIRST and (body[0] << 8 | body[1]) % 31 == 0


def _is_packed(body: bytes) -> bool:
    return body[:2] == _GZIP_MAGIC or body[:4] == _ZSTD_MAGIC


def _is_text(body: bytes) -> bool:
    return body.lstrip().startswith(_JSON_STARTS)


def _bounded(body: bytes, size_max: int) -> bytes:
    if len(body) > size_max:
        raise _too_large(size_max)
    return body


def _gzip(body: bytes, size_max: int) -> bytes:
    return _inflate(body, size_max, _GZIP_WINDOW)


def _zlib(body: bytes, size_max: int) -> bytes:
    return _inflate(body, size_max, zlib.MAX_WBITS)


def _raw_deflate(body: bytes, size_max: int) -> bytes:
    return _inflate(body, size_max, _RAW_WINDOW)


def _inflate(body: bytes, size_max: int, window: int) -> bytes:
    stream = zlib.decompressobj(window)
    try:
        clear = stream.decompress(body, size_max + 1)
    except zlib.error as error:
        raise _NotThis from error
    _bounded(clear, size_max)
    # Some text begins as raw deflate may; it does not end where that ends.
    if not stream.eof or (window == _RAW_WINDOW and stream.unused_data):
        raise _NotThis
    return clear


def _zstd(body: bytes, size_max: int) -> bytes:
    try:
        frame = zstandard.get_frame_parameters(body)
        known = frame.content_size != zstandard.CONTENTSIZE_UNKNOWN
        if (known and frame.content_size > size_max) or frame.window_size > _ZSTD_WINDOW_MAX:
            raise _too_large(size_max)
        unpacking = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW_MAX)
        clear = _bounded(unpacking.stream_reader(body).read(size_max + 1), size_max)
        if not _is_whole_zstd(body, unpacking):
            raise _NotThis
    except zstandard.ZstdError as error:
        raise _NotThis from error
    return clear


def _is_whole_zstd(body: bytes, unpacking: zstandard.ZstdDecompressor) -> bool:
    """Say whether a frame that is known to fit is there to its end: the reader does not tell."""
    whole = unpacking.decompressobj()
    whole.decompress(body)
    return whole.eof


def _brotli(body: bytes, size_max: int) -> bytes:
    stream = brotli.Decompressor()
    chunks: list[bytes] = []
    size = 0
    try:
        chunk = stream.process(body, output_buffer_limit=size_max + 1)
        while chunk:
            chunks.append(chunk)
            size += len(chunk)
            if size > size_max:
                raise _too_large(size_max)
            chunk = b"" if stream.is_finished() else stream.process(b"", size_max + 1 - size)
    except brotli.error as error:
        raise _NotThis from error
    if not stream.is_finished():
        raise _NotThis
    return b"".join(chunks)


def _too_large(size_max: int) -> TooLarge:
    return TooLarge(
        Message(f"解压后最多 {size_max} 字节", f"at most {size_max} bytes after decompression")
    )
