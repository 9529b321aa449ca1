"""Endpoints of deliveries: what was sent, what failed and why, and once more."""

from typing import Any, Literal

import msgspec

from queqiao.kernel import json
from queqiao.kernel.errors import FieldError, InvalidInput, Message, NotFound
from queqiao.kernel.http import Request, Response, Route, json_response
from queqiao.kernel.tokens import Signer
from queqiao.ports.records.base import Records
from queqiao.reach import deliveries
from queqiao.reach.contracts import Delivery, DeliveryPage

PATH = "/api/v1/webhook-deliveries"
PURPOSE = "cursor webhook-deliveries"
LIMIT_MAX = 200
STATUSES = ("pending", "delivered", "failed")


def routes(records: Records, signer: Signer) -> list[Route]:
    """Return the routes of the console's API that reach answers."""
    tags = ("webhooks",)

    async def page(request: Request) -> Response:
        limit, place = _limit(request), _place(request, signer)
        rows = await records.read(
            lambda conn: deliveries.page(conn, _filters(request), place, limit + 1)
        )
        cursor = None
        if len(rows) > limit:
            last = rows[limit - 1]
            cursor = signer.sign(json.encode([last.created_at_us, last.id]), PURPOSE)
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


def _limit(request: Request) -> int:
    said = request.query.get("limit", "50")
    if not (said.isascii() and said.isdecimal() and 1 <= int(said[:9]) <= LIMIT_MAX):
        message = Message(f"1 到 {LIMIT_MAX} 的整数", f"a whole number from 1 to {LIMIT_MAX}")
        raise InvalidInput(FieldError("limit", message))
    return int(said)


def _place(request: Request, signer: Signer) -> tuple[int, str] | None:
    token = request.query.get("cursor")
    if not token:
        return None
    try:
        found: Any = msgspec.json.decode(signer.verify(token, PURPOSE), type=tuple[int, str])
    except (NotFound, msgspec.DecodeError) as error:
        message = Message("请用上一页给出的 next_cursor", "use next_cursor of the page before")
        raise InvalidInput(FieldError("cursor", message)) from error
    return int(found[0]), str(found[1])
