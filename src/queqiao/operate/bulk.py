"""Many documents of one kind in one call: each is checked as it would be alone.

All of them are written or none (``all``, unless said otherwise), or each that can be (``each``).
A dry run does all of the work, so that it sees what items do to each other, and keeps nothing.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from msgspec import Meta, structs
from sqlalchemy import Connection

from queqiao.kernel.errors import CallerError, FieldError, InvalidInput, Message
from queqiao.kernel.http import Request, Response, json_response, language_of
from queqiao.kernel.ids import uuid7
from queqiao.kernel.problem import ProblemField, describe
from queqiao.operate import going_live
from queqiao.operate.calls import write_once
from queqiao.operate.credentials import RandomBytes, random_bits
from queqiao.operate.documents import DocumentDesk, normal
from queqiao.ports.records import documents
from queqiao.ports.records.documents import Edit, Stored

ITEMS_MAX = 500
BYTES_MAX = 4_000_000
REASON_LENGTH_MAX = 2_000

Action = Literal["publish", "pause", "archive"]
Mode = Literal["all", "each"]


class Told(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one item: its document as it stands, or what is wrong with it."""

    at: int
    id: str | None
    done: bool
    revision: int | None = None
    state: str | None = None
    code: str | None = None
    title: str | None = None
    detail: str | None = None
    errors: list[ProblemField] = []


class BulkAnswer(msgspec.Struct, frozen=True):
    """What became of the items, in their order; ``done`` and ``failed`` count them."""

    done: int
    failed: int
    items: list[Told]


def bulk_shape(desk: DocumentDesk) -> Any:
    """Return the body: a document without ``revision`` is new, with it a replacement."""
    name = desk.shapes.item.__name__.removesuffix("Item")
    item = msgspec.defstruct(
        f"{name}BulkItem",
        [
            ("id", str | None, None),
            ("document", desk.kind.type | None, None),
            ("revision", int | None, None),
            ("action", Action | None, None),
        ],
        forbid_unknown_fields=True,
    )
    items = Annotated[list[item], Meta(min_length=1, max_length=ITEMS_MAX)]  # type: ignore[valid-type]
    reason = Annotated[str, Meta(max_length=REASON_LENGTH_MAX)]
    return msgspec.defstruct(
        f"{name}Bulk",
        [("items", items), ("mode", Mode, "all"), ("reason", reason, "")],
        forbid_unknown_fields=True,
    )


class BulkDesk:
    """Writes many documents of a kind. Kinds with secrets have none: those are shown once each."""

    def __init__(self, desk: DocumentDesk, random: RandomBytes) -> None:
        self._desk = desk
        self._random = random
        self.shape = bulk_shape(desk)

    async def write(self, request: Request) -> Response:
        """Do what each item asks. Raises InvalidInput naming every wrong item of a whole."""
        body = normal(request).decode(self.shape, BYTES_MAX)
        edit = structs.replace(self._desk.edit(request, body.reason), dry_run=False)
        language = language_of(request.headers.get("accept-language"))

        def work(conn: Connection) -> Response:
            outcomes = [
                self._one(conn, _Numbered(at, item), edit) for at, item in enumerate(body.items)
            ]
            if body.mode == "all":
                _refuse(outcomes)
            told = [_told(each, language) for each in outcomes]
            done = sum(each.done for each in told)
            return json_response(BulkAnswer(done, len(told) - done, told))

        return await write_once(self._desk.records, request, work)

    def _one(self, conn: Connection, numbered: "_Numbered", edit: Edit) -> "_Outcome":
        """Do one item whole, or leave no trace of it."""
        trial = conn.begin_nested()
        item = numbered.item
        try:
            stored = self._do(conn, item, edit)
        except CallerError as error:
            trial.rollback()
            return _Outcome(numbered.at, item.id, None, error)
        trial.commit()
        return _Outcome(numbered.at, stored.id, stored, None)

    def _do(self, conn: Connection, item: Any, edit: Edit) -> Stored:
        desk, now = self._desk, structs.replace(edit, expected_revision=item.revision)
        if item.document is None:
            if item.action is None:
                raise InvalidInput(FieldError("document", _NOTHING))
            return self._bring(conn, _named(item), item.action, now)
        if item.revision is None:
            document_id = item.id or uuid7(edit.now_us, random_bits(self._random))
            stored = documents.create(conn, desk.kind, document_id, item.document, now)
        else:
            stored = documents.replace(conn, desk.kind, _named(item), item.document, now)
        if item.action is None:
            desk.check_live(conn, stored)
            return stored
        return self._bring(
            conn, stored.id, item.action, structs.replace(now, expected_revision=stored.revision)
        )

    def _bring(self, conn: Connection, document_id: str, action: Action, edit: Edit) -> Stored:
        desk = self._desk
        target = going_live.Target(document_id, action)
        return going_live.bring(conn, desk.kind, target, edit, desk.handling)


class _Numbered(NamedTuple):
    at: int
    item: Any


class _Outcome(NamedTuple):
    at: int
    id: str | None
    stored: Stored | None
    error: CallerError | None


_NOTHING = Message("须有 document 或 action", "give a document, an action, or both")
_NO_ID = Message("须写明编号", "name the document")


def _named(item: Any) -> str:
    if not item.id:
        raise InvalidInput(FieldError("id", _NO_ID))
    return str(item.id)


def _refuse(outcomes: Sequence[_Outcome]) -> None:
    """Raise InvalidInput with all that is wrong, each below its item; nothing is kept then."""
    wrong = []
    for each in outcomes:
        if each.error is not None:
            fields = list(each.error.fields)
            if each.error.detail or not fields:
                fields.append(FieldError("", each.error.detail or each.error.title))
            wrong += [
                FieldError(f"items[{each.at}].{field.path}".rstrip("."), field.message)
                for field in fields
            ]
    if wrong:
        raise InvalidInput(*wrong, detail=_NONE_WRITTEN)


_NONE_WRITTEN = Message(
    "没有写入任何一项；改正后重试，或用 mode: each 只写能写的",
    "none was written; mend these, or write those that can be with mode: each",
)


def _told(outcome: _Outcome, language: Any) -> Told:
    stored, error = outcome.stored, outcome.error
    if stored is not None:
        return Told(outcome.at, stored.id, done=True, revision=stored.revision, state=stored.state)
    problem = describe(error or CallerError(), language, None)
    return Told(
        outcome.at,
        outcome.id,
        done=False,
        code=problem.code,
        title=problem.title,
        detail=problem.detail,
        errors=problem.errors,
    )
