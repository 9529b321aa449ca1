"""The one writer of a journal: a committer thread that writes and syncs whatever has gathered."""

import asyncio
import errno
import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent import futures
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread

from queqiao.kernel.errors import Broken, Message, QueqiaoError, StorageFull, Unavailable
from queqiao.ports.journal.base import HEADER, LOCK_NAME, Frame, checksum, segment_name
from queqiao.ports.journal.disk import Disk, write_whole
from queqiao.ports.journal.reader import JournalReader, segment_bases
from queqiao.ports.journal.recovery import good_end
from queqiao.ports.journal.rewriter import Rewriter
from queqiao.ports.journal.watermark import Watermark

SEGMENT_BYTES = 64 << 20
COMMIT_BYTES = 8 << 20
"""The committer gathers at most about this much for one ``fdatasync``."""

MADE_BYTES = 1 << 20
"""What a payload that is yet to be made counts for, when the committer gathers."""

ROOM_BYTES = 1 << 20
"""Zeros are written this far ahead: an fdatasync that does not grow the file costs half the CPU."""

_ZEROS = bytes(ROOM_BYTES)
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


Payload = bytes | Callable[[], bytes]
"""The bytes of a frame, or what makes them: it is called on the committer's thread."""


class _Entry:
    """One append on its way to the disk."""

    __slots__ = ("future", "mark", "payload", "position")

    def __init__(
        self,
        payload: Payload | None,
        mark: int | None,
        future: "asyncio.Future[int] | futures.Future[int] | None",
    ) -> None:
        self.payload = payload
        self.mark = mark
        self.future = future
        self.position = 0


