"""Write keys as SDKs send them: the user name of HTTP Basic, without a password."""

from base64 import b64decode
from binascii import Error as Base64Error


def basic_user(authorization: str | None) -> str | None:
    """Return the user name of a Basic header line, or None when there is none to read."""
    if authorization is None or authorization[:6].lower() != "basic ":
        return None
    try:
        pair = b64decode(authorization[6:].encode("ascii"), validate=True).decode()
    except (Base64Error, ValueError):
        return None
    return pair.partition(":")[0] or None
