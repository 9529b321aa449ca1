"""Coupons taken on a page (领券): for whom the shop vouches, by a signed word, and for nobody else.

The shop's server asks for a token for the customer who is signed in there, and opens the page with
it behind ``#visitor=``, a part of the address that no server and no other page gets to see.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated

import msgspec
from msgspec import Meta

from queqiao.kernel.clock import HOUR_US, format_rfc3339
from queqiao.kernel.errors import Message, NotFound, Refused
from queqiao.kernel.http import Request, Response, Route, json_response
from queqiao.kernel.text import clean
from queqiao.kernel.tokens import Signer
from queqiao.reach.landing_pages import words
from queqiao.reach.landing_pages.document import CouponBlock
from queqiao.reach.landing_pages.scene import LivePage

PURPOSE = "landing-visitor"
HOURS_MAX = 7 * 24
BODY_BYTES_MAX = 4_000


class Claimed(msgspec.Struct, frozen=True):
    """The coupon that a visitor has now, under its code; until when it is good."""

    code: str
    expires_at: str | None


Claim = Callable[[str, str, str, int], Awaitable[Claimed]]
"""Claims a coupon: batch, customer, request id, moment. Raises NotFound and Refused."""


class NewVisitor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The customer that the shop knows, and for how many hours its word is good."""

    customer_id: Annotated[str, Meta(min_length=1, max_length=200)]
    hours: Annotated[int, Meta(ge=1, le=HOURS_MAX)] = 2


class VisitorToken(msgspec.Struct, frozen=True):
    """The signed word. Open the page as ``/p/{slug}#visitor={token}``."""

    token: str
    expires_at: str


class NewClaim(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which coupon block of the page, and who asks."""

    block: Annotated[str, Meta(max_length=40)]
    visitor: Annotated[str, Meta(max_length=1_000)] = ""


class _Vouched(msgspec.Struct, frozen=True, array_like=True):
    customer_id: str
    until_us: int


class Visitors:
    """Knows customers by what the shop signed."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    def customer(self, token: str, now_us: int) -> str:
        """Return the customer of a token. Raises Refused: ``visitor_unknown``."""
        try:
            payload = self._signer.verify(token, PURPOSE)
        except NotFound as error:
            raise _unknown() from error
        vouched = msgspec.msgpack.decode(payload, type=_Vouched)
        if vouched.until_us <= now_us:
            raise _unknown()
        return vouched.customer_id

    def route(self) -> Route:
        """Return the route by which the shop's server gets tokens."""

        async def vouch(request: Request) -> Response:
            asked = request.decode(NewVisitor, BODY_BYTES_MAX)
            customer_id = clean(asked.customer_id, "customer_id", 200)
            until_us = request.now_us + asked.hours * HOUR_US
            payload = msgspec.msgpack.encode(_Vouched(customer_id, until_us))
            token = self._signer.sign(payload, PURPOSE)
            return json_response(VisitorToken(token, format_rfc3339(until_us)), 201)

        summary = Message("为已登录的顾客签发落地页凭证", "A token for a customer on landing pages")
        return Route(
            "POST", "/api/v1/landing-pages/visitors", vouch, summary, "decide", NewVisitor,
            VisitorToken, ("landing-pages",), BODY_BYTES_MAX, status=201,
        )  # fmt: skip


def _unknown() -> Refused:
    return Refused(words.SIGN_IN, reason="visitor_unknown")


async def claim_on(page: LivePage, request: Request, visitors: Visitors, claim: Claim) -> Response:
    """Answer a claim; the same visitor on the same block gets the same coupon again.

    Raises NotFound for a block that gives none, and Refused with its reason in the page's words.
    """
    asked = request.decode(NewClaim, BODY_BYTES_MAX)
    blocks = page.document.blocks
    found = next((one for one in blocks if one.id == asked.block), None)
    if not isinstance(found, CouponBlock):
        raise NotFound
    customer_id = visitors.customer(asked.visitor, request.now_us)
    request_id = f"landing:{page.id}:{found.id}"
    try:
        claimed = await claim(found.batch, customer_id, request_id, request.now_us)
    except Refused as error:
        told = words.REFUSALS.get(error.reason or "")
        raise error if told is None else Refused(told, reason=error.reason) from error
    return json_response(claimed, 201)
