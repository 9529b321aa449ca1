"""The endpoints of approvals and of all scheduled changes."""

from collections.abc import Callable, Mapping
from typing import Annotated

import msgspec
from msgspec import Meta
from sqlalchemy import Connection

from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.http import Request, Response, Route, Scope, json_response
from queqiao.operate import approvals, schedules
from queqiao.operate.approvals import Approval, Execute
from queqiao.operate.calls import DRY_RUN, IDEMPOTENCY_KEY, actor_of, write_once
from queqiao.operate.contracts import Operation, Parameter, Services
from queqiao.operate.lifecycle import Schedules
from queqiao.ports.records.documents import Edit

STATES = ("pending", "approved", "rejected", "cancelled", "expired")
_STATE = Parameter("state", Message("状态", "state: " + ", ".join(STATES)))
_SCHEDULE_STATE = Parameter("state", Message("状态", "pending, done, failed or cancelled"))
_PATH = "/api/v1/approvals"


class Decision(msgspec.Struct, forbid_unknown_fields=True):
    """Why it is decided so."""

    reason: Annotated[str, Meta(max_length=2_000)] = ""


class Approvals(msgspec.Struct, frozen=True):
    """Requests, newest first."""

    items: list[Approval]
    next_cursor: str | None = None


Decide = Callable[[Connection, int, Edit], Approval]


class ApprovalDesk:
    """Requests for approval; ``executes`` does what is allowed, by ``{target_kind}.{action}``."""

    def __init__(self, services: Services, executes: Mapping[str, Execute]) -> None:
        self._records = services.records
        self._executes = executes

    def operations(self) -> list[Operation]:
        """Return the operations."""
        words = Message("审批申请", "Requests for approval")
        coming = Message("定时变更", "Scheduled changes of all documents")
        return [
            Operation(
                Route("GET", _PATH, self.page, words, "read", None, Approvals, ("approvals",)),
                (_STATE,),
            ),
            Operation(
                Route("GET", f"{_PATH}/{{id}}", self.show, words, "read", None, Approval,
                      ("approvals",))
            ),
            self._verb("approve", Message("批准并执行", "Allow it, and do it"), "admin",
                       self._approve),
            self._verb("reject", Message("驳回", "Refuse it"), "admin", approvals.reject),
            self._verb("cancel", Message("撤回", "Take it back"), "write", approvals.cancel),
            Operation(
                Route("GET", "/api/v1/scheduled-changes", self.scheduled, coming, "read", None,
                      Schedules, ("approvals",)),
                (_SCHEDULE_STATE,),
            ),
        ]  # fmt: skip

    async def page(self, request: Request) -> Response:
        """Return the requests, newest first."""
        state = request.query.get("state") or None
        if state not in {None, *STATES}:
            known = ", ".join(STATES)
            raise InvalidInput(FieldError("state", Message(f"可用：{known}", f"one of {known}")))
        found = await self._records.read(lambda conn: approvals.find(conn, state, request.now_us))
        return json_response(Approvals(found))

    async def show(self, request: Request) -> Response:
        """Return one request."""
        number = _number(request.params["id"])
        found = await self._records.read(lambda conn: approvals.get(conn, number, request.now_us))
        return json_response(found)

    async def scheduled(self, request: Request) -> Response:
        """Return what is to be done, the next first."""
        state = request.query.get("state") or "pending"
        found = await self._records.read(lambda conn: schedules.in_state(conn, state))
        return json_response(Schedules(found))

    def _verb(self, name: str, words: Message, scope: Scope, decide: Decide) -> Operation:
        async def handle(request: Request) -> Response:
            reason = request.decode(Decision).reason if request.body else ""
            number = _number(request.params["id"])
            edit = Edit(actor_of(request), request.now_us, reason)

            def work(conn: Connection) -> Response:
                return json_response(decide(conn, number, edit))

            return await write_once(self._records, request, work)

        route = Route("POST", f"{_PATH}/{{id}}/{name}", handle, words, scope, Decision, Approval,
                      ("approvals",))  # fmt: skip
        return Operation(route, (DRY_RUN, IDEMPOTENCY_KEY), audits=True)

    def _approve(self, conn: Connection, number: int, edit: Edit) -> Approval:
        return approvals.approve(conn, number, edit, self._executes)


def _number(said: str) -> int:
    if not (said.isascii() and said.isdecimal() and 0 < len(said) <= 9):
        message = Message("须为编号", "the number of a request")
        raise InvalidInput(FieldError("id", message))
    return int(said)
