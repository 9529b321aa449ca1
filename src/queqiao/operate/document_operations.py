"""The table of operations of document resources, as the application mounts and documents them."""

from collections.abc import Mapping, Sequence
from typing import Any

from queqiao.kernel.documents import DocumentKind
from queqiao.kernel.errors import Message
from queqiao.kernel.http import Route
from queqiao.operate.calls import DRY_RUN, IDEMPOTENCY_KEY, IF_MATCH, PAGE
from queqiao.operate.contracts import Handling, Operation, Parameter, Services
from queqiao.operate.document_shapes import WORDS, Reason
from queqiao.operate.documents import TRANSITIONS, DocumentDesk, schemas_of

_WRITES = (DRY_RUN, IDEMPOTENCY_KEY)
_FILTERS = (
    Parameter("state", Message("状态；不写则不含已归档", "state; without it, none archived")),
    Parameter("query", Message("名称或编号的一部分", "part of a name or an id")),
    *PAGE,
)


def operations(
    services: Services, kinds: Sequence[DocumentKind], handlings: Mapping[str, Handling]
) -> list[Operation]:
    """Return the operations of every kind and that of their schemas."""
    found = [_schemas(kinds)]
    for kind in kinds:
        desk = DocumentDesk(services, kind, handlings.get(kind.name, Handling()))
        found += [*_collection(desk), *_item(desk), *_transitions(desk)]
    return found


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
