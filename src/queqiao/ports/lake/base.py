"""The contract of the lake."""

import re
from typing import Protocol

import pyarrow as pa

from queqiao.kernel.errors import FieldError, InvalidInput, Message

_TABLE = re.compile(r"[a-z][a-z0-9_]{0,63}")
_PARTITION = re.compile(r"[a-z][a-z0-9_]{0,31}=[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}")


class Lake(Protocol):
    """Whole partitions of columnar data.

    Every call blocks; run it in a thread. Any number of processes may read and publish at once:
    publishers of one table take turns, readers never wait.
    """

    def publish(self, table: str, partition: str, rows: pa.Table) -> None:
        """Make ``rows`` the whole content of one partition.

        Atomic: until it returns, readers see the former content or the new one, never a mixture
        or half a file. Durable: after it returns the content survives a power cut. Idempotent:
        publishing the same again changes nothing. Raises StorageFull when the disk is full and
        InvalidInput for an unusable name; the former content then stays.
        """
        ...

    def partitions(self, table: str) -> list[str]:
        """Return the names of the published partitions, sorted; empty for an unknown table."""
        ...

    def read(self, table: str, partition: str) -> pa.Table:
        """Return the whole content with its schema. Raises NotFound when it was not published."""
        ...

    def stage(self, table: str, partition: str) -> str:
        """Return where an engine may write a partition's next content, as one Parquet file.

        No reader sees that file. What an earlier stage left there is gone. One stage of a
        partition at a time. Raises InvalidInput and StorageFull as ``publish`` does.
        """
        ...

    def forget_staged(self, table: str) -> None:
        """Delete every staged file of a table that was not published, of a crash for instance."""
        ...

    def publish_staged(self, table: str, partition: str) -> None:
        """Make the staged file the whole content, as ``publish`` does: atomic and durable.

        Raises NotFound when there is none: nothing was staged, or the engine wrote elsewhere.
        """
        ...

    def place(self, table: str, *partitions: str) -> str:
        """Return where an engine reads published partitions, one or several.

        An absolute path; several stand in it as ``{day=1,day=2}``. An engine skips in silence those
        that are not there: compare with ``partitions`` first.
        """
        ...

    def remove(self, table: str, partition: str) -> None:
        """Delete a partition and what is staged of it, durably. What is not there is no error."""
        ...


def check_names(table: str, partition: str) -> None:
    """Raise InvalidInput unless both names are safe as folders on every file system."""
    if not _TABLE.fullmatch(table):
        message = Message("表名须为小写字母、数字和下划线", "use lower-case letters, digits and _")
        raise InvalidInput(FieldError("table", message))
    if not _PARTITION.fullmatch(partition):
        message = Message("分区名须写成 day=2026-11-22", "write it as day=2026-11-22")
        raise InvalidInput(FieldError("partition", message))
