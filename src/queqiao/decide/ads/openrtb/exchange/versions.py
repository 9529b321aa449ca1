"""A request in the form that a bidder reads: regulations, consent, ids and supply chain moved.

What stands in the place of 2.6 counts before what stands in that of 2.5 (``openrtb/versions.py``).
"""

from typing import Literal

from msgspec import Raw

from queqiao.decide.ads.openrtb.parts import Parts, parts_of
from queqiao.kernel import json

Version = Literal["2.5", "2.6"]

MOVED = {
    "regs": ("gdpr", "us_privacy", "gpp", "gpp_sid"),
    "user": ("consent", "eids"),
    "source": ("schain",),
}
"""Members that 2.6 has in their own place and 2.5 in ``ext``, by the object that has them."""

NULL = b"null"


def members(raw: Raw | None) -> Parts:
    """Return the members of an object; none where it is absent or null."""
    return {} if raw is None or bytes(raw) == NULL else parts_of(raw)


def in_form_of(parts: Parts, version: Version) -> Parts:
    """Return the parts of a request as a version has them."""
    changed: Parts = {}
    for owner, names in MOVED.items():
        whole = members(parts.get(owner))
        ext = members(whole.get("ext"))
        if version == "2.6" and not ext:
            continue
        given = [name for name in names if name in (ext if version == "2.6" else whole)]
        if given:
            changed[owner] = _moved(whole, ext, given, version)
    return {**parts, **changed} if changed else parts


def _moved(whole: Parts, ext: Parts, names: list[str], version: Version) -> Raw:
    for name in names:
        if version == "2.6":
            value = ext.pop(name)
            whole.setdefault(name, value)
        else:
            ext[name] = whole.pop(name)
    if ext:
        whole["ext"] = Raw(json.encode(ext))
    else:
        whole.pop("ext", None)
    return Raw(json.encode(whole))
