"""What many endpoints read from a call's query: numbers, flags, and the place in a list."""

from typing import Any

import msgspec

from queqiao.kernel import json
from queqiao.kernel.errors import FieldError, InvalidInput, Message, NotFound
from queqiao.kernel.http import Request
from queqiao.kernel.tokens import Signer

LIMIT_DEFAULT = 50
LIMIT_MAX = 200


def whole_of(request: Request, name: str, least: int, most: int, default: int) -> int:
    """Return a query parameter as a whole number within its bounds. Raises InvalidInput."""
    said = request.query.get(name)
    if said is None:
        return default
    if said.isascii() and said.isdecimal() and len(said) < 20 and least <= int(said) <= most:
        return int(said)
    message = Message(f"须为 {least} 到 {most} 的整数", f"a whole number from {least} to {most}")
    raise InvalidInput(FieldError(name, message))


def limit_of(request: Request, most: int = LIMIT_MAX) -> int:
    """Return how many items a page may have. Raises InvalidInput."""
    return whole_of(request, "limit", 1, most, LIMIT_DEFAULT)


def dry_run_of(request: Request) -> bool:
    """Return whether the call only tries. Raises InvalidInput."""
    said = request.query.get("dry_run", "false")
    if said not in {"true", "false"}:
        raise InvalidInput(FieldError("dry_run", Message("写 true 或 false", "true or false")))
    return said == "true"


def cursor_of(request: Request, signer: Signer, purpose: str, kind: Any) -> Any:
    """Return the place in a signed cursor as ``kind``, None without one. Raises InvalidInput."""
    token = request.query.get("cursor")
    if not token:
        return None
    try:
        return msgspec.json.decode(signer.verify(token, f"cursor {purpose}"), type=kind)
    except (NotFound, msgspec.MsgspecError, UnicodeError) as error:
        message = Message("请用上一页给出的 next_cursor", "use next_cursor of the page before")
        raise InvalidInput(FieldError("cursor", message)) from error


def cursor_after(signer: Signer, purpose: str, place: Any) -> str:
    """Return a signed cursor for a place in a list."""
    return signer.sign(json.encode(place), f"cursor {purpose}")
