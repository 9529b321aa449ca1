"""The lake in HDFS, by its native protocol: ``hdfs://host:port/path``, laid out as Hive expects.

    ROOT/<table>/<partition>/data.parquet
    ROOT/<table>/.staged/<partition>.parquet      what an engine writes
    ROOT/<table>/.unfinished/<id>/data.parquet    what is being published

A partition is published by one rename of the NameNode: of the folder when it is new, of the file
over the former one when not. So a folder of a partition is never there without its file. A content
lies on all its DataNodes before it is renamed; on their disks, with ``dfs.datanode.synconclose``.
(The client's own ``hsync`` never returns when a DataNode has died; seen with hdfs-native 0.14.7.)
Nor does a write, when one dies in the middle of it: so a write has an end of ours.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from threading import Thread
from typing import TypeVar
from urllib.parse import unquote, urlsplit

import pyarrow as pa
from hdfs_native import Client, FileStatus, WriteOptions

from queqiao.kernel.errors import Message, NotFound, StorageFull, Unavailable
from queqiao.ports.lake.base import Content, Held, check_names, is_partition
from queqiao.ports.lake.parquet import FILE, SUFFIX, content_of, decoded, encoded, merged

T = TypeVar("T")

_STAGED, _UNFINISHED = ".staged", ".unfinished"

_CONFIG = {"dfs.client.failover.max.attempts": "1"}
"""Without it the client tries a NameNode that is away for minutes before it says so."""

WRITE_WITHIN_S = 10.0
WRITE_BYTES_A_S_MIN = 2_000_000
"""How long a write may take, and how much longer by its size."""

_TRIES = 3
_LEFT_MS = 3_600_000
"""After so long, beside the newest, an unfinished folder is one of a killed publisher."""

_WORDS_MAX = 300
_FULL = re.compile(r"QuotaExceeded|could only be written to 0 of .* There are [1-9]", re.DOTALL)
_RIGHTS = re.compile(r"AccessControl|Permission denied")


class HdfsLake:
    """Lake in a folder of HDFS. ``new_id`` gives names that nobody gave before."""

    def __init__(self, url: str, new_id: Callable[[], str]) -> None:
        parts = urlsplit(url)
        self._server = f"hdfs://{parts.netloc}"
        self._root = "/" + unquote(parts.path).strip("/")
        self._new_id = new_id
        with _faults():
            self._client = Client(self._server, _CONFIG)

    def publish(self, table: str, partition: str, rows: pa.Table) -> None:
        """Write and sync out of sight, rename. See the contract."""
        self.publish_file(table, partition, encoded(rows))

    def publish_file(self, table: str, partition: str, content: bytes) -> None:
        """Publish the bytes of a file likewise."""
        check_names(table, partition)
        self._publish(table, partition, content)

    def partitions(self, table: str) -> list[str]:
        """Return what was published, sorted."""
        return [_name(folder) for folder in self._published(table)]

    def read(self, table: str, partition: str) -> pa.Table:
        """Return one partition. Raises NotFound."""
        path = self._file(table, partition)
        return self._opened(lambda: decoded(self._client.read(path).read()))

    def content(self, table: str, partition: str) -> Content:
        """Return what a partition's file says. Raises NotFound and Broken."""
        path = self._file(table, partition)

        def read() -> Content:
            written_us = self._client.get_file_info(path).modification_time * 1_000
            reader = self._client.read(path)
            return content_of(reader.size, written_us, reader.read_range)

        return self._opened(read)

    def stage(self, table: str, partition: str) -> str:
        """Return the URL of a partition's staged file."""
        path = self._staged(table, partition)
        with _faults():
            self._client.delete(path, recursive=True)
            self._client.mkdirs(self._path(table, _STAGED), create_parent=True)
        return self._server + path

    def forget_staged(self, table: str) -> None:
        """Delete the folder of staged files."""
        check_names(table, "day=0")
        with _faults():
            self._client.delete(self._path(table, _STAGED), recursive=True)

    def publish_staged(self, table: str, partition: str) -> None:
        """Rename the staged file, or make one of many. Raises NotFound."""
        staged = self._staged(table, partition)
        try:
            with _faults():
                is_folder = self._client.get_file_info(staged).isdir
        except FileNotFoundError as error:
            raise NotFound from error
        if is_folder:
            self._publish(table, partition, self._compacted(staged))
        else:
            fresh = self._fresh(table)
            with _faults():
                self._client.rename(staged, f"{fresh}/{FILE}")
            self._show(table, partition, fresh)
        with _faults():
            self._client.delete(staged, recursive=True)

    def place(self, table: str, *partitions: str) -> str:
        """Return the URL of the partitions' files."""
        for partition in partitions:
            check_names(table, partition)
        folder = partitions[0] if len(partitions) == 1 else f"{{{','.join(partitions)}}}"
        return f"{self.location(table)}/{folder}/{FILE}"

    def remove(self, table: str, partition: str) -> None:
        """Delete the folder of a partition."""
        staged = self._staged(table, partition)
        with _faults():
            self._client.delete(self._path(table, partition), recursive=True)
            self._client.delete(staged, recursive=True)

    def held(self, table: str) -> list[Held]:
        """Return what was published, by the time of its rename, which the folder keeps."""
        place = self.location(table)
        return [
            Held(_name(folder), f"{place}/{_name(folder)}", str(folder.modification_time))
            for folder in self._published(table)
        ]

    def location(self, table: str) -> str:
        """Return the URL of a table's folder."""
        return self._server + self._path(table)

    def access(self) -> Mapping[str, str]:
        """Return nothing: an engine comes as the user of its process."""
        return {}

    def erase(self) -> None:
        """Delete everything in the lake. For trials in a folder of their own."""
        with _faults():
            self._client.delete(self._root, recursive=True)

    def _published(self, table: str) -> list[FileStatus]:
        check_names(table, "day=0")
        try:
            with _faults():
                found = list(self._client.list_status(self._path(table)))
        except FileNotFoundError:
            return []
        return sorted((one for one in found if is_partition(_name(one))), key=_name)

    def _publish(self, table: str, partition: str, content: bytes) -> None:
        for turn in range(_TRIES):
            fresh = self._fresh(table)
            try:
                self._write(f"{fresh}/{FILE}", content)
                break
            except Unavailable:  # a DataNode that has just died is still given out for a while
                if turn == _TRIES - 1:
                    raise
        self._show(table, partition, fresh)

    def _write(self, path: str, content: bytes) -> None:
        def write() -> None:
            writer = self._client.create(path, WriteOptions(overwrite=False))
            writer.write(content)
            writer.close()

        with _faults():
            _within(WRITE_WITHIN_S + len(content) / WRITE_BYTES_A_S_MIN, write)

    def _fresh(self, table: str) -> str:
        fresh = self._path(table, _UNFINISHED, self._new_id())
        with _faults():
            self._client.mkdirs(fresh, create_parent=True)
        return fresh

    def _show(self, table: str, partition: str, fresh: str) -> None:
        """Rename a fresh folder to a partition, or its file over that of the partition."""
        folder = self._path(table, partition)
        for _ in range(_TRIES):
            with _faults():
                if self._renamed(fresh, folder):
                    break
        else:
            raise Unavailable(_BUSY)
        self._sweep(table)

    def _renamed(self, fresh: str, folder: str) -> bool:
        """Return whether it worked; if not, another publisher or a removal came between."""
        try:
            self._client.rename(fresh, folder)
        except FileExistsError:
            try:
                self._client.rename(f"{fresh}/{FILE}", f"{folder}/{FILE}", overwrite=True)
            except FileNotFoundError:
                return False
            self._client.delete(fresh, recursive=True)
        return True

    def _sweep(self, table: str) -> None:
        """Delete what killed publishers left."""
        with _faults():
            left = list(self._client.list_status(self._path(table, _UNFINISHED)))
            newest = self._client.get_file_info(self._path(table, _UNFINISHED)).modification_time
            for one in left:
                if one.modification_time < newest - _LEFT_MS:
                    self._client.delete(one.path, recursive=True)

    def _compacted(self, staged: str) -> bytes:
        with _faults():
            parts = sorted(self._client.list_status(staged), key=_name)
            contents = [
                self._client.read(part.path).read() for part in parts if part.path.endswith(SUFFIX)
            ]
        if not contents:
            raise NotFound
        return merged(contents)

    def _opened(self, read: Callable[[], T]) -> T:
        """Read once more where a file was replaced in the middle of it. Raises NotFound."""
        for turn in range(_TRIES):
            try:
                return read()
            except FileNotFoundError as error:
                raise NotFound from error
            except OSError as error:
                if turn == _TRIES - 1:
                    raise _fault_of(error) from error
        raise AssertionError

    def _file(self, table: str, partition: str) -> str:
        check_names(table, partition)
        return self._path(table, partition, FILE)

    def _staged(self, table: str, partition: str) -> str:
        check_names(table, partition)
        return self._path(table, _STAGED, partition + SUFFIX)

    def _path(self, *names: str) -> str:
        return "/".join((self._root.rstrip("/"), *names))


