"""Codes by a keyed permutation: no row for a code that nobody has used.

A code's last twelve characters are 60 bits: a tag of its batch (33 bits) and its number (27 bits),
enciphered together. The cipher is a ten-round Feistel network (Luby and Rackoff, 1988; ten rounds
as in FF1 of NIST SP 800-38G) whose round function is AES-256 under a key of the system. A guess
deciphers to some tag and some number; that the tag is of a batch and the number below its count has
a chance of (all codes) / 2**60: 9e-12 for ten million. So the tag is the check: no characters are
spent on one that anybody could compute. Reading takes the same work for any text.
"""

from collections.abc import Callable, Iterator
from hashlib import blake2b
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O, U. Read back, I and L count as 1, O as 0."""

LENGTH = 12
"""Characters after the prefix: 60 bits."""
COUNT_MAX = 100_000_000
"""Codes of one batch, under the 27 bits of a number."""
ROUNDS = 10

_NUMBER_BITS = 27
_TAG_BITS = 33
_HALF_BITS = 30
_HALF_MASK = (1 << _HALF_BITS) - 1
_NUMBER_MASK = (1 << _NUMBER_BITS) - 1
_BLOCK = 1 << 16
"""Codes made at a time: a few megabytes."""

_DIGITS = "0123456789abcdefghijklmnopqrstuv"
"""What ``int`` reads as base 32."""
_TO_DIGITS = str.maketrans(ALPHABET + "ILO", _DIGITS + "110")
_LOOKALIKES = str.maketrans("ILO", "110")
_READABLE = frozenset(ALPHABET + "ILO")
_SHIFTS = range(5 * (LENGTH - 1), -1, -5)
_PAIRS = np.frombuffer("".join(a + b for a in ALPHABET for b in ALPHABET).encode(), dtype="<u2")
"""Two characters for each ten bits."""

_PIN_MARK = (1 << 32).to_bytes(8, "little")
"""Stands where a round's number stands: no round's input is a PIN's."""

Round = Callable[[Any, int], Any]


def tag_of(batch_id: str) -> int:
    """Return the tag of a batch, 33 bits. No secret: the cipher hides it."""
    digest = blake2b(batch_id.encode(), digest_size=8, person=b"code-tag").digest()
    return int.from_bytes(digest) >> (64 - _TAG_BITS)


