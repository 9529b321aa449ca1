"""A process of its own that writes one row again and again, each time with when that was done."""

import asyncio
import random
import sys
import time
from pathlib import Path

from queqiao.ports.profile_rows.laws import FAMILIES
from queqiao.wiring.row_stores import open_rows


async def main(url: str, home: Path, changes: int) -> None:
    rows, chance = open_rows(url, home, FAMILIES), random.Random(5)
    await rows.get(["k"])
    for number in range(1, changes + 1):
        await asyncio.sleep(1.0 + chance.random())  # longer than a lease: each change is seen
        # The moment before the write: what is measured is never less than the truth.
        columns = {"a:number": b"%d" % number, "a:at": str(time.monotonic()).encode()}
        await rows.put({"k": columns})
    await rows.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))
