"""The endpoints of flash sales on the ``decide`` role."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from queqiao.decide.promotions.flash_sales.desk import Desk
from queqiao.decide.promotions.flash_sales.messages import (
    BATCH_MAX,
    Arrival,
    Declined,
    Place,
    ReservationView,
    Reserved,
    SaleState,
    Settlement,
    ToldMany,
    Wish,
    Wishes,
)
from queqiao.decide.promotions.flash_sales.prices import HeldPrices
from queqiao.decide.promotions.flash_sales.queue import Admissions
from queqiao.decide.promotions.flash_sales.settling import Settling
from queqiao.decide.promotions.flash_sales.snapshot import Sales
from queqiao.decide.promotions.flash_sales.state import Speeds, session_of, state_of
from queqiao.decide.promotions.flash_sales.tally import Tally
from queqiao.kernel import json
from queqiao.kernel.errors import FieldError, InvalidInput, Message, Refused
from queqiao.kernel.http import Handler, Request, Response, Route, json_response
from queqiao.kernel.text import clean, refuse_unstorable
from queqiao.kernel.tokens import Signer
from queqiao.ports.event_log.base import EventLog
from queqiao.ports.ledger.base import Ledger

BODY_MAX = 8_000
BATCH_BYTES_MAX = 200_000
BATCH_BRACKETS = 2 * BATCH_MAX
"""What a batch may hold without a look at its depth: a flat one has one each and two around."""
ID_LENGTH_MAX = 64
_TAGS = ("flash-sales",)

WORDS = {
    "not_in_sale": Message("该商品不在这场秒杀里", "the SKU is not in this sale"),
    "no_such_session": Message("没有这个场次", "there is no such session"),
    "not_admitted": Message("请先排队取得入场凭证", "an admission from the queue is needed"),
    "admission_expired": Message("入场凭证已过期，请重新排队", "it is over; queue again"),
    "not_started": Message("还没有开始", "it has not started"),
    "ended": Message("已经结束", "it has ended"),
    "paused": Message("秒杀已暂停", "the sale is paused"),
    "sold_out": Message("已抢光，或剩余不足", "sold out, or not so many left"),
    "customer_limit": Message("超过该商品的每人限购", "over the limit for one customer"),
    "session_limit": Message("超过本场的每人限购", "over the customer's limit of this session"),
    "sale_limit": Message("超过本活动的每人限购", "over the customer's limit of this sale"),
}
"""Each reason of a refusal, in words."""


class FlashServices(msgspec.Struct, frozen=True):
    """What the routes need. ``sales`` gives the snapshot of this moment; ``tally`` counts."""

    sales: Callable[[], Sales]
    ledger: Ledger
    event_log: EventLog
    signer: Signer
    random_bits: Callable[[int], int]
    tally: Tally = msgspec.field(default_factory=Tally)


def routes(services: FlashServices) -> list[Route]:
    """Return the routes of the ``decide`` role."""
    ledger = services.ledger
    admissions = Admissions(ledger, services.signer, services.random_bits)
    prices = HeldPrices(services.signer)
    desk = Desk(services.sales, ledger, prices, admissions, services.tally)
    settling, speeds = Settling(desk, ledger, services.event_log), Speeds()

    async def admission(request: Request) -> Response:
        arrival = request.decode(Arrival, BODY_MAX)
        check_customer(arrival.customer_id, "customer_id")
        place = await admissions.arrive(desk.sale(_id(request)), arrival, request.now_us)
        return json_response(place)

    async def reserve(request: Request) -> Response:
        wish = request.decode(Wish, BODY_MAX)
        check_wish(wish, "")
        told = await desk.reserve(_id(request), wish, request.now_us)
        if isinstance(told, Declined):
            raise declined(told)
        return json_response(told)

    async def reserve_many(request: Request) -> Response:
        wishes = wishes_of(request.body)
        told = await desk.reserve_many(_id(request), wishes, request.now_us)
        return json_response(ToldMany(told))

    async def state(request: Request) -> Response:
        sale = desk.sale(_id(request))
        session = session_of(sale, request.query.get("session"), request.now_us)
        return json_response(await state_of(sale, session, ledger, speeds, request.now_us))

    async def view(request: Request) -> Response:
        return json_response(await settling.view(_id(request), request.now_us))

    sale, held = "/api/v1/flash-sales/{id}", "/api/v1/reservations/{id}"
    return [
        _post(f"{sale}/admission", admission, _QUEUE, (Arrival, Place)),
        _post(f"{sale}/reserve", reserve, _RESERVE, (Wish, Reserved)),
        _post(f"{sale}/reserve/batch", reserve_many, _BATCH, (Wishes, ToldMany), BATCH_BYTES_MAX),
        Route("GET", f"{sale}/state", state, _STATE, "read", None, SaleState, _TAGS),
        Route("GET", held, view, _VIEW, "decide", None, ReservationView, _TAGS),
        _verb(f"{held}/commit", settling.commit, _COMMIT),
        _verb(f"{held}/release", settling.release, _RELEASE),
        _verb(f"{held}/return", settling.return_, _RETURN),
    ]


_QUEUE = Message("排队：取号，轮到时给入场凭证", "Queue: a number, and an admission in its turn")
_RESERVE = Message("预留秒杀商品，限时", "Reserve goods of a flash sale for a while")
_BATCH = Message("一次预留最多 64 笔，逐笔独立", "Reserve up to 64, each its own step")
_STATE = Message("此刻的库存、队列与速度", "Stock, queue and speed of this moment")
_VIEW = Message("查看一笔预留", "Look at a reservation")
_COMMIT = Message("订单成立：预留变为售出", "The order stands: what is reserved is sold")
_RELEASE = Message("放弃预留，库存归还", "Give a reservation back")
_RETURN = Message("订单取消后，售出的归还库存", "Put back what a cancelled order had bought")


def _post(
    path: str, handler: Handler, summary: Message, types: tuple[Any, Any], body_max: int = BODY_MAX
) -> Route:
    return Route("POST", path, handler, summary, "decide", *types, _TAGS, body_max)


Verb = Callable[[str, str, int], Awaitable[ReservationView]]


def _verb(path: str, verb: Verb, summary: Message) -> Route:
    async def handle(request: Request) -> Response:
        asked = request.decode(Settlement, BODY_MAX) if request.body else Settlement()
        order_id = clean(asked.order_id, "order_id", 200)
        return json_response(await verb(_id(request), order_id, request.now_us))

    return _post(path, handle, summary, (Settlement, ReservationView))


def _id(request: Request) -> str:
    return clean(request.params["id"], "id", ID_LENGTH_MAX)


def declined(told: Declined) -> Refused:
    """Return the error that says no to a single reservation."""
    return Refused(WORDS[told.reason], reason=told.reason)


def wishes_of(body: bytes) -> list[Wish]:
    """Return the wishes of a batch. Raises InvalidInput or TooLarge."""
    wishes = json.decode(body, Wishes, BATCH_BYTES_MAX, brackets=BATCH_BRACKETS).reservations
    for index, wish in enumerate(wishes):
        if not _is_plain(wish):
            check_wish(wish, f"reservations[{index}].")
    return wishes


def _is_plain(wish: Wish) -> bool:
    """Say whether a wish is like most: all of it ASCII, and no spaces around the customer."""
    customer_id = wish.customer_id
    return (
        customer_id.isascii()
        and wish.request_id.isascii()
        and wish.sku.isascii()
        and customer_id.strip() == customer_id
    )


def check_wish(wish: Wish, at: str) -> None:
    """Raise InvalidInput for a text that cannot be stored, naming it under ``at``."""
    check_customer(wish.customer_id, f"{at}customer_id")
    if wish.request_id.isascii() and wish.sku.isascii():
        return
    clean_as_is(wish.request_id, f"{at}request_id")
    clean_as_is(wish.sku, f"{at}sku")


def check_customer(customer_id: str, path: str) -> None:
    """Raise InvalidInput unless the id is as orders read it, so that limits count it as one."""
    clean_as_is(customer_id, path)
    if customer_id != customer_id.strip():
        message = Message("首尾不能有空格", "must have no spaces around it")
        raise InvalidInput(FieldError(path, message))


def clean_as_is(text: str, path: str) -> None:
    """Raise InvalidInput unless the text can stand in a key as it is: ASCII, or NFC."""
    if not text.isascii():
        refuse_unstorable(text, path)
        if clean(text, path, len(text)) != text:
            message = Message("请用 NFC 形式的文字", "the text must be in NFC")
            raise InvalidInput(FieldError(path, message))
