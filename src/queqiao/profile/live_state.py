"""How far the live rows are, as one cell of their store: who writes next goes on from there.

Rows of one *generation* have keys that begin with its number. Rows are made anew in the next
generation, beside the one that is read, and readers change over when it has caught up.
"""

from typing import NamedTuple

import msgspec

from queqiao.kernel.errors import Conflict, Message
from queqiao.ports.profile_rows.base import ProfileRows

KEY = "~live"
COLUMN = "meta:state"


class Trust(NamedTuple):
    """The sources whose word about buyers decides prices, sorted.

    ``version`` moves when a source is marked anew, so that rows are made anew too. Where no server
    speaks (``servers`` is false) nothing is known of anybody: who bought nothing by that is no
    newcomer.
    """

    sources: tuple[str, ...]
    version: int = 0
    servers: bool = True


class Building(msgspec.Struct, frozen=True):
    """One generation: events up to ``offset`` are in its rows, made as ``stamp`` says.

    ``trusts``: a server of the shop's could have told of buyers.
    """

    generation: int
    stamp: str
    offset: int
    trusts: bool = False


class LiveState(msgspec.Struct, frozen=True):
    """``read`` is the generation that readers see, ``next`` one that is being made.

    ``old`` are generations whose rows are to be deleted.
    """

    read: Building | None = None
    next: Building | None = None
    old: list[int] = []

    @property
    def generations(self) -> list[int]:
        """Every generation that may have rows."""
        return [one.generation for one in (self.read, self.next) if one] + self.old


class Stored(NamedTuple):
    """A state and the bytes that it lies in the store as; None: nothing is there yet."""

    state: LiveState
    raw: bytes | None


async def read(rows: ProfileRows) -> Stored:
    """Return the state of a store."""
    cell = (await rows.get([KEY])).get(KEY, {}).get(COLUMN)
    if cell is None:
        return Stored(LiveState(), None)
    return Stored(msgspec.json.decode(cell.value, type=LiveState), cell.value)


async def write(rows: ProfileRows, before: Stored, state: LiveState) -> Stored:
    """Write the state when it is still as it was. Raises Conflict when another writer was there."""
    raw = msgspec.json.encode(state)
    if raw == before.raw:
        return before
    if not await rows.check_and_put(KEY, COLUMN, before.raw, {COLUMN: raw}):
        raise Conflict(_OTHER_WRITER)
    return Stored(state, raw)


def key_of(generation: int, person: str) -> str:
    """Return the key of a person's row."""
    return f"{generation}/{person}"


_OTHER_WRITER = Message(
    "画像行有另一个写入者；每个存储只能有一个系统写（换一个表名或前缀）",
    "the live rows have another writer; one system may write to a store (name another table or"
    " prefix)",
)
