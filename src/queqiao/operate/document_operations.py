"""The table of operations of document resources, as the application mounts and documents them."""

from collections.abc import Mapping, Sequence
from typing import Any

from queqiao.kernel.documents import DocumentKind
from queqiao.kernel.errors import Message
from queqiao.kernel.http import Route
from queqiao.operate.approval_desk import ApprovalDesk
from queqiao.operate.approvals import Approval, Execute
from queqiao.operate.bulk import BYTES_MAX, BulkAnswer, BulkDesk
from queqiao.operate.calls import DRY_RUN, IDEMPOTENCY_KEY, IF_MATCH, PAGE
from queqiao.operate.contracts import Handling, Operation, Parameter, Services
from queqiao.operate.document_shapes import WORDS, Reason
from queqiao.operate.documents import DocumentDesk, schemas_of
from queqiao.operate.going_live import TRANSITIONS
from queqiao.operate.lifecycle import (
    ApprovalWanted,
    Comparison,
    Lifecycle,
    NewSchedule,
    Rollback,
    Schedules,
)
from queqiao.operate.schedules import ScheduledChange

_WRITES = (DRY_RUN, IDEMPOTENCY_KEY)
_PAIR = (
    Parameter("from", Message("较早的版本；不写为前一版", "the earlier revision"), int),
    Parameter("to", Message("较晚的版本；不写为最新", "the later; without it, the newest"), int),
)
_FILTERS = (
    Parameter("state", Message("状态；不写则不含已归档", "state; without it, none archived")),
    Parameter("query", Message("名称或编号的一部分", "part of a name or an id")),
    *PAGE,
)


def operations(
    services: Services,
    kinds: Sequence[DocumentKind],
    handlings: Mapping[str, Handling],
    allowed: Mapping[str, Execute],
) -> list[Operation]:
    """Return the operations of every kind, that of their schemas, and the approvals.

    ``allowed`` does what approvals allow beside publishing.
    """
    found = [_schemas(kinds)]
    executes: dict[str, Execute] = dict(allowed)
    for kind in kinds:
        desk = DocumentDesk(services, kind, handlings.get(kind.name, Handling()))
        lifecycle = Lifecycle(desk)
        executes[f"{kind.name}.publish"] = lifecycle.publish_approved
        found += [*_collection(desk), *_item(desk), *_transitions(desk)]
        if not desk.handling.hidden:
            found.append(_bulk(desk, services))
        found += _lifecycle(desk, lifecycle)
    return found + ApprovalDesk(services, executes).operations()


def _lifecycle(desk: DocumentDesk, lifecycle: Lifecycle) -> list[Operation]:
    """Return what comes to a document beside writing it."""
    base, tags = f"/api/v1/{desk.kind.path}/{{id}}", (desk.kind.path,)

    def route(  # noqa: PLR0917  # the columns of the table below
        method: Any, below: str, handler: Any, words: Message, takes: Any, gives: Any
    ) -> Route:
        scope: Any = "read" if method == "GET" else "write"
        return Route(method, f"{base}/{below}", handler, words, scope, takes, gives, tags)

    scheduled, shown = Message("定时变更", "Have it changed later"), Message("定时", "Scheduled")
    taken, back = Message("取消定时", "Take it back"), Message("回滚", "Roll back")
    compared, asked = Message("比较版本", "Compare revisions"), Message("申请审批", "Ask approval")
    old = desk.shapes.item
    return [
        Operation(route("POST", "schedule", lifecycle.schedule, scheduled, NewSchedule,
                        ScheduledChange), _WRITES, 201, audits=True),
        Operation(route("GET", "schedule", lifecycle.scheduled, shown, None, Schedules)),
        Operation(route("DELETE", "schedule/{number}", lifecycle.unschedule, taken, None, None),
                  _WRITES, 204, audits=True),
        Operation(route("POST", "rollback", lifecycle.roll_back, back, Rollback, old),
                  (IF_MATCH, *_WRITES), audits=True),
        Operation(route("GET", "diff", lifecycle.compare, compared, None, Comparison), _PAIR),
        Operation(route("POST", "approval", lifecycle.ask_approval, asked, ApprovalWanted,
                        Approval), _WRITES, 201, audits=True),
    ]  # fmt: skip


def _schemas(kinds: Sequence[DocumentKind]) -> Operation:
    words = Message("文档的 JSON Schema", "JSON Schema of a document")
    path = "/api/v1/schemas/{name}"
    return Operation(Route("GET", path, schemas_of(kinds), words, "read", tags=("schemas",)))


def _route(desk: DocumentDesk, verb: str, method: Any, below: str, handler: Any) -> Route:
    path = f"/api/v1/{desk.kind.path}{below}"
    scope: Any = "read" if method == "GET" else "write"
    shapes = desk.shapes
    takes = {"create": shapes.new, "replace": shapes.replacement}
    gives = {"list": shapes.page, "history": shapes.history}
    return Route(
        method,
        path,
        handler,
        WORDS[verb],
        scope,
        takes.get(verb, Reason if verb in TRANSITIONS else None),
        gives.get(verb, shapes.item),
        (desk.kind.path,),
    )


def _collection(desk: DocumentDesk) -> list[Operation]:
    return [
        Operation(_route(desk, "list", "GET", "", desk.page), _FILTERS),
        Operation(_route(desk, "create", "POST", "", desk.create), _WRITES, 201, audits=True),
    ]


def _bulk(desk: DocumentDesk, services: Services) -> Operation:
    bulk = BulkDesk(desk, services.random)
    words = Message("批量新建、修改、发布、暂停、归档", "Create, replace and move many")
    route = Route(
        "POST",
        f"/api/v1/{desk.kind.path}/bulk",
        bulk.write,
        words,
        "write",
        bulk.shape,
        BulkAnswer,
        (desk.kind.path,),
        BYTES_MAX,
    )
    return Operation(route, _WRITES, audits=True)


def _item(desk: DocumentDesk) -> list[Operation]:
    required = Parameter(IF_MATCH.name, IF_MATCH.summary, str, "header", required=True)
    return [
        Operation(_route(desk, "show", "GET", "/{id}", desk.show)),
        Operation(_route(desk, "history", "GET", "/{id}/history", desk.history)),
        Operation(
            _route(desk, "replace", "PUT", "/{id}", desk.replace),
            (required, *_WRITES),
            audits=True,
        ),
    ]


def _transitions(desk: DocumentDesk) -> list[Operation]:
    return [
        Operation(
            _route(desk, verb, "POST", f"/{{id}}/{verb}", desk.transition_to(state)),
            (IF_MATCH, *_WRITES),
            audits=True,
        )
        for verb, state in TRANSITIONS.items()
        if state in desk.kind.states
    ]
