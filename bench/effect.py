"""The effect of a promotion (效果): what its page asks, over two months of orders.

The rows are written by the engine, as a loader would have left them: orders of two lines, 3 of 10
with one of 200 promotions, one use of 20 sent back, people on both sides of holdbacks. The peer in
the same run is the least that any answer must do: one pass over the uses and the order lines that
sums money by promotion, without buyers, margins, days or the lift. ``QUEQIAO_BENCH_ORDERS`` sets
how many orders there are.

What was learned, by statement: ten times the orders take the answer of one promotion twice the
time. Half of it is what eight statements of up to 5,000 characters cost whatever they read, the
rest the lines and buyers of its own orders (251 of 646 ms), and the lift by people (214 ms). So
rollups by day would not help it: what came back, who a buyer is by now and what goods cost today
change days that are over, and people of two days do not add up. The table of all promotions joins
every use with its order (690 of 1,366 ms) and counts who came under what (527).
"""

import asyncio
import os
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from time import process_time
from typing import Any

from bench.harness import row
from queqiao.kernel.clock import format_rfc3339
from queqiao.measure.promotion_effect.contracts import Named
from queqiao.measure.promotion_effect.effect import EffectServices, effect, effects
from queqiao.measure.promotion_effect.known import Counted, Entry, Good, Known, Told
from queqiao.measure.promotion_effect.question import OF_MANY, OF_ONE, question_of
from queqiao.ports.warehouse.base import Warehouse
from queqiao.ports.warehouse.clickhouse import open_warehouse
from queqiao.process.contracts import create_tables
from queqiao.process.ddl import ORDER_LINES, PROMOTION_EXPOSURES, PROMOTION_USES

ORDERS = int(os.environ.get("QUEQIAO_BENCH_ORDERS", "200_000"))
DAY_US, DAYS, ZONE = 86_400_000_000, 60, "Asia/Shanghai"
START_US = 1_790_000_000_000_000
END_US = START_US + DAYS * DAY_US
PROMOTIONS, PEOPLE, SKUS, ROUNDS = 200, ORDERS // 4 + 1, 1_000, 5
_AT = f"fromUnixTimestamp64Micro(toInt64({START_US} + n * {DAYS * DAY_US // ORDERS}), 'UTC')"
_BUYER = f"concat('u-', toString(intHash32(n) % {PEOPLE}))"
_LINES: Mapping[str, str] = {
    "offset": "n * 3 + 1", "line": "k", "kind": "'sale'", "order_id": "concat('o-', toString(n))",
    "time": _AT, "person_id": _BUYER, "user_id": _BUYER, "source": "'shop'",
    "sku": f"concat('S-', toString(intHash32(n * 2 + k) % {SKUS}))", "quantity": "1 + n % 3",
    "list_minor": "9900", "discount_minor": "if(n % 10 < 3, 1000, 0)",
    "amount_minor": "list_minor - discount_minor", "currency": "'CNY'", "consent": "7",
}  # fmt: skip
_USES: Mapping[str, str] = {
    "offset": "n * 3 + 2 + k", "kind": "if(k = 0, 'applied', 'returned')",
    "promotion_id": f"concat('p-', toString(intHash32(n) % {PROMOTIONS}))",
    "order_id": "concat('o-', toString(n))", "redemption_id": "concat('r-', toString(n))",
    "time": _AT, "person_id": _BUYER, "person": f"intHash32(n) % {PEOPLE}", "is_named": "1",
    "currency": "'CNY'", "uses": "1", "discount_minor": "2000", "platform_minor": "2000",
    "consent": "7",
}  # fmt: skip
_SHOWN: Mapping[str, str] = {
    "offset": "n * 3", "promotion_id": f"concat('p-', toString(n % {PROMOTIONS}))",
    "arm": "if(intHash32(n) % 20 = 0, 'holdback', 'treated')", "time": _AT,
    "person_id": f"concat('u-', toString(intHash32(n * 7) % {PEOPLE}))",
    "person": f"intHash32(n * 7) % {PEOPLE}", "consent": "7",
}  # fmt: skip
_LEAST = (
    "SELECT promotion_id, sum(discount_minor), count() FROM promotion_uses GROUP BY promotion_id",
    (
        "SELECT order_id IN (SELECT order_id FROM promotion_uses) AS mine, sum(amount_minor)"
        " FROM order_lines GROUP BY mine"
    ),
)


