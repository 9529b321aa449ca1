"""What gathers while the last commit runs. It becomes one frame, and one future wakes all of it."""

import asyncio
from collections.abc import Sequence

from queqiao.kernel.errors import QueqiaoError
from queqiao.ports.event_log.records import Packer

GROUP_BYTES_MAX = 8 << 20
"""A group that has so many bytes takes no more: the next events begin another one."""


class Group:
    """New events in columns, in the order of their offsets."""

    __slots__ = ("bodies", "digests", "fingerprints", "first", "size", "stored")

    def __init__(self, first: int, stored: "asyncio.Future[None]") -> None:
        self.first = first
        self.stored = stored
        self.digests: list[bytes] = []
        self.fingerprints: list[bytes] = []
        self.bodies: list[bytes] = []
        self.size = 0

    def add(
        self, digests: Sequence[bytes], fingerprints: Sequence[bytes], bodies: Sequence[bytes]
    ) -> None:
        """Take events in."""
        self.digests += digests
        self.fingerprints += fingerprints
        self.bodies += bodies
        self.size += sum(map(len, bodies))

    @property
    def last(self) -> int:
        """Offset of the last event."""
        return self.first + len(self.bodies) - 1

    def payload(self, packer: Packer, seed: int) -> bytes:
        """Return the frame's payload; made on the committer's thread."""
        return packer.pack(self.first, seed, self.digests, self.fingerprints, self.bodies)

    def settle(self, error: BaseException | None) -> None:
        """Wake everyone who waits. Each failed group gets an error of its own."""
        if self.stored.done():
            return
        if error is None:
            self.stored.set_result(None)
            return
        fresh = type(error)(error.detail) if isinstance(error, QueqiaoError) else error
        self.stored.set_exception(fresh)
        self.stored.exception()  # the clients may have left: then nobody else asks
