"""One set of operations for every kind of document: write, read, versions, states, schema."""

from collections.abc import Callable, Sequence
from typing import Any
from unicodedata import normalize

import msgspec
from msgspec import structs
from sqlalchemy import Connection

from queqiao.kernel import json
from queqiao.kernel.clock import format_rfc3339
from queqiao.kernel.documents import DocumentKind
from queqiao.kernel.errors import NotFound, PreconditionRequired
from queqiao.kernel.http import Request, Response, json_response
from queqiao.kernel.ids import uuid7
from queqiao.kernel.paging import cursor_after, cursor_of, dry_run_of, limit_of
from queqiao.operate import going_live
from queqiao.operate.calls import actor_of, answer_once, expected_revision
from queqiao.operate.contracts import Handling, Services
from queqiao.operate.credentials import random_bits
from queqiao.operate.document_shapes import Reason, Shapes
from queqiao.operate.going_live import below_document
from queqiao.operate.sealing import sealed
from queqiao.ports.records import documents
from queqiao.ports.records.documents import HIDDEN, Edit, Place, Stored

REASON_LENGTH_MAX = 2_000


class DocumentDesk:
    """The resource of one document kind."""

    def __init__(self, services: Services, kind: DocumentKind, handling: Handling) -> None:
        self._services = services
        self.records = services.records
        self.handling = handling
        self.shapes = Shapes(kind)
        self.kind = structs.replace(kind, check=below_document(kind.check))

    async def page(self, request: Request) -> Response:
        """Return a page of documents, newest first."""
        signer, limit, kind = self._services.signer, limit_of(request), self.kind
        place = cursor_of(request, signer, kind.name, Place)
        state, query = request.query.get("state") or None, request.query.get("query", "")[:200]
        found = await self.records.read(
            lambda conn: documents.find(
                conn, kind, state=state, query=query, after=place, limit=limit + 1
            )
        )
        cursor = None
        if len(found) > limit:
            last = found[limit - 1]
            cursor = cursor_after(signer, kind.name, Place(last.created_at_us, last.id))
        items = [self._view(stored) for stored in found[:limit]]
        return json_response({"items": items, "next_cursor": cursor})

    async def show(self, request: Request) -> Response:
        """Return one document; 304 when the caller has this revision already."""
        stored = await self.records.read(
            lambda conn: documents.get(conn, self.kind, request.params["id"])
        )
        answer = self.answer(stored)
        if request.headers.get("if-none-match") == _etag(stored):
            return Response(304, headers=answer.headers)
        return answer

    async def create(self, request: Request) -> Response:
        """Store a new document. Raises InvalidInput and Conflict."""
        body, edit = normal(request).decode(self.shapes.new), self.edit(request)
        services = self._services
        document_id = body.id or uuid7(request.now_us, random_bits(services.random))

        def work(conn: Connection) -> Response:
            document = body.document
            if self.handling.prepare is not None:
                document = self.handling.prepare(document, services.random)
            self.kind.check(document)
            safe = sealed(self.handling, self.kind.name, document_id, document)
            stored = documents.create(conn, self.kind, document_id, safe, edit)
            self.check_live(conn, stored)
            shown = structs.replace(stored, document=document)
            return self.answer(shown, 200 if edit.dry_run else 201, hidden=())

        return await self.once(request, work)

    async def replace(self, request: Request) -> Response:
        """Store a new revision; ``If-Match`` says which one it replaces."""
        if "if-match" not in request.headers:
            raise PreconditionRequired
        body = normal(request).decode(self.shapes.replacement)
        edit = self.edit(request, body.reason)

        def work(conn: Connection) -> Response:
            before = documents.get(conn, self.kind, request.params["id"])
            document = self._with_secrets(body.document, before.document)
            self.kind.check(document)
            document = sealed(self.handling, self.kind.name, before.id, document, before.document)
            stored = documents.replace(conn, self.kind, before.id, document, edit)
            self.check_live(conn, stored)
            return self.answer(stored)

        return await self.once(request, work)

    def transition_to(self, state: str) -> Callable[[Request], Any]:
        """Return the handler that brings a document into ``state``."""

        async def transition(request: Request) -> Response:
            reason = normal(request).decode(Reason).reason if request.body else ""
            edit = self.edit(request, reason)

            def work(conn: Connection) -> Response:
                stored = documents.transition(conn, self.kind, request.params["id"], state, edit)
                self.check_live(conn, stored)
                return self.answer(stored)

            return await self.once(request, work)

        return transition

    async def history(self, request: Request) -> Response:
        """Return every revision, newest first, with what each changed."""
        hidden = self.handling.hidden
        steps = await self.records.read(
            lambda conn: documents.history(conn, self.kind, request.params["id"], hidden)
        )
        items = [
            {
                "revision": step.revision,
                "state": step.state,
                "document": self._masked(step.document, hidden),
                "at": format_rfc3339(step.at_us),
                "by": step.by,
                "reason": step.reason,
                "changes": step.changes,
            }
            for step in steps
        ]
        return json_response({"items": items, "next_cursor": None})

    def edit(self, request: Request, reason: str = "") -> Edit:
        """Return the circumstances of a write."""
        return Edit(
            actor_of(request),
            request.now_us,
            reason[:REASON_LENGTH_MAX],
            dry_run_of(request),
            expected_revision(request),
            self.handling.hidden,
        )

    async def once(self, request: Request, work: Callable[[Connection], Response]) -> Response:
        """Do the work, or answer as the first time; secrets are in the first answer only."""
        secrets = tuple(f"document.{name}" for name in self.handling.hidden)
        return await self.records.write(
            lambda conn: answer_once(request, conn, lambda: work(conn), secrets)
        )

    def check_live(self, conn: Connection, stored: Stored) -> None:
        """Raise what keeps the document from being live, where it is."""
        going_live.check_live(conn, stored, self.handling)

    def with_secrets_of(self, conn: Connection, document_id: str, document: Any) -> Any:
        """Return the document with the secrets of the newest revision. Raises NotFound."""
        newest = documents.get(conn, self.kind, document_id).document
        kept = {name: getattr(newest, name) for name in self.handling.hidden}
        return structs.replace(document, **kept)

    def _with_secrets(self, document: Any, before: Any) -> Any:
        """Return the document with the secrets that its author did not write anew."""
        kept = {
            name: getattr(before, name)
            for name in self.handling.hidden
            if not getattr(document, name) or getattr(document, name) == HIDDEN
        }
        return structs.replace(document, **kept)

    def answer(
        self, stored: Stored, status: int = 200, hidden: Sequence[str] | None = None
    ) -> Response:
        """Return a document as the API shows it, with its ETag."""
        answer = json_response(self._view(stored, hidden), status)
        answer.headers = (("etag", _etag(stored)),)
        return answer

    def _view(self, stored: Stored, hidden: Sequence[str] | None = None) -> dict[str, Any]:
        return {
            "id": stored.id,
            "revision": stored.revision,
            "state": stored.state,
            "document": self._masked(
                stored.document, self.handling.hidden if hidden is None else hidden
            ),
            "created_at": format_rfc3339(stored.created_at_us),
            "updated_at": format_rfc3339(stored.updated_at_us),
            "updated_by": stored.updated_by,
        }

    def _masked(self, document: Any, hidden: Sequence[str]) -> Any:
        return structs.replace(document, **dict.fromkeys(hidden, HIDDEN)) if hidden else document


def _etag(stored: Stored) -> str:
    return f'"{stored.revision}"'


def normal(request: Request) -> Request:
    """Return the request with all text of its body in NFC."""
    if request.body.isascii() and b"\\u" not in request.body:
        return request
    value = json.decode(request.body, Any)
    return structs.replace(request, body=msgspec.json.encode(_nfc(value)))


def _nfc(value: Any) -> Any:
    if isinstance(value, str):
        return normalize("NFC", value)
    if isinstance(value, list):
        return [_nfc(item) for item in value]
    if isinstance(value, dict):
        return {normalize("NFC", key): _nfc(item) for key, item in value.items()}
    return value


def schemas_of(kinds: Sequence[DocumentKind]) -> Callable[[Request], Any]:
    """Return the handler of ``/api/v1/schemas/{kind}.json``."""
    known = {f"{kind.name}.json": kind for kind in kinds}

    async def show(request: Request) -> Response:
        kind = known.get(request.params["name"])
        if kind is None:
            raise NotFound
        head = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": f"/api/v1/schemas/{kind.name}.json",
        }
        body = msgspec.json.encode(head | msgspec.json.schema(kind.type))
        return Response(200, body, "application/schema+json")

    return show