class Journal:
    """The writer; see ``base`` for what it promises. Make one with ``Journal.open``."""

    def __init__(
        self,
        folder: Path,
        lock: int,
        disk: Disk,
        segment_bytes: int,
        on_full: Callable[[], None] | None,
    ) -> None:
        self._folder = folder
        self._lock = lock
        self._disk = disk
        self._segment_bytes = segment_bytes
        self._on_full = on_full
        self._held = False
        self._fatal: QueqiaoError | None = None
        self._queue: SimpleQueue[_Entry | None] = SimpleQueue()
        self._watermark = Watermark(folder, writable=True)
        self._rewriter = Rewriter(folder, disk)
        self._rewriter.recover()
        self._recover()
        self._thread = Thread(target=self._commit_for_ever, name="journal", daemon=True)
        self._thread.start()

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        disk: Disk | None = None,
        segment_bytes: int = SEGMENT_BYTES,
        on_full: Callable[[], None] | None = None,
    ) -> "Journal":
        """Open for writing; cut off a torn tail. Raises Unavailable when another process writes.

        ``on_full`` is for owners whose memory runs ahead of the disk: when a commit meets a full
        disk, it is called once on the event loop, before any of the failed appends learns of it,
        so that the owner returns to what is committed. Every append made until it returns fails.
        """
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o640)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(lock)
            raise _taken() from error
        return cls(folder, lock, disk or Disk(), segment_bytes, on_full)

    def _recover(self) -> None:
        bases = segment_bases(self._folder) or [0]
        self._base = bases[-1]
        path = self._folder / segment_name(self._base)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o640)
        self._end = good_end(self._file, self._base, self._watermark.position)
        self._room = self._end - self._base
        self._disk.truncate(self._file, self._room)
        self._disk.sync(self._file)
        self._disk.sync_folder(self._folder)
        self._watermark.move(self._end, None)

    @property
    def end(self) -> int:
        """Position after the last committed frame."""
        return self._watermark.position

    @property
    def mark(self) -> int:
        """The owner's number that came with the last committed frame."""
        return self._watermark.mark

    @property
    def broken(self) -> QueqiaoError | None:
        """The fault that ended this writer, or None: only a new one learns what the disk holds."""
        return self._fatal

    def publish_mark(self, mark: int) -> None:
        """Set the owner's number without a frame: at opening, after the owner has read its log."""
        self._watermark.move(self.end, mark)

    def append(self, payload: Payload, mark: int | None = None) -> "asyncio.Future[int]":
        """Queue a frame, in the order of the calls; the future gives its position once it is safe.

        The payload is not empty. ``mark`` becomes visible to readers with the commit. The future
        raises StorageFull or Broken.
        """
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._queue.put(_Entry(payload, mark, future))
        return future

    def barrier(self) -> "asyncio.Future[int]":
        """Return a future that is done when everything appended so far is safe, or has failed."""
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._queue.put(_Entry(b"", None, future))
        return future

    def append_now(self, payload: Payload, mark: int | None = None) -> int:
        """Append and wait, for callers without an event loop. Returns the position."""
        future: futures.Future[int] = futures.Future()
        self._queue.put(_Entry(payload, mark, future))
        return future.result()

    def read(self, start: int = 0) -> Iterator[Frame]:
        """Yield the committed frames from position ``start``."""
        reader = JournalReader(self._folder)
        try:
            yield from reader.read(start)
        finally:
            reader.close()

    def rewrite(self, changes: Sequence[tuple[int, bytes]]) -> None:
        """Put payloads in the place of those at positions, each no longer than what is there.

        Blocking, beside appends; doing it again is harmless, and with none it finishes what a
        fault has left. Raises StorageFull, or Unavailable
        when the disk fails: then readers may find frames damaged until it is done again.
        """
        if any(position >= self.end for position, _ in changes):
            raise ValueError("only what is committed can be rewritten")
        try:
            self._rewriter.rewrite(changes)
        except OSError as error:
            if error.errno in _FULL:
                raise StorageFull from error
            raise _not_rewritten() from error

    def close(self) -> None:
        """Commit what is queued, stop the thread, give up the lock."""
        if self._lock < 0:
            return
        self._queue.put(None)
        self._thread.join()
        self._cut_back()
        os.close(self._file)
        self._watermark.close()
        os.close(self._lock)
        self._lock = -1

    def _commit_for_ever(self) -> None:
        open_ = True
        while open_:
            batch, open_ = self._gather()
            if batch:
                self._commit(batch)

    def _gather(self) -> tuple[list[_Entry], bool]:
        """Return what waits now, and whether to go on."""
        batch: list[_Entry] = []
        entry = self._queue.get()
        size = 0
        while entry is not None:
            if entry.payload is None:
                self._held = False
            else:
                batch.append(entry)
                size += len(entry.payload) if isinstance(entry.payload, bytes) else MADE_BYTES
            if size >= COMMIT_BYTES:
                return batch, True
            try:
                entry = self._queue.get_nowait() if batch else self._queue.get()
            except Empty:
                return batch, True
        return batch, False

    def _commit(self, batch: list[_Entry]) -> None:
        error: QueqiaoError | None = self._fatal
        if error is None and self._held:
            error = StorageFull()
        if error is None:
            error = self._try_commit(batch)
        _tell(batch, error)

    def _try_commit(self, batch: list[_Entry]) -> QueqiaoError | None:
        try:
            self._write(batch)
        except OSError as error:
            return self._fail(error, batch)
        except Exception as error:  # noqa: BLE001 - the thread must live to answer those who wait
            return self._break(error)
        return None

    def _write(self, batch: list[_Entry]) -> None:
        if self._end - self._base >= self._segment_bytes:
            self._roll()
        parts: list[bytes] = []
        position, mark = self._end, None
        for entry in batch:
            entry.position = position
            payload = entry.payload() if callable(entry.payload) else entry.payload
            if payload:
                parts += (HEADER.pack(len(payload), checksum(position, payload)), payload)
                position += HEADER.size + len(payload)
            if entry.mark is not None:
                mark = entry.mark
        if parts:
            write_whole(self._disk, self._file, b"".join(parts), self._end - self._base)
            if position - self._base > self._room:
                self._make_room(position - self._base)
            self._disk.sync(self._file)
        self._end = position
        self._watermark.move(position, mark)

    def _make_room(self, size: int) -> None:
        """Write zeros behind the frames, which no reader takes for one. Does without when full."""
        self._room = size
        try:
            write_whole(self._disk, self._file, _ZEROS, size)
        except OSError as error:
            if error.errno not in _FULL:
                raise
        else:
            self._room = size + ROOM_BYTES

    def _roll(self) -> None:
        # Readers find a segment's end by its size: cut the zeros before there is a next one.
        self._disk.truncate(self._file, self._end - self._base)
        self._disk.sync(self._file)
        path = self._folder / segment_name(self._end)
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o640)
        try:
            self._disk.sync_folder(self._folder)
        except OSError:
            os.close(file)
            raise
        os.close(self._file)
        self._file, self._base, self._room = file, self._end, 0

    def _fail(self, error: OSError, batch: list[_Entry]) -> QueqiaoError:
        if error.errno in _FULL and self._cut_back():
            self._hold(batch)
            return StorageFull()
        return self._break(error)

    def _break(self, error: Exception) -> QueqiaoError:
        self._fatal = Broken(
            Message("写日志时磁盘出错，需要重启", "the disk failed under the journal; restart it")
        )
        self._fatal.__cause__ = error
        return self._fatal

    def _cut_back(self) -> bool:
        self._room = self._end - self._base
        try:
            self._disk.truncate(self._file, self._room)
        except OSError:
            return False
        return True

    def _hold(self, batch: list[_Entry]) -> None:
        """Let the owner return to what is committed; what is queued until then fails."""
        if self._on_full is None:
            return
        loops = {e.future.get_loop() for e in batch if isinstance(e.future, asyncio.Future)}
        if loops:
            self._held = True
            loops.pop().call_soon_threadsafe(self._put_back)
        else:
            self._on_full()

    def _put_back(self) -> None:
        assert self._on_full is not None
        try:
            self._on_full()
        finally:
            self._queue.put(_Entry(None, None, None))


def _tell(batch: list[_Entry], error: QueqiaoError | None) -> None:
    """Wake everyone who waits: one call into each event loop for the whole commit."""
    loops: dict[asyncio.AbstractEventLoop, list[_Entry]] = {}
    for entry in batch:
        if isinstance(entry.future, futures.Future):
            _settle(entry.future, entry.position, error)
        elif entry.future is not None:
            loops.setdefault(entry.future.get_loop(), []).append(entry)
    for loop, entries in loops.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_wake, entries, error)


def _wake(entries: list[_Entry], error: QueqiaoError | None) -> None:
    for entry in entries:
        if entry.future is not None and not entry.future.done():
            _settle(entry.future, entry.position, error)


def _settle(
    future: "asyncio.Future[int] | futures.Future[int]", position: int, error: QueqiaoError | None
) -> None:
    if error is None:
        future.set_result(position)
    else:
        future.set_exception(type(error)(error.detail))


def _not_rewritten() -> Unavailable:
    return Unavailable(
        Message("改写日志时磁盘出错，请再试", "the disk failed under a rewriting; try again")
    )


def _taken() -> Unavailable:
    return Unavailable(
        Message("另一个进程正在写这个日志", "another process is writing this journal")
    )