_BUSY = Message(
    "另一个进程正在反复发布和删除同一分区",
    "another process publishes and removes the same partition again and again",
)


def _within(seconds: float, work: Callable[[], None]) -> None:
    """Do something on a thread of its own, which is left behind when it does not come back.

    Raises TimeoutError then, and what the work raises.
    """
    done: Future[None] = Future()

    def attempt() -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001  # it is raised where it is waited for
            done.set_exception(error)
        else:
            done.set_result(None)

    Thread(target=attempt, name="hdfs-write", daemon=True).start()
    try:
        done.result(seconds)
    except TimeoutError as error:
        raise TimeoutError(f"a write did not end within {seconds:.0f} s") from error


def _name(status: FileStatus) -> str:
    return status.path.rsplit("/", 1)[-1]


@contextmanager
def _faults() -> Iterator[None]:
    """Say in our words what the client raises; FileNotFoundError and FileExistsError pass."""
    try:
        yield
    except (FileNotFoundError, FileExistsError):
        raise
    except (OSError, RuntimeError, ValueError) as error:
        raise _fault_of(error) from error


def _fault_of(error: Exception) -> Unavailable:
    words = str(error)
    said = words.partition("\n")[0][:_WORDS_MAX]
    if _FULL.search(words):
        return StorageFull(Message(f"HDFS 已满：{said}", f"HDFS is full: {said}"))
    if _RIGHTS.search(words):
        return Unavailable(
            Message(
                f"HDFS 不允许写入 [ports] lake 所指目录（{said}）：请为该用户授权，"
                "或以 HADOOP_USER_NAME 指定用户",
                f"HDFS does not let us write the folder of [ports] lake ({said}): give its user"
                " the right, or name another by HADOOP_USER_NAME",
            )
        )
    return Unavailable(
        Message(
            f"HDFS 没有应答（{said}）：请检查 [ports] lake 的地址与 NameNode、DataNode",
            f"HDFS does not answer ({said}): look at the address in [ports] lake, the NameNode and"
            " its DataNodes",
        )
    )
