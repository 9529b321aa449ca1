"""The contract of the lake."""

import re
from collections.abc import Mapping
from typing import NamedTuple, Protocol

import pyarrow as pa

from queqiao.kernel.errors import FieldError, InvalidInput, Message

_TABLE = re.compile(r"[a-z][a-z0-9_]{0,63}")
_PARTITION = re.compile(r"[a-z][a-z0-9_]{0,31}=[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}")


class Held(NamedTuple):
    """A published partition as a catalogue knows it.

    ``location`` is the URI of the folder that holds its content and nothing else. ``version`` is
    another one whenever the content is another.
    """

    partition: str
    location: str
    version: str


class Content(NamedTuple):
    """What a partition's file says of itself, and when it was written by the store's own clock."""

    schema: pa.Schema
    rows: int
    bytes: int
    written_us: int


class Lake(Protocol):
    """Whole partitions of columnar data.

    Every call blocks; run it in a thread. Any number of processes may read and publish at once:
    publishers of one table take turns, readers never wait. Every call raises Unavailable, with what
    to mend, while the store does not answer; it goes on by itself when the store is back.
    """

    def publish(self, table: str, partition: str, rows: pa.Table) -> None:
        """Make ``rows`` the whole content of one partition.

        Atomic: until it returns, readers see the former content or the new one, never a mixture
        or half a file. Durable: after it returns the content survives a power cut. Idempotent:
        publishing the same again changes nothing. Raises StorageFull when the disk is full and
        InvalidInput for an unusable name; the former content then stays.
        """
        ...

    def publish_file(self, table: str, partition: str, content: bytes) -> None:
        """Make a whole Parquet file, byte for byte, the content of one partition.

        As ``publish`` in all else. The bytes are taken as they are: nobody looks into them.
        """
        ...

    def partitions(self, table: str) -> list[str]:
        """Return the names of the published partitions, sorted; empty for an unknown table."""
        ...

    def read(self, table: str, partition: str) -> pa.Table:
        """Return the whole content with its schema. Raises NotFound when it was not published."""
        ...

    def content(self, table: str, partition: str) -> Content:
        """Return what a partition's file says, without reading its rows.

        Raises NotFound, and Broken when the file is no whole Parquet file.
        """
        ...

    def stage(self, table: str, partition: str) -> str:
        """Return where an engine may write a partition's next content.

        An absolute path, or a URL: ``hdfs://host:port/path``, ``s3://bucket/key``. The engine
        writes one Parquet file of this name, or a folder of this name with many, as Spark does.
        No reader sees them. What an earlier stage left there is gone. One stage of a
        partition at a time. Raises InvalidInput and StorageFull as ``publish`` does.
        """
        ...

    def forget_staged(self, table: str) -> None:
        """Delete every staged file of a table that was not published, of a crash for instance."""
        ...

    def publish_staged(self, table: str, partition: str) -> None:
        """Make what was staged the whole content, as ``publish`` does: atomic and durable.

        Many staged files become one, in the order of their names, with the columns of all.
        Raises NotFound when there is none: nothing was staged, or the engine wrote elsewhere.
        """
        ...

    def place(self, table: str, *partitions: str) -> str:
        """Return where an engine reads published partitions, one or several.

        A path or a URL as of ``stage``; several stand in it as ``{day=1,day=2}``. It is good until
        one of them is published again, and for half an hour after that. Some engines skip in
        silence those that are not there: compare with ``partitions`` first.
        """
        ...

    def remove(self, table: str, partition: str) -> None:
        """Delete a partition and what is staged of it, durably. What is not there is no error."""
        ...

    def held(self, table: str) -> list[Held]:
        """Return the published partitions as a catalogue knows them, sorted."""
        ...

    def location(self, table: str) -> str:
        """Return the URI below which all locations of a table lie."""
        ...

    def access(self) -> Mapping[str, str]:
        """Return what an engine must be told to reach ``s3://`` places, by the engine's words.

        ``url`` of the bucket, and ``access_key_id`` with ``secret_access_key`` or
        ``use_environment_credentials``. Empty where nothing has to be told.
        """
        ...


def check_names(table: str, partition: str) -> None:
    """Raise InvalidInput unless both names are safe as folders on every file system."""
    if not _TABLE.fullmatch(table):
        message = Message("表名须为小写字母、数字和下划线", "use lower-case letters, digits and _")
        raise InvalidInput(FieldError("table", message))
    if not _PARTITION.fullmatch(partition):
        message = Message("分区名须写成 day=2026-11-22", "write it as day=2026-11-22")
        raise InvalidInput(FieldError("partition", message))


def is_partition(name: str) -> bool:
    """Return whether a folder's name is that of a partition."""
    return _PARTITION.fullmatch(name) is not None
