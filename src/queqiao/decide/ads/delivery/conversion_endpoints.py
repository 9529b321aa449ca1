"""How conversions are told: by the advertiser's server, a partner's link, the page's notice."""

from collections.abc import Mapping
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from queqiao.decide.ads.delivery.conversions import Conversions, Outcome, Told
from queqiao.decide.ads.notice_events import Notice
from queqiao.decide.ads.openrtb.hot_endpoints import reached_at
from queqiao.kernel.clock import DAY_US, MINUTE_US, SECOND_US, format_rfc3339, parse_rfc3339
from queqiao.kernel.errors import FieldError, Gone, InvalidInput, Message
from queqiao.kernel.http import Request, Response, Route, json_response
from queqiao.kernel.money import MINOR_MAX, exponent, parse_minor
from queqiao.kernel.text import clean
from queqiao.kernel.tokens import Signer

CONVERSIONS_MAX = 100
BODY_BYTES_MAX = 64_000
PURPOSE = "ad postback"
LINK_DAYS_MAX = 366
AHEAD_US = 5 * MINUTE_US
"""By so much another machine's clock may be ahead."""

MACROS = ("click_id", "order_id", "value", "currency", "time")
"""What a partner's link tells, each in the place of its name in braces."""

_TAGS = ("ads",)
_NO_STORE = (("Cache-Control", "no-store"),)
_ENDED = Message("这个回传链接已到期，请签发新的", "this link has ended; ask for a new one")
_AHEAD = Message("在将来，请写转化发生的时间", "lies ahead; say when it happened")
_NO_TIME = Message("须为 RFC 3339 或 Unix 秒", "must be RFC 3339 or Unix seconds")
_WITH_CURRENCY = Message("写了金额就要写币种", "an amount needs its currency")
_MISSING = Message("缺少点击编号", "the click is not named")

OrderId = Annotated[str, Meta(min_length=1, max_length=128)]
ClickId = Annotated[str, Meta(min_length=1, max_length=64)]


class ToldConversion(Struct, frozen=True, forbid_unknown_fields=True):
    """One conversion: the click id (that of the decision), the order that makes it one, its worth.

    ``time``: when it happened, now where nothing is said.
    """

    click_id: ClickId
    order_id: OrderId | None = None
    value_minor: Annotated[int, Meta(ge=0, le=MINOR_MAX)] | None = None
    currency: Annotated[str, Meta(min_length=3, max_length=3)] | None = None
    time: Annotated[str, Meta(max_length=40)] | None = None


class ToldConversions(Struct, frozen=True, forbid_unknown_fields=True):
    """Conversions that an advertiser's server tells."""

    conversions: Annotated[list[ToldConversion], Meta(min_length=1, max_length=CONVERSIONS_MAX)]


class ConversionOutcomes(Struct, frozen=True):
    """What became of each, in the order in which they were told."""

    results: list[Outcome]


class NewLink(Struct, frozen=True, forbid_unknown_fields=True):
    """For which advertiser, by the name that its campaigns say, and for how many days."""

    advertiser: Annotated[str, Meta(min_length=1, max_length=200)]
    days: Annotated[int, Meta(ge=1, le=LINK_DAYS_MAX)] = 180


class Link(Struct, frozen=True):
    """An address for the advertiser's partner, with the places of what it tells in braces."""

    url: str
    expires_at: str


class _Signed(Struct, frozen=True, array_like=True):
    advertiser: str
    until_us: int


class ConversionServices(Struct, frozen=True):
    """What the routes need. ``base_url`` stands before links; empty: as we were called."""

    conversions: Conversions
    signer: Signer
    base_url: str = ""


def conversion_routes(services: ConversionServices) -> list[Route]:
    """Return the routes of the ``decide`` role."""
    desk = Desk(services)
    return [
        Route(
            "POST", "/api/v1/ads/conversions", desk.tell,
            Message("回传广告转化", "Tell what ads led to"), "decide",
            ToldConversions, ConversionOutcomes, _TAGS, BODY_BYTES_MAX,
        ),
        Route(
            "POST", "/api/v1/ads/conversion-links", desk.link,
            Message("为广告主签发回传链接", "A link by which an advertiser's partner tells"),
            "decide", NewLink, Link, _TAGS, 4_000, status=201,
        ),
        Route(
            "GET", "/a/v1/conversions/{token}", desk.by_link,
            Message("以签名链接回传转化", "Tell a conversion by a signed link"), "public",
            None, Outcome, _TAGS,
        ),
    ]  # fmt: skip


