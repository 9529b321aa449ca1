"""What the call itself tells and a page cannot know or does not say: address, browser, opt-out.

Prebid Server fills the same places; what the request says of them itself counts. All of it is there
before the signals of privacy are looked at, so an address is cut where they ask for it.
"""

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from queqiao.decide.ads.openrtb.context import Device
from queqiao.decide.ads.openrtb.exchange.reading import Asked
from queqiao.decide.ads.openrtb.exchange.versions import members
from queqiao.decide.ads.openrtb.regulation import Regs, RegsExt
from queqiao.kernel import json

USER_AGENT_CHARACTERS_MAX = 1_000
OPTED_OUT = "1"

_decoder = msgspec.json.Decoder(dict[str, Any])


def with_caller(asked: Asked, address: str, headers: Mapping[str, str]) -> Asked:
    """Return a request with what its call tells; ``headers`` have names in lower case."""
    asked = _with_device(asked, address, headers.get("user-agent", ""))
    return _with_opt_out(asked) if headers.get("sec-gpc") == OPTED_OUT else asked


def _with_device(asked: Asked, address: str, user_agent: str) -> Asked:
    known = asked.request.device or Device()
    told: dict[str, str] = {}
    if not known.ip and not known.ipv6:
        told |= _address(address)
    if not known.ua and user_agent:
        told["ua"] = user_agent[:USER_AGENT_CHARACTERS_MAX]
    if not told:
        return asked
    parts = members(asked.parts.get("device"))
    parts |= {name: Raw(json.encode(text)) for name, text in told.items()}
    return replace(
        asked,
        request=replace(asked.request, device=replace(known, **told)),
        parts={**asked.parts, "device": Raw(json.encode(parts))},
    )


def _address(text: str) -> dict[str, str]:
    try:
        found = ip_address(text)
    except ValueError:
        return {}
    return {"ip" if found.version == 4 else "ipv6": str(found)}


def _with_opt_out(asked: Asked) -> Asked:
    """Return the request with the browser's Global Privacy Control."""
    regs = asked.request.regs or Regs()
    ext = replace(regs.ext or RegsExt(), gpc=OPTED_OUT)
    raw = asked.parts.get("regs")
    whole = _decoder.decode(raw) if raw is not None and bytes(raw) != b"null" else {}
    whole["ext"] = {**(whole.get("ext") or {}), "gpc": OPTED_OUT}
    return replace(
        asked,
        request=replace(asked.request, regs=replace(regs, ext=ext)),
        parts={**asked.parts, "regs": Raw(json.encode(whole))},
    )
