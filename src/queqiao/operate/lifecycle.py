"""What comes to documents beside writing them: times to come, going back, comparing, approval."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct, structs
from sqlalchemy import Connection

from queqiao.kernel.clock import HOUR_US, parse_rfc3339
from queqiao.kernel.errors import Conflict, FieldError, InvalidInput, Message, Refused
from queqiao.kernel.http import Request, Response, json_response
from queqiao.operate import approvals, schedules
from queqiao.operate.approvals import Approval
from queqiao.operate.calls import write_once
from queqiao.operate.contracts import Danger
from queqiao.operate.documents import DocumentDesk, normal
from queqiao.operate.going_live import Target, bring, check_live, dangers
from queqiao.ports.records import documents, revisions
from queqiao.ports.records.differences import Difference
from queqiao.ports.records.documents import Edit

ReasonText = Annotated[str, Meta(max_length=2_000)]
REVISION_MAX = 10**9
_PAST = Message("须晚于现在", "must be later than now")
_ARCHIVED = Message("已归档，不能再变", "archived documents change no more")
_HARMLESS = Message("没有需要批准的地方，可以直接发布", "nothing needs approval; publish it")


class NewSchedule(Struct, forbid_unknown_fields=True):
    """What is to be done with a document, and when (RFC 3339)."""

    action: Literal["publish", "pause", "archive"]
    at: Annotated[str, Meta(max_length=40)]
    reason: ReasonText = ""


class Rollback(Struct, forbid_unknown_fields=True):
    """Which revision's content is to be the newest."""

    revision: Annotated[int, Meta(ge=1, le=REVISION_MAX)]
    reason: ReasonText = ""


class ApprovalWanted(Struct, forbid_unknown_fields=True):
    """Why the document should be published, and for how long the request waits."""

    reason: ReasonText = ""
    waits_hours: Annotated[int, Meta(ge=1, le=24 * 30)] = 72


class Lifecycle:
    """The operations of one kind of document."""

    def __init__(self, desk: DocumentDesk) -> None:
        self._desk = desk
        self._kind = desk.kind
        self._records = desk.records

    async def schedule(self, request: Request) -> Response:
        """Have something done at a time to come. Raises InvalidInput, Refused and NotFound."""
        asked = normal(request).decode(NewSchedule)
        at_us, edit = parse_rfc3339(asked.at, "at"), self._desk.edit(request, asked.reason)
        if at_us <= request.now_us:
            raise InvalidInput(FieldError("at", _PAST))

        def work(conn: Connection) -> Response:
            stored = documents.get(conn, self._kind, request.params["id"])
            if stored.state == "archived":
                raise Refused(_ARCHIVED, reason="archived")
            if asked.action == "publish":
                would_be = structs.replace(stored, state="live")
                check_live(conn, would_be, self._desk.handling)
            target = Target(stored.id, asked.action)
            return json_response(schedules.add(conn, self._kind.name, target, at_us, edit), 201)

        return await self._once(request, work)

    async def scheduled(self, request: Request) -> Response:
        """Return what is or was scheduled for the document, newest first."""
        document_id = request.params["id"]

        def read(conn: Connection) -> list[schedules.ScheduledChange]:
            documents.get(conn, self._kind, document_id)
            return schedules.of_document(conn, self._kind.name, document_id)

        return json_response({"items": await self._records.read(read), "next_cursor": None})

    async def unschedule(self, request: Request) -> Response:
        """Take a scheduled change back. Raises NotFound and Conflict."""
        number, edit = _number(request.params["number"]), self._desk.edit(request)

        def work(conn: Connection) -> Response:
            schedules.cancel(conn, self._kind.name, request.params["id"], number, edit)
            return Response(204)

        return await self._once(request, work)

    async def roll_back(self, request: Request) -> Response:
        """Make a new revision with the content of an old one; state and secrets stay."""
        asked = normal(request).decode(Rollback)
        edit = self._desk.edit(request, asked.reason or f"rollback to {asked.revision}")

        def work(conn: Connection) -> Response:
            document_id = request.params["id"]
            old = revisions.revision(conn, self._kind, document_id, asked.revision)
            document = self._desk.with_secrets_of(conn, document_id, old)
            stored = documents.replace(conn, self._kind, document_id, document, edit)
            self._desk.check_live(conn, stored)
            return self._desk.answer(stored)

        return await self._desk.once(request, work)

    async def compare(self, request: Request) -> Response:
        """Return what changed between two revisions; without ``to``, until the newest."""
        document_id, hidden = request.params["id"], self._desk.handling.hidden

        def read(conn: Connection) -> dict[str, Any]:
            newest = documents.get(conn, self._kind, document_id).revision
            until = _number(request.query.get("to", str(newest)), "to")
            since = _number(request.query.get("from", str(max(1, until - 1))), "from")
            pair = (since, until)
            changes = revisions.compared(conn, self._kind, document_id, pair, hidden)
            return {"from": since, "to": until, "changes": changes}

        return json_response(await self._records.read(read))

    async def ask_approval(self, request: Request) -> Response:
        """Ask another person to publish the document as it stands."""
        asked = normal(request).decode(ApprovalWanted) if request.body else ApprovalWanted()
        edit = self._desk.edit(request, asked.reason)

        def work(conn: Connection) -> Response:
            stored = documents.get(conn, self._kind, request.params["id"])
            would_be = structs.replace(stored, state="live")
            check_live(conn, would_be, self._desk.handling, approved=True)
            found = dangers(conn, would_be, self._desk.handling)
            if not found:
                raise Conflict(_HARMLESS)
            ends_us = request.now_us + asked.waits_hours * HOUR_US
            shown = [Danger(one.path, one.message.zh, one.message.en) for one in found]
            wanted = approvals.Request(
                "publish", self._kind.name, stored.id, stored.revision, shown, ends_us
            )
            return json_response(approvals.ask(conn, wanted, edit), 201)

        return await self._once(request, work)

    def publish_approved(self, conn: Connection, found: Approval, edit: Edit) -> None:
        """Publish what was approved. Raises PreconditionFailed when it has changed since."""
        stored = documents.get(conn, self._kind, found.target_id)
        approvals.check_revision(found, stored.revision)
        reason = f"approval #{found.id}: {found.reason}".strip(": ")
        handling = self._desk.handling
        named = structs.replace(edit, reason=reason, hidden=handling.hidden)
        target = Target(stored.id, "publish", approved=True)
        bring(conn, self._kind, target, named, handling)

    async def _once(self, request: Request, work: Any) -> Response:
        return await write_once(self._records, request, work)


def _number(said: str, path: str = "number") -> int:
    """Return a whole number from 1 on. Raises InvalidInput."""
    if not (said.isascii() and said.isdecimal() and 0 < len(said) <= 9 and int(said)):
        message = Message("须为正整数", "a whole number from 1 on")
        raise InvalidInput(FieldError(path, message))
    return int(said)


class Comparison(msgspec.Struct, frozen=True):
    """What changed between two revisions."""

    from_: int = msgspec.field(name="from")
    to: int = 0
    changes: list[Difference] = []


class Schedules(msgspec.Struct, frozen=True):
    """Scheduled changes."""

    items: list[schedules.ScheduledChange]
    next_cursor: str | None = None
