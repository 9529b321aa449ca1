"""The laws of engines that run transforms: each of the catalogue, held against the embedded engine.

The rows are few, seeded and odd: Chinese, emoji, NULL, sums beyond 2⁵³, rows out of order, too late
and without a time. What an engine gives must have the digest of what the embedded one gives.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyarrow as pa

from queqiao.kernel.errors import Message
from queqiao.ports.compute.base import Engine
from queqiao.ports.compute.digest import digest
from queqiao.ports.compute.embedded import EmbeddedEngine
from queqiao.ports.compute.engine_process import EngineProcess
from queqiao.ports.compute.plan import Aggregate, Columns, Plan, Sliding, Windows
from queqiao.ports.compute.process_engine import ProcessEngine
from queqiao.ports.compute.sinks import MemorySink
from queqiao.ports.compute.sources import TableSource
from queqiao.ports.compute.values import schema_of
from queqiao.ports.compute.versions import standing
from queqiao.ports.laws import Law, equal
from queqiao.process.transforms.catalogue import (
    AFTER,
    EVENT_COLUMNS,
    FUNNEL,
    MACHINES,
    MACHINES_NAME,
    TRANSFORMS,
)

_S = 1_000_000
_ROLLUP_KEYS = ("event", "bucket")
_ODD = Plan(
    "odd_windows",
    {"who": "text", "at": "time", "amount": "int"},
    (
        Windows(
            ("who",),
            "at",
            Sliding(10 * _S, 4 * _S),
            {
                "rows": Aggregate("count"),
                "total": Aggregate("sum", "amount"),
                "mean": Aggregate("average", "amount"),
                "about": Aggregate("approximate_distinct", "amount"),
            },
            out_of_order_us=2 * _S,
            lateness_us=5 * _S,
        ),
    ),
)


def option(url: str, name: str) -> str | None:
    """Return what the query of an engine's URL says, None where it does not."""
    return parse_qs(urlsplit(url).query).get(name, [None])[0]


@asynccontextmanager
async def laws_of_process(
    url: str, start: Callable[[Path, Path], EngineProcess], engine: type[ProcessEngine]
) -> AsyncIterator[list[Law]]:
    """Yield the laws of an engine on a process of its own, which ends with them.

    ``start`` is given the interpreter that the URL names, and an empty folder.
    """
    with TemporaryDirectory() as folder:
        process = await asyncio.to_thread(start, Path(urlsplit(url).path), Path(folder))
        try:
            yield laws_of(lambda: engine(process, machines=MACHINES_NAME))
        finally:
            await asyncio.to_thread(process.close)


def laws_of(engine: Callable[[], Engine]) -> list[Law]:
    """Return the laws of an engine; each asks for an engine without a past."""
    made = [
        Law(
            Message(f"变换 {name} 的摘要相同", f"transform {name} has the same digest"),
            partial(asyncio.to_thread, _same_transform, engine, name),
        )
        for name in TRANSFORMS
    ]
    late = Law(
        Message(
            "同样的行太晚，立住的窗口相同", "the same rows are too late, the same windows stand"
        ),
        partial(asyncio.to_thread, _same_windows, engine),
    )
    return [*made, late]


def _same_transform(engine: Callable[[], Engine], name: str) -> None:
    rows = _input(name)
    found, wanted = (_run(one, TRANSFORMS[name], rows) for one in (engine(), _embedded()))
    keys = _ROLLUP_KEYS if name.startswith("events_") else None
    equal(_digest(found, "results", keys), _digest(wanted, "results", keys), name)


def _same_windows(engine: Callable[[], Engine]) -> None:
    rows = _odd_rows()
    found, wanted = (_run(one, _ODD, rows) for one in (engine(), _embedded()))
    for output, keys in (("too_late", None), ("results", ("who",))):
        equal(_digest(found, output, keys), _digest(wanted, output, keys), output)


def _embedded() -> EmbeddedEngine:
    return EmbeddedEngine(machines=MACHINES)


def _run(engine: Engine, plan: Plan, rows: pa.Table) -> MemorySink:
    sink = MemorySink()
    engine.run(plan, TableSource(rows), sink, ended=True)
    return sink


def _digest(sink: MemorySink, output: str, keys: tuple[str, ...] | None) -> str:
    rows = sink.read(output)
    if rows is None:
        return "nothing"
    return digest(rows if keys is None else standing(rows, keys))


def _input(name: str) -> pa.Table:
    """Return what a transform reads: events, or what the one before it gives of them."""
    if name not in AFTER:
        return _events()
    given = _run(_embedded(), TRANSFORMS[AFTER[name]], _events()).read("results")
    assert given is not None
    return given


def _events() -> pa.Table:
    chance = Random(618)  # noqa: S311  # the same rows each time
    choose = chance.choice
    rows = [
        {
            "source": choose(["web", "店"]),
            "message_id": f"m{choose([number, number // 2])}",
            "event": choose([*FUNNEL, "Ad Clicked", None]),
            "anonymous_id": choose(["d1", "设备", "👩‍🚀"]),
            "user_id": choose([None, None, "甲"]),
            "at": number * 90 * _S + chance.randrange(20) * _S,
            "properties": choose(
                ["{}", '{"campaign_id":"活动","total_minor":1152921504606846976}']
            ),
            "campaign": choose(["", "c1"]),
        }
        for number in range(300)
    ]
    return _table(rows, EVENT_COLUMNS)


def _odd_rows() -> pa.Table:
    chance = Random(7)  # noqa: S311  # the same rows each time
    rows = [
        {
            "who": chance.choice(["甲", "👩‍🚀", "", None]),
            "at": chance.choice([n * _S // 4 + chance.randrange(40) * _S, None, -1, 2**62]),
            "amount": chance.choice([None, -7, 2**63 - 1, 2**53 + 1]),
        }
        for n in range(400)
    ]
    return _table(rows, _ODD.columns)


def _table(rows: list[dict[str, Any]], columns: Columns) -> pa.Table:
    wire = [
        pa.field(f.name, pa.int64() if columns[f.name] == "time" else f.type)
        for f in schema_of(columns)
    ]
    return pa.Table.from_pylist(rows, schema=pa.schema(wire)).cast(schema_of(columns))
