"""The hot endpoints of cards, on the ``decide`` role: the verbs on one card."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from queqiao.decide.promotions.cards.card_reader import CardAsked
from queqiao.decide.promotions.cards.cards import CardBalance, Cards
from queqiao.decide.promotions.cards.payments import CardPayment, Payments
from queqiao.decide.promotions.coupons.gift_endpoints import actor_of
from queqiao.decide.promotions.documents.bounds import Amount
from queqiao.kernel.errors import Message
from queqiao.kernel.http import Request, Response, Route, json_response
from queqiao.kernel.text import clean
from queqiao.ports.records.audit import Actor

CARD_BYTES_MAX = 4_000
_TAGS = ("cards",)
Name = Annotated[str, Meta(min_length=1, max_length=200)]
T = TypeVar("T", bound="CardCall")


class CardCall(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who shows the card, with which PIN; ``address`` is the shopper's IP address."""

    customer_id: Name
    pin: Annotated[str, Meta(max_length=16)] = ""
    address: Annotated[str, Meta(max_length=64)] = ""


class Activation(CardCall, frozen=True, kw_only=True):
    """A card is sold. ``amount`` where its product has no fixed value."""

    request_id: Name
    amount: Amount | None = None


class TopUp(CardCall, frozen=True, kw_only=True):
    """More is put on a card."""

    request_id: Name
    amount: Amount


class Hold(CardCall, frozen=True, kw_only=True):
    """Money is held for an order."""

    order_id: Name
    amount: Amount


class Capture(CardCall, frozen=True, kw_only=True):
    """An order is paid; without ``amount`` with all that it holds."""

    order_id: Name
    amount: Amount | None = None


class Release(CardCall, frozen=True, kw_only=True):
    """An order gives back what it holds."""

    order_id: Name


class Refund(CardCall, frozen=True, kw_only=True):
    """Money of an order is given back, once under ``request_id``."""

    order_id: Name
    request_id: Name
    amount: Amount


class Transfer(CardCall, frozen=True, kw_only=True):
    """Money is moved to the card ``to``; without ``amount`` all of it."""

    request_id: Name
    to: Annotated[str, Meta(min_length=1, max_length=64)]
    amount: Amount | None = None


def card_routes(cards: Cards, payments: Payments) -> list[Route]:
    """Return the routes of the verbs."""

    async def activate(asked: CardAsked, said: Activation, actor: Actor) -> CardBalance:
        request_id = _name(said.request_id, "request_id")
        return await cards.activate(asked, said.amount, request_id, actor)

    async def top_up(asked: CardAsked, said: TopUp, actor: Actor) -> CardBalance:
        request_id = _name(said.request_id, "request_id")
        return await cards.top_up(asked, said.amount, request_id, actor)

    async def balance(asked: CardAsked, _said: CardCall) -> CardBalance:
        return await cards.balance(asked)

    async def hold(asked: CardAsked, said: Hold) -> CardPayment:
        return await payments.hold(asked, _name(said.order_id, "order_id"), said.amount)

    async def capture(asked: CardAsked, said: Capture) -> CardPayment:
        return await payments.capture(asked, _name(said.order_id, "order_id"), said.amount)

    async def release(asked: CardAsked, said: Release) -> CardPayment:
        return await payments.release(asked, _name(said.order_id, "order_id"))

    async def refund(asked: CardAsked, said: Refund) -> CardPayment:
        order_id, request_id = (
            _name(said.order_id, "order_id"),
            _name(said.request_id, "request_id"),
        )
        return await payments.refund(asked, order_id, said.amount, request_id)

    async def transfer(asked: CardAsked, said: Transfer) -> CardBalance:
        request_id = _name(said.request_id, "request_id")
        return await cards.transfer(asked, clean(said.to, "to", 64), said.amount, request_id)

    return [
        _issuing("activate", activate, Activation, Message("激活（售出）一张卡", "Sell a card")),
        _issuing("top-up", top_up, TopUp, Message("为卡充值", "Put more on a card")),
        _verb("balance", balance, CardCall, Message("卡上余额", "What is on a card")),
        _verb("hold", hold, Hold, Message("为订单占用余额", "Hold money"), CardPayment),
        _verb("capture", capture, Capture, Message("为订单扣款", "Pay an order"), CardPayment),
        _verb("release", release, Release, Message("释放占用", "Give back a hold"), CardPayment),
        _verb("refund", refund, Refund, Message("退款到卡", "Give money back"), CardPayment),
        _verb("transfer", transfer, Transfer, Message("转到另一张卡", "Move money to a card")),
    ]


def _name(text: str, path: str) -> str:
    return clean(text, path, 200)


def _verb(
    name: str,
    verb: Callable[[CardAsked, T], Awaitable[Any]],
    kind: type[T],
    summary: Message,
    answer: Any = CardBalance,
) -> Route:
    """Return the route of one verb on a card."""

    async def handle(request: Request) -> Response:
        said = request.decode(kind, CARD_BYTES_MAX)
        return json_response(await verb(_asked(request, said), said))

    path = f"/api/v1/cards/{{code}}/{name}"
    return Route("POST", path, handle, summary, "decide", kind, answer, _TAGS, CARD_BYTES_MAX)


def _issuing(
    name: str,
    verb: Callable[[CardAsked, T, Actor], Awaitable[CardBalance]],
    kind: type[T],
    summary: Message,
) -> Route:
    """Return the route of a verb that makes money: it has a scope of its own, and is audited."""

    async def handle(request: Request) -> Response:
        said = request.decode(kind, CARD_BYTES_MAX)
        return json_response(await verb(_asked(request, said), said, actor_of(request)))

    path = f"/api/v1/cards/{{code}}/{name}"
    return Route("POST", path, handle, summary, "cards", kind, CardBalance, _TAGS, CARD_BYTES_MAX)


def _asked(request: Request, said: CardCall) -> CardAsked:
    return CardAsked(
        clean(request.params["code"], "code", 64),
        clean(said.pin, "pin", 16),
        clean(said.customer_id, "customer_id", 200),
        clean(said.address, "address", 64),
        request.now_us,
    )