class CodeSpace:
    """All codes of one purpose under one secret. ``purpose`` keeps coupons and cards apart."""

    def __init__(self, secret: bytes, purpose: str) -> None:
        key = blake2b(secret, digest_size=32, person=purpose.encode()).digest()
        # Single blocks of a counter-like input: ECB is AES itself, as a round function needs it.
        encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305
        self._aes = encryptor.update
        self._aes_into = encryptor.update_into

    def body(self, tag: int, number: int) -> str:
        """Return the twelve characters of a number."""
        value = tag << _NUMBER_BITS | number
        left, right = _encipher(value >> _HALF_BITS, value & _HALF_MASK, self._round)
        value = left << _HALF_BITS | right
        return "".join(ALPHABET[value >> shift & 31] for shift in _SHIFTS)

    def read(self, body: str) -> tuple[int, int]:
        """Return tag and number of a body in capitals; of any text, by the same work.

        A text that is no body gives a tag of -1.
        """
        is_body = len(body) == LENGTH and _READABLE.issuperset(body)
        value = int((body if is_body else "0" * LENGTH).translate(_TO_DIGITS), 32)
        left, right = _decipher(value >> _HALF_BITS, value & _HALF_MASK, self._round)
        value = left << _HALF_BITS | right
        return value >> _NUMBER_BITS if is_body else -1, value & _NUMBER_MASK

    def bodies(self, tag: int, first: int, end: int) -> Any:
        """Return the bodies of numbers as an array of bytes, one row of twelve each."""
        values = np.arange(first, end, dtype="<u8") | np.uint64(tag << _NUMBER_BITS)
        blocks = np.zeros((len(values), 2), dtype="<u8")
        room = bytearray(blocks.nbytes + 15)

        def feistel(half: Any, number: int) -> Any:
            blocks[:, 0], blocks[:, 1] = half, number
            self._aes_into(blocks.data.cast("B"), room)
            enciphered = np.frombuffer(room, dtype="<u8", count=2 * len(blocks))
            return enciphered[::2] & _HALF_MASK

        left, right = _encipher(values >> _HALF_BITS, values & _HALF_MASK, feistel)
        pairs = np.empty((len(values), LENGTH // 2), dtype="<u2")
        for place, half in ((0, left), (3, right)):
            for step, shift in enumerate((20, 10, 0)):
                pairs[:, place + step] = _PAIRS[(half >> np.uint64(shift) & 1023).astype(np.intp)]
        return pairs.view(np.uint8)

    def pin(self, tag: int, number: int) -> str:
        """Return the six digits that belong to a number: a function of the key, stored nowhere."""
        block = self._aes((tag << _NUMBER_BITS | number).to_bytes(8, "little") + _PIN_MARK)
        return f"{int.from_bytes(block[:8], 'little') % 1_000_000:06}"

    def pins(self, tag: int, first: int, end: int) -> Any:
        """Return the PINs of numbers as an array of bytes, one row of six digits each."""
        blocks = np.zeros((end - first, 2), dtype="<u8")
        blocks[:, 0] = np.arange(first, end, dtype="<u8") | np.uint64(tag << _NUMBER_BITS)
        blocks[:, 1] = int.from_bytes(_PIN_MARK, "little")
        room = bytearray(blocks.nbytes + 15)
        self._aes_into(blocks.data.cast("B"), room)
        values = np.frombuffer(room, dtype="<u8", count=2 * len(blocks))[::2] % 1_000_000
        powers = np.array([10**place for place in range(5, -1, -1)], dtype="<u8")
        return (values[:, None] // powers % 10 + ord("0")).astype(np.uint8)

    def _round(self, half: int, number: int) -> int:
        block = self._aes(half.to_bytes(8, "little") + number.to_bytes(8, "little"))
        return int.from_bytes(block[:4], "little") & _HALF_MASK


def _encipher(left: Any, right: Any, feistel: Round) -> tuple[Any, Any]:
    for number in range(ROUNDS):
        left, right = right, left ^ feistel(right, number)
    return left, right


def _decipher(left: Any, right: Any, feistel: Round) -> tuple[Any, Any]:
    for number in reversed(range(ROUNDS)):
        left, right = right ^ feistel(left, number), left
    return left, right


class CodeMaker:
    """Makes the codes of one batch: its prefix and then a body."""

    def __init__(self, space: CodeSpace, batch_id: str, prefix: str, count: int) -> None:
        self._space = space
        self.tag = tag_of(batch_id)
        self.prefix = prefix.upper()
        self.count = count

    def code(self, number: int) -> str:
        """Return the code of a number from 0 to count - 1."""
        return self.prefix + self._space.body(self.tag, number)

    def lines(self, first: int, end: int, *, pins: bool = False) -> Iterator[bytes]:
        """Yield the codes from number ``first`` to before ``end`` as text, one a line (CRLF).

        With ``pins`` a comma and the code's PIN follow each.
        """
        end = min(end, self.count)
        for start in range(first, end, _BLOCK):
            stop = min(start + _BLOCK, end)
            columns = [self.prefix.encode(), self._space.bodies(self.tag, start, stop)]
            if pins:
                columns += [b",", self._space.pins(self.tag, start, stop)]
            yield _joined([*columns, b"\r\n"], stop - start)


def _joined(columns: list[Any], count: int) -> bytes:
    """Return rows side by side; a column is bytes for every row, or an array of rows."""
    parts = [
        np.broadcast_to(np.frombuffer(one, dtype=np.uint8), (count, len(one)))
        if isinstance(one, bytes)
        else one
        for one in columns
    ]
    return np.hstack(parts).tobytes()


def normal(code: str) -> str:
    """Return a code as it is looked up: without spaces around it, in capitals."""
    return code.strip().upper()


def printed(code: str) -> str:
    """Return a made code, in capitals, as it was printed: without letters that look like digits."""
    return code[:-LENGTH] + code[-LENGTH:].translate(_LOOKALIKES)