class Desk:
    """Takes what others tell of conversions."""

    def __init__(self, services: ConversionServices) -> None:
        self._conversions = services.conversions
        self._signer = services.signer
        self._base_url = services.base_url

    async def tell(self, request: Request) -> Response:
        """Count what a server tells. All of it is read before any is counted."""
        asked = request.decode(ToldConversions, BODY_BYTES_MAX)
        now_us = request.now_us
        told = [
            _told(one, f"conversions[{index}].", now_us)
            for index, one in enumerate(asked.conversions)
        ]
        results = [await self._conversions.count(one, now_us) for one in told]
        return json_response(ConversionOutcomes(results))

    async def link(self, request: Request) -> Response:
        """Sign a link for an advertiser."""
        asked = request.decode(NewLink, 4_000)
        until_us = request.now_us + asked.days * DAY_US
        signed = _Signed(clean(asked.advertiser, "advertiser", 200), until_us)
        token = self._signer.sign(msgspec.msgpack.encode(signed), PURPOSE)
        macros = "&".join(f"{name}={{{name}}}" for name in MACROS)
        base_url = self._base_url or reached_at(request)
        url = f"{base_url}/a/v1/conversions/{token}?{macros}"
        return json_response(Link(url, format_rfc3339(until_us)), 201)

    async def by_link(self, request: Request) -> Response:
        """Count what a partner tells. Raises Gone for a link that has ended."""
        payload = self._signer.verify(request.params["token"], PURPOSE)
        signed = msgspec.msgpack.decode(payload, type=_Signed)
        if signed.until_us <= request.now_us:
            raise Gone(_ENDED)
        told = _told_in(request.query, request.now_us)
        told = msgspec.structs.replace(told, advertiser=signed.advertiser)
        answer = json_response(await self._conversions.count(told, request.now_us))
        answer.headers = _NO_STORE
        return answer


class NoteOf:
    """Counts what a page's notice tells, with the order that the page names in the query."""

    def __init__(self, conversions: Conversions) -> None:
        self._conversions = conversions

    async def __call__(self, notice: Notice, request: Request) -> bool:
        """Say whether it is a new conversion."""
        query = {name: request.query.get(name, "") for name in ("order_id", "value", "currency")}
        told = _told_in({**query, "click_id": notice.decision_id}, request.now_us)
        told = msgspec.structs.replace(told, told_by="notice")
        return await self._conversions.note(notice, told, request.now_us)


def _told(one: ToldConversion, path: str, now_us: int) -> Told:
    if one.value_minor is not None and one.currency is None:
        raise InvalidInput(FieldError(f"{path}currency", _WITH_CURRENCY))
    if one.currency is not None:
        exponent(one.currency, f"{path}currency")
    return Told(
        clean(one.click_id, f"{path}click_id", 64),
        now_us if one.time is None else _at_us(one.time, f"{path}time", now_us),
        "postback",
        one.order_id and clean(one.order_id, f"{path}order_id", 128),
        one.value_minor,
        one.currency,
    )


def _told_in(query: Mapping[str, str], now_us: int) -> Told:
    """Return what an address tells. A place that its partner left as it was says nothing."""
    said = {
        name: query[name]
        for name in MACROS
        if query.get(name) and query[name] not in {f"{{{name}}}", f"${{{name}}}"}
    }
    currency, value = said.get("currency"), said.get("value")
    if "click_id" not in said:
        raise InvalidInput(FieldError("click_id", _MISSING))
    if value is not None and currency is None:
        raise InvalidInput(FieldError("currency", _WITH_CURRENCY))
    if currency is not None:
        exponent(currency)
    minor = parse_minor(value, currency, "value") if value and currency else None
    if minor is not None and minor < 0:
        raise InvalidInput(FieldError("value", Message("不能为负", "must not be negative")))
    order_id = said.get("order_id")
    return Told(
        clean(said["click_id"], "click_id", 64),
        _at_us(said["time"], "time", now_us) if "time" in said else now_us,
        "postback",
        order_id and clean(order_id, "order_id", 128),
        minor,
        currency,
    )


def _at_us(text: str, path: str, now_us: int) -> int:
    if text.isascii() and text.isdigit():
        if len(text) > 11:
            raise InvalidInput(FieldError(path, _NO_TIME))
        at_us = int(text) * SECOND_US
    else:
        at_us = parse_rfc3339(text, path)
    if at_us > now_us + AHEAD_US:
        raise InvalidInput(FieldError(path, _AHEAD))
    return min(at_us, now_us)
