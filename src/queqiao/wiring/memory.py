"""Memory that a role would hold without use: libraries nobody asked for, pages free again."""

import asyncio
import mmap
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import pyarrow as pa

_STATM = Path("/proc/self/statm")

UNUSED = ("pandas", "pydantic")
"""Installed since others name them, and imported where they are found: by pyarrow at the first
array (30 MB, 0.3 s), by Litestar's plugins (6 MB). Not one call of them is made."""


class _KeptOut:
    """A finder that says of some libraries that they are not there."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = frozenset(names)

    def find_spec(
        self, name: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return None, so that the next finder is asked; raise for a library that is kept out."""
        if name in self._names:
            raise ModuleNotFoundError(f"{name} is not used by this process", name=name)
        return None


def keep_out(names: Sequence[str] = UNUSED) -> None:
    """Make libraries seem absent to this process; they must be optional to whoever imports them."""
    sys.meta_path.insert(0, _KeptOut(names))


def use_system_pool() -> None:
    """Let Arrow take its memory from the C library.

    Its own pool keeps what one thread took and another freed, 15 to 40 MB after many events, and
    loads none the faster. To be called before the first array of a process.
    """
    pa.set_memory_pool(pa.system_memory_pool())


def give_back() -> None:
    """Return to the system what finished work left free in Arrow's pool and in the C library's."""
    pa.default_memory_pool().release_unused()  # of the system's pool: what malloc_trim does


SURPLUS_BYTES = 16 << 20
"""So much more than last time, and what is free goes back."""


class Surplus:
    """What large requests leave free in a process, and the C library keeps.

    Once it has freed a large block, it takes the next ones from its heap, where a small one that
    stays keeps what is free around it.
    """

    def __init__(self) -> None:
        self._usual = resident_bytes()

    async def give_back(self) -> None:
        """Give back what is free, if the process holds much more than it did: 14 ms for 170 MB."""
        if resident_bytes() >= self._usual + SURPLUS_BYTES:
            await asyncio.to_thread(give_back)
            self._usual = resident_bytes()
        self._usual = min(self._usual, resident_bytes())


def resident_bytes() -> int:
    """Return how much memory of the machine this process holds, shared pages included."""
    return int(_STATM.read_text().split()[1]) * mmap.PAGESIZE
