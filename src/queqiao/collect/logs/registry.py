"""Who is who: finds the files of a source and knows again those it has met.

A file that is met for the first time gets its name here, and a place in the checkpoint before any
of its lines is delivered.
"""

import os
import re
import stat as modes
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from glob import escape, glob, iglob
from pathlib import Path

import structlog
from xxhash import xxh3_64_intdigest

from queqiao.collect.logs.settings import LogFiles
from queqiao.collect.logs.tracked import (
    READ_BYTES,
    START,
    Checkpoint,
    Mark,
    Tracked,
    head_of,
    name_of,
)
from queqiao.kernel.clock import DAY_US

log = structlog.get_logger()

FILES_MAX = 512
"""Files of one source that are followed at the same time."""
FORGOTTEN_AFTER_US = 7 * DAY_US
REMEMBERED_MAX = 5_000
GONE = -1
_Inode = tuple[int, int]
_DATED = re.compile(r"[-_.][\d\-_.]*\d")
_COMPRESSED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd")


class Registry:
    """The files of one source in the checkpoint that all sources share."""

    def __init__(self, files: LogFiles, checkpoint: Checkpoint) -> None:
        self._files = files
        self._checkpoint = checkpoint
        self._is_first_time = files.source not in checkpoint.sources
        self._there_at_first: set[_Inode] = set()
        self._strangers: dict[_Inode, tuple[int, int]] = {}
        self._is_named: dict[str, bool] = {}
        self._by_inode: dict[_Inode, Tracked] = {}
        self._index()

    def mine(self) -> list[Tracked]:
        """Return the files of this source that were written where the globs say."""
        return [
            one
            for one in self._checkpoint.files
            if one.source == self._files.source and self._names(one.first_path)
        ]

    def _names(self, path: str) -> bool:
        if path not in self._is_named:
            self._is_named[path] = any(fnmatchcase(path, one) for one in self._files.paths)
        return self._is_named[path]

    def _index(self) -> None:
        self._by_inode = {(one.device, one.inode): one for one in self.mine() if one.inode != GONE}

    def look(self, now_us: int) -> Iterator[tuple[str, os.stat_result, bool]]:
        """Return each file that is there: its path, status, and whether a glob names it.

        Beside the globs, whatever begins like the name of a followed file is looked at: it may be
        that file, renamed, or a copy of it. Named ones first, each kind oldest first.
        """
        self._index()
        named = {path for one in self._files.paths for path in iglob(one)}  # noqa: PTH207  # globs are absolute
        related = {path for one in self.mine() for path in _relatives(one.first_path)}
        found = []
        for path in named | related:
            try:
                status = os.stat(path)  # noqa: PTH116  # many, and often
            except OSError:
                continue  # renamed or deleted since: the next look finds it
            if modes.S_ISREG(status.st_mode):
                found.append((path, status, path in named))
        found.sort(key=lambda one: (not one[2], one[1].st_mtime_ns, one[0]))
        seen = set()
        for path, status, is_named in found:
            if (status.st_dev, status.st_ino) not in seen:  # a hard link is the same file
                seen.add((status.st_dev, status.st_ino))
                yield path, status, is_named
        if self._is_first_time:
            self._is_first_time = False
            self._there_at_first = seen
            self._checkpoint.sources[self._files.source] = now_us

    def known(self, status: os.stat_result) -> Tracked | None:
        """Return the file that lay in this inode when it was last looked at."""
        return self._by_inode.get((status.st_dev, status.st_ino))

    def is_stranger(self, status: os.stat_result) -> bool:
        """Say whether the file was looked into, as it is now, and is none of ours."""
        state = (status.st_size, status.st_mtime_ns)
        return self._strangers.get((status.st_dev, status.st_ino)) == state

    def identify(self, descriptor: int, path: str, *, is_named: bool) -> Tracked | None:
        """Return who an open file is; None while it has no whole line, or when it is not ours."""
        status = os.fstat(descriptor)
        head = head_of(descriptor)
        if head is None:
            return None
        found = None
        if not head.startswith(_COMPRESSED):  # a rotated file, read before it was compressed
            found = self._same(descriptor, status) or self._copy(descriptor, status, path)
            first_path = path if is_named else self._missed(status, path)
            if found is None and first_path:
                found = self._new(descriptor, status, path, head)
                found.first_path = first_path
        if found is None:
            self._strangers[status.st_dev, status.st_ino] = (status.st_size, status.st_mtime_ns)
        return found

    def _missed(self, status: os.stat_result, path: str) -> str | None:
        """Return where a rotated file was written that nobody saw there; None for a leftover.

        What was written after the source was first followed was not read before.
        """
        since_us = self._checkpoint.sources.get(self._files.source)
        if since_us is None or status.st_mtime_ns // 1000 < since_us:
            return None
        first_paths = {one.first_path for one in self.mine()}
        return next((one for one in sorted(first_paths) if _is_rotated(path, one)), None)

    def _same(self, descriptor: int, status: os.stat_result) -> Tracked | None:
        """Return the file known by this inode, if it is still the same."""
        known = self.known(status)
        if known is None:
            return None
        is_same = status.st_size >= known.offset and known.has_head_of(descriptor)
        if is_same and known.tail_is_in(descriptor):
            return known
        self.cut(known)
        return None

    def cut(self, known: Tracked) -> None:
        """Note that a file is no longer what it was: a copy of it may come."""
        if known.size > known.offset:
            log.warning(
                "a log was cut before it was read to its end; its rest is read if a copy turns up",
                path=known.path, unread_bytes=known.size - known.offset,
            )  # fmt: skip
        self._by_inode.pop((known.device, known.inode), None)
        known.inode = GONE

    def _copy(self, descriptor: int, status: os.stat_result, path: str) -> Tracked | None:
        """Return a file that goes on where the one that it is a copy of was read to."""
        for one in sorted(self.mine(), key=lambda known: -known.offset):
            if one.first_path == path or not _is_relative(path, one.first_path):
                continue
            mark = one.proved_mark(descriptor) if one.has_head_of(descriptor) else None
            if mark is not None:
                return self._add(_copy_of(one, status, path, mark))
        return None

    def _new(self, descriptor: int, status: os.stat_result, path: str, head: bytes) -> Tracked:
        before = sum(
            one.device == status.st_dev and one.generation_of == status.st_ino
            for one in self._checkpoint.files
        )
        made = Tracked(
            name=name_of(status, head, before),
            source=self._files.source,
            device=status.st_dev,
            inode=status.st_ino,
            generation_of=status.st_ino,
            first_path=path,
            path=path,
            head_bytes=len(head),
            head=xxh3_64_intdigest(head),
        )
        inode = (status.st_dev, status.st_ino)
        if self._files.start == "end" and inode in self._there_at_first:
            made.advance_over(descriptor, _last_line_end(descriptor, status.st_size))
        return self._add(made)

    def _add(self, made: Tracked) -> Tracked:
        self._checkpoint.files.append(made)
        self._by_inode[made.device, made.inode] = made
        return made

    def forget_old(self, now_us: int) -> None:
        """Forget files that have been away for a week, and the oldest of too many."""
        files = self._checkpoint.files
        kept = [one for one in files if now_us - one.seen_at_us < FORGOTTEN_AFTER_US]
        kept.sort(key=lambda one: one.seen_at_us)
        self._checkpoint.files[:] = kept[-REMEMBERED_MAX:]


