"""A process that writes one row again and again, and prints what it was told is written."""

import asyncio
import sys
from itertools import count
from pathlib import Path

from queqiao.ports.profile_rows.laws import FAMILIES
from queqiao.ports.profile_rows.sqlite import SqliteRows


async def main(path: Path) -> None:
    rows = SqliteRows(path, FAMILIES)
    found = (await rows.get(["k"])).get("k")
    for number in count(int(found["a:x"].value) + 1 if found else 1):
        value = b"%d" % number
        await rows.put({"k": {"a:x": value, "b:y": value}})
        print(number, flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
