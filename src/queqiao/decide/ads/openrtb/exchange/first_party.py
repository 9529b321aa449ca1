"""The publisher's own data: which bidder is told which (``ext.prebid.data``, ``bidderconfig``)."""

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Raw

from queqiao.decide.ads.openrtb.exchange.prebid import BidderConfig, DataAsked, EidPermission
from queqiao.decide.ads.openrtb.exchange.stored import merged
from queqiao.decide.ads.openrtb.exchange.versions import members
from queqiao.decide.ads.openrtb.parts import Parts
from queqiao.kernel import json

OUTLETS = ("site", "app", "user")
EVERYONE = "*"

_decoder = msgspec.json.Decoder(dict[str, Any])


def may_be_told(name: str, data: DataAsked | None) -> bool:
    """Say whether a bidder is told the publisher's own data (``ext.data`` everywhere)."""
    named = data.bidders if data is not None else None
    return named is None or name in named or EVERYONE in named


def without_data(parts: Parts) -> Parts:
    """Return a request without the publisher's own data of site, app and user."""
    changed = dict(parts)
    for owner in OUTLETS:
        whole = members(parts.get(owner))
        ext = members(whole.get("ext"))
        if "data" in ext or (owner == "user" and "data" in whole):
            ext.pop("data", None)
            if owner == "user":
                whole.pop("data", None)
            whole["ext"] = Raw(json.encode(ext))
            changed[owner] = Raw(json.encode(whole))
    return changed


def with_own(parts: Parts, name: str, configs: Iterable[BidderConfig]) -> Parts:
    """Return a request with what only this bidder is told."""
    changed = parts
    for config in configs:
        own = config.config.ortb2 if config.config is not None else None
        if own is None or not {name, EVERYONE} & set(config.bidders or ()):
            continue
        changed = dict(changed)
        for owner in OUTLETS:
            said = getattr(own, owner)
            known = changed.get(owner)
            if said and (known is not None or owner == "user"):
                whole = _decoder.decode(known) if known is not None else {}
                changed[owner] = Raw(json.encode(merged(whole, said)))
    return changed


def with_permitted_ids(parts: Parts, name: str, permissions: Iterable[EidPermission]) -> Parts:
    """Return a request without the ids whose source may not be told to this bidder."""
    closed = {
        each.source
        for each in permissions
        if each.bidders and name not in each.bidders and EVERYONE not in each.bidders
    }
    user = members(parts.get("user"))
    if not closed or not user:
        return parts
    ext = members(user.get("ext"))
    for owner in (user, ext):
        if "eids" in owner:
            owner["eids"] = Raw(json.encode(_left(owner["eids"], closed)))
    if ext:
        user["ext"] = Raw(json.encode(ext))
    return {**parts, "user": Raw(json.encode(user))}


def _left(eids: Raw, closed: set[str | None]) -> list[Any]:
    found = msgspec.json.decode(eids)
    return [each for each in found or () if each.get("source") not in closed]
