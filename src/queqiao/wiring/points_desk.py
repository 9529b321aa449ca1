"""What operators ask of points in the console role, and adjustments that a second person allows."""

from typing import Annotated, Any

from msgspec import Meta
from msgspec.structs import asdict
from sqlalchemy import Connection

from queqiao.decide.promotions.loyalty.adjusting import Adjusting, Adjustment, Who
from queqiao.decide.promotions.loyalty.asked import Asked
from queqiao.decide.promotions.loyalty.daily_bound import DailyBound
from queqiao.decide.promotions.loyalty.endpoints import (
    adjust_route,
    asked_route,
    cleaned,
    handlers,
)
from queqiao.decide.promotions.loyalty.keeper import Keeper
from queqiao.decide.promotions.loyalty.operators import PointsOffice
from queqiao.kernel.clock import HOUR_US
from queqiao.kernel.errors import Message
from queqiao.kernel.http import Request, Response, Route, json_response
from queqiao.kernel.text import clean
from queqiao.operate import approvals, standing
from queqiao.operate.approvals import Approval, Execute
from queqiao.operate.calls import DRY_RUN, IDEMPOTENCY_KEY, actor_of, write_once
from queqiao.operate.contracts import Danger, Operation
from queqiao.ports.records.base import Records
from queqiao.ports.records.documents import Edit
from queqiao.wiring import adapters, secret_keys
from queqiao.wiring.settings import Settings

ACTION, TARGET = "give", "points_adjustment"
REVISION = 1
"""What waits never changes."""


class AdjustmentWanted(Adjustment, frozen=True):
    """An adjustment that another person is to allow, and for how long the request waits."""

    waits_hours: Annotated[int, Meta(ge=1, le=24 * 30)] = 72


def routes(settings: Settings, records: Records) -> list[Any]:
    """Return the routes of points for the console role."""
    adjusting = _adjusting(settings, records)
    return [
        *handlers(PointsOffice(_keeper(settings, records))),
        asked_route(records),
        Operation(adjust_route(adjusting), audits=True),
        _approval(adjusting, records),
    ]


def allowed(settings: Settings, records: Records) -> dict[str, Execute]:
    """Return what does an adjustment that was allowed, in the transaction of its approval."""
    adjusting = _adjusting(settings, records)

    def give(conn: Connection, found: Approval, edit: Edit) -> None:
        approvals.check_revision(found, REVISION)
        adjusting.give_asked(conn, found.target_id, Who(edit.actor, edit.now_us))

    return {f"{TARGET}.{ACTION}": give}


def _approval(adjusting: Adjusting, records: Records) -> Operation:
    """Return the operation that asks another person for an adjustment."""

    async def ask(request: Request) -> Response:
        said = request.decode(AdjustmentWanted)
        fields = asdict(said)
        hours = fields.pop("waits_hours")
        wanted = cleaned(Adjustment(**fields))
        programme_id = clean(request.params["id"], "id", 64)
        who, ends_us = Who(actor_of(request), request.now_us), request.now_us + hours * HOUR_US

        def work(conn: Connection) -> Response:
            waiting = adjusting.ask(conn, programme_id, wanted, who, ends_us)
            edit = Edit(who.actor, who.now_us, waiting.reason)
            return json_response(approvals.ask(conn, _asked(waiting), edit), 201)

        return await write_once(records, request, work)

    words = Message(
        "请他人批准超出每日额度的加积分", "Ask another person to allow points above the day's bound"
    )
    path = "/api/v1/points-programmes/{id}/adjustments/approval"
    route = Route("POST", path, ask, words, "write", AdjustmentWanted, Approval, ("points",))
    return Operation(route, (DRY_RUN, IDEMPOTENCY_KEY), 201, audits=True)


def _asked(waiting: Asked) -> approvals.Request:
    """Return the request: it names no customer, whom ``…/adjustments/asked`` names."""
    danger = Danger(
        "points",
        f"给一位顾客加 {waiting.points} 积分（{waiting.request_id}）",
        f"{waiting.points} points for one customer ({waiting.request_id})",
    )
    return approvals.Request(ACTION, TARGET, waiting.id, REVISION, (danger,), waiting.expires_at_us)


def _adjusting(settings: Settings, records: Records) -> Adjusting:
    said, zone = settings.promotions, settings.shop.timezone
    points, money = said.points_daily_per_operator, said.credit_daily_minor_per_operator
    bound = DailyBound(points, money, zone, standing.person_behind)
    return Adjusting(_keeper(settings, records), secret_keys.key(settings.home, "points"), bound)


def _keeper(settings: Settings, records: Records) -> Keeper:
    ledger, event_log = adapters.ledger(settings), adapters.event_log(settings)
    return Keeper(ledger, records, event_log, settings.shop.timezone)
