"""The hot endpoints of engagements, on the ``decide`` role."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from queqiao.decide.promotions.coupons.customers import customer_of
from queqiao.decide.promotions.documents.bounds import Name, Price
from queqiao.decide.promotions.documents.mechanic import Bargain, GroupBuy, Presale
from queqiao.decide.promotions.engagements.engaging import Engagements, Wanted
from queqiao.decide.promotions.engagements.stages import Engagement, Stage
from queqiao.kernel.clock import format_rfc3339
from queqiao.kernel.errors import Message
from queqiao.kernel.http import Request, Response, Route, json_response
from queqiao.kernel.text import clean

PATH = "/api/v1/engagements"
_BYTES_MAX = 10_000
_TAGS = ("promotions",)
CustomerId = Annotated[str, Meta(min_length=1, max_length=100)]


class NewEngagement(Struct, frozen=True, forbid_unknown_fields=True):
    """A group to open, a bargain to start, or a deposit that was paid.

    ``sku`` names the goods of a bargain, where the promotion leaves the choice. It starts from
    their price in the catalogue: with another ``price``, what the shopper saw, nothing is begun.
    ``new_customer`` says whether the customer never bought, for groups of new customers only; an
    order that the system knows says no. ``request_id`` tells several of one customer apart.
    """

    promotion_id: Name
    customer_id: CustomerId
    request_id: Annotated[str, Meta(max_length=100)] = ""
    sku: Name | None = None
    price: Price | None = None
    new_customer: bool | None = None


class Helper(Struct, frozen=True, forbid_unknown_fields=True):
    """Who joins a group, or helps to cut a price."""

    customer_id: CustomerId
    new_customer: bool | None = None


class EngagementStep(Struct, frozen=True):
    """A seat taken, or what was cut off, in minor units."""

    customer_id: str
    amount: int
    at: str


class EngagementView(Struct, frozen=True):
    """An engagement as it stands.

    ``wanted``: seats or helpers in all (0 of a deposit). ``price``: what the unit of a bargain
    costs now; of a presale, the deposit that was paid. ``worth``: what the deposit counts for.
    """

    id: str
    promotion_id: str
    customer_id: str
    kind: str
    state: Stage
    wanted: int
    steps: list[EngagementStep]
    price: int | None
    worth: int | None
    expires_at: str


def engagement_routes(engagements: Engagements) -> list[Route]:
    """Return the routes."""

    async def begin(request: Request) -> Response:
        asked = request.decode(NewEngagement, _BYTES_MAX)
        wanted = Wanted(
            clean(asked.promotion_id, "promotion_id", 200),
            customer_of(asked.customer_id, "customer_id"),
            clean(asked.request_id, "request_id", 100),
            asked.sku,
            asked.price,
            asked.new_customer,
        )
        return _shown(await engagements.begin(wanted, request.now_us), request.now_us)

    async def step(request: Request) -> Response:
        asked = request.decode(Helper, _BYTES_MAX)
        customer_id = customer_of(asked.customer_id, "customer_id")
        found = await engagements.step(
            _id(request), customer_id, asked.new_customer, request.now_us
        )
        return _shown(found, request.now_us)

    async def show(request: Request) -> Response:
        return _shown(await engagements.get(_id(request)), request.now_us)

    begun = Message("开团、发起砍价或付定金", "Open a group, start a bargain, pay a deposit")
    joined, cut = Message("参团", "Join a group"), Message("帮砍", "Help to cut a price")
    return [
        _route("POST", PATH, begin, begun, NewEngagement),
        _route("GET", f"{PATH}/{{id}}", show, Message("读取", "Read an engagement")),
        _route("POST", f"{PATH}/{{id}}/join", step, joined, Helper),
        _route("POST", f"{PATH}/{{id}}/cut", step, cut, Helper),
    ]


def _route(method: Any, path: str, handler: Any, words: Message, takes: Any = None) -> Route:
    return Route(
        method, path, handler, words, "decide", takes, EngagementView, _TAGS, body_max=_BYTES_MAX
    )


def _id(request: Request) -> str:
    return clean(request.params["id"], "id", 64)


def _shown(found: Engagement, now_us: int) -> Response:
    rules = found.rules
    kind = {GroupBuy: "group", Bargain: "bargain", Presale: "presale"}[type(rules)]
    wanted = rules.size if isinstance(rules, GroupBuy) else 0
    wanted = rules.helpers if isinstance(rules, Bargain) else wanted
    view = EngagementView(
        found.id,
        found.promotion_id,
        found.customer_id,
        kind,
        found.stage(now_us),
        wanted,
        [
            EngagementStep(one.customer_id, one.amount_minor, format_rfc3339(one.at_us))
            for one in found.steps
        ],
        None if isinstance(rules, GroupBuy) else found.now_costs,
        rules.deposit_worth if isinstance(rules, Presale) else None,
        format_rfc3339(found.expires_at_us),
    )
    return json_response(view)
