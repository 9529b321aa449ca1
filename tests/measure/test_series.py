"""Points of series: lines computed by hand, one axis with business metrics, bounds, old points."""

import asyncio
import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from tests.measure.test_reports import Store

from queqiao.kernel.clock import DAY_US, FixedClock, SystemClock, format_rfc3339, parse_rfc3339
from queqiao.kernel.errors import Broken, InvalidInput
from queqiao.kernel.http import Request
from queqiao.measure.series import bucket_quantile, lines, names, stored_points
from queqiao.measure.series_contracts import POINTS_MAX, Points, SeriesQuery
from queqiao.measure.series_endpoints import SeriesServices, series_routes
from queqiao.measure.series_table import Batch, PointsWriter
from queqiao.ports.warehouse.clickhouse import open_warehouse

T0 = SystemClock().now_us() // DAY_US * DAY_US - DAY_US
"""Yesterday: the table thins what is older than two weeks."""


def at(seconds: float) -> str:
    return format_rfc3339(T0 + int(seconds * 1_000_000))


@pytest.fixture
async def desk(tmp_path):
    warehouse = open_warehouse(f"chdb://{tmp_path}/warehouse")
    made = Desk(warehouse)
    await made.writer.open()
    yield made
    warehouse.close()


class Desk:
    def __init__(self, warehouse) -> None:
        self.warehouse = warehouse
        self.clock = FixedClock(T0)
        self.writer = PointsWriter(warehouse, self.clock)

    async def put(self, name: str, points: list, kind: str = "gauge", **labels: str) -> None:
        rows = [
            {"name": name, "kind": kind, "labels": labels, "at": at(second), "value": value}
            for second, value in points
        ]
        points_in = msgspec.convert({"points": rows}, Points)
        await self.writer.store(Batch(stored_points(points_in, T0)))

    async def ask(self, seconds: int = 180, step_s: int = 60, **line):
        query = {"from": at(0), "to": at(seconds), "step_s": step_s, "series": [line]}
        answer = await lines(self.warehouse, msgspec.convert(query, SeriesQuery))
        return {tuple(one.labels.values()): one.values for one in answer.lines}


async def test_each_function_by_hand(desk: Desk) -> None:
    await desk.put("load", [(0, 1), (15, 2), (30, 3), (45, 10), (120, 7)], host="a")
    await desk.put("load", [(10, 5), (125, 1)], host="b")
    expected = {
        "avg": [21 / 5, None, 4.0],
        "max": [10.0, None, 7.0],
        "min": [1.0, None, 1.0],
        "count": [5.0, None, 2.0],
        "p50": [3.0, None, 4.0],
        # linear between the ranks: rank 0.95 * 4 = 3.8 of 1 2 3 5 10
        "p95": [5 + 0.8 * 5, None, 1 + 0.95 * 6],
        "sum": [16 / 4 + 5, None, 8.0],
    }
    for function, values in expected.items():
        got = (await desk.ask(series="load", function=function))[()]
        assert got == pytest.approx(values), function


async def test_groups_and_conditions(desk: Desk) -> None:
    await desk.put("load", [(0, 1)], host="a", role="x")
    await desk.put("load", [(0, 3)], host="b", role="x")
    await desk.put("load", [(0, 9)], host="b", role="鹊桥 \"'\\")
    by_role = await desk.ask(60, series="load", group_by=["role"])
    assert by_role == {("x",): [2.0], ("鹊桥 \"'\\",): [9.0]}
    only = await desk.ask(60, series="load", where={"role": "鹊桥 \"'\\", "host": "b"})
    assert only == {(): [9.0]}
    assert await desk.ask(60, series="load", where={"host": "c"}) == {}
    assert await desk.ask(60, series="other") == {}


