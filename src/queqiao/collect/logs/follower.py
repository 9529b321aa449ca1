"""Follows the files of one source: through renames, cuts and copies, each line delivered once.

A file is held open while it may grow, so that a rename or a deletion loses nothing. Lines are
delivered piece by piece; a piece that could not be delivered is read again, and nothing is read
ahead of it. That is the back-pressure: a full intake makes the file wait, not our memory.
"""

import os
from collections.abc import Awaitable, Callable

import msgspec
import structlog

from queqiao.collect.logs.calls import LineCall, Lines, LineSink
from queqiao.collect.logs.formats import reader_of
from queqiao.collect.logs.line_ids import Place, line_id
from queqiao.collect.logs.lines import Line, LineReader, Piece, WasCut
from queqiao.collect.logs.registry import FILES_MAX, Registry
from queqiao.collect.logs.requests import call_of
from queqiao.collect.logs.settings import LogFiles
from queqiao.collect.logs.tracked import Tracked
from queqiao.kernel.clock import Clock
from queqiao.kernel.errors import FieldError, InvalidInput, Message

log = structlog.get_logger()

LINES_MAX = 1_000
"""Lines of one call to the intake."""
ROTATED_QUIET_US = 60_000_000
DELETED_QUIET_US = 5_000_000
"""How long a file that was rotated or deleted must rest before its end is taken for its end."""

_OUR_DEFECT = FieldError("", Message("本系统的缺陷，详见日志", "a defect of ours; see log"))
_NOT_UTF8 = FieldError("", Message("不是合法的 UTF-8", "not UTF-8"))


class Counts(msgspec.Struct):
    """What was done since the start, for the probes."""

    stored: int = 0
    known: int = 0
    refused: int = 0
    behind_bytes: int = 0


class Bounds(msgspec.Struct, frozen=True):
    """How much, and how long."""

    line_bytes_max: int = 65_536
    rotated_quiet_us: int = ROTATED_QUIET_US
    deleted_quiet_us: int = DELETED_QUIET_US


class _Open:
    """One file that is held open. ``who`` is None until its first line is whole."""

    def __init__(self, descriptor: int, path: str, *, is_named: bool, bounds: Bounds) -> None:
        self.descriptor = descriptor
        self.path = path
        self.is_named = is_named
        self.who: Tracked | None = None
        self.state = (0, 0)
        self._bounds = bounds
        self.reader = LineReader(descriptor, bounds.line_bytes_max)

    def begin_again(self) -> None:
        """Read what was cut as the new file that it is."""
        self.who, self.state = None, (0, 0)
        self.reader = LineReader(self.descriptor, self._bounds.line_bytes_max)

    def is_finished(self, status: os.stat_result, now_us: int) -> bool:
        """Say whether nobody will write to it any more."""
        quiet_us = now_us - status.st_mtime_ns // 1000
        if status.st_nlink == 0:
            return quiet_us >= self._bounds.deleted_quiet_us
        rotated = self.who is not None and self.who.is_rotated
        return rotated and quiet_us >= self._bounds.rotated_quiet_us


