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
        with self._turn(table, partition) as folder:
            self._write(folder, rows)
            self._show(folder)

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

    def stage(self, table: str, partition: str) -> str:
        """Return the hidden name of a partition's file."""
        with self._turn(table, partition) as folder:
            unfinished = folder / _UNFINISHED
            unfinished.unlink(missing_ok=True)
            return str(unfinished.resolve())

    def forget_staged(self, table: str) -> None:
        """Unlink every hidden file of a table."""
        check_names(table, "day=0")
        for unfinished in (self._root / table).glob(f"*=*/{_UNFINISHED}"):
            with self._turn(table, unfinished.parent.name):
                unfinished.unlink(missing_ok=True)

    def publish_staged(self, table: str, partition: str) -> None:
        """Sync the hidden file and rename it. Raises NotFound."""
        with self._turn(table, partition) as folder:
            try:
                _sync(folder / _UNFINISHED)
            except FileNotFoundError as error:
                raise NotFound from error
            self._show(folder)

    def place(self, table: str, *partitions: str) -> str:
        """Return the path of the partitions' files."""
        for partition in partitions:
            check_names(table, partition)
        folder = partitions[0] if len(partitions) == 1 else f"{{{','.join(partitions)}}}"
        return f"{(self._root / table).resolve()}/{folder}/{_FILE}"

    def remove(self, table: str, partition: str) -> None:
        """Unlink the files of a partition and its folder."""
        with self._turn(table, partition) as folder:
            for name in (_FILE, _UNFINISHED):
                (folder / name).unlink(missing_ok=True)
            folder.rmdir()
            _sync(folder.parent)

    @contextmanager
    def _turn(self, table: str, partition: str) -> Iterator[Path]:
        """Hold the table's lock, which ends with the process that holds it."""
        check_names(table, partition)
        folder = self._root / table
        try:
            (folder / partition).mkdir(parents=True, exist_ok=True)
            with (folder / ".lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield folder / partition
        except OSError as error:
            if error.errno in _FULL:
                raise StorageFull from error
            raise

    def _write(self, folder: Path, rows: pa.Table) -> None:
        unfinished = folder / _UNFINISHED
        try:
            with unfinished.open("wb") as file:
                pq.write_table(rows, file, compression="zstd")
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise

    def _show(self, folder: Path) -> None:
        (folder / _UNFINISHED).replace(folder / _FILE)
        for path in (folder, folder.parent, self._root):
            _sync(path)


def _sync(path: Path) -> None:
    """Bring a file, or a folder's list of names, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