async def test_a_rate_by_hand_through_a_restart_and_a_gap(desk: Desk) -> None:
    # Growth: 10 before the axis is only looked back to; 30 at 15 s, 30 at 45 s; a restart at 75 s
    # counts what it has since; nothing is known of a gap over 15 minutes.
    points = [(-15, 100), (15, 130), (45, 160), (75, 12), (105, 42), (1200, 5_000), (1230, 5_006)]
    await desk.put("requests_total", points, kind="counter", role="a")
    await desk.put("requests_total", [(15, 1), (45, 7)], kind="counter", role="b")
    rate = await desk.ask(1260, series="requests_total", function="rate", group_by=["role"])
    a = rate["a",]
    assert a[:3] == pytest.approx([1.0, 42 / 60, None])
    assert a[20] == pytest.approx(6 / 60)
    assert rate["b",][0] == pytest.approx(6 / 60)
    both = await desk.ask(1260, series="requests_total", function="rate")
    assert both[()][0] == pytest.approx(66 / 60)


async def test_the_same_point_again_counts_once_and_the_last_value_wins(desk: Desk) -> None:
    for value in (1, 2, 3):
        await desk.put("x", [(0, value), (15, 1)])
        desk.clock.advance_us(1_000_000)
    assert await desk.ask(60, series="x", function="sum") == {(): [2.0]}
    assert await desk.ask(60, series="x", function="count") == {(): [2.0]}


async def test_a_percentile_from_buckets(desk: Desk) -> None:
    for le, count in (("0.1", 50), ("0.5", 90), ("1", 100), ("+Inf", 100)):
        await desk.put("t_bucket", [(0, 0), (30, count)], kind="histogram", le=le)
    got = await desk.ask(60, series="t", function="bucket_p95")
    assert got[()] == pytest.approx([0.5 + 0.5 * 5 / 10])
    assert (await desk.ask(60, series="t_bucket", function="bucket_p50"))[()] == [0.1]


@settings(deadline=None)
@given(some.lists(some.integers(0, 50), min_size=2, max_size=8), some.floats(0.01, 1))
def test_a_percentile_lies_within_its_buckets(growth: list[int], share: float) -> None:
    bounds = [*range(1, len(growth)), float("inf")]
    counts = [(bound, sum(growth[: at + 1])) for at, bound in enumerate(bounds)]
    got = bucket_quantile(share, counts)
    assert (got is None) == (sum(growth) == 0)
    if got is not None:
        assert 0 <= got <= len(growth) - 1
        below = sum(count for bound, count in zip(bounds, growth, strict=True) if bound <= got)
        assert below >= 0


async def test_business_and_system_metrics_on_one_axis(tmp_path) -> None:
    store = Store(tmp_path)
    await store.load()
    writer = PointsWriter(store.warehouse, FixedClock(T0))
    await writer.open()
    day = await store.ask(
        metrics=["orders"],
        granularity="hour",
        timezone="UTC",
        order=[{"by": "hour", "direction": "asc"}],
    )
    hour, orders = day.rows[0]
    points = [{"name": "load", "at": hour, "value": 3.5}]
    await writer.store(Batch(stored_points(msgspec.convert({"points": points}, Points), T0)))
    query = {
        "from": hour,
        "to": format_rfc3339(parse_rfc3339(hour) + 2 * 3_600_000_000),
        "step_s": 3600,
        "series": [{"series": "load"}],
        "business": [{"metric": "orders"}, {"metric": "gmv", "currency": "CNY"}],
    }
    answer = await lines(store.warehouse, msgspec.convert(query, SeriesQuery))
    assert answer.times[0] == hour
    assert [one.name for one in answer.lines] == ["load", "orders", "gmv"]
    assert answer.lines[0].values == [3.5, None]
    assert answer.lines[1].values[0] == orders
    assert answer.lines[2].unit == "minor"
    store.warehouse.close()
    store.log.close()


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"to": at(0)}, "to"),
        ({"from": "x"}, "from"),
        ({"from": "1960-01-01T00:00:00Z"}, "from"),
        ({"step_s": 1, "to": at(9_000)}, "step_s"),
        ({"step_s": 30, "business": [{"metric": "orders"}]}, "step_s"),
        ({"business": [{"metric": "magic"}]}, "business[0].metric"),
    ],
)
async def test_questions_that_are_refused(desk: Desk, change: dict, path: str) -> None:
    query = {"from": at(0), "to": at(60), "series": []} | change
    with pytest.raises(InvalidInput) as refused:
        await lines(desk.warehouse, msgspec.convert(query, SeriesQuery))
    assert [field.path for field in refused.value.fields] == [path]


