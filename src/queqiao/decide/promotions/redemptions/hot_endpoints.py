"""The hot endpoints of redemptions, on the ``decide`` role."""

from collections.abc import Awaitable, Callable
from typing import Any

from msgspec import structs

from queqiao.decide.promotions.redemptions.redeeming import Redemptions
from queqiao.decide.promotions.redemptions.redemption_types import (
    MEMO,
    NewRedemption,
    NewReturn,
    Redemption,
)
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.http import Request, Response, Route, json_response
from queqiao.kernel.text import clean

PATH = "/api/v1/promotions/redemptions"
_BYTES_MAX = 1_000_000
_TAGS = ("promotions",)
_MEMOS = Message(
    f"以 {MEMO} 开头的编号由退款单使用，请换一个",
    f"ids that begin with {MEMO} are those of credit memos; take another",
)
Verb = Callable[[str, int], Awaitable[Redemption]]


def redemption_routes(redemptions: Redemptions) -> list[Route]:
    """Return the routes."""

    async def reserve(request: Request) -> Response:
        asked = request.decode(NewRedemption, _BYTES_MAX)
        return json_response(await redemptions.reserve(_cleaned(asked), request.now_us))

    async def show(request: Request) -> Response:
        return json_response(await redemptions.show(_id(request), request.now_us))

    async def give_back(request: Request) -> Response:
        asked = request.decode(NewReturn, _BYTES_MAX) if request.body else NewReturn()
        if clean(asked.request_id, "request_id", 100).startswith(MEMO):
            raise InvalidInput(FieldError("request_id", _MEMOS))
        found = await redemptions.give_back(_id(request), asked, request.now_us)
        return json_response(found)

    placed = Message("下单：占用促销的次数与预算", "Place an order: take uses and budgets")
    shown = Message("读取核销", "Read a redemption")
    back = Message("订单取消或退款：退回", "An order is cancelled or refunded: give back")
    return [
        _route("POST", PATH, reserve, placed, NewRedemption),
        _route("GET", f"{PATH}/{{id}}", show, shown),
        _verb("commit", redemptions.commit, Message("订单已付款：核销", "The order is paid")),
        _verb("release", redemptions.release, Message("放弃占用", "Give up what is held")),
        _route("POST", f"{PATH}/{{id}}/return", give_back, back, NewReturn),
    ]


def _verb(name: str, verb: Verb, summary: Message) -> Route:
    async def handle(request: Request) -> Response:
        return json_response(await verb(_id(request), request.now_us))

    return _route("POST", f"{PATH}/{{id}}/{name}", handle, summary)


def _route(method: Any, path: str, handler: Any, summary: Message, takes: Any = None) -> Route:
    return Route(
        method, path, handler, summary, "decide", takes, Redemption, _TAGS, body_max=_BYTES_MAX
    )


def _id(request: Request) -> str:
    return clean(request.params["id"], "id", 64)


def _cleaned(asked: NewRedemption) -> NewRedemption:
    """Return an order whose ids are equal where they read alike, so that limits count them as one.

    In NFC, without spaces around the customer and the device.
    """
    question = asked.question
    if question is not None:
        who = question.customer
        customer = structs.replace(
            who,
            id=_who(who.id, "question.customer.id", 200),
            device_id=_who(who.device_id, "question.customer.device_id", 200),
        )
        question = structs.replace(question, customer=customer)
    return structs.replace(
        asked,
        question=question,
        order_id=clean(asked.order_id, "order_id", 100),
        request_id=clean(asked.request_id, "request_id", 100),
        customer_id=_who(asked.customer_id, "customer_id", 100),
        device_id=_who(asked.device_id, "device_id", 100),
    )


def _who(text: str | None, path: str, max_length: int) -> str | None:
    return clean(text, path, max_length).strip() or None if text else None
