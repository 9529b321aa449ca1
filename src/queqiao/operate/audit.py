"""``GET /api/v1/audit``: who did what, newest first, by actor, action, target and time."""

from typing import Any

import msgspec
from sqlalchemy import Select, select
from sqlalchemy.engine import Row

from queqiao.kernel.clock import format_rfc3339, parse_rfc3339
from queqiao.kernel.errors import Message
from queqiao.kernel.http import Request, Response, Route, json_response
from queqiao.kernel.paging import cursor_after, cursor_of, limit_of
from queqiao.operate.calls import PAGE
from queqiao.operate.contracts import AuditPage, AuditView, Operation, Parameter, Services
from queqiao.ports.records.differences import Difference
from queqiao.ports.records.tables import audit

_FILTERS = {
    "actor": audit.c.actor_id,
    "action": audit.c.action,
    "target_kind": audit.c.target_kind,
    "target_id": audit.c.target_id,
}
_PARAMETERS = (
    Parameter("actor", Message("操作人编号", "id of the actor")),
    Parameter("action", Message("动作，例如 promotion.publish", "such as promotion.publish")),
    Parameter("target_kind", Message("对象类别", "kind of the target")),
    Parameter("target_id", Message("对象编号", "id of the target")),
    Parameter("from", Message("从此时起 (RFC 3339)", "from this time on (RFC 3339)")),
    Parameter("to", Message("到此时之前 (RFC 3339)", "before this time (RFC 3339)")),
    *PAGE,
)


class AuditDesk:
    """The audit trail, to be read only."""

    def __init__(self, services: Services) -> None:
        self._records = services.records
        self._signer = services.signer

    def operations(self) -> list[Operation]:
        """Return the operations of the audit trail."""
        words = Message("操作记录", "The audit trail")
        route = Route("GET", "/api/v1/audit", self.page, words, "read", None, AuditPage, ("audit",))
        return [Operation(route, _PARAMETERS)]

    async def page(self, request: Request) -> Response:
        """Return one page."""
        limit = limit_of(request)
        query = _query(request, cursor_of(request, self._signer, "audit", int)).limit(limit + 1)
        rows = await self._records.read(lambda conn: conn.execute(query).all())
        more = len(rows) > limit
        cursor = cursor_after(self._signer, "audit", rows[limit - 1].id) if more else None
        return json_response(AuditPage([_view(row) for row in rows[:limit]], cursor))


def _query(request: Request, before: int | None) -> Select[Any]:
    query = select(audit).order_by(audit.c.id.desc())
    if before is not None:
        query = query.where(audit.c.id < before)
    for name, column in _FILTERS.items():
        if request.query.get(name):
            query = query.where(column == request.query[name])
    if request.query.get("from"):
        query = query.where(audit.c.at_us >= parse_rfc3339(request.query["from"], "from"))
    if request.query.get("to"):
        query = query.where(audit.c.at_us < parse_rfc3339(request.query["to"], "to"))
    return query


def _view(row: Row[Any]) -> AuditView:
    return AuditView(
        row.id,
        format_rfc3339(row.at_us),
        row.actor_id,
        row.actor_name,
        row.action,
        row.target_kind,
        row.target_id,
        row.summary,
        msgspec.json.decode(row.diff, type=list[Difference]),
        row.address,
        row.trace_id,
    )
