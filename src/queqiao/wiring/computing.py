"""Transforms over the event log, on the engine that the settings name.

Checkpoints and results lie under ``transforms/`` in the home: ``results/ENGINE/NAME`` holds a
Parquet file an epoch, ``state/ENGINE`` how far it is. An engine is started for a run
and ended after it.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from queqiao.kernel.errors import FieldError, InvalidInput
from queqiao.ports.compute import flink, spark
from queqiao.ports.compute.base import Engine, Progress, Source
from queqiao.ports.compute.embedded import EmbeddedEngine
from queqiao.ports.compute.engine_process import EngineProcess
from queqiao.ports.compute.keyed import columns_given
from queqiao.ports.compute.place import SETTING, ComputePlace, compute_place
from queqiao.ports.compute.process_engine import ProcessEngine
from queqiao.ports.compute.sinks import ParquetSink
from queqiao.ports.compute.sources import TableSource
from queqiao.ports.compute.values import schema_of
from queqiao.process.facts import FactReader
from queqiao.process.transforms.catalogue import AFTER, MACHINES, MACHINES_NAME, TRANSFORMS
from queqiao.process.transforms.log_source import LogSource
from queqiao.wiring import adapters, erasure_elsewhere, transform_folder
from queqiao.wiring.settings import Settings

_ENGINES: Mapping[str, type[ProcessEngine]] = {
    "spark": spark.SparkEngine,
    "flink": flink.FlinkEngine,
}


def run(settings: Settings, engine: Engine, name: str, *, ended: bool) -> Progress:
    """Run a transform from its checkpoint to the log's end, after the one that it reads.

    ``ended`` closes what is open, as if no event would come any more.
    """
    before = AFTER.get(name)
    if before is not None:
        run(settings, engine, before, ended=ended)
        source: Source = TableSource(given(settings, before, "results"))
    else:
        reader = adapters.event_log_reader(settings)
        enricher, currency = adapters.enricher(settings), settings.shop.currency
        veiled = erasure_elsewhere.veiled(settings, FactReader(enricher, currency))
        source = LogSource(reader, enricher=enricher, currency=currency, veiled=veiled)
    return engine.run(TRANSFORMS[name], source, ParquetSink(results(settings, name)), ended=ended)


def given(settings: Settings, name: str, output: str) -> pa.Table:
    """Return all rows of an output of a transform: ``results`` or ``too_late``."""
    rows = ParquetSink(results(settings, name)).read(output)
    columns = columns_given(TRANSFORMS[name], MACHINES)[output]
    return schema_of(columns).empty_table() if rows is None else rows


def results(settings: Settings, name: str) -> Path:
    """Return where the files of a transform's results lie."""
    engine = compute_place(settings.ports.compute).engine
    return transform_folder.of(settings.home) / "results" / engine / name


@contextmanager
def engine(settings: Settings) -> Iterator[Engine]:
    """Yield the engine of the settings, and hold the folder meanwhile.

    Raises InvalidInput with what to install, Unavailable while another run has the folder.
    """
    place = compute_place(settings.ports.compute)
    with transform_folder.held(settings.home) as folder:
        state = folder / "state" / place.engine
        if place.python is None:
            yield EmbeddedEngine(state, machines=MACHINES)
            return
        process = started(place, folder / "engine")
        try:
            yield _ENGINES[place.engine](process, state, machines=MACHINES_NAME)
        finally:
            process.close()


def started(place: ComputePlace, folder: Path) -> EngineProcess:
    """Start the process of an engine that is not embedded; its errors name the setting."""
    assert place.python is not None
    try:
        if place.engine == "spark":
            jars = {"spark.jars": ",".join(map(str, place.jars))} if place.jars else {}
            more = {**jars, **place.settings}
            return spark.start(place.python, folder, master=place.at or "local[2]", settings=more)
        return flink.start(
            place.python, folder, rest=place.at or None, jars=place.jars, settings=place.settings
        )
    except InvalidInput as error:
        raise InvalidInput(*(FieldError(SETTING, one.message) for one in error.fields)) from error
