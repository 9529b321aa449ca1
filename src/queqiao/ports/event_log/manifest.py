"""Which runs make up the dedup index, and up to which offset: one small file, swapped whole."""

from collections.abc import Iterable
from itertools import count
from pathlib import Path

import msgspec
import structlog

from queqiao.kernel.whole_file import replace_whole
from queqiao.ports.event_log.runs import Run

NAME = "runs.json"

log = structlog.get_logger()


class _Content(msgspec.Struct):
    indexed: int = 0
    runs: list[str] = []


class Manifest:
    """Reads and replaces the list. A list that cannot be read means: start from the log.

    So does one that is ahead of the log, which ends at the offset ``last``: it is of another one.
    """

    def __init__(self, folder: Path, last: int) -> None:
        self._folder = folder
        self._path = folder / NAME
        self._content = self._read(last)
        numbers = [int(path.stem) for path in folder.glob("*.run")]
        self._numbers = count(max(numbers, default=0) + 1)

    @property
    def indexed(self) -> int:
        """Offset up to which the runs hold every event."""
        return self._content.indexed

    def _read(self, last: int) -> _Content:
        try:
            content = msgspec.json.decode(self._path.read_bytes(), type=_Content)
            if content.indexed > last:
                raise ValueError(f"the index is ahead of the log, which ends at {last}")
        except FileNotFoundError:
            return _Content()
        except (OSError, ValueError, msgspec.MsgspecError) as error:
            log.warning("the dedup index is rebuilt from the log", cause=str(error))
            return _Content()
        return content

    def open_runs(self) -> list[Run]:
        """Open the listed runs and remove files that no list names."""
        try:
            runs = [Run(self._folder / name) for name in self._content.runs]
        except (OSError, ValueError) as error:
            log.warning("the dedup index is rebuilt from the log", cause=str(error))
            runs, self._content = [], _Content()
        kept = {run.path.name for run in runs} | {NAME}
        for path in self._folder.iterdir():
            if path.name not in kept:
                path.unlink()
        return runs

    def new_path(self) -> Path:
        """Return a name that no run has had since opening."""
        return self._folder / f"{next(self._numbers):08d}.run"

    def save(self, runs: Iterable[Run], indexed: int) -> None:
        """Replace the list, durably."""
        content = _Content(indexed, [run.path.name for run in runs])
        replace_whole(self._path, msgspec.json.encode(content))
        self._content = content
