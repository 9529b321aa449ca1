"""The hot endpoints of refunds, on the ``decide`` role."""

from msgspec import Struct

from queqiao.decide.promotions.refunds.reckoning import refund
from queqiao.decide.promotions.refunds.recorded import RecordedRefunds
from queqiao.decide.promotions.refunds.refund_types import CreditMemo, RefundRequest
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.http import Request, Response, Route, json_response
from queqiao.kernel.paging import dry_run_of
from queqiao.kernel.text import clean

PATH = "/api/v1/promotions/refund"
MEMOS_PATH = "/api/v1/promotions/redemptions/{id}/memos"
BYTES_MAX = 8_000_000
_ONE = Message("order 与 redemption_id 须且只能填一个", "give either order or redemption_id")
_NAMED = Message(
    "请给出 request_id，重试时不变", "give a request_id, the same one when you try again"
)
_KEPT = Message("系统自己保存着贷记单，请删去", "the system keeps the memos; remove this")


class Memos(Struct, frozen=True):
    """The memos of an order in their order."""

    items: list[CreditMemo]


def refund_routes(recorded: RecordedRefunds) -> list[Route]:
    """Return the routes."""

    async def answer(request: Request) -> Response:
        asked = request.decode(RefundRequest, BYTES_MAX)
        dry_run = dry_run_of(request)
        _check(asked, dry_run=dry_run)
        if asked.order is not None:
            return json_response(refund(asked, recorded.shop(), request.now_us))
        memo = await recorded.refund(asked, request.now_us, dry_run=dry_run)
        return json_response(memo)

    async def show(request: Request) -> Response:
        redemption_id = clean(request.params["id"], "id", 64)
        return json_response(Memos(await recorded.memos(redemption_id, request.now_us)))

    refunded = Message(
        "退货：按件算出应退的一切", "Refund: what goes back for units that come back"
    )
    shown = Message("订单的贷记单", "The credit memos of an order")
    tags = ("promotions",)
    return [
        Route("POST", PATH, answer, refunded, "decide", RefundRequest, CreditMemo, tags, BYTES_MAX),
        Route("GET", MEMOS_PATH, show, shown, "decide", None, Memos, tags),
    ]


def _check(asked: RefundRequest, *, dry_run: bool) -> None:
    """Raise InvalidInput where an order is named twice or not at all, or a request not."""
    if (asked.order is None) == (asked.redemption_id is None):
        raise InvalidInput(FieldError("order", _ONE))
    if asked.redemption_id is None:
        return
    clean(asked.redemption_id, "redemption_id", 64)
    if asked.returned:
        raise InvalidInput(FieldError("returned", _KEPT))
    if not asked.request_id and not dry_run:
        raise InvalidInput(FieldError("request_id", _NAMED))