class _Books:
    """What is known of the bench's promotions beside the warehouse."""

    async def one(self, promotion_id: str) -> Known | None:
        return _known(promotion_id)

    async def every(self) -> Mapping[str, Known]:
        return {f"p-{n}": _known(f"p-{n}") for n in range(PROMOTIONS)}

    async def goods(
        self, skus: Sequence[str], _currency: str, _promotion_id: str | None
    ) -> Mapping[str, Good]:
        return {sku: Good(6_000, in_scope=True) for sku in skus}

    async def scope_size(self, _promotion_id: str) -> int | None:
        return None

    async def counted(self, known: Mapping[str, str | None]) -> Mapping[str, Counted]:
        return {name: Counted(0, 0, 0, 0, None) for name in known}

    async def entries(self, _promotion_id: str) -> Sequence[Entry]:
        return ()

    async def on_the_way(self, _after: int) -> Sequence[Told]:
        return ()


def _known(name: str) -> Known:
    return Known(Named(name, name, "live"), "CNY", 0.05, False, None, None, None)


def run() -> list[dict[str, Any]]:
    """Measure and return the rows of the table."""
    with tempfile.TemporaryDirectory() as folder:
        one, many, least = asyncio.run(_measure(Path(folder)))
    over = f"{ORDERS:,} orders of {DAYS} days, {PROMOTIONS} promotions"
    peer = "one pass that sums money by promotion"
    return [
        row("effect", f"the effect of one promotion, {over}", "CPU ms", "lower",
            round(one, 1), peer=round(least, 1), peer_name=peer),
        row("effect", "the same of all of them, in a table", "CPU ms", "lower",
            round(many, 1), peer=round(least, 1), peer_name=peer),
    ]  # fmt: skip


async def _measure(folder: Path) -> tuple[float, float, float]:
    warehouse = open_warehouse(f"chdb://{folder}/warehouse")
    try:
        await _fill(warehouse)
        services = EffectServices(warehouse, _Books(), "CNY", ZONE)
        period = {"from": format_rfc3339(START_US), "to": format_rfc3339(END_US)}
        of_one, of_many = (question_of(period, names, ZONE) for names in (OF_ONE, OF_MANY))

        async def least() -> None:
            for statement in _LEAST:
                await warehouse.query(statement)

        return (
            await _cpu_ms(lambda: effect(services, "p-7", of_one, END_US)),
            await _cpu_ms(lambda: effects(services, of_many, END_US)),
            await _cpu_ms(least),
        )
    finally:
        warehouse.close()


async def _fill(warehouse: Warehouse) -> None:
    await create_tables(warehouse)
    await _write(warehouse, ORDER_LINES.name, _LINES, "k IN (0, 1)")
    await _write(warehouse, PROMOTION_USES.name, _USES, "n % 10 < 3 AND (k = 0 OR n % 20 = 0)")
    await _write(warehouse, PROMOTION_EXPOSURES.name, _SHOWN, "k = 0")
    end = f"fromUnixTimestamp64Micro({END_US}, 'UTC')"
    await warehouse.command(
        f"INSERT INTO watermark SELECT 'events', {ORDERS * 3 + 3}, {end}, {end}"  # ours
    )


async def _write(warehouse: Warehouse, table: str, columns: Mapping[str, str], which: str) -> None:
    """Write the rows of each order ``n``, at most two of them: ``k`` is 0 and 1."""
    names, values = ", ".join(columns), ", ".join(f"{v} AS {n}" for n, v in columns.items())
    await warehouse.command(
        f"INSERT INTO {table} ({names}) SELECT {values} FROM (SELECT number AS n,"  # our own words
        f" arrayJoin([0, 1]) AS k FROM numbers({ORDERS})) WHERE {which}"
    )


async def _cpu_ms(asked: Callable[[], Awaitable[object]]) -> float:
    """Return the CPU milliseconds of a question, the least of some rounds after a first one."""
    await asked()
    took = []
    for _ in range(ROUNDS):
        started = process_time()
        await asked()
        took.append((process_time() - started) * 1000)
    return min(took)


if __name__ == "__main__":
    print(run())
