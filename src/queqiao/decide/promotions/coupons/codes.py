"""Coupon codes by a keyed permutation: no row for a code that nobody has used.

A code is the batch's prefix and its number, enciphered: the number, filled up with zero bits, goes
through a four-round Feistel network (Luby and Rackoff, 1988) whose round function is SipHash-2-4
(Aumasson and Bernstein, 2012) under a key of the batch. A guess deciphers to some number; that it
is below the batch's count has a chance under 1e-8. One arithmetic serves Python integers (one code)
and numpy's arrays (a million codes).
"""

from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

import numpy as np

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O, U. Read back, I and L count as 1, O as 0."""

LENGTH = 10
"""Characters after the prefix: 50 bits, so that a guess among ten million codes has p < 1e-8."""
_HALF_BITS = 25
_HALF_MASK = (1 << _HALF_BITS) - 1
_SHIFTS = range(5 * (LENGTH - 1), -1, -5)
_MASK = (1 << 64) - 1
_VALUES = {character: value for value, character in enumerate(ALPHABET)} | {"I": 1, "L": 1, "O": 0}
_LETTERS = np.frombuffer(ALPHABET.encode(), dtype=np.uint8)
_BLOCK = 8192


class CodeMaker:
    """Makes and reads the codes of one batch. ``secret`` is the system's key for coupons."""

    def __init__(self, secret: bytes, batch_id: str, prefix: str, count: int) -> None:
        seed = blake2b(batch_id.encode(), key=secret[:64], digest_size=64, person=b"coupon-codes")
        raw = seed.digest()
        self._keys = [
            (int.from_bytes(raw[at : at + 8]), int.from_bytes(raw[at + 8 : at + 16]))
            for at in range(0, 64, 16)
        ]
        self.prefix = prefix.upper()
        self.count = count

    def code(self, number: int) -> str:
        """Return the code of a number from 0 to count - 1."""
        value = self._encipher(number)
        return self.prefix + "".join(ALPHABET[value >> shift & 31] for shift in _SHIFTS)

    def number(self, code: str) -> int | None:
        """Return the number of a code in capitals, None when this batch has no such code."""
        body = code.removeprefix(self.prefix)
        if len(body) != LENGTH or len(body) + len(self.prefix) != len(code):
            return None
        value = 0
        for character in body:
            digit = _VALUES.get(character)
            if digit is None:
                return None
            value = value << 5 | digit
        number = self._decipher(value)
        return number if number < self.count else None

    def codes(self, first: int, end: int) -> Iterator[list[str]]:
        """Yield the codes from number ``first`` to before ``end``, a block at a time."""
        end = min(end, self.count)
        for start in range(first, end, _BLOCK):
            numbers = np.arange(start, min(start + _BLOCK, end), dtype=np.uint64)
            yield self._block(self._encipher(numbers))

    def _block(self, values: Any) -> list[str]:
        shifts = np.array(_SHIFTS, dtype=np.uint64)
        letters = _LETTERS[(values[:, None] >> shifts & np.uint64(31)).astype(np.intp)]
        joined = letters.tobytes().decode()
        return [self.prefix + joined[at : at + LENGTH] for at in range(0, len(joined), LENGTH)]

    def _encipher(self, value: Any) -> Any:
        left, right = value >> _HALF_BITS, value & _HALF_MASK
        for key in self._keys:
            left, right = right, left ^ (_siphash(right, key) & _HALF_MASK)
        return left << _HALF_BITS | right

    def _decipher(self, value: int) -> int:
        left, right = value >> _HALF_BITS, value & _HALF_MASK
        for key in reversed(self._keys):
            left, right = right ^ (_siphash(left, key) & _HALF_MASK), left
        return int(left << _HALF_BITS | right)


def normal(code: str) -> str:
    """Return a code as it is looked up: without spaces around it, in capitals."""
    return code.strip().upper()


def _siphash(word: Any, key: tuple[int, int]) -> Any:
    """Return SipHash-2-4 of one 64-bit word under a 128-bit key."""
    state = (
        key[0] ^ 0x736F6D6570736575,
        key[1] ^ 0x646F72616E646F6D,
        key[0] ^ 0x6C7967656E657261,
        key[1] ^ 0x7465646279746573,
    )
    for block in (word, 8 << 56):
        a, b, c, d = state
        a, b, c, d = _round(*_round(a, b, c, d ^ block))
        state = a ^ block, b, c, d
    a, b, c, d = state[0], state[1], state[2] ^ 0xFF, state[3]
    for _ in range(4):
        a, b, c, d = _round(a, b, c, d)
    return a ^ b ^ c ^ d


def _round(a: Any, b: Any, c: Any, d: Any) -> tuple[Any, Any, Any, Any]:
    a = (a + b) & _MASK
    b = _turn(b, 13) ^ a
    a = _turn(a, 32)
    c = (c + d) & _MASK
    d = _turn(d, 16) ^ c
    a = (a + d) & _MASK
    d = _turn(d, 21) ^ a
    c = (c + b) & _MASK
    b = _turn(b, 17) ^ c
    return a, b, _turn(c, 32), d


def _turn(word: Any, bits: int) -> Any:
    return (word << bits | word >> (64 - bits)) & _MASK
