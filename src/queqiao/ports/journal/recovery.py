"""Where the good frames of the last segment end, after a crash."""

import os

from queqiao.kernel.errors import Broken, Message
from queqiao.ports.journal.base import FRAME_BYTES_MAX, HEADER, PADDED, checksum


def good_end(file: int, base: int, committed: int) -> int:
    """Return the position after the last whole frame.

    Frames up to ``committed`` were fsynced: if they are not there, the disk lost them, and that
    is Broken, never a tail to cut. Frames after it are kept when whole: nobody was told of them,
    but they are good.
    """
    size = os.fstat(file).st_size
    if committed > base + size:
        raise Broken(
            Message(
                f"已提交的 {committed - base - size} 字节丢失，请从备份恢复",
                f"{committed - base - size} committed bytes are missing; restore from a backup",
            )
        )
    position = max(base, committed)
    while (length := _whole_frame(file, base, size, position)) is not None:
        position += HEADER.size + length
    return position


def _whole_frame(file: int, base: int, size: int, position: int) -> int | None:
    header = os.pread(file, HEADER.size, position - base)
    if len(header) < HEADER.size:
        return None
    length, told = HEADER.unpack(header)
    is_padded, length = bool(length & PADDED), length & ~PADDED
    if length == 0 or length > FRAME_BYTES_MAX or position - base + HEADER.size + length > size:
        return None
    payload = os.pread(file, length, position - base + HEADER.size)
    return length if checksum(position, payload, is_padded=is_padded) == told else None
