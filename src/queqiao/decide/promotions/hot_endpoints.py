"""The hot endpoints of promotions, on the ``decide`` role: the quote, and those of coupons."""

from collections.abc import Callable, Collection

import msgspec
from msgspec.structs import replace

from queqiao.decide.promotions.coupons.hot_endpoints import coupon_routes
from queqiao.decide.promotions.coupons.redemption import Coupons
from queqiao.decide.promotions.quote_types import Quote, QuoteRequest
from queqiao.decide.promotions.quoting import Shop, quote
from queqiao.kernel.errors import Message
from queqiao.kernel.http import Request, Response, Route, json_response
from queqiao.ports.event_log.base import EventLog
from queqiao.ports.ledger.base import Ledger

QUOTE_BYTES_MAX = 4_000_000


class PromotionServices(msgspec.Struct, frozen=True):
    """What the routes need. ``shop`` gives the snapshot of this moment.

    ``segments_of`` says in which segments a customer is, by id.
    """

    shop: Callable[[], Shop]
    ledger: Ledger
    event_log: EventLog
    segments_of: Callable[[str], Collection[str]] = lambda _customer_id: ()


def routes(services: PromotionServices) -> list[Route]:
    """Return the routes of the ``decide`` role."""

    async def price(request: Request) -> Response:
        question = known_customer(request.decode(QuoteRequest, QUOTE_BYTES_MAX), services)
        return json_response(quote(question, services.shop(), request.now_us))

    coupons = Coupons(services.shop, services.ledger, services.event_log)
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
        *coupon_routes(coupons),
    ]


def known_customer(question: QuoteRequest, services: PromotionServices) -> QuoteRequest:
    """Return the question with the segments that the system knows, where it names none."""
    customer = question.customer
    if customer.id is None or customer.segments is not None:
        return question
    segments = tuple(services.segments_of(customer.id))
    return replace(question, customer=replace(customer, segments=segments))
