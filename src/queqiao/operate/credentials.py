"""Secrets: made from chance given as an argument, kept only as hashes."""

from base64 import urlsafe_b64encode
from collections.abc import Callable
from hashlib import sha256

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

RandomBytes = Callable[[int], bytes]
"""Returns that many random bytes, as ``secrets.token_bytes`` does."""

SECRET_BYTES = 32

_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
"""argon2id as OWASP's password storage cheat sheet recommends for little memory: 19 MiB, t=2."""
_NOBODY = _hasher.hash("nobody has this password")
"""Checked when there is no such account, so that the answer takes as long."""


def new_secret(prefix: str, random: RandomBytes) -> str:
    """Return a secret of 256 random bits behind a prefix that says what it is."""
    return prefix + urlsafe_b64encode(random(SECRET_BYTES)).decode().rstrip("=")


def hash_of(secret: str) -> str:
    """Return the hash under which a random secret is stored."""
    return sha256(secret.encode()).hexdigest()


def random_bits(random: RandomBytes) -> Callable[[int], int]:
    """Return the source of random bits that ``kernel.ids`` asks for."""
    return lambda bits: int.from_bytes(random(-(-bits // 8)), "big") & ((1 << bits) - 1)


def hash_password(password: str) -> str:
    """Return the argon2id hash; takes some 30 ms, so call it in a thread."""
    return _hasher.hash(password)


def password_matches(password: str, stored: str | None) -> bool:
    """Say whether the password is the stored one; as slow for an account that has none."""
    try:
        return _hasher.verify(stored or _NOBODY, password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False
