"""Coupon codes in events and counters, as readers see them: whoever knows a code may use it.

A code stands as its last characters, so that what a reader holds beside each other still fits.
Owners and keys of scope ``admin`` see codes whole, and so does what reconciles.
"""

from typing import Any

import msgspec

from queqiao.kernel.envelope import PublicEnvelope
from queqiao.kernel.own_events import OWN_SOURCE

SHOWN = 4
"""How many characters of a code are shown at most, and never more than half."""

_COUPONS = frozenset(("coupon", "coupon_code", "couponCode"))
"""Fields that hold a code, whoever's event it is."""

_OURS = frozenset(("code", "codes"))
"""Fields of our own books that do; in the events of others they may mean anything."""

_COUNTERS = ("code", "order")
"""``coupon:{batch}:code:{code}`` and ``coupon:{batch}:order:{code}:{order}``."""


def masked(code: str) -> str:
    """Return what stands for a code.

    >>> masked("SAVE-7F3K9QX2")
    '****9QX2'
    """
    return "****" + code[len(code) - min(SHOWN, len(code) // 2) :]


def masked_counter(counter: str) -> str:
    """Return a counter's name without the code in it.

    >>> masked_counter("coupon:b:total")
    'coupon:b:total'
    """
    parts = counter.split(":")
    if parts[0] != "coupon" or len(parts) < 4 or parts[2] not in _COUNTERS:
        return counter
    return ":".join([*parts[:3], masked(parts[3]), *parts[4:]])


def openly(prefix: str) -> str:
    """Return the part of a prefix of counters that tries no code out."""
    parts = prefix.split(":")
    is_code = len(parts) > 3 and parts[0] == "coupon" and parts[2] in _COUNTERS
    return ":".join([*parts[:3], ""]) if is_code else prefix


def without_codes(event: PublicEnvelope) -> PublicEnvelope:
    """Return an event as readers see it."""
    names = _COUPONS | _OURS if event.source == OWN_SOURCE else _COUPONS
    return msgspec.structs.replace(event, properties=_masked(event.properties, names))


def _masked(value: Any, names: frozenset[str]) -> Any:
    if isinstance(value, list):
        return [_masked(one, names) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        masked_counter(name): _hidden(one) if name in names else _masked(one, names)
        for name, one in value.items()
    }


def _hidden(value: Any) -> Any:
    if isinstance(value, list):
        return [_hidden(one) for one in value]
    return masked(str(value)) if value else value
