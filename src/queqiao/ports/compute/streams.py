"""Plans that run for ever on a topic, in an engine's process; and reading what they wrote once."""

import msgspec

from queqiao.ports.compute.engine_process import EngineProcess
from queqiao.ports.compute.job import Stream

START_S = 180.0
"""How long an engine may take to say that a plan runs."""
RUN_S = 1800.0
"""How long it may take from one word of a bounded run to the next."""


class RunningStream:
    """A plan at work on a topic. Started again in the same folder, it goes on from its checkpoint.

    Results and rows that are too late come out as lines of two topics. Flink writes them in
    transactions: read them committed. Spark may write an epoch again after a kill, the same lines
    under the same headers: read them through ``Once``.
    """

    def __init__(self, process: EngineProcess, asked: Stream, *, start_s: float = START_S) -> None:
        self._process = process
        process.ask(asked)
        process.reply(start_s)

    def check(self) -> None:
        """Raise what ended the stream, if it ended: Broken, InvalidInput or Unavailable."""
        self._process.check()

    def close(self) -> None:
        """End it, and its process, where they stand."""
        self._process.close()


def run_to_end(process: EngineProcess, asked: Stream, *, within_s: float = RUN_S) -> None:
    """Run a plan on all that a topic holds now, and close what is open at its end.

    ``within_s`` bounds each wait for the engine to say something. Raises what ``reply`` raises.
    """
    process.ask(msgspec.structs.replace(asked, bounded=True, ended=True))
    while process.reply(within_s).state != "done":
        pass


class Once:
    """Passes over messages that an engine wrote again. One for each topic, fed in order."""

    def __init__(self) -> None:
        self._last: dict[int, tuple[int, int]] = {}

    def is_new(self, header: bytes) -> bool:
        """Say whether the message of this header, ``epoch bucket number``, comes the first time."""
        epoch, bucket, number = map(int, header.split())
        if (epoch, number) <= self._last.get(bucket, (0, -1)):
            return False
        self._last[bucket] = (epoch, number)
        return True
