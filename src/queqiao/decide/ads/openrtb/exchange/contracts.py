"""The documents of the exchange: who bids, who may ask, and what requests are kept here."""

import re
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from queqiao.decide.ads.openrtb.params import BIDDER as OWN
from queqiao.decide.ads.openrtb.request import BidRequest, Imp
from queqiao.kernel import json
from queqiao.kernel.callable_addresses import check_url
from queqiao.kernel.documents import DocumentKind
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.money import exponent

Name = Annotated[str, Meta(min_length=1, max_length=200)]
Id = Annotated[str, Meta(min_length=1, max_length=64)]
Currency = Annotated[str, Meta(min_length=3, max_length=3, examples=["USD"])]
Media = Literal["banner", "video", "audio", "native"]
Granularity = Literal["low", "medium", "med", "high", "auto", "dense"]
LIST_MAX = 200

STORED_BYTES_MAX = 64 * 1024
HIDDEN_FIELDS = ("authorization",)
"""Fields of a bidder that are shown once, in the answer to its creation."""


class Bidder(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Somebody who is asked for bids over HTTP. Its document's id is its name in requests.

    ``timeout_ms`` bounds what it may take of an auction. It is asked for bids in ``currency``, in
    which ``price_max`` is too: what it bids for a thousand above that is taken for a mistake.
    ``price`` says what its bids are: ``net``, or ``gross``, of which ``adjustment`` is what the
    publisher gets. ``headers`` go with every call; ``authorization`` too, and it is kept sealed.
    ``tcf_vendor_id`` is its number in the TCF's vendor list, 0 when it is not in it. With ``media``
    it is asked for these only.
    """

    name: Name
    url: Annotated[str, Meta(max_length=2_000, examples=["https://bidder.example/openrtb2"])]
    timeout_ms: Annotated[int, Meta(ge=10, le=5_000)] = 300
    openrtb: Literal["2.5", "2.6"] = "2.6"
    currency: Currency = "USD"
    price: Literal["net", "gross"] = "net"
    adjustment: Annotated[float, Meta(gt=0, le=10)] = 1.0
    price_max: Annotated[float, Meta(gt=0, le=1e9)] = 1_000.0
    headers: Annotated[dict[str, str], Meta(max_length=20)] = {}
    authorization: Annotated[str, Meta(max_length=4_000)] = ""
    tcf_vendor_id: Annotated[int, Meta(ge=0, le=65_535)] = 0
    media: Annotated[list[Media], Meta(max_length=4)] = []
    calls_at_once_max: Annotated[int, Meta(ge=1, le=1_000)] = 64


class Publisher(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Who may ask: the document's id is ``publisher.id`` of the site, app or screen in a request.

    With ``domains``, requests come from pages of these and their subdomains only. ``bidders``, when
    there are any, are the only ones that are asked. A worker answers at most ``requests_per_s_max``
    of it. ``currency``, ``tmax_ms`` and ``price_granularity`` hold where a request says nothing.
    ``secure_markup``: whether markup with plain http addresses is refused where an impression asks
    for ``secure``. ``events``: every bid gets addresses that tell us of its win and its impression.
    ``debug``: its requests may see what was said to bidders and by them.
    """

    name: Name
    domains: Annotated[list[Annotated[str, Meta(max_length=253)]], Meta(max_length=LIST_MAX)] = []
    bidders: Annotated[list[Id], Meta(max_length=LIST_MAX)] = []
    requests_per_s_max: Annotated[int, Meta(ge=1, le=1_000_000)] = 500
    currency: Currency = "USD"
    tmax_ms: Annotated[int, Meta(ge=50, le=5_000)] = 1_000
    price_granularity: Granularity = "medium"
    secure_markup: Literal["enforce", "skip"] = "enforce"
    events: bool = False
    debug: bool = False


class StoredRequest(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A part of requests that is kept here and named there: what the request itself says counts.

    ``kind``: of a whole request, or of one impression. With ``publishers`` only these may name it.
    """

    name: Name
    kind: Literal["request", "imp"]
    body: dict[str, Any]
    publishers: Annotated[list[Id], Meta(max_length=LIST_MAX)] = []


_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?", re.ASCII)
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}", re.ASCII)
_HEADER_VALUE = re.compile(r"[\x20-\x7e]{0,2000}", re.ASCII)
OUR_HEADERS = frozenset((
    "host", "content-length", "content-type", "transfer-encoding", "connection", "authorization",
    "accept-encoding", "x-openrtb-version", "expect", "te", "trailer", "upgrade",
))  # fmt: skip
"""Header lines of a call that are not a document's to set."""

_HEADER = Message(
    "须为合法的 HTTP 头名和可打印的值，且不是我们自己设置的头",
    "must be a valid header name with a printable value, and none of those that we set ourselves",
)
_NET = Message(
    "净价无需调整；删去它，或把 price 改为 gross",
    "a net price is not adjusted; leave it out, or set price to gross",
)
_LARGE = Message(
    f"最多 {STORED_BYTES_MAX} 字节的 JSON", f"at most {STORED_BYTES_MAX} bytes of JSON"
)
_NESTED = Message(
    "存储的请求不能再引用别的存储请求", "what is stored cannot name another stored request"
)
_DOMAIN = Message(
    "须为域名，例如 news.example，不含协议、端口和通配符（子域名本来就算；中文域名写 xn-- 形式）",
    "must be a host name such as news.example, without scheme, port or asterisk (its subdomains "
    "count anyway; write names of other scripts as xn--)",
)
_PLAIN = Message("须为可打印的单行文本", "must be one line of printable text")


def check_bidder(bidder: Bidder) -> None:
    """Raise InvalidInput for an address, currency or header line that cannot be used."""
    exponent(bidder.currency)
    check_url(bidder.url, "url")
    wrong = [
        FieldError(f"headers.{name}" if _HEADER_NAME.fullmatch(name) else "headers", _HEADER)
        for name, value in bidder.headers.items()
        if not _HEADER_NAME.fullmatch(name)
        or not _HEADER_VALUE.fullmatch(value)
        or name.lower() in OUR_HEADERS
    ]
    if not _HEADER_VALUE.fullmatch(bidder.authorization):
        wrong.append(FieldError("authorization", _PLAIN))
    if bidder.price == "net" and bidder.adjustment != 1:
        wrong.append(FieldError("adjustment", _NET))
    if wrong:
        raise InvalidInput(*wrong)


def check_publisher(publisher: Publisher) -> None:
    """Raise InvalidInput for an unknown currency, or a domain that no page could be of."""
    exponent(publisher.currency)
    wrong = [
        FieldError(f"domains[{at}]", _DOMAIN)
        for at, domain in enumerate(publisher.domains)
        if not all(_LABEL.fullmatch(label) for label in domain.split("."))
    ]
    if wrong:
        raise InvalidInput(*wrong)


def check_stored_request(stored: StoredRequest) -> None:
    """Raise InvalidInput for a body that no request could be made with."""
    if len(json.encode(stored.body)) > STORED_BYTES_MAX:
        raise InvalidInput(FieldError("body", _LARGE))
    kind: type[BidRequest | Imp] = BidRequest if stored.kind == "request" else Imp
    try:
        msgspec.convert(stored.body, kind)
    except msgspec.ValidationError as error:
        raise InvalidInput(json.field_error(error, "body")) from error
    if names_another(stored.body):
        raise InvalidInput(FieldError("body.ext.prebid.storedrequest", _NESTED))


def names_another(body: dict[str, Any]) -> bool:
    """Say whether a stored body names a stored one of its own kind."""
    ext = body.get("ext")
    prebid = ext.get("prebid") if isinstance(ext, dict) else None
    return isinstance(prebid, dict) and prebid.get("storedrequest") is not None


BIDDER = DocumentKind("bidder", "bidders", Bidder, check_bidder)
PUBLISHER = DocumentKind("publisher", "publishers", Publisher, check_publisher)
STORED_REQUEST = DocumentKind(
    "stored_request", "stored-requests", StoredRequest, check_stored_request
)
KINDS = (BIDDER, PUBLISHER, STORED_REQUEST)

__all__ = ["BIDDER", "KINDS", "OWN", "PUBLISHER", "STORED_REQUEST"]
