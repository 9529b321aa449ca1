"""The contract of ``compute`` on Spark and on Flink: the digests of the embedded engine."""

import os
import signal
from pathlib import Path
from random import Random

import pyarrow as pa
import pytest
from tests.ports.compute_engines import ADAPTERS, start
from tests.transforms import strategies as our
from tests.transforms.engines import table_of
from tests.transforms.test_machines import rows_of, shop, source_of
from tests.transforms.test_machines import run as run_whole
from tests.transforms.test_printers import edges
from tests.transforms.test_windows import COLUMNS, WINDOWS, S, plan_of
from tests.transforms.test_windows import run as run_windows

from queqiao.kernel.errors import InvalidInput, Unavailable
from queqiao.ports.compute.digest import digest
from queqiao.ports.compute.embedded import EmbeddedEngine
from queqiao.ports.compute.expression import call, column
from queqiao.ports.compute.functions import FUNCTIONS
from queqiao.ports.compute.plan import Aggregate, Extend, Filter, Lookup, Plan, Tumbling, Windows
from queqiao.ports.compute.sinks import MemorySink
from queqiao.ports.compute.sources import TableSource
from queqiao.ports.compute.versions import standing
from queqiao.process.transforms.catalogue import MACHINES_NAME, TRANSFORMS

pytestmark = [pytest.mark.engines, pytest.mark.timeout(600)]


