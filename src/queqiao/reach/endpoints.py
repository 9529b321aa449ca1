"""Endpoints of deliveries: what was sent, what failed and why, and once more."""

from typing import Literal

from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.http import Request, Response, Route, json_response
from queqiao.kernel.paging import cursor_after, cursor_of, limit_of
from queqiao.kernel.tokens import Signer
from queqiao.ports.records.base import Records
from queqiao.reach import deliveries
from queqiao.reach.contracts import Delivery, DeliveryPage

PATH = "/api/v1/webhook-deliveries"
PURPOSE = "webhook-deliveries"
STATUSES = ("pending", "delivered", "failed")


def routes(records: Records, signer: Signer) -> list[Route]:
    """Return the routes of the console's API that reach answers."""
    tags = ("webhooks",)

    async def page(request: Request) -> Response:
        limit = limit_of(request)
        place = cursor_of(request, signer, PURPOSE, tuple[int, str])
        rows = await records.read(
            lambda conn: deliveries.page(conn, _filters(request), place, limit + 1)
        )
        cursor = None
        if len(rows) > limit:
            last = rows[limit - 1]
            cursor = cursor_after(signer, PURPOSE, (last.created_at_us, last.id))
        return json_response(DeliveryPage([deliveries.view(row) for row in rows[:limit]], cursor))

    async def retry(request: Request) -> Response:
        found = await records.write(
            lambda conn: deliveries.retry(conn, request.params["id"], request.now_us)
        )
        return json_response(found)

    listed = Message("投递记录", "Deliveries of webhooks")
    again = Message("重新投递", "Deliver once more")
    return [
        Route("GET", PATH, page, listed, "read", None, DeliveryPage, tags),
        Route("POST", f"{PATH}/{{id}}/retry", retry, again, "write", None, Delivery, tags),
    ]


def _filters(request: Request) -> dict[Literal["webhook_id", "status"], str]:
    filters: dict[Literal["webhook_id", "status"], str] = {}
    if request.query.get("webhook"):
        filters["webhook_id"] = request.query["webhook"]
    status = request.query.get("status")
    if status and status not in STATUSES:
        words = ", ".join(STATUSES)
        raise InvalidInput(FieldError("status", Message(f"可用：{words}", f"one of {words}")))
    if status:
        filters["status"] = status
    return filters