def request(body: object) -> Request:
    return Request("POST", "/", {}, {}, {}, json.dumps(body).encode(), "", T0)


async def test_the_routes(desk: Desk) -> None:
    class Here:
        async def store(self, points) -> int:
            return await desk.writer.store(Batch(list(points)))

    take, ask, known = series_routes(SeriesServices(desk.warehouse, Here()))
    stored = await take.handler(request({"points": [{"name": "a:b", "value": 1}]}))
    assert json.loads(stored.body) == {"stored": 1}
    answer = await ask.handler(
        request({"from": at(0), "to": at(60), "series": [{"series": "a:b", "function": "max"}]})
    )
    assert json.loads(answer.body)["lines"][0]["values"] == [1.0]
    listed = json.loads((await known.handler(request(None))).body)["items"]
    assert [(one["name"], one["kind"], one["series"]) for one in listed] == [("a:b", "gauge", 1)]
    assert (await names(desk.warehouse)).items[0].last_at == at(0)
    for bad, path in (
        ({"points": []}, "points"),
        ({"points": [{"name": "a b", "value": 1}]}, "points[0].name"),
        ({"points": [{"name": "a", "value": 1}] * (POINTS_MAX + 1)}, "points"),
        ({"points": [{"name": "a", "value": 1, "at": "2200-01-01"}]}, "points[0].at"),
        ({"points": [{"name": "a", "value": 1, "labels": {"a b": "c"}}]}, ""),
    ):
        with pytest.raises(InvalidInput) as refused:
            await take.handler(request(bad))
        assert refused.value.fields[0].path.startswith(path), bad


async def test_calls_that_come_together_are_written_together(desk: Desk) -> None:
    await asyncio.gather(*(desk.put("x", [(number, 1)]) for number in range(50)))
    assert (await desk.ask(60, series="x", function="count"))[()] == [50.0]
    parts = await desk.warehouse.query(
        "SELECT count() FROM system.parts WHERE table = 'metric_points'"
    )
    assert parts.rows[0][0] <= 3


async def test_a_failed_write_is_told_to_all_and_the_next_works(desk: Desk) -> None:
    await desk.warehouse.command("RENAME TABLE metric_points TO away")
    done = await asyncio.gather(
        *(desk.put("x", [(n, 1)]) for n in range(3)), return_exceptions=True
    )
    assert all(isinstance(one, Broken) for one in done)
    await desk.warehouse.command("RENAME TABLE away TO metric_points")
    await desk.put("x", [(0, 1)])
    assert (await desk.ask(60, series="x", function="count"))[()] == [1.0]


async def test_old_points_are_thinned_and_ancient_ones_go(desk: Desk) -> None:
    now_us = int((await desk.warehouse.query("SELECT toUnixTimestamp(now())")).rows[0][0]) * 10**6
    old, ancient = now_us - 20 * DAY_US, now_us - 500 * DAY_US
    start = old // 300_000_000 * 300_000_000
    rows = [
        {"name": name, "kind": kind, "at": format_rfc3339(start + n * 15_000_000), "value": n}
        for name, kind in (("c", "counter"), ("g", "gauge"))
        for n in range(20)
    ]
    rows.append({"name": "g", "at": format_rfc3339(ancient), "value": 1})
    rows.append({"name": "g", "at": format_rfc3339(now_us), "value": 1})
    points = msgspec.convert({"points": rows}, Points)
    await desk.writer.store(Batch(stored_points(points, now_us)))
    await desk.warehouse.command("OPTIMIZE TABLE metric_points FINAL")
    left = await desk.warehouse.query("SELECT name, value FROM metric_points ORDER BY name, at")
    assert left.rows == [["c", 19.0], ["g", 9.5], ["g", 1.0]]
