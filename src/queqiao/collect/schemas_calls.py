"""What the intake's role tells of the schemas that it works with."""

from collections.abc import Awaitable, Callable, Mapping

from msgspec import Struct

from queqiao.collect.schemas import SchemaBook
from queqiao.ports.rpc import Method, RpcClient

REFUSALS = "schemas.refusals"


class AskRefusals(Struct):
    """How many bad rows has each schema made?"""


class Refusals(Struct):
    """Bad rows that one version of a schema has made since the intake started."""

    part: str
    name: str
    version: int
    refused: int


def methods(book: SchemaBook) -> Mapping[str, Method]:
    """Return the table for the RPC server of the intake's role."""

    async def refusals(_call: AskRefusals) -> list[Refusals]:
        return [
            Refusals(key.part, key.name, version, tally.refused)
            for key, version, tally in book.tallies()
        ]

    return {REFUSALS: Method(refusals, AskRefusals, list[Refusals])}


def remote_refusals(client: RpcClient) -> Callable[[], Awaitable[list[Refusals]]]:
    """Return the question as another role asks it."""

    async def ask() -> list[Refusals]:
        found: list[Refusals] = await client.call(REFUSALS, AskRefusals(), list[Refusals])
        return found

    return ask
