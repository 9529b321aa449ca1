"""Buys with points until it is killed: 64 orders at once, each told on a line once it is paid."""

import asyncio
import sys
from pathlib import Path

from tests.promotions.loyalty.points_till import PointsTill, live_again
from tests.promotions.till import NOW_US

from queqiao.kernel.errors import Conflict, Refused, Unavailable

AT_ONCE = 64


async def main(folder, first):
    till = PointsTill(folder)
    live_again(till)

    async def buy(number):
        try:
            paid = await till.buy(f"o{number}", 2, points=10, now_us=NOW_US + number)
        except Refused as error:
            print("refused", number, error.reason, flush=True)
        except (Conflict, Unavailable):
            return
        else:
            print("paid", number, paid["quote"]["points"]["used"], flush=True)

    while True:
        print("begun", first, AT_ONCE, flush=True)
        await asyncio.gather(*(buy(first + n) for n in range(AT_ONCE)))
        first += AT_ONCE


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
