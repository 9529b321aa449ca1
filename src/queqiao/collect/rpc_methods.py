"""What the intake's role answers to other roles: the log's methods and those of the bad rows."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from queqiao.collect.bad_rows import BadRowsLog
from queqiao.collect.contracts import KeptBadRow, Replay
from queqiao.collect.replay import Replayer
from queqiao.collect.schemas import SchemaHolder
from queqiao.collect.validation import Validator
from queqiao.kernel.ids import IdSource
from queqiao.ports.event_log import calls
from queqiao.ports.event_log.base import EventLog, EventLogReader
from queqiao.ports.rpc import Method, RpcClient

LIST, REPLAY, EMPTY = "bad_rows.list", "bad_rows.replay", "bad_rows.empty"


class ListRows(Struct):
    """Which rows are there?"""

    limit: int
    before: str | None = None


class ReplayRows(Struct):
    """Try these again."""

    ids: list[str]


class EmptyRows(Struct):
    """Take the original bytes out of these."""

    ids: list[str]


def methods(
    log: EventLog,
    reader: EventLogReader,
    bad_rows: BadRowsLog,
    ids: IdSource,
    schemas: SchemaHolder | None = None,
) -> Mapping[str, Method]:
    """Return the table for the RPC server of the role that owns log and bad rows."""
    replayer = Replayer(log, bad_rows, Validator(ids, schemas))

    async def list_rows(call: ListRows) -> list[KeptBadRow]:
        return bad_rows.newest(call.limit, call.before)

    async def replay(call: ReplayRows) -> Replay:
        return await replayer.replay(call.ids)

    async def empty(call: EmptyRows) -> None:
        await bad_rows.empty(call.ids)

    return {
        **calls.methods(log, reader),
        LIST: Method(list_rows, ListRows, list[KeptBadRow]),
        REPLAY: Method(replay, ReplayRows, Replay),
        EMPTY: Method(empty, EmptyRows, type(None)),
    }


class RemoteBadRows:
    """The bad rows of the intake's role, over its socket."""

    def __init__(self, client: RpcClient) -> None:
        self._client = client

    async def list(self, limit: int, before: str | None) -> list[KeptBadRow]:
        """Return rows, newest first, older than the row ``before``."""
        found: list[KeptBadRow] = await self._client.call(
            LIST, ListRows(limit, before), list[KeptBadRow]
        )
        return found

    async def replay(self, ids: Sequence[str]) -> Replay:
        """Try rows again."""
        answer: Replay = await self._client.call(REPLAY, ReplayRows(list(ids)), Replay)
        return answer

    async def empty(self, ids: Sequence[str]) -> None:
        """Take the original bytes out of rows. Raises StorageFull or Unavailable."""
        await self._client.call(EMPTY, EmptyRows(list(ids)), type(None))