class Follower:
    """Follows the files of one source. ``keep`` puts the checkpoint on disk.

    ``clock`` says when a line is taken, ``file_clock`` what the times of files are held against.
    """

    def __init__(
        self,
        files: LogFiles,
        registry: Registry,
        sink: LineSink,
        clock: Clock,
        keep: Callable[[], Awaitable[None]],
        *,
        bounds: Bounds | None = None,
        file_clock: Clock | None = None,
    ) -> None:
        self._files = files
        self._registry = registry
        self._sink = sink
        self._clock = clock
        self._file_clock = file_clock or clock
        self._keep = keep
        self._bounds = bounds or Bounds()
        self._read = reader_of(files)
        self._open: dict[tuple[int, int], _Open] = {}
        self._unreadable: set[str] = set()
        self.counts = Counts()

    @property
    def source(self) -> str:
        """Return the source that the lines are filed under."""
        return self._files.source

    def look(self) -> None:
        """Open files that are new or have grown; learn the names of those that were renamed."""
        now_us = self._file_clock.now_us()
        for path, status, is_named in self._registry.look(now_us):
            key = (status.st_dev, status.st_ino)
            known = self._registry.known(status)
            if known is not None:
                known.path, known.seen_at_us = path, now_us
            if key in self._open:
                self._open[key].path = path
            elif self._is_wanted(status, known):
                self._take_up(path, is_named=is_named)
        self._registry.forget_old(now_us)
        self.counts.behind_bytes = self._behind_bytes()

    def _is_wanted(self, status: os.stat_result, known: Tracked | None) -> bool:
        if status.st_size == 0 or self._registry.is_stranger(status):
            return False
        return known is None or not (known.done and known.offset == status.st_size)

    def _take_up(self, path: str, *, is_named: bool) -> None:
        if len(self._open) >= FILES_MAX:
            self._complain(path, f"more than {FILES_MAX} files at the same time")
            return
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            self._complain(path, os.strerror(error.errno or 0))
            return
        status = os.fstat(descriptor)
        key = (status.st_dev, status.st_ino)
        if key in self._open:  # renamed over in between
            os.close(descriptor)
            return
        self._open[key] = _Open(descriptor, path, is_named=is_named, bounds=self._bounds)

    def _complain(self, path: str, reason: str) -> None:
        if path not in self._unreadable:
            self._unreadable.add(path)
            log.warning("a log cannot be followed", path=path, reason=reason)

    async def step(self) -> bool:
        """Deliver a piece of every file; say whether there was any.

        A file that cannot be read is put down and tried again at the next look: it must not make
        the others wait. Raises Unavailable and StorageFull of the sink: try again later.
        """
        moved = False
        for key, one in list(self._open.items()):
            try:
                moved |= await self._advance(key, one)
            except WasCut:
                self._cut(one)
                moved = True
            except OSError as error:
                self._complain(one.path, os.strerror(error.errno or 0))
                self._put_down(key, one, done=False)
        return moved

    async def _advance(self, key: tuple[int, int], one: _Open) -> bool:
        who = one.who or await self._identified(key, one)
        if who is None:
            return False
        status = os.fstat(one.descriptor)
        if status.st_size < who.offset:
            raise WasCut
        finished = one.is_finished(status, self._file_clock.now_us())
        state = (status.st_size, status.st_mtime_ns)
        if state == one.state and not finished:
            return False
        piece = one.reader.read(who, to_the_end=finished)
        if piece is None:
            one.state = state  # nothing to do until it changes
            if finished:
                self._put_down(key, one, done=True)
            return False
        who.size = max(who.size, status.st_size)
        await self._deliver(who, piece.lines)
        self._note(one, who, piece)
        self._unreadable.discard(one.path)
        return True

    async def _identified(self, key: tuple[int, int], one: _Open) -> Tracked | None:
        who = self._registry.identify(one.descriptor, one.path, is_named=one.is_named)
        if who is not None:
            who.path, who.seen_at_us, who.done = one.path, self._file_clock.now_us(), False
            await self._keep()  # its name must outlive us before a line goes out under it
            one.who = who
            return who
        status = os.fstat(one.descriptor)
        if self._registry.is_stranger(status) or one.is_finished(status, self._file_clock.now_us()):
            self._put_down(key, one, done=False)
        return None

    def _note(self, one: _Open, who: Tracked, piece: Piece) -> None:
        if piece.raw:
            who.advance(piece.raw)
        else:
            who.advance_over(one.descriptor, piece.end)

    def _cut(self, one: _Open) -> None:
        if one.who is not None:
            self._registry.cut(one.who)
            one.who.seen_at_us = self._file_clock.now_us()
        one.begin_again()

    def _put_down(self, key: tuple[int, int], one: _Open, *, done: bool) -> None:
        os.close(one.descriptor)
        del self._open[key]
        if one.who is not None:
            one.who.done = done

    async def _deliver(self, who: Tracked, lines: list[Line]) -> None:
        calls = [self._call(who, line) for line in lines]
        for at in range(0, len(calls), LINES_MAX):
            part = Lines(self.source, self._clock.now_us(), calls[at : at + LINES_MAX])
            taken = await self._sink.take(part)
            self.counts.stored += taken.stored
            self.counts.known += taken.known
            self.counts.refused += taken.refused

    def _call(self, who: Tracked, line: Line) -> LineCall:
        own_id = line_id(Place(who.name, line.offset), line.raw)
        try:
            if line.refusal is not None:
                raise line.refusal
            fields = self._read(line.raw.decode())
            body = call_of(fields, self._files.event, self.source, own_id)
        except UnicodeDecodeError:
            return LineCall(b"", line.raw, own_id, _NOT_UTF8)
        except InvalidInput as refusal:
            return LineCall(b"", line.raw, own_id, refusal.fields[0])
        except Exception:  # a defect must not stop the log: the line is kept, and the defect seen
            log.exception("a line could not be read", source=self.source)
            return LineCall(b"", line.raw, own_id, _OUR_DEFECT)
        return LineCall(body, line.raw, own_id)

    def _behind_bytes(self) -> int:
        behind = 0
        for one in self._open.values():
            size = os.fstat(one.descriptor).st_size
            behind += max(0, size - (one.who.offset if one.who else 0))
        return behind

    def close(self) -> None:
        """Give the files up; what was delivered stays in the checkpoint."""
        for one in self._open.values():
            os.close(one.descriptor)
        self._open.clear()
