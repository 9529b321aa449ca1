"""The contract of engines that run transforms.

A transform is a ``Plan`` (``plan.py``): data, so that an engine that is another process, or in
another language, runs the same. Its meaning is defined once:

- **Functions** mean what ``functions.py`` says and ``reference.py`` does, on every engine.
- **Order**: a source's rows have an order, that of arrival. Which rows are too late follows from
  it row by row, never from how the rows were cut into batches.
- **Results** of windows are versions: the one with the highest ``version`` of a key and window
  stands. How many versions came depends on the cutting; what stands does not.
- **Batch and stream**: over rows of which none is too late, what stands (of windows) and what
  comes out (of machines in order of time, of row steps) is the same whatever the order of arrival,
  the cutting, restarts, and the engine. The digest (``digest.py``) is how this is tested.
- **Exactly once**: a checkpoint holds the source's position, the state and the epoch, all or
  nothing. An engine that is killed goes on from the last one, and writes the epoch after it again.
- **NULL**: a key may be NULL (of windows); a time may not, nor a machine's key.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Generic, NamedTuple, Protocol, TypeVar

import pyarrow as pa

from queqiao.ports.compute.plan import Columns, Plan

State = TypeVar("State")
Row = tuple[Any, ...]


class Chunk(NamedTuple):
    """Rows of a source, and the position after them."""

    rows: pa.Table
    position: int


class Source(Protocol):
    """Rows that can be read again: the same position gives the same rows, for ever."""

    def read(self, position: int) -> Chunk | None:
        """Return the rows after a position (0 is the beginning), or None if there are none yet.

        A chunk may be empty. Positions grow. Rows have the plan's columns, and may have others.
        """
        ...


class Sink(Protocol):
    """Takes results by epoch. Epochs are numbered from 1; an epoch without results is left out."""

    def begin(self, epoch: int) -> None:
        """Forget everything of later epochs than this: a run goes on from its checkpoint."""
        ...

    def write(self, epoch: int, outputs: Mapping[str, pa.Table]) -> None:
        """Keep the tables of an epoch: ``results`` and ``too_late``.

        It is there whole and survives a power cut before this returns, or it is not there.
        Writing an epoch again replaces it.
        """
        ...


class KeyedMachine(Generic[State]):
    """A state machine that sees the rows of one key, one after the other.

    Deterministic: no clock, no chance, no input but the row and the state. ``State`` is a type
    that msgspec writes to msgpack; it is replaced, never changed in place.
    """

    name: ClassVar[str]
    state: type[State]
    reads: ClassVar[Columns]
    """The columns of a row, in this order; a time is an int of microseconds."""
    gives: ClassVar[Columns]
    """The columns of a result, in this order."""

    def see(self, key: str, state: State | None, row: Row) -> tuple[State | None, Sequence[Row]]:
        """Return the state after a row, None to forget the key, and what comes out."""
        raise NotImplementedError

    def timer_us(self, state: State) -> int | None:
        """Return the time at which ``fire`` is to be called, before any row of that time."""
        del state
        return None

    def fire(self, key: str, state: State) -> tuple[State | None, Sequence[Row]]:
        """Return the state after the timer, and what comes out; the timer must be later or none."""
        del key
        return state, ()


class Progress(NamedTuple):
    """How far a run has come: in the source, in epochs, in event time."""

    position: int
    epoch: int
    watermark_us: int | None


class Engine(Protocol):
    """Runs a plan."""

    def run(self, plan: Plan, source: Source, sink: Sink, *, ended: bool) -> Progress:
        """Read what the source has, from the last checkpoint, and write what comes out.

        Returns when the source has no more rows for now. ``ended`` says that there will never be
        more: then every window is closed and every timer fires. Raises InvalidInput for a wrong
        plan or rows, and Conflict when the checkpoint belongs to another plan.
        """
        ...
