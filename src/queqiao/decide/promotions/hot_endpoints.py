"""The hot endpoints of promotions, on the ``decide`` role: the quote, and the verbs of coupons."""

from collections.abc import Awaitable, Callable, Collection
from typing import Annotated, Any

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from queqiao.decide.promotions.coupons import Coupons, CouponState, Validity
from queqiao.decide.promotions.quote_types import Quote, QuoteRequest
from queqiao.decide.promotions.quoting import Shop, quote
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.http import Request, Response, Route, json_response
from queqiao.kernel.text import clean
from queqiao.ports.event_log.base import EventLog
from queqiao.ports.ledger.base import Ledger

QUOTE_BYTES_MAX = 4_000_000
COUPON_BYTES_MAX = 4_000
CODE_LENGTH_MAX = 64


class PromotionServices(msgspec.Struct, frozen=True):
    """What the routes need. ``shop`` gives the snapshot of this moment.

    ``segments_of`` says in which segments a customer is, by id.
    """

    shop: Callable[[], Shop]
    ledger: Ledger
    event_log: EventLog
    segments_of: Callable[[str], Collection[str]] = lambda _customer_id: ()


class CouponUse(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who wants to use a code, and for which order; ``validate`` needs no order."""

    customer_id: Annotated[str, Meta(min_length=1, max_length=200)]
    order_id: Annotated[str, Meta(max_length=200)] = ""


Verb = Callable[[str, str, str, int], Awaitable[Any]]


def routes(services: PromotionServices) -> list[Route]:
    """Return the routes of the ``decide`` role."""
    coupons = Coupons(services.shop, services.ledger, services.event_log)

    async def price(request: Request) -> Response:
        question = known_customer(request.decode(QuoteRequest, QUOTE_BYTES_MAX), services)
        return json_response(quote(question, services.shop(), request.now_us))

    return [
        Route(
            "POST",
            "/api/v1/promotions/quote",
            price,
            Message("为购物车报价：优惠、分摊与原因", "Price a cart: discounts, shares, reasons"),
            "decide",
            QuoteRequest,
            Quote,
            ("promotions",),
            QUOTE_BYTES_MAX,
        ),
        _coupon(
            "validate", coupons.validate, Message("券码可用吗", "Can the code be used"), Validity
        ),
        _coupon("lock", coupons.lock, Message("为订单锁定券码", "Hold a code for an order")),
        _coupon("redeem", coupons.redeem, Message("为订单核销券码", "Use a code for an order")),
        _coupon("release", coupons.release, Message("释放订单的锁定", "Give an order's lock back")),
    ]


def known_customer(question: QuoteRequest, services: PromotionServices) -> QuoteRequest:
    """Return the question with the segments that the system knows, where it names none."""
    customer = question.customer
    if customer.id is None or customer.segments is not None:
        return question
    segments = tuple(services.segments_of(customer.id))
    return replace(question, customer=replace(customer, segments=segments))


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
