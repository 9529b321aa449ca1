"""The schemas of events as the intake knows them: an immutable snapshot, swapped whole.

Only events with a live ``event-schema`` document cost anything here: ``check_of`` returns None for
all others (the vocabulary's own types are checked with the event itself).
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

import msgspec
import structlog
from jsonschema_rs import ValidationError
from msgspec import Raw

from queqiao.collect.contracts import SCHEMA_VERSION
from queqiao.collect.schemas_compiled import checker
from queqiao.collect.schemas_document import EVENT_SCHEMA, EventSchemaDocument
from queqiao.kernel import json
from queqiao.kernel.errors import FieldError, InvalidInput, QueqiaoError
from queqiao.ports.records.base import Records
from queqiao.ports.records.documents import Documents, Stored

log = structlog.get_logger()


class Key(NamedTuple):
    """What a schema is about: a part of a call, and the event's name or that of the call."""

    part: str
    name: str


class Tally(msgspec.Struct):
    """How many bad rows a version of a schema has made since the intake started."""

    refused: int = 0


class SchemaViolation(InvalidInput):
    """An event that a strict schema refuses; ``schema_version`` is that of the schema."""

    def __init__(self, fault: FieldError, schema_version: int, tally: Tally) -> None:
        super().__init__(fault)
        self.schema_version = schema_version
        self.tally = tally


def kept_version(refusal: QueqiaoError) -> int:
    """Return the version that a bad row names, and count it: once for each row that is kept.

    It is the version of the schema that refused, else that of the rules of the door.
    """
    if not isinstance(refusal, SchemaViolation):
        return SCHEMA_VERSION
    refusal.tally.refused += 1
    return refusal.schema_version


class SchemaCheck:
    """One compiled schema. Called with a part's bytes it names the first fault, or None."""

    def __init__(
        self, version: int, check: Callable[[bytes], FieldError | None], *, strict: bool
    ) -> None:
        self.version = version
        self.strict = strict
        self.tally = Tally()
        self._check = check

    def __call__(self, raw: bytes) -> FieldError | None:
        """Return the first fault of a part that is sound JSON."""
        return self._check(raw)

    def mark(self, raw: bytes) -> bytes:
        """Return what a part adds to the envelope's JSON: nothing when it is good.

        A strict schema raises SchemaViolation; a lenient one's fault becomes the mark.
        """
        fault = self._check(raw)
        if fault is None:
            return b""
        if self.strict:
            raise SchemaViolation(fault, self.version, self.tally)
        return b',"schema_fault":%b,"schema_version":%d' % (json.encode(fault.path), self.version)


class Schemas:
    """All live schemas. Immutable; take one and keep it for the length of a request.

    ``any`` is False where nothing is registered: then nothing needs to be asked.
    """

    def __init__(self, checks: Mapping[Key, SchemaCheck] = MappingProxyType({})) -> None:
        self._properties = {key.name: one for key, one in checks.items() if key.part != "traits"}
        self._traits = {key.name: one for key, one in checks.items() if key.part == "traits"}
        self.any = bool(checks)

    def check_of(self, event_name: str | None) -> SchemaCheck | None:
        """Return the check of a track call's properties, None where no schema is live."""
        return self._properties.get(event_name) if event_name else None

    def version_of(self, event_name: str) -> int:
        """Return the version of an event's schema; that of the door's rules without one."""
        found = self._properties.get(event_name)
        return SCHEMA_VERSION if found is None else found.version

    def mark(
        self, call: str, event_name: str | None, properties: bytes | Raw, traits: bytes | Raw
    ) -> bytes:
        """Return what a call's schema adds before the times at the end of its envelope.

        Those lie outside the fingerprint, so that a retry stays a duplicate when the schema has
        changed meanwhile. Raises SchemaViolation for a strict schema.
        """
        if call == "track":
            check, part = self._properties.get(event_name or ""), properties
        else:
            check, part = self._traits.get(call), traits
        return b"" if check is None else check.mark(bytes(part))


class SchemaHolder:
    """Where the snapshot of this moment is found; this one holds none."""

    now: Schemas = Schemas()


class SchemaBook(SchemaHolder):
    """Holds the snapshot of this moment; ``load`` renews it from the live documents."""

    def __init__(self, records: Records) -> None:
        self._documents = Documents(records)
        self._checks: dict[tuple[str, int], tuple[Key, SchemaCheck]] = {}
        self.now = Schemas()

    async def load(self) -> None:
        """Read the live documents and swap the snapshot. For the change feed."""
        live = await self._documents.live(EVENT_SCHEMA)
        await asyncio.to_thread(self._take, live)  # a large schema takes a while to compile

    def load_now(self) -> None:
        """Do the same, blocking: for start-up, so that no event slips in before the schemas."""
        self._take(self._documents.live_now(EVENT_SCHEMA))

    def tallies(self) -> Iterator[tuple[Key, int, Tally]]:
        """Yield the violations of each schema and version that was live since the start."""
        for key, check in list(self._checks.values()):  # a load in its thread may add some
            yield key, check.version, check.tally

    def _take(self, live: Iterable[Stored]) -> None:
        checks: dict[Key, SchemaCheck] = {}
        for stored in live:
            found = self._checks.get((stored.id, stored.revision)) or self._compile(stored)
            if found is not None:
                checks[found[0]] = found[1]
        self.now = Schemas(checks)

    def _compile(self, stored: Stored) -> tuple[Key, SchemaCheck] | None:
        document: EventSchemaDocument = stored.document
        try:
            check = checker(document.schema, document.part)
        except (
            ValidationError,
            InvalidInput,
        ):  # stored before the library changed its mind: it checks nothing
            log.exception("a live schema does not compile", schema=stored.id)
            return None
        one = SchemaCheck(stored.revision, check, strict=document.mode == "strict")
        made = self._checks[stored.id, stored.revision] = Key(document.part, document.name), one
        return made
