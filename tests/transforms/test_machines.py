"""Machines of the catalogue: golden cases; batch, stream, any order, restarts: one digest."""

import json
from pathlib import Path
from random import Random

import pyarrow as pa
import pytest
from tests.transforms.engines import plain, table_of

from queqiao.kernel.envelope import Envelope, encode_envelope
from queqiao.kernel.errors import Conflict, InvalidInput
from queqiao.ports.compute.digest import digest
from queqiao.ports.compute.embedded import EmbeddedEngine
from queqiao.ports.compute.plan import Plan, check_plan, decode, encode
from queqiao.ports.compute.sinks import MemorySink
from queqiao.ports.compute.sources import TableSource
from queqiao.ports.compute.versions import standing
from queqiao.ports.event_log.base import StoredEvent
from queqiao.process.transforms.catalogue import AFTER, EVENT_COLUMNS, FUNNEL, MACHINES, TRANSFORMS
from queqiao.process.transforms.log_source import LogSource

CASES = json.loads(
    (Path(__file__).parents[1] / "cases" / "transforms" / "machines.json").read_text("utf-8")
)
NOTHING = TableSource(table_of([], EVENT_COLUMNS))
IN_TIME_ORDER = [n for n, p in TRANSFORMS.items() if getattr(p.steps[-1], "order", "") == "time"]


def rows_of(events) -> list[dict]:
    made = []
    for number, (device, user, at, event, properties, *rest) in enumerate(events):
        message, source = (*rest, *(f"m{number}", "web")[len(rest) :])
        body = json.dumps(properties, ensure_ascii=False)
        campaign = properties.get("campaign_id", "")
        values = (source, message, event, device, user, at, body, campaign)
        made.append(dict(zip(EVENT_COLUMNS, values, strict=True)))
    return made


def source_of(name: str, rows) -> pa.Table:
    """Return what a transform reads: the events, or what the one before it gives of them."""
    if name not in AFTER:
        return table_of(rows, EVENT_COLUMNS)
    before = AFTER[name]
    given = run(before, rows).read("results")
    return table_of([], MACHINES[before].gives) if given is None else given


def run(name: str, rows, cuts: int = 1000, folder=None, parts=None) -> MemorySink:
    sink, table = MemorySink(), source_of(name, rows)
    for end in [*(parts or []), len(rows)]:
        engine = EmbeddedEngine(folder, machines=MACHINES, chunks_an_epoch=2)
        source = TableSource(table.slice(0, end), cuts)
        engine.run(TRANSFORMS[name], source, sink, ended=end == len(rows))
    return sink


def tuples(rows: pa.Table) -> list[list]:
    return [
        list(row) for row in zip(*(plain(c.combine_chunks()) for c in rows.columns), strict=True)
    ]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_golden(case) -> None:
    found = tuples(run(case["transform"], rows_of(case["events"])).read("results"))
    if "results" in case:
        assert found == case["results"]
    else:
        assert found[: len(case["results_any"])] == case["results_any"]
        assert [row[:3] for row in found[len(case["results_any"]) :]] == [case["last_step"]]


def shop(seed: int, count: int = 600) -> list[dict]:
    """Return events of some devices, each at most 20 s out of order, with odd values."""
    chance = Random(seed)
    rows = []
    for number in range(count):
        at = number * 90_000_000 + chance.randrange(-10, 10) * 1_000_000 + 20_000_000
        device = chance.choice(["d1", "d2", "设备", "👩‍🚀"])
        event = chance.choice([*FUNNEL, "Ad Clicked", None])
        properties = chance.choice(
            [
                {},
                {"campaign_id": "c1"},
                {"campaign_id": "活动", "order_id": "o", "total_minor": 2**60},
            ]
        )
        user = chance.choice([None, None, "甲", "乙"])
        rows.append([device, user, at, event, properties])
    return rows_of(rows)


@pytest.mark.parametrize("name", IN_TIME_ORDER)
def test_batch_and_stream_any_order_and_restarts_give_one_digest(name, tmp_path) -> None:
    rows = shop(618)
    wanted = run(name, sorted(rows, key=lambda row: row["at"])).read("results")
    stream = run(name, rows, cuts=7)
    pieces = run(name, rows, cuts=13, folder=tmp_path, parts=[1, 100, 101, 350])
    assert stream.read("too_late") is None
    assert digest(stream.read("results")) == digest(wanted) == digest(pieces.read("results"))
    assert wanted.num_rows > 5


