"""How far the copy of an embedded log into a topic is: one small file beside the log's helps.

While it says that the copy is not whole, no intake opens the topic: what is not copied yet would be
lost, and its offsets given to other events.
"""

from pathlib import Path

import msgspec

from queqiao.kernel.errors import Conflict, Message
from queqiao.kernel.whole_file import replace_whole

NAME = "copied.json"


class Copied(msgspec.Struct, frozen=True):
    """The events up to ``offset`` are in the topic. ``digest`` is of the frames they came from, so
    that a frame that is rewritten afterwards is noticed; a string, since JSON numbers do not hold
    64 bits. ``is_whole`` when the embedded log was closed for good before its end was copied."""

    offset: int = 0
    digest: str = "0"
    is_whole: bool = False


def copied(folder: Path) -> Copied | None:
    """Return how far it is, None where nothing was ever copied."""
    try:
        return msgspec.json.decode((folder / NAME).read_bytes(), type=Copied)
    except FileNotFoundError:
        return None


def note(folder: Path, how_far: Copied) -> None:
    """Note it, durably."""
    replace_whole(folder / NAME, msgspec.json.encode(how_far))


def check_whole(folder: Path) -> None:
    """Raise Conflict while a copy has begun and is not whole."""
    how_far = copied(folder)
    if how_far is not None and not how_far.is_whole:
        raise Conflict(
            Message(
                f"事件日志只搬了一部分（到 {how_far.offset}）；停下系统，再运行一次"
                " queqiao move event_log",
                f"the event log was copied in part only (up to {how_far.offset}); with the system"
                " stopped, run queqiao move event_log once more",
            )
        )
