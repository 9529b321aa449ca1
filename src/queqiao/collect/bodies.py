"""A request's body, unpacked within a bound."""

import zlib

from queqiao.kernel.errors import InvalidInput, Message, TooLarge, UnsupportedMedia

_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_WINDOW = 31
"""zlib's code for: a gzip header, the largest window."""


def unpack(body: bytes, encoding: str | None, size_max: int) -> bytes:
    """Return the body in clear. gzip is told by its header line or by its first bytes.

    Raises TooLarge before it holds more than ``size_max``, InvalidInput for broken gzip and
    UnsupportedMedia for another encoding.
    """
    if body[:2] == _GZIP_MAGIC:
        return _gunzip(body, size_max)
    if encoding and encoding.strip().lower() not in {"identity", "gzip"}:
        raise UnsupportedMedia(Message("请用 gzip 或不压缩", "use gzip or no compression"))
    if encoding and "gzip" in encoding.lower() and body:
        raise _broken()
    if len(body) > size_max:
        raise _too_large(size_max)
    return body


def _gunzip(body: bytes, size_max: int) -> bytes:
    stream = zlib.decompressobj(_GZIP_WINDOW)
    try:
        clear = stream.decompress(body, size_max + 1)
    except zlib.error as error:
        raise _broken() from error
    if len(clear) > size_max:
        raise _too_large(size_max)
    if not stream.eof:
        raise _broken()
    return clear


def _broken() -> InvalidInput:
    return InvalidInput(detail=Message("gzip 数据不完整", "the gzip data is broken"))


def _too_large(size_max: int) -> TooLarge:
    return TooLarge(
        Message(f"解压后最多 {size_max} 字节", f"at most {size_max} bytes after decompression")
    )
