"""Transforms of the catalogue over an event log in Kafka, by an engine that reads it there itself.

The engine reads each partition in its order; it does not see the one order over all of them. So the
digest is that of the embedded engine over the log as long as no event is too late for either:
machines wait a minute for what comes out of order, windows take late events in for three days.
"""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
from confluent_kafka.admin import NewTopic

from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.ports.compute.job import BUCKETS, Job, Stream
from queqiao.ports.compute.keyed import columns_given
from queqiao.ports.compute.process_engine import ProcessEngine
from queqiao.ports.compute.sinks import MemorySink
from queqiao.ports.compute.sources import TableSource
from queqiao.ports.compute.streams import run_to_end
from queqiao.ports.compute.values import schema_of
from queqiao.ports.compute.written import read_written
from queqiao.ports.event_log.kafka.place import Place, java_settings
from queqiao.ports.event_log.kafka.topic import ANSWER_WITHIN_S, admin_of, open_topic
from queqiao.process.transforms.catalogue import AFTER, MACHINES, MACHINES_NAME, TRANSFORMS

READS = "queqiao.process.transforms.log_source:EventRows"


def log_stream(
    name: str, place: Place, folder: Path, results: str, too_late: str, *, buckets: int = BUCKETS
) -> Stream:
    """Return what ``streams.RunningStream`` is asked, to run a transform on the log as it grows.

    Raises InvalidInput for a transform that does not read events, and what ``open_topic`` raises.
    """
    if name in AFTER or name not in TRANSFORMS:
        readers = "、".join(sorted(TRANSFORMS.keys() - AFTER))
        message = Message(f"须为读事件的变换：{readers}", f"one that reads events: {readers}")
        raise InvalidInput(FieldError("transform", message))
    topic = open_topic(place, make=False)
    return Stream(
        job=Job(plan=TRANSFORMS[name], machines=MACHINES_NAME, reads=READS, buckets=buckets),
        servers=place.servers,
        topic=topic.name,
        partitions=topic.partitions,
        results=results,
        too_late=too_late,
        folder=str(folder),
        client=java_settings(place),
    )


def transform_log(
    engine: ProcessEngine, name: str, place: Place, folder: Path, mark: str
) -> dict[str, pa.Table]:
    """Run a transform over all that is in the log now; return ``results`` and ``too_late``.

    As of a log that has ended: windows are closed, timers have fired. A transform that reads what
    another one gives is handed it in order of time. ``folder`` is new; ``mark`` makes the names of
    the topics that the engine writes to, which are deleted, their own.
    """
    before = AFTER.get(name)
    if before is None:
        return _streamed(engine, name, place, folder, mark)
    given = transform_log(engine, before, place, folder, mark)["results"].sort_by("at")
    sink = MemorySink()
    engine.run(TRANSFORMS[name], TableSource(given), sink, ended=True)
    return {kind: _or_empty(name, kind, sink.read(kind)) for kind in ("results", "too_late")}


def _streamed(
    engine: ProcessEngine, name: str, place: Place, folder: Path, mark: str
) -> dict[str, pa.Table]:
    topics = {kind: f"{place.topic}.{name}.{mark}.{kind}" for kind in ("results", "too_late")}
    asked = log_stream(name, place, folder, *topics.values())
    _make(place, list(topics.values()), asked.partitions)
    try:
        run_to_end(engine.process, asked)
        columns = columns_given(TRANSFORMS[name], MACHINES)
        client = place.settings("transforms")
        return {
            kind: read_written(client, topic, columns[kind]).rows for kind, topic in topics.items()
        }
    finally:
        _delete(place, list(topics.values()))


def _or_empty(name: str, kind: str, rows: pa.Table | None) -> pa.Table:
    columns = columns_given(TRANSFORMS[name], MACHINES)[kind]
    return schema_of(columns).empty_table() if rows is None else rows


def _make(place: Place, topics: Sequence[str], partitions: int) -> None:
    config = {"min.insync.replicas": str(place.min_insync)}
    new = [NewTopic(name, partitions, place.replication, config=config) for name in topics]
    admin = admin_of(place)
    for made in admin.create_topics(new).values():
        made.result(ANSWER_WITHIN_S)


def _delete(place: Place, topics: Sequence[str]) -> None:
    admin = admin_of(place)
    for gone in admin.delete_topics(list(topics)).values():
        gone.result(ANSWER_WITHIN_S)
