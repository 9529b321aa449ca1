"""Sources, lookups, sketches and checks of the compute port."""

import json

import pyarrow as pa
import pytest

from queqiao.kernel.errors import InvalidInput
from queqiao.ports.compute.embedded import EmbeddedEngine
from queqiao.ports.compute.expression import call, check, column
from queqiao.ports.compute.plan import Aggregate, Filter, Lookup, Plan, Tumbling, Windows
from queqiao.ports.compute.sinks import MemorySink
from queqiao.ports.compute.sources import JsonLinesSource, TableSource

COLUMNS = {"a": "text", "n": "int"}


def read(path, block_bytes: int) -> tuple[list, int, int]:
    source, position, rows = JsonLinesSource(path, COLUMNS, block_bytes=block_bytes), 0, []
    while (chunk := source.read(position)) is not None:
        position = chunk.position
        rows += chunk.rows.to_pylist()
    source.close()
    return rows, position, source.refused


@pytest.mark.parametrize("block_bytes", [1, 7, 64, 1 << 20])
def test_json_lines_are_read_whole_and_bad_ones_are_counted(tmp_path, block_bytes: int) -> None:
    path = tmp_path / "lines"
    good = [{"a": f"鹊桥{n}", "n": n, "other": [n]} for n in range(40)]
    lines = [json.dumps(row, ensure_ascii=False) for row in good]
    lines[10:10] = ["{", '{"a": 7}', "[]", '{"n": 1.5}']
    path.write_text("\n".join(lines) + '\n{"a": "half', "utf-8")
    rows, position, refused = read(path, block_bytes)
    assert rows == [{"a": row["a"], "n": row["n"]} for row in good]
    assert refused == 4
    assert position == path.stat().st_size - len('{"a": "half')
    with path.open("a") as file:
        file.write('", "n": 1}\n')
    source = JsonLinesSource(path, COLUMNS)
    assert source.read(position).rows.to_pylist() == [{"a": "half", "n": 1}]
    source.close()


def test_a_lookup_keeps_the_rows_whose_key_is_there() -> None:
    plan = Plan("join", COLUMNS, (Lookup("names", "a", {"name": "text"}),))
    names = pa.table({"key": ["x", "鹊"], "name": ["X", None]})
    rows = pa.table({"a": ["鹊", None, "y", "x"], "n": pa.array([1, 2, 3, 4])})
    sink = MemorySink()
    EmbeddedEngine(lookups={"names": names}).run(plan, TableSource(rows), sink, ended=True)
    assert sink.read("results").to_pylist() == [
        {"a": "鹊", "n": 1, "name": None},
        {"a": "x", "n": 4, "name": "X"},
    ]
    twice = pa.table({"key": ["x", "x"], "name": ["X", "Y"]})
    with pytest.raises(InvalidInput):
        EmbeddedEngine(lookups={"names": twice}).run(plan, TableSource(rows), sink, ended=True)


@pytest.mark.parametrize("count", [0, 1, 100, 5_000, 60_000])
def test_the_sketch_is_near_and_the_same_in_any_order(count: int) -> None:
    values = [str(n % max(1, count)) for n in range(2 * count)]
    step = Windows((), "at", Tumbling(10), {"about": Aggregate("approximate_distinct", "a")})
    plan = Plan("about", {"a": "text", "at": "time"}, (step,))
    found = set()
    for ordered, cut in ((values, 1000), (values[::-1], 7777)):
        at = pa.array([0] * len(ordered), pa.int64()).cast(pa.timestamp("us", tz="UTC"))
        rows, sink = pa.table({"a": pa.array(ordered, pa.string()), "at": at}), MemorySink()
        EmbeddedEngine().run(plan, TableSource(rows, cut), sink, ended=True)
        found.add(0 if not count else sink.read("results").column("about").to_pylist()[-1])
    assert len(found) == 1
    assert abs(found.pop() - count) <= 0.05 * count


@pytest.mark.parametrize(
    ("expression", "path"),
    [
        (column("nowhere"), "x.name"),
        (call("nothing", 1), "x.function"),
        (call("add", 1, 1.0), "x.arguments"),
        (call("add", 1, call("length", column("n"))), "x.arguments[1].arguments"),
        (call("truncate_time", call("to_time", 1), "fortnight", "UTC"), "x.arguments[1]"),
        (call("date_text", call("to_time", 1), "Asia/Queqiao"), "x.arguments[1]"),
        (call("contains", column("a"), column("a")), "x.arguments[1]"),
        (call("json_int", column("a"), "a..b"), "x.arguments[1]"),
        (call("negate", 2**63), "x.arguments[0].value"),
        (call("length", "\ud800"), "x.arguments[0].value"),
    ],
)
def test_a_wrong_expression_is_named(expression, path: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check(expression, COLUMNS, "x")
    assert refused.value.fields[0].path == path


def test_a_wrong_plan_and_a_wrong_column_are_named() -> None:
    plan = Plan("wrong", COLUMNS, (Filter(column("n")),))
    with pytest.raises(InvalidInput) as refused:
        EmbeddedEngine().run(plan, TableSource(pa.table({})), MemorySink(), ended=True)
    assert refused.value.fields[0].path == "steps[0].condition"
    rows = pa.table({"a": ["x"], "n": ["no number"]})
    with pytest.raises(InvalidInput) as refused:
        EmbeddedEngine().run(Plan("p", COLUMNS, ()), TableSource(rows), MemorySink(), ended=True)
    assert refused.value.fields[0].path == "columns.n"
