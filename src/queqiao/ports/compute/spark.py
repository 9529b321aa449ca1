"""Spark: batch and Structured Streaming, by a driver in Spark's own environment (``spark_job.py``).

``pip install pyspark==4.2.0 pandas pyarrow msgspec xxhash`` makes that environment.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from queqiao.ports.compute.engine_process import EngineProcess, Environment
from queqiao.ports.compute.exchange import OFFSET, ORIGIN, PARTITION
from queqiao.ports.compute.packing import Entry
from queqiao.ports.compute.plan import Columns
from queqiao.ports.compute.process_engine import ProcessEngine
from queqiao.ports.compute.values import schema_of

INSTALL = "pip install 'pyspark==4.2.0' 'pandas<3' pyarrow msgspec xxhash tzdata"


def start(
    python: Path,
    folder: Path,
    *,
    master: str = "local[2]",
    settings: Mapping[str, str] | None = None,
) -> EngineProcess:
    """Start a driver. ``master`` is ``local[n]`` or ``spark://host:port``.

    ``folder`` is for what it needs while it runs. Raises InvalidInput with the command to run when
    the environment is missing, Unavailable when the driver does not come up.
    """
    environment = Environment(
        python=python, module="queqiao.ports.compute.spark_job", install=INSTALL
    )
    mine = {"spark.master": master, "spark.local.dir": str(folder / "spark"), **(settings or {})}
    return EngineProcess(environment, mine, folder, variables={"PYSPARK_PYTHON": str(python)})


class SparkEngine(ProcessEngine):
    """The contract of ``base.py`` on Spark: each call of ``run`` is one batch."""

    def entries(self, epoch: Path) -> Iterator[Entry]:
        """Yield the rows of the epoch's Parquet files."""
        for folder in sorted(epoch.glob("kind=*")):
            kind = folder.name.removeprefix("kind=")
            for path in sorted(folder.glob("*.parquet")):
                found = pq.ParquetFile(path).read(["name", "value"])
                names, values = (column.to_pylist() for column in found.columns)
                yield from (Entry(kind, *pair) for pair in zip(names, values, strict=True))

    def spool(self, rows: Iterator[pa.Table], columns: Columns, path: Path) -> None:
        """Write one Parquet file: one partition, numbered from 0."""
        offset = 0
        with pq.ParquetWriter(path, schema_of({**columns, **ORIGIN})) as writer:
            for table in rows:
                count = table.num_rows
                zeros = pa.repeat(pa.scalar(0, pa.int64()), count)
                offsets = pa.array(range(offset, offset + count), pa.int64())
                writer.write_table(
                    table.append_column(PARTITION, zeros).append_column(OFFSET, offsets)
                )
                offset += count
