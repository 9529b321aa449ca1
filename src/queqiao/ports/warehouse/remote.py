"""The warehouse as other roles see it: the questions go by RPC to the role that owns the engine.

Only reading travels. A call that was cut off is sent again by the RPC client, which is harmless for
a question and would store rows twice for an insert; the loader lives beside the engine anyway.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import pyarrow as pa

from queqiao.kernel.errors import Message, Refused
from queqiao.ports.rpc.client import RpcClient
from queqiao.ports.rpc.server import Method
from queqiao.ports.warehouse.base import NO_PARAMETERS, Table, Warehouse

QUERY = "warehouse.query"

_READ_ONLY = Message(
    "只有 analytics 角色可以写入数据仓库", "only the analytics role writes to the warehouse"
)


class Question(msgspec.Struct, frozen=True):
    """One reading statement with its parameters."""

    sql: str
    parameters: dict[str, Any] = {}


class RemoteWarehouse:
    """Asks the analytics role. Unavailable while it cannot be reached."""

    def __init__(self, client: RpcClient) -> None:
        self._client = client

    async def query(self, sql: str, parameters: Mapping[str, Any] = NO_PARAMETERS) -> Table:
        """Return the rows of one reading statement."""
        answer: Table = await self._client.call(QUERY, Question(sql, dict(parameters)), Table)
        return answer

    async def insert(self, table: str, rows: pa.Table, *, gathered: bool = False) -> None:  # noqa: ARG002  # the port's signature
        """Raise Refused: see the module."""
        raise Refused(_READ_ONLY, reason="read_only")

    async def command(self, sql: str) -> None:  # noqa: ARG002  # the port's signature
        """Raise Refused: see the module."""
        raise Refused(_READ_ONLY, reason="read_only")

    async def exclusive(self, statements: Sequence[str]) -> None:  # noqa: ARG002  # the port's signature
        """Raise Refused: see the module."""
        raise Refused(_READ_ONLY, reason="read_only")


def methods(warehouse: Warehouse) -> dict[str, Method]:
    """Return the methods by which the owner of the engine answers, for its RpcServer."""

    async def query(question: Question) -> Table:
        return await warehouse.query(question.sql, question.parameters)

    return {QUERY: Method(query, Question, Table)}
