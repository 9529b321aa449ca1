"""What else says who it was: phone, e-mail, member card and the advertising id of a device.

Values are made alike before they are compared: a phone in the form of E.164 (ITU-T), with China's
code where none is given; an e-mail without regard to case; a hash as it was given, in lower case.
Only a digest of each is kept. Values that many people type instead of their own are no identifiers.
"""

import re
from hashlib import blake2b
from typing import Any
from unicodedata import normalize

import msgspec

from queqiao.kernel.envelope import EMPTY
from queqiao.process.facts import Fact

PERSONAL = ("phone", "email", "card")
OF_DEVICES = ("oaid", "idfa", "gaid")
"""Kinds of identifiers. Those of devices say nothing of who holds the device."""

_TRAITS = {
    "phone": "phone", "mobile": "phone", "phone_number": "phone", "phoneNumber": "phone",
    "email": "email", "member_card": "card", "memberCard": "card", "card_number": "card",
    "cardNumber": "card",
}  # fmt: skip
_DEVICE = {"oaid": "oaid", "idfa": "idfa", "gaid": "gaid"}
_MENTIONS = re.compile(
    b'"(?:%s)"' % b"|".join(name.encode() for name in (*_TRAITS, *_DEVICE, "advertisingId"))
)
_HASH = re.compile(r"[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}")
_CHINESE = re.compile(r"1[3-9]\d{9}")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s.]+")
_ADVERTISING = re.compile(r"[0-9a-f][0-9a-f-]{14,62}[0-9a-f]")
_TEXT_MAX = 254

BLOCKED = frozenset(
    {
        "+8613800000000", "+8613800138000", "+8612345678901", "+8613912345678", "+8613888888888",
        "test@test.com", "test@example.com", "a@a.com", "123@qq.com", "none@none.com",
        "00000000-0000-0000-0000-000000000000", "unknown", "null", "none", "undefined", "n/a",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709", "d41d8cd98f00b204e9800998ecf8427e",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    }
)  # fmt: skip
"""Placeholders, as normalised; the last three are the SHA-1, MD5 and SHA-256 of nothing."""


def phone_of(text: str) -> str | None:
    """Return a phone as E.164 (or its hash in lower case), None where it is none.

    >>> phone_of("138 0000-1111")
    '+8613800001111'
    """
    plain = re.sub(r"[\s().\-]", "", text).lower()
    if _HASH.fullmatch(plain):
        return plain
    digits = re.sub(r"^(\+|00)", "", plain)
    if not (digits.isascii() and digits.isdigit()):
        return None
    local = digits.removeprefix("86")
    if _CHINESE.fullmatch(local):
        return f"+86{local}"
    is_international = plain != digits and 8 <= len(digits) <= 15 and digits[0] != "0"
    return f"+{digits}" if is_international else None


def email_of(text: str) -> str | None:
    """Return an e-mail (or its hash) in lower case, None where it is none."""
    plain = text.lower()
    return plain if _HASH.fullmatch(plain) or _EMAIL.fullmatch(plain) else None


def card_of(text: str) -> str | None:
    """Return the number of a member card in lower case without spaces and dashes, or None."""
    plain = re.sub(r"[\s\-]", "", text).lower()
    return plain if 4 <= len(plain) <= 64 else None


def advertising_of(text: str) -> str | None:
    """Return an advertising id in lower case, None where it is none."""
    plain = text.lower()
    return plain if _ADVERTISING.fullmatch(plain) else None


_FORMS = {"phone": phone_of, "email": email_of, "card": card_of}


def identifier(kind: str, value: Any) -> str | None:
    """Return ``kind:digest`` of a value, None where it says nothing about who it was."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = normalize("NFKC", str(value)).strip()
    if not text or len(text) > _TEXT_MAX:
        return None
    plain = _FORMS.get(kind, advertising_of)(text)
    if plain is None or plain in BLOCKED or _is_one_sign(plain):
        return None
    digest = blake2b(f"{kind}:{plain}".encode(), digest_size=16).hexdigest()
    return f"{kind}:{digest}"


def _is_one_sign(plain: str) -> bool:
    """Say whether a value is one sign again and again: 0000-0000, +8611111111111."""
    return len(set(re.sub(r"[-+]", "", plain.removeprefix("+86")))) < 2


class _Device(msgspec.Struct):
    oaid: Any = None
    idfa: Any = None
    gaid: Any = None
    advertising_id: Any = msgspec.field(name="advertisingId", default=None)
    type: Any = None


class _Context(msgspec.Struct):
    traits: Any = None
    device: Any = None


def identifiers_of(fact: Fact) -> list[str]:
    """Return the identifiers that an event mentions, each once, in a fixed order."""
    if fact.identifiers is not None:
        return fact.identifiers
    envelope = fact.envelope
    context = bytes(envelope.context)
    found: list[str | None] = []
    if envelope.traits is not EMPTY and _MENTIONS.search(traits := bytes(envelope.traits)):
        found += _of_traits(msgspec.json.decode(traits))
    # Most contexts name neither, and to search for two words is quicker than for all of them.
    if (b'"traits"' in context or b'"device"' in context) and _MENTIONS.search(context):
        told = msgspec.json.decode(context, type=_Context)
        found += _of_traits(told.traits)
        found += _of_device(told.device)
    return sorted({one for one in found if one is not None}) if found else []


def _of_traits(traits: Any) -> list[str | None]:
    if not isinstance(traits, dict):
        return []
    return [identifier(kind, traits.get(name)) for name, kind in _TRAITS.items()]


def _of_device(given: Any) -> list[str | None]:
    if not isinstance(given, dict):
        return []
    device = msgspec.convert(given, _Device)
    found = [identifier(name, getattr(device, name)) for name in OF_DEVICES]
    system = str(device.type).lower()
    kind = {"ios": "idfa", "android": "gaid"}.get(system)
    return [*found, identifier(kind, device.advertising_id) if kind else None]
