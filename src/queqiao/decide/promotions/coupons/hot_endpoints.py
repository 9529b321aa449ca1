"""The hot endpoints of coupons, on the ``decide`` role: the verbs on one code, and wallets."""

from collections.abc import Awaitable, Callable, Collection
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from queqiao.decide.promotions.coupons.claims import Claim, Claims
from queqiao.decide.promotions.coupons.customers import customer_of
from queqiao.decide.promotions.coupons.redemption import Asked, Coupons, CouponState, Validity
from queqiao.decide.promotions.coupons.wallet import (
    STATES,
    Place,
    Wallet,
    WalletCoupon,
    Wallets,
)
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.http import Request, Response, Route, json_response
from queqiao.kernel.paging import cursor_after, cursor_of, limit_of
from queqiao.kernel.text import clean
from queqiao.kernel.tokens import Signer

COUPON_BYTES_MAX = 4_000
CODE_LENGTH_MAX = 64
_CURSOR = "coupons.wallet"
_TAGS = ("coupons",)


class CouponUse(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who wants to use a code, and for which order; ``validate`` needs no order.

    ``address`` is the shopper's IP address: with it, guesses are counted by address too.
    """

    customer_id: Annotated[str, Meta(min_length=1, max_length=200)]
    order_id: Annotated[str, Meta(max_length=200)] = ""
    address: Annotated[str, Meta(max_length=64)] = ""


class NewClaim(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which batch a customer claims a coupon of. A retry with the same ``request_id`` (or
    ``Idempotency-Key``) gets the same coupon."""

    batch_id: Annotated[str, Meta(min_length=1, max_length=64)]
    request_id: Annotated[str, Meta(max_length=200)] = ""


class CouponDesk(msgspec.Struct, frozen=True):
    """What the routes work with. ``segments_of`` says in which segments a customer is."""

    coupons: Coupons
    claims: Claims
    wallets: Wallets
    signer: Signer
    segments_of: Callable[[str], Collection[str]]


Verb = Callable[[Asked], Awaitable[Any]]


def coupon_routes(desk: CouponDesk) -> list[Route]:
    """Return the routes of the verbs and of wallets."""
    coupons, path = desk.coupons, "/api/v1/customers/{id}/coupons"
    return [
        _verb(
            "validate", coupons.validate, Message("券码可用吗", "Can the code be used"), Validity
        ),
        _verb("lock", coupons.lock, Message("为订单锁定券码", "Hold a code for an order")),
        _verb("redeem", coupons.redeem, Message("为订单核销券码", "Use a code for an order")),
        _verb("release", coupons.release, Message("释放订单的锁定", "Give an order's lock back")),
        _verb("return", coupons.give_back, Message("退款后退回", "Return a refunded use")),
        Route(
            "GET", path, _wallet(desk), Message("顾客的券", "A customer's coupons"),
            "decide", response_type=Wallet, tags=_TAGS,
        ),
        Route(
            "POST", path, _claim(desk), Message("为顾客领券", "Claim a coupon for a customer"),
            "decide", NewClaim, WalletCoupon, _TAGS, COUPON_BYTES_MAX, status=201,
        ),
    ]  # fmt: skip


def _verb(name: str, verb: Verb, summary: Message, answer: Any = CouponState) -> Route:
    """Return the route of one verb on a code."""

    async def handle(request: Request) -> Response:
        said = request.decode(CouponUse, COUPON_BYTES_MAX)
        code = clean(request.params["code"], "code", CODE_LENGTH_MAX)
        customer_id = customer_of(said.customer_id, "customer_id")
        order_id = clean(said.order_id, "order_id", 200)
        address = clean(said.address, "address", 64)
        if not order_id and name != "validate":
            message = Message("请填写订单号", "name the order")
            raise InvalidInput(FieldError("order_id", message))
        asked = Asked(code, customer_id, order_id, address, request.now_us)
        return json_response(await verb(asked))

    path = f"/api/v1/coupons/{{code}}/{name}"
    return Route(
        "POST", path, handle, summary, "decide", CouponUse, answer, _TAGS, COUPON_BYTES_MAX
    )


def _wallet(desk: CouponDesk) -> Callable[[Request], Awaitable[Response]]:
    async def wallet(request: Request) -> Response:
        customer_id = customer_of(request.params["id"], "id")
        after = cursor_of(request, desk.signer, _CURSOR, Place)
        limit = limit_of(request)
        state = _state_of(request)
        items, place = await desk.wallets.page(customer_id, after, limit, request.now_us)
        items = [item for item in items if state in {"", item.state}]
        cursor = None if place is None else cursor_after(desk.signer, _CURSOR, place)
        return json_response(Wallet(items, cursor))

    return wallet


def _state_of(request: Request) -> str:
    """Return which state is asked for, empty for all. Raises InvalidInput."""
    state = request.query.get("state", "")
    if state and state not in STATES:
        known = ", ".join(STATES)
        message = Message(f"可以是 {known}", f"one of {known}")
        raise InvalidInput(FieldError("state", message))
    return state


def _claim(desk: CouponDesk) -> Callable[[Request], Awaitable[Response]]:
    async def claim(request: Request) -> Response:
        said = request.decode(NewClaim, COUPON_BYTES_MAX)
        customer_id = customer_of(request.params["id"], "id")
        key = clean(request.headers.get("idempotency-key", ""), "Idempotency-Key", 200)
        request_id = clean(said.request_id, "request_id", 200) or key or f"at:{request.now_us}"
        batch_id = clean(said.batch_id, "batch_id", 64)
        segments = desk.segments_of(customer_id)
        asked = Claim(batch_id, customer_id, request_id, segments, request.now_us)
        batch, held = await desk.claims.claim(asked)
        (coupon,) = await desk.wallets.shown([held], {batch.id: batch}, request.now_us)
        return json_response(coupon, 201)

    return claim
