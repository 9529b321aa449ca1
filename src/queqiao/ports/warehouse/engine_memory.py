"""What the engine in this process touches once and would then hold for ever.

The dynamic linker writes and reads through a third of the engine's library when it is loaded, the
most of it never again. The pages are clean copies of the file: given back, those in use come again
by a soft page fault each, and the others stay away.
"""

import ctypes
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ENGINE = "_chdb.abi3.so"
"""The file of the engine's library."""

_DONT_NEED = 4
"""``MADV_DONTNEED`` of Linux."""
_HEAD = re.compile(r"([0-9a-f]+)-([0-9a-f]+) (\S{4}) \S+ \S+ \S+ *(.*)")


class Mapping(NamedTuple):
    """A range of addresses that shows a file. ``own_kb`` of it differ from the file."""

    start: int
    end: int
    rights: str
    file: str
    own_kb: int


def mappings(smaps: str) -> Iterator[Mapping]:
    """Yield what ``/proc/PID/smaps`` lists, ranges without a file left out."""
    head: re.Match[str] | None = None
    for line in smaps.splitlines():
        if (found := _HEAD.match(line)) is not None:
            head = found
        elif line.startswith("Anonymous:") and head is not None and head[4].startswith("/"):
            own_kb = int(line.split()[1])
            yield Mapping(int(head[1], 16), int(head[2], 16), head[3], head[4], own_kb)


def give_back_library() -> int:
    """Give back the pages of the engine's library; return the bytes of the ranges concerned.

    Only ranges that nobody can write and of which no page differs from the file: what the linker
    changed must stay. 0 where the system keeps no such list.
    """
    try:
        listed = Path("/proc/self/smaps").read_text("utf-8", "replace")
    except OSError:
        return 0
    given = 0
    libc = ctypes.CDLL(None, use_errno=True)
    for one in mappings(listed):
        if one.file.endswith(ENGINE) and "w" not in one.rights and one.own_kb == 0:
            length = one.end - one.start
            if libc.madvise(ctypes.c_void_p(one.start), ctypes.c_size_t(length), _DONT_NEED) == 0:
                given += length
    return given
