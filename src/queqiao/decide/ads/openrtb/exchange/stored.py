"""Stored requests: what a request names is put under it, and what it says itself counts.

Members are merged one by one, objects within each other (RFC 7396: a member that the request sets
to null is taken away); lists are taken whole.
"""

from typing import Any

import msgspec

from queqiao.decide.ads.openrtb.exchange.contracts import StoredRequest
from queqiao.decide.ads.openrtb.exchange.hot_state import Market
from queqiao.decide.ads.openrtb.faults import Faults
from queqiao.kernel import json
from queqiao.kernel.errors import FieldError, InvalidInput, Message

MARK = b'"storedrequest"'
"""A body without this names nothing stored."""

OUTLETS = ("site", "app", "dooh")

_UNKNOWN = Message(
    "没有这个存储的请求，或它不供这个发布商使用",
    "names nothing that is stored here for this publisher",
)
_NOT_JSON = Message("不是合法的 JSON", "is not well-formed JSON")
_decoder = msgspec.json.Decoder()


def with_stored(body: bytes, market: Market) -> bytes:
    """Return a body with what it names put in. Raises InvalidInput for what is not stored here.

    The body was checked for size, depth and text before.
    """
    try:
        request = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise InvalidInput(FieldError("request", _NOT_JSON)) from error
    return json.encode(_Merging(market).request(request)) if isinstance(request, dict) else body


class _Merging:
    """The merging of one request; it remembers what was named, and where."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._faults = Faults()
        self._named: list[tuple[str, StoredRequest]] = []

    def request(self, request: dict[str, Any]) -> dict[str, Any]:
        whole = self._with(request, "request", "request")
        imps = whole.get("imp")
        if isinstance(imps, list):
            whole["imp"] = [
                self._with(imp, "imp", f"request.imp[{number}]") if isinstance(imp, dict) else imp
                for number, imp in enumerate(imps)
            ]
        publisher_id = _publisher_id(whole)
        for path, stored in self._named:
            if stored.publishers and publisher_id not in stored.publishers:
                self._faults.add(path, _UNKNOWN)
        self._faults.raise_any()
        return whole

    def _with(self, said: dict[str, Any], kind: str, path: str) -> dict[str, Any]:
        name = _name_in(said)
        if not isinstance(name, str):
            return said  # of another form, or absent: the check of the request tells
        where = f"{path}.ext.prebid.storedrequest.id"
        stored = self._market.stored.get((kind, name))
        if stored is None:
            self._faults.add(where, _UNKNOWN)
            return said
        self._named.append((where, stored))
        return merged(stored.body, said)


def merged(under: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
    """Return both, of which ``said`` counts where they differ (RFC 7396, section 2)."""
    whole = dict(under)
    for name, value in said.items():
        known = whole.get(name)
        if value is None:
            whole.pop(name, None)
        elif isinstance(value, dict) and isinstance(known, dict):
            whole[name] = merged(known, value)
        else:
            whole[name] = value
    return whole


def _name_in(said: dict[str, Any]) -> Any:
    value: Any = said
    for step in ("ext", "prebid", "storedrequest", "id"):
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _publisher_id(request: dict[str, Any]) -> Any:
    for outlet in OUTLETS:
        said = request.get(outlet)
        publisher = said.get("publisher") if isinstance(said, dict) else None
        if isinstance(publisher, dict):
            return publisher.get("id")
    return None
