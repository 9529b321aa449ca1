"""Signed tokens for notices, cursors and links: HMAC-SHA256, URL-safe, bound to a purpose."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from hashlib import sha256
from hmac import compare_digest, digest

from queqiao.kernel.errors import NotFound

_MAC_BYTES = 16
"""128 bits: RFC 2104, section 5 allows truncation to no less than half the hash."""


class Signer:
    """Signs and checks short payloads with one secret key."""

    def __init__(self, key: bytes) -> None:
        if len(key) < 16:
            raise ValueError("a signing key has at least 16 bytes")
        self._key = key

    def sign(self, payload: bytes, purpose: str) -> str:
        """Return a URL-safe token that holds the payload in clear and cannot be forged."""
        return urlsafe_b64encode(self._mac(payload, purpose) + payload).decode().rstrip("=")

    def verify(self, token: str, purpose: str) -> bytes:
        """Return the payload. Raises NotFound for a token that this key did not sign so."""
        try:
            raw = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
        except (Base64Error, ValueError) as error:
            raise NotFound from error
        mac, payload = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        if not compare_digest(mac, self._mac(payload, purpose)):
            raise NotFound
        return payload

    def _mac(self, payload: bytes, purpose: str) -> bytes:
        return digest(self._key, purpose.encode() + b"\x00" + payload, sha256)[:_MAC_BYTES]
