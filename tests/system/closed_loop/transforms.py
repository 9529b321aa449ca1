"""What the catalogue's transforms make of a loop's log: by the embedded engine, Spark and Flink."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
from tests.ports.compute_engines import ADAPTERS, start
from tests.system.closed_loop.figures import Figures

from deploy.engines.instance import Instance
from queqiao.ports.compute.digest import digest
from queqiao.ports.compute.embedded import EmbeddedEngine
from queqiao.ports.compute.engine_process import EngineProcess
from queqiao.ports.compute.process_engine import ProcessEngine
from queqiao.ports.compute.sinks import MemorySink
from queqiao.ports.compute.sources import TableSource
from queqiao.ports.compute.versions import standing
from queqiao.process.transforms.catalogue import AFTER, MACHINES, MACHINES_NAME, TRANSFORMS
from queqiao.process.transforms.log_source import LogSource
from queqiao.process.transforms.log_streams import transform_log
from queqiao.wiring import adapters
from queqiao.wiring.settings import Settings

NAMES = ("dedup", "devices", "sessions", "identity", "last_click", "events_a_minute")
"""Of the catalogue: what windows, machines and those after them make. The others are of the same
kinds; ``tests/ports/test_compute_log.py`` has them all."""


def embedded_digests(settings: Settings) -> Figures:
    """Return the digest of each transform over a log, by the embedded engine."""
    results: dict[str, pa.Table] = {}
    for name in NAMES:
        reader = adapters.event_log_reader(settings)
        source = TableSource(results[AFTER[name]]) if name in AFTER else LogSource(reader)
        sink = MemorySink()
        EmbeddedEngine(machines=MACHINES).run(TRANSFORMS[name], source, sink, ended=True)
        found = sink.read("results")
        assert found is not None, name
        results[name] = found
    return {name: _digest(name, found) for name, found in results.items()}


def digests_by(engine: ProcessEngine, settings: Settings, folder: Path) -> Figures:
    """Return the same by an engine that reads the log in Kafka itself."""
    place = adapters.kafka_place(settings)
    assert place is not None
    results: dict[str, pa.Table] = {}
    for name in NAMES:
        if name in AFTER:
            sink, source = MemorySink(), TableSource(results[AFTER[name]].sort_by("at"))
            engine.run(TRANSFORMS[name], source, sink, ended=True)
            found = sink.read("results")
            assert found is not None, name
            results[name] = found
        else:
            own = folder / name
            own.mkdir()
            given = transform_log(engine, name, place, own, own.name)
            assert given["too_late"].num_rows == 0, name
            results[name] = given["results"]
    return {name: _digest(name, found) for name, found in results.items()}


def start_engine(name: str, engines: Instance, folder: Path) -> EngineProcess:
    """Start Spark or Flink in a process of its own that knows Kafka; Flink's works on a cluster."""
    engines.up([name])
    urls = engines.urls([name])
    jars = urls[f"{name}_jars"]
    options: dict[str, object] = {"settings": {"spark.jars": jars}}
    if name == "flink":
        paths = [Path(jar) for jar in jars.split(",")]
        options = {"rest": urls["flink_rest"], "jars": paths}
    return start(name, Path(urls[f"{name}_python"]), folder, **options)


@contextmanager
def process_engine(name: str, engines: Instance, folder: Path) -> Iterator[ProcessEngine]:
    """Give the engine; end its process afterwards."""
    process = start_engine(name, engines, folder)
    try:
        yield ADAPTERS[name](process, machines=MACHINES_NAME)
    finally:
        process.close()


def _digest(name: str, results: pa.Table) -> str:
    """Return the digest; of counts that correct themselves, of what stands in the end."""
    return digest(standing(results, ("event", "bucket")) if name.startswith("events_") else results)
