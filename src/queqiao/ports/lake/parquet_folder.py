"""The embedded lake: Parquet files in a local folder, laid out as Hive expects."""

import errno
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from queqiao.kernel.errors import NotFound, StorageFull
from queqiao.ports.lake.base import Content, Held, check_names
from queqiao.ports.lake.parquet import FILE, SUFFIX, content_of, merge

_UNFINISHED = ".unfinished.parquet"
_MERGED = ".merged.parquet"
_HIDDEN = (_UNFINISHED, _MERGED)
"""Hidden, so that no listing and no engine takes a half-written file for data."""

Write = Callable[[BinaryIO], object]
"""Puts a content into an open file."""

_FULL = {errno.ENOSPC, errno.EDQUOT}


class ParquetFolder:
    """Lake on ``ROOT/<table>/<partition>/data.parquet``."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def publish(self, table: str, partition: str, rows: pa.Table) -> None:
        """Write to a hidden name, sync, rename, sync the folders. See the contract."""
        self._publish(table, partition, lambda file: pq.write_table(rows, file, compression="zstd"))

    def publish_file(self, table: str, partition: str, content: bytes) -> None:
        """Write the bytes likewise."""
        self._publish(table, partition, lambda file: file.write(content))

    def _publish(self, table: str, partition: str, write: Write) -> None:
        with self._turn(table, partition) as folder:
            _discard(folder)
            self._write(folder / _UNFINISHED, write)
            self._show(folder / _UNFINISHED)

    def partitions(self, table: str) -> list[str]:
        """Return what was published, sorted."""
        return [path.parent.name for path in self._files(table)]

    def read(self, table: str, partition: str) -> pa.Table:
        """Return one partition. Raises NotFound."""
        check_names(table, partition)
        try:
            return pq.ParquetFile(self._root / table / partition / FILE).read()
        except FileNotFoundError as error:
            raise NotFound from error

    def content(self, table: str, partition: str) -> Content:
        """Return what a partition's file says. Raises NotFound and Broken."""
        check_names(table, partition)
        try:
            with (self._root / table / partition / FILE).open("rb") as file:
                found = os.fstat(file.fileno())

                def read_range(start: int, length: int) -> bytes:
                    return os.pread(file.fileno(), length, start)

                return content_of(found.st_size, found.st_mtime_ns // 1_000, read_range)
        except FileNotFoundError as error:
            raise NotFound from error

    def stage(self, table: str, partition: str) -> str:
        """Return the hidden name of a partition's file."""
        with self._turn(table, partition) as folder:
            _discard(folder)
            return str((folder / _UNFINISHED).resolve())

    def forget_staged(self, table: str) -> None:
        """Delete every hidden file of a table."""
        check_names(table, "day=0")
        for hidden in sorted((self._root / table).glob("*=*/.*")):
            with self._turn(table, hidden.parent.name) as folder:
                _discard(folder)

    def publish_staged(self, table: str, partition: str) -> None:
        """Make many hidden files one, sync and rename it. Raises NotFound."""
        with self._turn(table, partition) as folder:
            staged = _one_file(folder)
            try:
                _sync(staged)
            except FileNotFoundError as error:
                raise NotFound from error
            self._show(staged)
            _discard(folder)

    def place(self, table: str, *partitions: str) -> str:
        """Return the path of the partitions' files."""
        for partition in partitions:
            check_names(table, partition)
        folder = partitions[0] if len(partitions) == 1 else f"{{{','.join(partitions)}}}"
        return f"{(self._root / table).resolve()}/{folder}/{FILE}"

    def remove(self, table: str, partition: str) -> None:
        """Unlink the files of a partition and its folder."""
        with self._turn(table, partition) as folder:
            (folder / FILE).unlink(missing_ok=True)
            _discard(folder)
            folder.rmdir()
            _sync(folder.parent)

    def held(self, table: str) -> list[Held]:
        """Return what was published, by the time of its rename."""
        return [
            Held(path.parent.name, path.parent.resolve().as_uri(), str(path.stat().st_mtime_ns))
            for path in self._files(table)
        ]

    def location(self, table: str) -> str:
        """Return the folder of a table."""
        return (self._root / table).resolve().as_uri()

    def access(self) -> Mapping[str, str]:
        """Return nothing: who sees the folder may read it."""
        return {}

    def _files(self, table: str) -> list[Path]:
        check_names(table, "day=0")
        return sorted((self._root / table).glob(f"*=*/{FILE}"))

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

    def _write(self, unfinished: Path, write: Write) -> None:
        try:
            with unfinished.open("wb") as file:
                write(file)
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise

    def _show(self, unfinished: Path) -> None:
        folder = unfinished.parent
        unfinished.replace(folder / FILE)
        for path in (folder, folder.parent, self._root):
            _sync(path)


def _one_file(folder: Path) -> Path:
    """Return the staged file, made of many where an engine left many. Raises NotFound."""
    staged = folder / _UNFINISHED
    if not staged.is_dir():
        return staged
    files = sorted(staged.glob(f"*{SUFFIX}"))
    if not files:
        raise NotFound
    merge(files, folder / _MERGED)
    return folder / _MERGED


def _discard(folder: Path) -> None:
    """Delete what is hidden in a partition's folder: files, or folders of them."""
    for hidden in (folder / name for name in _HIDDEN):
        if hidden.is_dir():
            shutil.rmtree(hidden)
        else:
            hidden.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    """Bring a file, or a folder's list of names, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
