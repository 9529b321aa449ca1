"""Windows: any order, any cutting, restarts, late rows: what stands equals the plain recount."""

from random import Random

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.transforms import oracle
from tests.transforms.engines import plain, table_of

from queqiao.ports.compute.digest import digest
from queqiao.ports.compute.embedded import EmbeddedEngine
from queqiao.ports.compute.plan import Aggregate, Plan, Session, Sliding, Tumbling, Windows
from queqiao.ports.compute.sinks import MemorySink
from queqiao.ports.compute.sources import TableSource
from queqiao.ports.compute.versions import standing

S = 1_000_000
COLUMNS = {"who": "text", "day": "time", "at": "time", "amount": "int", "word": "text"}
AGGREGATES = {
    "rows": Aggregate("count"),
    "known": Aggregate("count", "amount"),
    "total": Aggregate("sum", "amount"),
    "least": Aggregate("min", "amount"),
    "last": Aggregate("max", "word"),
    "mean": Aggregate("average", "amount"),
    "words": Aggregate("distinct", "word"),
}
WINDOWS = [
    Tumbling(10 * S),
    Tumbling(7 * S, 3 * S),
    Sliding(10 * S, 4 * S),
    Sliding(3 * S, 5 * S),
    Session(3 * S),
]

one_row = st.fixed_dictionaries(
    {
        "who": st.sampled_from(["甲", "乙", "👩‍🚀", "", None]),
        "day": st.sampled_from([0, 86_400 * S, None]),
        "at": st.integers(0, 60).map(lambda s: s * S) | st.integers(0, 60 * S),
        "amount": st.none()
        | st.integers(-9, 9)
        | st.sampled_from([2**63 - 1, -(2**63), 2**53 + 1]),
        "word": st.none() | st.sampled_from(["鹊", "桥", "", "z"]),
    }
)


def plan_of(window, **options) -> Plan:
    step = Windows(("who", "day"), "at", window, AGGREGATES, **options)
    return Plan("counted", COLUMNS, (step,))


def tuples(rows: pa.Table | None) -> set[tuple]:
    if rows is None:
        return set()
    return set(zip(*(plain(column.combine_chunks()) for column in rows.columns), strict=True))


def run(plan, rows, cuts=5, folder=None, engine=None) -> MemorySink:
    sink = MemorySink()
    engine = engine or EmbeddedEngine(folder, chunks_an_epoch=2)
    engine.run(plan, TableSource(table_of(rows, COLUMNS), cuts), sink, ended=True)
    return sink


@pytest.mark.parametrize("window", WINDOWS, ids=str)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=st.lists(one_row, max_size=40), cuts=st.integers(1, 41), early=st.booleans())
def test_what_stands_equals_the_recount(window, rows, cuts, early) -> None:
    plan = plan_of(window, lateness_us=100 * S, early=early)
    found = run(plan, rows, cuts).read("results")
    stands = tuples(None if found is None else standing(found, ("who", "day")))
    assert stands == oracle.windows(rows, plan.steps[-1])


@pytest.mark.parametrize("window", WINDOWS, ids=str)
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    rows=st.lists(one_row, min_size=1, max_size=40), cuts=st.integers(1, 9), late=st.integers(0, 20)
)
def test_what_is_too_late_does_not_depend_on_the_cutting(window, rows, cuts, late) -> None:
    plan = plan_of(window, lateness_us=late * S, out_of_order_us=2 * S)
    cut, whole = run(plan, rows, cuts), run(plan, rows, 1000)
    for name in ("results", "too_late"):
        one, other = cut.read(name), whole.read(name)
        if name == "results" and one is not None:
            one, other = standing(one, ("who", "day")), standing(other, ("who", "day"))
        assert (one is None) == (other is None)
        assert one is None or digest(one) == digest(other)
    if isinstance(window, Tumbling):
        counted = sum(row[4] for row in tuples(standing(whole.read("results"), ("who", "day"))))
        refused = whole.read("too_late")
        assert counted + (refused.num_rows if refused else 0) == len(rows)


@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_a_run_in_pieces_equals_one_run(window, tmp_path) -> None:
    chance = Random(618)
    rows = [
        {
            "who": chance.choice(["甲", "乙", None]),
            "day": chance.choice([0, None]),
            "at": second * S // 5 + chance.randrange(0, 20) * S,
            "amount": chance.choice([1, -7, 2**63 - 1, None]),
            "word": chance.choice(["鹊", "桥", None]),
        }
        for second in range(400)
    ]
    plan = plan_of(window, lateness_us=30 * S, out_of_order_us=S)
    sink, rest = MemorySink(), table_of(rows, COLUMNS)
    for end in (3, 90, 91, 250, 400):
        EmbeddedEngine(tmp_path, chunks_an_epoch=1).run(
            plan, TableSource(rest.slice(0, end), 40), sink, ended=end == 400
        )
    found = sink.read("results")
    stands = standing(found, ("who", "day"))
    assert tuples(stands) == oracle.windows(rows, plan.steps[-1])
    assert max(found.column("version").to_pylist()) > 1  # there were corrections


def test_a_late_row_corrects_and_a_too_late_one_is_told() -> None:
    plan = plan_of(Tumbling(10 * S), lateness_us=60 * S)
    base = {"who": "甲", "day": None, "amount": 1, "word": None}
    times = [1, 25, 2, 75, 3]
    sink = run(plan, [{**base, "at": second * S} for second in times], cuts=1)
    results = sink.read("results").select(["window_start", "rows", "version"])
    assert plain(results.column("window_start").combine_chunks()) == [0, 0, 20 * S, 70 * S]
    assert results.column("rows").to_pylist() == [1, 2, 1, 1]
    assert results.column("version").to_pylist() == [1, 2, 1, 1]
    assert plain(sink.read("too_late").column("at").combine_chunks()) == [3 * S]


def test_a_late_row_that_joins_two_sessions_takes_one_back() -> None:
    plan = plan_of(Session(3 * S), lateness_us=60 * S)
    base = {"who": "甲", "day": None, "amount": 1, "word": None}
    sink = run(plan, [{**base, "at": second * S} for second in (1, 6, 30, 3)], cuts=1)
    seen = sink.read("results").select(["window_start", "rows", "version", "retracted"])
    assert [tuple(row.values())[1:] for row in seen.to_pylist()] == [
        (1, 1, False), (1, 1, False), (None, 2, True), (3, 2, False), (1, 1, False),
    ]  # fmt: skip


def test_a_time_that_is_none_does_not_move_the_watermark() -> None:
    plan = plan_of(Tumbling(10 * S))
    base = {"who": "甲", "day": None, "amount": 1, "word": None}
    sink = run(plan, [{**base, "at": at} for at in (S, None, -1, 2**62, 2 * S)], cuts=1)
    assert sink.read("results").column("rows").to_pylist() == [2]
    assert sink.read("too_late").num_rows == 3
