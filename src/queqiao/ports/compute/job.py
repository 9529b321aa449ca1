"""What a process of an engine is told: one JSON object. It is data; no code travels in it."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Literal

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.ports.compute.base import KeyedMachine
from queqiao.ports.compute.plan import Plan
from queqiao.ports.compute.wire import LineReader, RecordReader

BUCKETS = 8
"""How many buckets the keys are dealt to, unless told otherwise."""

OFFSETS_A_CUT_MAX = 200_000
"""The most events that one cut of a topic takes; so a backlog does not become one huge cut."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A plan and what it needs. ``machines`` is ``module:NAME`` of a mapping of machines,
    ``reads`` of what makes a ``wire.RecordReader`` for the records of a topic (without it they are
    lines of JSON with the plan's columns); ``lookups`` are Parquet files. The engine's process
    imports the modules from its own path.
    """

    plan: Plan
    machines: str | None = None
    reads: str | None = None
    lookups: dict[str, str] = {}
    buckets: int = BUCKETS


class Cut(msgspec.Struct, frozen=True, kw_only=True, tag_field="do", tag="cut"):
    """Run a bounded piece: rows of Parquet files with their origin, state from the epoch before.

    Everything that comes out is in ``folder`` under the number of the epoch: ``kind=state``,
    ``kind=results``, ``kind=too_late``. ``ended``: nothing will come after it.
    """

    job: Job
    rows: str
    folder: str
    epoch: int
    ended: bool
    partitions: int = 1


class Stream(msgspec.Struct, frozen=True, kw_only=True, tag_field="do", tag="stream"):
    """Run on a topic: lines of a Kafka topic in, lines of two Kafka topics out.

    ``bounded``: end where the topic ends when it begins; windows stay open, unless ``ended`` says
    that nothing will come after: then they close and timers fire, and that was the folder's last
    run. ``options`` are those of the engine's source; ``client`` are settings of Kafka's Java
    client, for reading and writing.
    """

    job: Job
    servers: str
    topic: str
    partitions: int
    results: str
    too_late: str
    folder: str
    offsets_a_cut: int = OFFSETS_A_CUT_MAX
    interval_ms: int = 1_000
    bounded: bool = False
    ended: bool = False
    client: dict[str, str] = {}
    options: dict[str, str] = {}


Request = Cut | Stream


class Reply(msgspec.Struct, frozen=True):
    """What a process answers: how far it came, or what was wrong."""

    state: Literal["ready", "done", "running", "refused", "failed"]
    epoch: int = 0
    detail: str = ""


def machines_of(name: str | None) -> Mapping[str, KeyedMachine[Any]]:
    """Return the machines of ``module:NAME``. Raises InvalidInput if there are none."""
    return {} if name is None else _named("job.machines", name)


def reader_of(job: Job) -> RecordReader:
    """Return what reads the records of a topic. Raises InvalidInput if there is no such thing."""
    if job.reads is None:
        return LineReader(job.plan.columns)
    made: RecordReader = _named("job.reads", job.reads)()
    return made


def _named(field: str, name: str) -> Any:
    module, _, attribute = name.partition(":")
    try:
        return getattr(import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        message = Message("写成 模块:名字，且引擎能导入它", "write module:NAME that it can import")
        raise InvalidInput(FieldError(field, message)) from error


def lookups_of(job: Job) -> dict[str, pa.Table]:
    """Return the tables that the plan joins."""
    return {name: pq.read_table(path) for name, path in job.lookups.items()}
