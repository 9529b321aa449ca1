"""Flink: bounded pieces and topics, by a client in Flink's own environment (``flink_job.py``)."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from queqiao.ports.compute.engine_process import EngineProcess, Environment
from queqiao.ports.compute.packing import Entry, read_entries
from queqiao.ports.compute.plan import Columns
from queqiao.ports.compute.process_engine import ProcessEngine
from queqiao.ports.compute.wire import lines_of

INSTALL = "pip install 'apache-flink==2.2.1' msgspec xxhash tzdata"


def start(
    python: Path,
    folder: Path,
    *,
    rest: str | None = None,
    jars: Sequence[Path] = (),
    settings: Mapping[str, str] | None = None,
) -> EngineProcess:
    """Start a client. ``rest`` is ``http://host:port`` of a cluster; else the client runs all.

    ``jars`` are those of the connectors that topics need. ``folder`` is for what it needs while it
    runs. Raises InvalidInput with the command to run when the environment is missing, Unavailable
    when the client does not come up.
    """
    environment = Environment(
        python=python, module="queqiao.ports.compute.flink_job", install=INSTALL
    )
    mine = {"jars": ",".join(map(str, jars)), **(settings or {})}
    if rest is not None:
        host, _, port = rest.removeprefix("http://").rpartition(":")
        mine |= {"execution.target": "remote", "rest.address": host, "rest.port": port}
    return EngineProcess(environment, mine, folder)


class FlinkEngine(ProcessEngine):
    """The contract of ``base.py`` on Flink: each call of ``run`` is one bounded job."""

    def entries(self, epoch: Path) -> Iterator[Entry]:
        """Yield the lines of the epoch's files."""
        return (entry for _, entry in read_entries(epoch))

    def spool(self, rows: Iterator[pa.Table], columns: Columns, path: Path) -> None:
        """Write one file of lines. The first is empty: it wakes each bucket, rows or not."""
        del columns
        with path.open("wb") as file:
            file.write(b"\n")
            for table in rows:
                file.writelines(line + b"\n" for line in lines_of(table))
