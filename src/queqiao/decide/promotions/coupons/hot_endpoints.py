"""The hot endpoints of coupons, on the ``decide`` role: the verbs on one code."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from queqiao.decide.promotions.coupons.redemption import Coupons, CouponState, Validity
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.http import Request, Response, Route, json_response
from queqiao.kernel.text import clean

COUPON_BYTES_MAX = 4_000
CODE_LENGTH_MAX = 64


class CouponUse(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who wants to use a code, and for which order; ``validate`` needs no order."""

    customer_id: Annotated[str, Meta(min_length=1, max_length=200)]
    order_id: Annotated[str, Meta(max_length=200)] = ""


Verb = Callable[[str, str, str, int], Awaitable[Any]]


def coupon_routes(coupons: Coupons) -> list[Route]:
    """Return the routes of the verbs."""
    return [
        _coupon(
            "validate", coupons.validate, Message("券码可用吗", "Can the code be used"), Validity
        ),
        _coupon("lock", coupons.lock, Message("为订单锁定券码", "Hold a code for an order")),
        _coupon("redeem", coupons.redeem, Message("为订单核销券码", "Use a code for an order")),
        _coupon("release", coupons.release, Message("释放订单的锁定", "Give an order's lock back")),
    ]


def _coupon(name: str, verb: Verb, summary: Message, answer: Any = CouponState) -> Route:
    """Return the route of one verb on a code."""

    async def handle(request: Request) -> Response:
        asked = request.decode(CouponUse, COUPON_BYTES_MAX)
        code = clean(request.params["code"], "code", CODE_LENGTH_MAX)
        customer_id = clean(asked.customer_id, "customer_id", 200)
        order_id = clean(asked.order_id, "order_id", 200)
        if not order_id and name != "validate":
            message = Message("请填写订单号", "name the order")
            raise InvalidInput(FieldError("order_id", message))
        return json_response(await verb(code, customer_id, order_id, request.now_us))

    path = f"/api/v1/coupons/{{code}}/{name}"
    return Route(
        "POST", path, handle, summary, "decide", CouponUse, answer, ("coupons",), COUPON_BYTES_MAX
    )
