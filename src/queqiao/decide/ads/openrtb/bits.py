"""Texts that hold bits: base64url without padding, most significant bit first."""

from binascii import Error as Base64Error
from binascii import a2b_base64

TEXT_MAX = 8_192
"""Longer texts are not read: 1,000 vendors, each told by itself, take less."""

_TO_PLAIN = str.maketrans("-_", "+/")


class NoBitsError(ValueError):
    """The text holds no bits, or fewer than what is read of it."""


class Bits:
    """Reads fields one after the other. Raises NoBitsError beyond the end."""

    def __init__(self, text: str) -> None:
        if len(text) > TEXT_MAX:
            raise NoBitsError
        plain = text.translate(_TO_PLAIN)
        try:
            raw = a2b_base64(plain + "A" * (-len(plain) % 4), strict_mode=True)
        except (Base64Error, ValueError) as error:
            raise NoBitsError from error
        self._bits = int.from_bytes(raw, "big")
        self._left = len(raw) * 8
        self._end = self._left - len(plain) * 6

    def number(self, width: int) -> int:
        """Return the next ``width`` bits as a number."""
        self._left -= width
        if self._left < self._end:
            raise NoBitsError
        return self._bits >> self._left & (1 << width) - 1

    def flags(self, width: int) -> frozenset[int]:
        """Return which of the next ``width`` bits are set, counted from 1."""
        field = self.number(width)
        return frozenset(place + 1 for place in range(width) if field >> (width - 1 - place) & 1)

    def fibonacci(self) -> int:
        """Return the next number in Fibonacci coding: it ends with the first two ones in a row."""
        total, weight, next_weight, before = 0, 1, 2, 0
        while True:
            bit = self.number(1)
            if bit and before:
                return total
            total += weight * bit
            weight, next_weight, before = next_weight, weight + next_weight, bit
