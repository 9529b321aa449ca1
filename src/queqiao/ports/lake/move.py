"""Carries a lake's partitions over from a folder to a server, each file byte for byte.

It can be done ahead, while the system runs, and again: what was carried over and has not changed
since is known by the versions of both sides, which a small file remembers. What somebody else has
changed there since is theirs: nothing is replaced or removed then. A partition is published whole
or not at all, so a copy that is killed leaves nothing half done.
"""

from collections.abc import Callable, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

import msgspec

from queqiao.kernel.errors import Conflict, Message, NotFound
from queqiao.ports.lake.base import Lake
from queqiao.ports.lake.parquet_folder import ParquetFolder

Told = Callable[[int, int], None]
"""Told how many partitions are there, and of how many."""
Name = tuple[str, str]
"""A table and a partition of it."""


class Carried(NamedTuple):
    """How many partitions were copied now, were there already, and had gone from the folder."""

    copied: int
    kept: int
    removed: int


class Versions(NamedTuple):
    """Which content was copied, and as which content it lies there."""

    ours: str
    theirs: str


class Book(msgspec.Struct):
    """What was carried over, by ``table/partition``; ``to`` is a digest of the lake's URL."""

    to: str = ""
    carried: dict[str, Versions] = {}


def held(lake: Lake, tables: Sequence[str]) -> dict[Name, str]:
    """Return the version of every partition of some tables."""
    return {(table, one.partition): one.version for table in tables for one in lake.held(table)}


class LakeMove:
    """From a folder to a lake; ``path`` is the file that remembers. Every call blocks."""

    def __init__(
        self, source: ParquetFolder, target: Lake, tables: Sequence[str], path: Path
    ) -> None:
        self._source, self._target, self._tables, self._path = source, target, tables, path
        self._book = Book()

    def begin(self, url: str) -> None:
        """Open the book of a copy to this URL, a new one where there is none.

        Raises Conflict when the lake there holds other partitions of our tables.
        """
        to = blake2b(url.encode(), digest_size=16).hexdigest()
        if self._path.exists():
            self._book = msgspec.json.decode(self._path.read_bytes(), type=Book)
        if self._book.to != to:
            for name in held(self._target, self._tables):
                self._check_ours(*name)
            self._book = Book(to)
            self._save()

    def _check_ours(self, table: str, partition: str) -> None:
        """Raise Conflict unless a partition there is as it is here."""
        try:
            ours = self._source.read(table, partition)
            if self._target.read(table, partition).equals(ours):
                return
        except NotFound:
            pass
        raise _other(table, partition)

    def _check_theirs(self, ours: dict[Name, str], theirs: dict[Name, str]) -> None:
        """Raise Conflict when somebody else has published, changed or removed a partition there.

        One that we wrote when we were killed is not noted, but it is as it is here.
        """
        for name, version in theirs.items():
            if self._noted(name).theirs != version:
                self._check_ours(*name)
        for name in ours:
            if self._noted(name).theirs and name not in theirs:
                raise _other(*name)

    def _noted(self, name: Name) -> Versions:
        return self._book.carried.get("/".join(name), Versions("", ""))

    def run(self, told: Told) -> Carried:
        """Copy what is new or has changed since, remove what is gone.

        Raises Conflict, before anything is changed there, when somebody else has changed it since;
        Unavailable or StorageFull when the lake does not take one: the next call goes on.
        """
        ours, theirs = held(self._source, self._tables), held(self._target, self._tables)
        self._check_theirs(ours, theirs)
        new = {n for n, version in ours.items() if self._noted(n) != (version, theirs.get(n))}
        copied = 0
        for done, (name, version) in enumerate(ours.items(), 1):
            if name in new:
                copied += self._copy(name, version)
            told(done, len(ours))
        gone = theirs.keys() - ours.keys()
        for name in gone:
            self._forget(name)
        return Carried(copied, len(ours) - len(new), len(gone))

    def _copy(self, name: Name, version: str) -> bool:
        """Publish a file, and note it. It may be a newer one than ``version``: then it comes again
        the next time. Return whether it is still here: a running system may have removed it."""
        try:
            content = Path(self._source.place(*name)).read_bytes()
        except FileNotFoundError:
            return False
        self._target.publish_file(*name, content)
        table, partition = name
        there = {one.partition: one.version for one in self._target.held(table)}
        self._book.carried["/".join(name)] = Versions(version, there[partition])
        self._save()
        return True

    def _forget(self, name: Name) -> None:
        """Remove what we wrote there, and what is noted of it."""
        self._target.remove(*name)
        self._book.carried.pop("/".join(name), None)
        self._save()

    def _save(self) -> None:
        draft = self._path.with_suffix(".new")
        draft.write_bytes(msgspec.json.encode(self._book))
        draft.replace(self._path)


def _other(table: str, partition: str) -> Conflict:
    there = f"{table}/{partition}"
    return Conflict(
        Message(
            f"目标湖里的 {there} 不是这里复制过去的；换一个空目录，那里的若不要了就先删去",
            f"the lake holds another {there} than was copied from here; name an empty folder, or,"
            " if what is there is not wanted, remove it first",
        )
    )
