"""Write keys as SDKs send them: in the header line, in the query, or in the body."""

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable, Iterable

from queqiao.kernel.errors import Forbidden, Message, Unauthenticated
from queqiao.kernel.http import Request

SourceOf = Callable[[str], str | None]
"""Returns the source that a write key stands for."""

_MORE_THAN_KEY_CHARS = 512


def basic_user(authorization: str | None) -> str | None:
    """Return the user name of a Basic header line, or None when there is none to read."""
    if authorization is None or authorization[:6].lower() != "basic ":
        return None
    try:
        pair = b64decode(authorization[6:].encode("ascii"), validate=True).decode()
    except (Base64Error, ValueError):
        return None
    return pair.partition(":")[0] or None


def header_key(authorization: str | None) -> str | None:
    """Return the key of a Basic or Bearer header line, or None when there is none to read."""
    if authorization is not None and authorization[:7].lower() == "bearer ":
        return authorization[7:].strip() or None
    return basic_user(authorization)


def source_of_request(
    request: Request, keys: Iterable[object], source_of: SourceOf, cure: Message
) -> str:
    """Return the source that a request comes from.

    A key in the header line goes first, then the first of ``keys`` that is one. Raises
    Unauthenticated with ``cure``, or Forbidden for a key of another scope.
    """
    principal = request.principal
    if principal is not None:
        if not principal.may("intake"):
            raise Forbidden(Message("需要 intake 权限的密钥", "needs a key of scope intake"))
        return principal.source or principal.id
    for key in (header_key(request.headers.get("authorization")), *keys):
        if isinstance(key, str) and 0 < len(key) < _MORE_THAN_KEY_CHARS:
            source = source_of(key)
            if source is not None:
                return source
    raise Unauthenticated(cure)
