"""How the rows of imported files come to the intake's role: one method, through the one door."""

from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct

from queqiao.collect.taking import Incoming, Taking
from queqiao.collect.validation import Origin, looks_suspicious
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.ports.rpc import Method, RpcClient

TAKE = "imports.take"


class FileCall(Struct, frozen=True):
    """One call with the bytes of its rows; ``refusal`` where the rows could not be read.

    ``own_id`` names the place of a refused row in its file, so that it is kept once.
    """

    body: bytes
    original: bytes
    own_id: str
    refusal: FieldError | None = None


class FileCalls(Struct, frozen=True):
    """Calls of one source."""

    source: str
    received_at_us: int
    calls: list[FileCall]


class Outcome(Struct, frozen=True):
    """What became of one call: stored, duplicate, conflict or invalid."""

    status: str
    reason: Message | None = None


class FileDoor(Protocol):
    """Where the calls go."""

    async def take(self, calls: FileCalls) -> list[Outcome]:
        """Return when all is on disk. Raises Unavailable or StorageFull: then send again."""
        ...


class RemoteDoor:
    """The intake's role, over its socket."""

    def __init__(self, client: RpcClient) -> None:
        self._client = client

    async def take(self, calls: FileCalls) -> list[Outcome]:
        """Return when all is on disk."""
        taken: list[Outcome] = await self._client.call(TAKE, calls, list[Outcome])
        return taken


class DoorHere:
    """The door itself."""

    def __init__(self, taking: Taking) -> None:
        self._taking = taking

    async def take(self, calls: FileCalls) -> list[Outcome]:
        """Take the calls as those of their source."""
        suspicious = any(looks_suspicious(call.body) for call in calls.calls)
        origin = Origin(calls.source, calls.received_at_us, suspicious=suspicious)
        incoming = [
            Incoming(
                call.body,
                None,
                call.original,
                own_id=call.own_id,
                refusal=InvalidInput(call.refusal) if call.refusal else None,
            )
            for call in calls.calls
        ]
        verdicts = await self._taking.take(incoming, origin)
        return [
            Outcome(one.status, one.refusal.message if one.refusal else None) for one in verdicts
        ]


def methods(taking: Taking) -> Mapping[str, Method]:
    """Return the table for the RPC server of the role that owns log and bad rows."""
    return {TAKE: Method(DoorHere(taking).take, FileCalls, list[Outcome])}
