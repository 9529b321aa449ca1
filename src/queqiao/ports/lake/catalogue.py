"""The contract of a catalogue of the lake, and the lake that tells it what it publishes.

A catalogue is a view of the lake for engines that ask for tables by name. The lake is the truth:
``agree`` makes the catalogue say what the lake holds, whatever it said before. So nothing has to be
noted down for an outage, and a registration that failed is made good by the next one.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import pyarrow as pa
import structlog

from queqiao.kernel.errors import QueqiaoError
from queqiao.ports.lake.base import Content, Held, Lake

log = structlog.get_logger()


class Catalogue(Protocol):
    """Tables by name, with their partitions, columns and where they lie."""

    def agree(
        self,
        table: str,
        location: str,
        held: Sequence[Held],
        schema_of: Callable[[str], pa.Schema],
    ) -> int:
        """Make a table say what the lake holds; return how many partitions it said wrongly.

        The columns are those of all partitions; a new one is added at the end, and older
        partitions have nulls there. Idempotent. Raises Unavailable while the catalogue does not
        answer, and Conflict for a table that is not the lake's, or a partition whose columns
        contradict the others'; partitions without fault are there then.
        """
        ...


class CataloguedLake:
    """A lake whose tables ``tables`` are in a catalogue.

    A partition is registered right after it is published. When that fails, publishing has worked
    all the same: the lake's own readers see it, a warning is logged, and engines that go by the
    catalogue see the former state until ``catch_up``, which the scheduler calls again and again.
    """

    def __init__(self, lake: Lake, catalogue: Catalogue, tables: Sequence[str]) -> None:
        self._lake = lake
        self._catalogue = catalogue
        self._tables = tables

    def catch_up(self) -> int:
        """Make the catalogue say what the lake holds; return how many partitions it said wrongly.

        Raises the first error, after all tables were tried.
        """
        wrong, failures = 0, []
        for table in self._tables:
            try:
                wrong += self._agree(table)
            except QueqiaoError as error:
                failures.append(error)
        if failures:
            raise failures[0]
        return wrong

    def publish(self, table: str, partition: str, rows: pa.Table) -> None:
        """Publish, then register."""
        self._lake.publish(table, partition, rows)
        self._tell(table)

    def publish_file(self, table: str, partition: str, content: bytes) -> None:
        """Publish a file, then register."""
        self._lake.publish_file(table, partition, content)
        self._tell(table)

    def publish_staged(self, table: str, partition: str) -> None:
        """Publish what was staged, then register."""
        self._lake.publish_staged(table, partition)
        self._tell(table)

    def remove(self, table: str, partition: str) -> None:
        """Remove, then take out of the catalogue."""
        self._lake.remove(table, partition)
        self._tell(table)

    def partitions(self, table: str) -> list[str]:
        """Return what the lake holds."""
        return self._lake.partitions(table)

    def read(self, table: str, partition: str) -> pa.Table:
        """Return a partition of the lake."""
        return self._lake.read(table, partition)

    def content(self, table: str, partition: str) -> Content:
        """Return what a partition's file says."""
        return self._lake.content(table, partition)

    def stage(self, table: str, partition: str) -> str:
        """Return where an engine may write."""
        return self._lake.stage(table, partition)

    def forget_staged(self, table: str) -> None:
        """Delete what was staged."""
        self._lake.forget_staged(table)

    def place(self, table: str, *partitions: str) -> str:
        """Return where an engine reads."""
        return self._lake.place(table, *partitions)

    def held(self, table: str) -> list[Held]:
        """Return the published partitions."""
        return self._lake.held(table)

    def location(self, table: str) -> str:
        """Return the URI of a table."""
        return self._lake.location(table)

    def access(self) -> Mapping[str, str]:
        """Return what an engine must be told."""
        return self._lake.access()

    def _tell(self, table: str) -> None:
        if table not in self._tables:
            return
        try:
            self._agree(table)
        except QueqiaoError as error:
            log.warning("the lake's catalogue is behind", table=table, reason=error.explain("en"))

    def _agree(self, table: str) -> int:
        return self._catalogue.agree(
            table,
            self._lake.location(table),
            self._lake.held(table),
            lambda partition: self._lake.content(table, partition).schema,
        )
