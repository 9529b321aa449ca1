"""Signatures of the Standard Webhooks specification, version 1: HMAC-SHA256."""

from base64 import b64decode, b64encode
from collections.abc import Callable
from hashlib import sha256
from hmac import digest

PREFIX = "whsec_"
SECRET_BYTES = 32


def new_secret(random: Callable[[int], bytes]) -> str:
    """Return a new signing secret."""
    return PREFIX + b64encode(random(SECRET_BYTES)).decode()


def secret_bytes(secret: str) -> bytes:
    """Return the key in a secret. Raises ValueError when it is not one."""
    if not secret.startswith(PREFIX):
        raise ValueError("a signing secret starts with whsec_")
    return b64decode(secret.removeprefix(PREFIX), validate=True)


def signed_headers(secret: str, message_id: str, timestamp_s: int, body: bytes) -> dict[str, str]:
    """Return the three headers by which a receiver knows the sender, the moment and the message."""
    signed = f"{message_id}.{timestamp_s}.".encode() + body
    signature = b64encode(digest(secret_bytes(secret), signed, sha256)).decode()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": f"v1,{signature}",
    }