def _copy_of(one: Tracked, status: os.stat_result, path: str, mark: Mark) -> Tracked:
    return Tracked(
        name=one.name,
        source=one.source,
        device=status.st_dev,
        inode=status.st_ino,
        generation_of=status.st_ino,
        first_path=one.first_path,
        path=path,
        head_bytes=one.head_bytes,
        head=one.head,
        offset=mark.offset,
        crc=mark.crc,
        marks=[mark] if mark != START else [],
    )


def _is_relative(path: str, first_path: str) -> bool:
    """Say whether a rotated file may have that name.

    ``access.log`` becomes ``access.log.1``, ``access.log-20260618`` or ``access-20260618.log``.
    """
    name, first = Path(path).name, Path(first_path)
    if name.startswith(first.name):
        return True
    between = name.removeprefix(first.stem).removesuffix(first.suffix)
    return f"{first.stem}{between}{first.suffix}" == name and _DATED.fullmatch(between) is not None


def _is_rotated(path: str, first_path: str) -> bool:
    """Say whether a name is one that a rotation gives: a number or a date, and nothing else."""
    name, first = Path(path).name, Path(first_path)
    behind = name.removeprefix(first.name)
    if behind != name:
        return _DATED.fullmatch(behind) is not None
    return _is_relative(path, first_path)


def _relatives(first_path: str) -> Sequence[str]:
    first = Path(first_path)
    beside = glob(f"{escape(str(first.parent / first.stem))}*")  # noqa: PTH207  # names, not objects
    return [path for path in beside if _is_relative(path, first_path)]


def _last_line_end(descriptor: int, size: int) -> int:
    """Return the offset behind the last whole line."""
    at = size
    while at > 0:
        start = max(0, at - READ_BYTES)
        found = os.pread(descriptor, at - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        at = start
    return 0
