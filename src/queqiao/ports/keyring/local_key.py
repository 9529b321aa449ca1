"""The keyring of one home: AES-256-GCM (NIST SP 800-38D) under one key, a fresh nonce each time.

A nonce is 96 random bits: under one key some 2^32 sealings are safe, and a shop seals thousands.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from queqiao.ports.keyring.base import PREFIX, UnsealableError, is_sealed

NONCE_BYTES = 12
VERSION = f"{PREFIX}1:"


class LocalKey:
    """Seals under a 32-byte key. ``random`` gives random bytes."""

    def __init__(self, key: bytes, random: Callable[[int], bytes]) -> None:
        self._cipher = AESGCM(key)
        self._random = random

    def seal(self, text: str, place: str) -> str:
        """Return the text sealed for a place."""
        nonce = self._random(NONCE_BYTES)
        hidden = self._cipher.encrypt(nonce, text.encode(), place.encode())
        return VERSION + b64encode(nonce + hidden).decode("ascii")

    def open(self, sealed: str, place: str) -> str:
        """Return what was sealed. Raises UnsealableError."""
        if not is_sealed(sealed) or not sealed.startswith(VERSION):
            raise UnsealableError("not sealed by this keyring")
        try:
            body = b64decode(sealed.removeprefix(VERSION), validate=True)
            found = self._cipher.decrypt(body[:NONCE_BYTES], body[NONCE_BYTES:], place.encode())
        except (InvalidTag, ValueError) as error:
            raise UnsealableError("sealed under another key or for another place") from error
        return found.decode()