def test_dedup_gives_one_digest_by_batch_and_stream_and_over_restarts(tmp_path) -> None:
    chance = Random(3)
    rows = rows_of(
        [
            chance.choice(["d1", "设备"]), None, chance.randrange(10**9), "A", {},
            f"m{chance.randrange(90)}", chance.choice(["web", "we", "店"]),
        ]
        for _ in range(400)
    )  # fmt: skip
    wanted = run("dedup", rows).read("results")
    stream = run("dedup", rows, cuts=7).read("results")
    pieces = run("dedup", rows, 13, tmp_path, [1, 100, 101, 350]).read("results")
    assert digest(stream) == digest(wanted) == digest(pieces)
    assert wanted.num_rows == len({(row["source"], row["message_id"]) for row in rows})


@pytest.mark.parametrize("name", TRANSFORMS)
def test_nothing_in_is_nothing_out(name, tmp_path) -> None:
    assert run(name, [], folder=tmp_path).epochs == {}
    first = run(name, shop(2, 40)).read("results")
    parts = run(name, shop(2, 40), 7, tmp_path / "parts", [0]).read("results")
    keys = ("event", "bucket")
    if name.startswith("events_"):
        first, parts = standing(first, keys), standing(parts, keys)
    assert digest(first) == digest(parts), "an empty beginning changes nothing"


@pytest.mark.parametrize("name", ["events_a_minute", "events_an_hour"])
def test_rollups_do_not_depend_on_order_or_cutting(name, tmp_path) -> None:
    rows = shop(7)
    shuffled = Random(1).sample(rows, len(rows))
    keys = ("event", "bucket")
    one = standing(run(name, rows).read("results"), keys)
    other = standing(run(name, shuffled, 11, tmp_path, [5, 400]).read("results"), keys)
    assert digest(one) == digest(other)
    assert sum(one.column("events").to_pylist()) == sum(row["event"] is not None for row in rows)
    assert 2**60 in one.column("revenue_minor").to_pylist()


def test_a_row_before_the_watermark_is_told_and_not_shown() -> None:
    events = [["d1", None, at, "A", {}] for at in (0, 61_000_000, 1_000_000, 500_000)]
    late = run("devices", rows_of(events), cuts=1).read("too_late")
    assert plain(late.column("at").combine_chunks()) == [500_000]


def test_every_transform_is_data_and_names_a_machine_that_is_there() -> None:
    for name, plan in TRANSFORMS.items():
        assert decode(encode(plan)) == plan
        assert plan.name == name
        assert check_plan(plan)
        assert getattr(plan.steps[-1], "machine", "dedup") in MACHINES


def test_a_checkpoint_is_not_continued_by_another_plan(tmp_path) -> None:
    run("sessions", shop(1, 20), folder=tmp_path)
    other = Plan("sessions", EVENT_COLUMNS, ())
    with pytest.raises(Conflict):
        EmbeddedEngine(tmp_path).run(other, NOTHING, MemorySink(), ended=True)


def test_a_machine_that_is_missing_is_named() -> None:
    with pytest.raises(InvalidInput) as refused:
        EmbeddedEngine().run(TRANSFORMS["sessions"], NOTHING, MemorySink(), ended=True)
    assert refused.value.fields[0].path == "steps.machine"


class Log:
    def __init__(self, bodies) -> None:
        self.events = [StoredEvent(offset, body) for offset, body in enumerate(bodies, 1)]

    def read(self, after: int, limit: int):
        return self.events[after : after + limit]


def test_the_event_log_is_a_source() -> None:
    bodies = [
        encode_envelope(Envelope(f"m{n}", "track", n * 10, 0, "web", "看", "d1", None))
        for n in range(5)
    ]
    sink = MemorySink()
    engine = EmbeddedEngine(machines=MACHINES)
    progress = engine.run(TRANSFORMS["identity"], LogSource(Log(bodies), 2), sink, ended=True)
    assert progress.position == 5
    assert sink.read("results").column("id").to_pylist() == [f"3:webm{n}" for n in range(5)]
