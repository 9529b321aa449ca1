"""From the bytes of a request to what the exchange works with: checked, whole, and as parts."""

from collections.abc import Callable
from typing import TypeVar

import msgspec
from msgspec import Raw, Struct

from queqiao.decide.ads.openrtb.check_request import check_body, read_request
from queqiao.decide.ads.openrtb.context import Publisher as Said
from queqiao.decide.ads.openrtb.exchange.check_prebid import check_prebid
from queqiao.decide.ads.openrtb.exchange.contracts import Publisher
from queqiao.decide.ads.openrtb.exchange.domains import host_of, within
from queqiao.decide.ads.openrtb.exchange.hot_state import Market
from queqiao.decide.ads.openrtb.exchange.prebid import (
    RequestPrebid,
    buyer_ids_of,
    prebid_of,
)
from queqiao.decide.ads.openrtb.exchange.stored import MARK, with_stored
from queqiao.decide.ads.openrtb.faults import Faults
from queqiao.decide.ads.openrtb.params import check_params
from queqiao.decide.ads.openrtb.parts import Parts, listed_parts_of, parts_of
from queqiao.decide.ads.openrtb.request import BidRequest
from queqiao.kernel import json
from queqiao.kernel.errors import FieldError, InvalidInput, Message

T = TypeVar("T")

_WHO = Message(
    "须为一个已上线的发布商的 id；在控制台建一个发布商并发布它",
    "must be the id of a publisher that is live here; make one in the console and publish it",
)
_NOT_UTF_8 = Message("须为 UTF-8 编码的 JSON", "must be JSON in UTF-8")
_WHERE = Message("须属于这个发布商的域名", "must be within the domains of this publisher")


class Asked(Struct, frozen=True):
    """One request. ``imps`` are the parts of each impression, in the order of ``request.imp``.

    ``buyer_ids`` are the ids by which bidders know the user, by their names.
    """

    request: BidRequest
    parts: Parts
    imps: list[Parts]
    prebid: RequestPrebid
    publisher_id: str
    publisher: Publisher
    buyer_ids: dict[str, str]

    @property
    def cur(self) -> str:
        """The currency in which bids are compared and told."""
        return self.request.cur[0] if self.request.cur else self.publisher.currency


def read(body: bytes, market: Market) -> Asked:
    """Return a request in the form of 2.6. Raises InvalidInput with every path, or TooLarge."""
    if MARK in body:
        check_body(body)
        body = with_stored(body, market)
    request = read_request(body)
    _check_text(body)
    parts = parts_of(body)
    prebid = _understood(prebid_of, parts, "ext")
    buyer_ids = _understood(buyer_ids_of, parts, "user")
    faults = Faults()
    check_prebid(faults, request, prebid, market.names)
    check_params(faults, request)
    publisher_id, publisher = _publisher(faults, request, market)
    faults.raise_any()
    assert publisher is not None, "its absence is a fault"
    imps = listed_parts_of(parts["imp"])
    return Asked(request, parts, imps, prebid, publisher_id, publisher, buyer_ids)


def _understood(reader: Callable[[Raw | None], T], parts: Parts, name: str) -> T:
    """Return what a member says. Raises InvalidInput with its path where it is of another form."""
    try:
        return reader(parts.get(name))
    except msgspec.ValidationError as error:
        raise InvalidInput(json.field_error(error, f"request.{name}")) from error


def _check_text(body: bytes) -> None:
    """Raise InvalidInput for bytes that are no text: a parser looks past them where it skips."""
    try:
        body.decode()
    except UnicodeDecodeError as error:
        raise InvalidInput(FieldError("request", _NOT_UTF_8)) from error


def _publisher(faults: Faults, request: BidRequest, market: Market) -> tuple[str, Publisher | None]:
    name = "site" if request.site else "app" if request.app else "dooh"
    outlet = request.site or request.app or request.dooh
    said: Said | None = outlet.publisher if outlet is not None else None
    publisher_id = (said and said.id) or ""
    publisher = market.publishers.get(publisher_id)
    if publisher is None:
        faults.add(f"request.{name}.publisher.id", _WHO)
    return publisher_id, publisher


def check_origin(asked: Asked, origin: str) -> None:
    """Raise InvalidInput for a page that is not the publisher's.

    ``origin`` is what the browser says of the page, empty where no browser asks; then the request
    is believed. Without domains of the publisher any page may ask.
    """
    domains = asked.publisher.domains
    if not domains:
        return
    site = asked.request.site
    page = origin or (site and (site.page or site.domain)) or ""
    if page and not within(host_of(page), domains):
        path = "request.site.page" if site is not None else "request"
        raise InvalidInput(FieldError(path, _WHERE))
