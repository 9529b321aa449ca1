"""The hot endpoint of refunds, on the ``decide`` role."""

from collections.abc import Callable

from queqiao.decide.promotions.quoting import Shop
from queqiao.decide.promotions.refunds.reckoning import refund
from queqiao.decide.promotions.refunds.refund_types import CreditMemo, RefundRequest
from queqiao.kernel.errors import Message
from queqiao.kernel.http import Request, Response, Route, json_response

PATH = "/api/v1/promotions/refund"
BYTES_MAX = 8_000_000


def refund_routes(shop: Callable[[], Shop]) -> list[Route]:
    """Return the route."""

    async def answer(request: Request) -> Response:
        question = request.decode(RefundRequest, BYTES_MAX)
        return json_response(refund(question, shop(), request.now_us))

    summary = Message("退货：按件算出应退的一切", "Refund: what goes back for units that come back")
    return [
        Route(
            "POST",
            PATH,
            answer,
            summary,
            "decide",
            RefundRequest,
            CreditMemo,
            ("promotions",),
            BYTES_MAX,
        )
    ]
