"""Parts for the suites of tiering: a house with a lake, and one that is cut off at any call."""

from pathlib import Path
from typing import Any

from tests.measure import shop
from tests.process.conftest import House

from queqiao.kernel.clock import DAY_US
from queqiao.kernel.envelope import encode_envelope
from queqiao.ports.lake.parquet_folder import ParquetFolder
from queqiao.process.tier import Tier
from queqiao.process.tiering import Tiering

LEVELS = (5, 6)
"""Blocks of 32 and 64 events: a few hundred make some."""
DAYS = 30
LATER_US = shop.START_US + 1_000 * 7 * shop.MINUTE_US + (DAYS + 1) * DAY_US
"""When every event of a test is old enough to move."""


class TieredHouse(House):
    """A log, a warehouse, a loader, and a lake with its tiering."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.lake = ParquetFolder(folder / "lake")
        self.loader = self.new_loader(levels=LEVELS)
        self.tier = Tier(self.warehouse, self.lake)
        self.tiering = Tiering(self.warehouse, self.tier, DAYS)

    async def fill(self, chance: Any, numbers: range) -> None:
        """Load events of the seeded shop, and seal their blocks."""
        await self.load(*(encode_envelope(shop.happening(chance, number)) for number in numbers))
        await self.loader.settle()

    async def move(self, now_us: int = LATER_US) -> None:
        """Move all that is due, and see it out of the table."""
        await self.tiering.open()
        while await self.tiering.advance(now_us):
            pass
        await self.removed()

    async def removed(self) -> None:
        """Wait until the engine has removed what it was told to."""
        while await self.ask("SELECT 1 FROM system.mutations WHERE NOT is_done"):
            pass

    async def border(self) -> int:
        """Return the last offset that lies in the lake."""
        return (await self.tiering.state()).up_to_offset

    async def close(self) -> None:
        """Close all parts."""
        if hasattr(self.loader, "_machines"):
            await self.loader.close()
        self.warehouse.close()
        self.log.close()


class CutOffError(Exception):
    """What stands for a kill: nothing after it happens."""


class CutOff:
    """A warehouse, a lake or such that is cut off at one of its calls, before or after it is done.

    Several share one ``count``, so that a cut falls between calls of either.
    """

    def __init__(self, real: Any, count: list[int], at: int, *, done: bool) -> None:
        self._real, self._count, self._at, self._done = real, count, at, done

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._real, name)
        return {True: self._awaited, False: self._called}[name in _AWAITED](found)

    def _awaited(self, call: Any) -> Any:
        async def cut(*arguments: Any) -> Any:
            if self._now() and not self._done:
                raise CutOffError
            answer = await call(*arguments)
            if self._count[0] == self._at:
                raise CutOffError
            return answer

        return cut

    def _called(self, call: Any) -> Any:
        def cut(*arguments: Any) -> Any:
            if self._now() and not self._done:
                raise CutOffError
            answer = call(*arguments)
            if self._count[0] == self._at:
                raise CutOffError
            return answer

        return cut

    def _now(self) -> bool:
        self._count[0] += 1
        return self._count[0] == self._at


_AWAITED = {"query", "command", "insert", "exclusive", "clear", "rewrite"}
