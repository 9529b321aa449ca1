"""The embedded lake: Parquet files in a local folder, laid out as Hive expects."""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from queqiao.kernel.errors import NotFound, StorageFull
from queqiao.ports.lake.base import check_names

_FILE = "data.parquet"
_UNFINISHED = ".unfinished.parquet"
"""Hidden, so that no listing and no engine takes a half-written file for data."""

_FULL = {errno.ENOSPC, errno.EDQUOT}


class ParquetFolder:
    """Lake on ``ROOT/<table>/<partition>/data.parquet``."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def publish(self, table: str, partition: str, rows: pa.Table) -> None:
        """Write to a hidden name, sync, rename, sync the folders. See the contract."""
        check_names(table, partition)
        try:
            with self._turn(table) as folder:
                self._replace(folder / partition, rows)
        except OSError as error:
            if error.errno in _FULL:
                raise StorageFull from error
            raise

    def partitions(self, table: str) -> list[str]:
        """Return what was published, sorted."""
        check_names(table, "day=0")
        return sorted(path.parent.name for path in (self._root / table).glob(f"*=*/{_FILE}"))

    def read(self, table: str, partition: str) -> pa.Table:
        """Return one partition. Raises NotFound."""
        check_names(table, partition)
        try:
            return pq.ParquetFile(self._root / table / partition / _FILE).read()
        except FileNotFoundError as error:
            raise NotFound from error

    @contextmanager
    def _turn(self, table: str) -> Iterator[Path]:
        """Hold the table's lock, which ends with the process that holds it."""
        folder = self._root / table
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield folder

    def _replace(self, folder: Path, rows: pa.Table) -> None:
        folder.mkdir(exist_ok=True)
        unfinished = folder / _UNFINISHED
        try:
            with unfinished.open("wb") as file:
                pq.write_table(rows, file, compression="zstd")
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(folder / _FILE)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
        for path in (folder, folder.parent, self._root):
            _sync_folder(path)


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