@pytest.fixture(scope="module", params=["spark", "flink"])
def name(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def python(name, request) -> Path:
    return Path(request.getfixturevalue(f"{name}_python"))


@pytest.fixture(scope="module")
def process(name, python, tmp_path_factory):
    started = start(name, python, tmp_path_factory.mktemp(name))
    yield started
    started.close()


@pytest.fixture
def engine(name, process):
    return lambda folder=None, **more: ADAPTERS[name](
        process, folder, machines=MACHINES_NAME, **more
    )


def run(engine, plan, rows: pa.Table, cuts: int = 1000) -> MemorySink:
    sink = MemorySink()
    engine.run(plan, TableSource(rows, cuts), sink, ended=True)
    return sink


def stands(name: str, results: pa.Table) -> str:
    keys = ("event", "bucket")
    return digest(standing(results, keys) if name.startswith("events_") else results)


@pytest.mark.engines_ci
@pytest.mark.parametrize("transform", ["devices"])
def test_one_transform_for_a_quick_look(engine, transform) -> None:
    given(engine, transform)


@pytest.mark.parametrize("transform", [name for name in TRANSFORMS if name != "devices"])
def test_a_transform_of_the_catalogue_gives_the_same_digest(engine, transform) -> None:
    given(engine, transform)


def given(engine, transform: str) -> None:
    rows = shop(618) if transform != "dedup" else repeated()
    found = run(engine(), TRANSFORMS[transform], source_of(transform, rows))
    assert found.read("too_late") is None
    wanted = run_whole(transform, rows).read("results")
    assert stands(transform, found.read("results")) == stands(transform, wanted)
    assert wanted.num_rows > 5


def repeated() -> list[dict]:
    chance = Random(3)
    return rows_of(
        [
            chance.choice(["d1", "设备"]), None, chance.randrange(10**9), "A", {},
            f"m{chance.randrange(90)}", chance.choice(["web", "we", "店"]),
        ]
        for _ in range(400)
    )  # fmt: skip


def adversarial_rows(seed: int) -> list[dict]:
    """Return rows that are late, too late, without a time, of odd words and large numbers."""
    chance = Random(seed)
    return [
        {
            "who": chance.choice(["甲", "乙", "👩‍🚀", "", None]),
            "day": chance.choice([0, 86_400 * S, None]),
            "at": chance.choice([n * S // 4 + chance.randrange(40) * S, None, -1, 2**62]),
            "amount": chance.choice([None, -7, 2**63 - 1, 2**53 + 1]),
            "word": chance.choice([None, "鹊", '"\\\n\t', "\u2028"]),
        }
        for n in range(600)
    ]


@pytest.mark.parametrize(("window", "early"), [(w, n % 2 == 0) for n, w in enumerate(WINDOWS)])
def test_windows_stand_the_same_and_the_same_rows_are_too_late(engine, window, early) -> None:
    rows = adversarial_rows(7)
    plan = plan_of(window, lateness_us=5 * S, out_of_order_us=2 * S, early=early)
    whole = run_windows(plan, rows, 1000)
    found = run(engine(), plan, table_of(rows, COLUMNS))
    assert digest(found.read("too_late")) == digest(whole.read("too_late"))
    one, other = (standing(s.read("results"), ("who", "day")) for s in (found, whole))
    assert digest(one) == digest(other)


def test_every_function_means_the_same_on_adversarial_rows(engine) -> None:
    calls = [one for name in FUNCTIONS for one in our.calls_of(name)[:12]]
    made = Extend({f"r{place}": one for place, one in enumerate(calls)})
    plan = Plan("functions", our.COLUMNS, (made,))
    rows = table_of(edges(70), our.COLUMNS)
    embedded = run(EmbeddedEngine(), plan, rows).read("results")
    assert digest(run(engine(), plan, rows).read("results")) == digest(embedded)
    assert len(calls) > 100


def test_a_lookup_and_a_filter_before_windows(engine) -> None:
    names = pa.table({"key": ["鹊", "x", ""], "name": ["桥", None, "空"]})
    step = Windows(("name",), "at", Tumbling(10), {"rows": Aggregate("count")})
    keep = Filter(call("greater", column("n"), -8))
    plan = Plan("join", {"a": "text", "n": "int", "at": "time"},
                (keep, Lookup("names", "a", {"name": "text"}), step))  # fmt: skip
    rows = [
        {"a": a, "n": n, "at": n + 9}
        for n, a in enumerate(["鹊", None, "y", "x", "", "鹊", "x"] * 9, -9)
    ]
    table = table_of(rows, plan.columns)
    embedded = run(EmbeddedEngine(lookups={"names": names}), plan, table)
    found = run(engine(lookups={"names": names}), plan, table)
    assert digest(found.read("results")) == digest(embedded.read("results"))


@pytest.mark.parametrize("transform", ["campaign_sessions", "events_an_hour"])
def test_pieces_go_on_from_a_checkpoint_and_an_empty_one_changes_nothing(
    engine, transform, tmp_path
) -> None:
    rows, sink = shop(2, 200), MemorySink()
    table = source_of(transform, rows)
    for end in (0, 70, 70, 200):
        run_to = TableSource(table.slice(0, end))
        engine(tmp_path).run(TRANSFORMS[transform], run_to, sink, ended=end == 200)
    again = engine(tmp_path).run(TRANSFORMS[transform], TableSource(table), sink, ended=True)
    assert (again.position, again.epoch) == (200, 2)
    wanted = run_whole(transform, rows).read("results")
    assert stands(transform, sink.read("results")) == stands(transform, wanted)


def test_nothing_in_is_nothing_out(engine) -> None:
    for transform in ("identity", "events_a_minute"):
        assert run(engine(), TRANSFORMS[transform], source_of(transform, [])).epochs == {}


def test_what_is_wrong_is_named_before_the_engine_is_asked(engine) -> None:
    for plan, rows, path in (
        (Plan("p", {"n": "int"}, (Filter(column("n")),)), pa.table({}), "steps[0].condition"),
        (Plan("p", {"n": "int"}, ()), pa.table({"n": ["no number"]}), "columns.n"),
        (Plan("p", {"__seen": "int"}, ()), pa.table({"__seen": [1]}), "columns.__seen"),
    ):
        with pytest.raises(InvalidInput) as refused:
            run(engine(), plan, rows)
        assert refused.value.fields[0].path == path
    with pytest.raises(InvalidInput) as refused:
        type(engine())(None).run(
            TRANSFORMS["dedup"], TableSource(pa.table({})), MemorySink(), ended=True
        )
    assert refused.value.fields[0].path == "steps.machine"


def test_a_killed_process_is_told_and_the_next_one_goes_on(name, python, tmp_path) -> None:
    """The engine dies in the middle of a piece; what it had begun is done again by another."""
    table, sink = source_of("identity", shop(9, 120)), MemorySink()
    process = start(name, python, tmp_path / "a")
    make = lambda p: ADAPTERS[name](p, tmp_path / "state", machines=MACHINES_NAME)  # noqa: E731
    make(process).run(TRANSFORMS["identity"], TableSource(table.slice(0, 50)), sink, ended=False)
    os.killpg(process.pid, signal.SIGKILL)
    with pytest.raises(Unavailable):
        make(process).run(TRANSFORMS["identity"], TableSource(table), sink, ended=True)
    process.close()
    process = start(name, python, tmp_path / "b")
    make(process).run(TRANSFORMS["identity"], TableSource(table), sink, ended=True)
    process.close()
    wanted = run_whole("identity", shop(9, 120)).read("results")
    assert digest(sink.read("results")) == digest(wanted)
