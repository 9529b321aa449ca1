"""How lines come to the intake's role: one method of its socket, answered through the one door.

A call that was cut off is sent again: events are known by their ids, and a bad line by its place.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from queqiao.collect.taking import Incoming, Taking
from queqiao.collect.validation import Origin, looks_suspicious
from queqiao.kernel.errors import FieldError, InvalidInput
from queqiao.ports.rpc import Method, RpcClient

TAKE_LINES = "lines.take"


class LineCall(Struct, frozen=True):
    """One line: the call made of it (empty where it was refused), and its own bytes."""

    body: bytes
    original: bytes
    own_id: str
    refusal: FieldError | None = None


class Lines(Struct, frozen=True):
    """Lines of one source."""

    source: str
    received_at_us: int
    lines: list[LineCall]


class Taken(Struct, frozen=True):
    """How many lines became events, were known already, and were kept as bad rows."""

    stored: int
    known: int
    refused: int


class LineSink(Protocol):
    """Where lines go."""

    async def take(self, lines: Lines) -> Taken:
        """Return when all is on disk. Raises Unavailable or StorageFull: then send again."""
        ...


class RemoteLines:
    """The intake's role, over its socket."""

    def __init__(self, client: RpcClient) -> None:
        self._client = client

    async def take(self, lines: Lines) -> Taken:
        """Return when all is on disk."""
        taken: Taken = await self._client.call(TAKE_LINES, lines, Taken)
        return taken


class TakenHere:
    """The door itself."""

    def __init__(self, taking: Taking) -> None:
        self._taking = taking

    async def take(self, lines: Lines) -> Taken:
        """Take the lines as calls of their source."""
        suspicious = any(looks_suspicious(line.body) for line in lines.lines)
        origin = Origin(lines.source, lines.received_at_us, suspicious=suspicious)
        verdicts = await self._taking.take(_calls(lines.lines), origin)
        statuses = [verdict.status for verdict in verdicts]
        stored, known = statuses.count("stored"), statuses.count("duplicate")
        return Taken(stored, known, len(statuses) - stored - known)


def _calls(lines: Sequence[LineCall]) -> list[Incoming]:
    return [
        Incoming(
            line.body,
            "track",
            line.original,
            own_id=line.own_id,
            refusal=InvalidInput(line.refusal) if line.refusal else None,
        )
        for line in lines
    ]


def methods(taking: Taking) -> Mapping[str, Method]:
    """Return the table for the RPC server of the role that owns log and bad rows."""
    return {TAKE_LINES: Method(TakenHere(taking).take, Lines, Taken)}
