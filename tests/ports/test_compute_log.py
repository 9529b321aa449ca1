"""The event log in Kafka as engines read it themselves: the digests of the embedded engine."""

import asyncio
from pathlib import Path
from random import Random

import msgspec
import pyarrow as pa
import pytest
from tests.ports.compute_engines import ADAPTERS, start
from tests.ports.kafka_log import kafka_log, kafka_reader, place_for
from tests.process.conftest import opened
from tests.process.test_late_rows import LATE, too_late
from tests.process.test_late_rows import fill as fill_house

from queqiao.kernel.envelope import Envelope, decode_envelope, encode_envelope
from queqiao.kernel.errors import InvalidInput
from queqiao.ports.compute.digest import digest
from queqiao.ports.compute.embedded import EmbeddedEngine
from queqiao.ports.compute.sinks import MemorySink
from queqiao.ports.compute.sources import TableSource
from queqiao.ports.compute.versions import standing
from queqiao.ports.event_log.base import NewEvent, OwnedEventLog
from queqiao.ports.event_log.embedded import EmbeddedEventLog
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.process.late_rows import LateRowsBook, Recorded, late_rows
from queqiao.process.transforms.catalogue import AFTER, FUNNEL, MACHINES, MACHINES_NAME, TRANSFORMS
from queqiao.process.transforms.log_source import LogSource
from queqiao.process.transforms.log_streams import log_stream, transform_log

pytestmark = [pytest.mark.engines, pytest.mark.timeout(900)]

BEGIN_US = 1_780_000_000_000_000


def events(seed: int, count: int) -> list[NewEvent]:
    """Return events as the intake stores them: people, devices, campaigns, a clock that is wrong,
    some that cannot be read; each at most 20 s out of order.
    """
    chance = Random(seed)
    made = []
    for number in range(count):
        apart_s = number * 45 + number // 70 * 3600
        at_us = BEGIN_US + (apart_s + chance.randrange(-10, 10)) * 1_000_000
        who = chance.choice(
            [("d1", None), ("d1", "甲"), ("设备", None), ("👩‍🚀", "u2"), (None, "u2")]
        )
        properties = chance.choice([{}, {"order_id": "o", "total_minor": 2**60}])
        context = chance.choice(
            [
                {},
                {"campaign": {"source": "抖音", "name": "六一八"}},
                {"userAgent": "MicroMessenger/8"},
            ]
        )
        skew_us = chance.choice([0, 0, 3_600_000_000])
        envelope = Envelope(
            f"m{number}", "track", at_us + skew_us, at_us, chance.choice(["web", "店"]),
            chance.choice([*FUNNEL, "Ad Clicked"]), *who, sent_at_us=at_us + skew_us,
            context=msgspec.Raw(msgspec.json.encode(context)),
            properties=msgspec.Raw(msgspec.json.encode(properties)),
        )  # fmt: skip
        body = encode_envelope(envelope) if number % 50 else b"{}"
        made.append(NewEvent(envelope.source, envelope.message_id, body, b"\0" * 8))
    return made


def fill(log: OwnedEventLog, stored: list[NewEvent]) -> None:
    async def append() -> None:
        for first in range(0, len(stored), 70):
            await log.append(stored[first : first + 70])

    asyncio.run(append())
    log.close()


@pytest.fixture(scope="module")
def logs(kafka_bootstrap, tmp_path_factory):
    """Return readers of one history, in a folder and on brokers, and the place of the latter."""
    home, stored = tmp_path_factory.mktemp("log"), events(618, 700)
    fill(EmbeddedEventLog(home / "embedded"), stored)
    fill(kafka_log(home / "kafka", kafka_bootstrap), stored)
    on_kafka = kafka_reader(home / "kafka", kafka_bootstrap)
    yield (
        EmbeddedEventLogReader(home / "embedded"),
        on_kafka,
        place_for(home / "kafka", kafka_bootstrap),
    )
    on_kafka.close()


@pytest.fixture(scope="module", params=["spark", "flink"])
def engine(request, tmp_path_factory):
    """Return an engine on a process of its own that knows Kafka."""
    name = request.param
    python = Path(request.getfixturevalue(f"{name}_python"))
    jars = request.getfixturevalue("engines").urls([name])[f"{name}_jars"]
    more: dict = {"settings": {"spark.jars": jars}}
    if name == "flink":
        rest = request.getfixturevalue("flink_rest")
        more = {"rest": rest, "jars": [Path(jar) for jar in jars.split(",")]}
    process = start(name, python, tmp_path_factory.mktemp(name), **more)
    yield ADAPTERS[name](process, machines=MACHINES_NAME)
    process.close()


def embedded(name: str, reader) -> MemorySink:
    source = LogSource(reader, 100)
    if name in AFTER:
        source = TableSource(embedded(AFTER[name], reader).read("results"))
    sink = MemorySink()
    EmbeddedEngine(machines=MACHINES).run(TRANSFORMS[name], source, sink, ended=True)
    return sink


def stands(name: str, results: pa.Table) -> str:
    return digest(standing(results, ("event", "bucket")) if name.startswith("events_") else results)


@pytest.mark.parametrize("name", TRANSFORMS)
def test_a_transform_over_the_log_in_kafka_gives_the_digest_of_the_embedded_log(
    name, engine, logs, tmp_path
) -> None:
    in_files, on_kafka, place = logs
    wanted = embedded(name, in_files)
    assert wanted.read("too_late") is None
    assert wanted.read("results").num_rows > 5
    assert stands(name, embedded(name, on_kafka).read("results")) == stands(
        name, wanted.read("results")
    )
    found = transform_log(engine, name, place, tmp_path, tmp_path.name)
    assert stands(name, found["results"]) == stands(name, wanted.read("results"))
    assert found["too_late"].num_rows == 0


async def test_what_the_engine_calls_too_late_is_on_record_once(
    engine, kafka_bootstrap, tmp_path
) -> None:
    """The late rows of the log in Kafka, by the engine's own windows, beside the corrections."""
    stored = [NewEvent("web", decode_envelope(one).message_id, one, bytes(8)) for one in LATE]
    on_kafka = kafka_log(tmp_path / "kafka", kafka_bootstrap)
    await on_kafka.append(stored)
    place, name = place_for(tmp_path / "kafka", kafka_bootstrap), "events_a_minute"
    folder = tmp_path / "state"
    found = await asyncio.to_thread(transform_log, engine, name, place, folder, tmp_path.name)
    given = late_rows(TRANSFORMS[name], found["too_late"])
    async with opened(tmp_path / "house") as house:
        await fill_house(house, LATE)
        assert digest(found["too_late"]) == digest(too_late(house, name))
        book = LateRowsBook(house.warehouse, on_kafka, "CNY")
        assert await book.record(given) == Recorded(recorded=2)
        assert await book.record(given) == Recorded(known=2)
        rows = await house.ask("SELECT offset, metrics, amounts FROM late_rows ORDER BY offset")
        assert rows == [[3, ["events", "revenue_minor"], [1, 900]], [4, ["events"], [1]]]
    on_kafka.close()


def test_a_transform_that_reads_no_events_is_refused(logs, tmp_path) -> None:
    for name in ("sessions", "no_such"):
        with pytest.raises(InvalidInput) as refused:
            log_stream(name, logs[2], tmp_path, "r", "l")
        assert refused.value.fields[0].path == "transform"
