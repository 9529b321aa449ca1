"""What a dictionary may be trained of: texts that events of several people have in common.

A dictionary stays in the log, and an erasure cannot reach into it. So of each sample only those
texts and numbers are left that stand in events of at least ``PEOPLE_MIN`` people; of a longer text,
its longest beginning of whole words for which that holds. Never what may name one human under many
ids: e-mails and long numbers. In the place of all else stands noise of the same kind: a dictionary
also learns how often which letters come, and without it a single event took 60 B more.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from random import Random

import msgspec

PEOPLE_MIN = 5
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*')
"""A text of JSON, or a number."""
_WORD_END = re.compile(rb"(?<=[^0-9A-Za-z\x80-\xff\\])(?=[0-9A-Za-z\x80-\xff])|$")
_PERSONAL = re.compile(rb"@|%40|\d{6}|(?:\d[-. ()]*){8}")
_WORDS_MAX = 12
_ALPHABETS = (
    b"0123456789", b"0123456789abcdef", b"0123456789abcdef-", b"0123456789ABCDEF-",
    b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_",
)  # fmt: skip
_DIGITS_MAX = 5
_SEED, _DRAWN, _NOISE_MAX, _STEP = 7, 1 << 14, 256, 4_999


class _Who(msgspec.Struct):
    anonymous_id: str | None = None
    user_id: str | None = None


_who = msgspec.json.Decoder(_Who)


def shared(bodies: Sequence[bytes]) -> list[bytes]:
    """Return the bodies without what is not shared; none when there are too few people.

    A body that is not the JSON of somebody's event gives nothing.
    """
    said = [(person, body) for person, body in _by_person(bodies) if person]
    people: dict[bytes, set[str]] = defaultdict(set)
    for person, body in said:
        for match in _TOKEN.finditer(body):
            people[match[0]].add(person)
    beginnings: dict[bytes, set[str]] = defaultdict(set)
    for token, found in people.items():
        for beginning in _beginnings(token):
            beginnings[beginning] |= found
    kept = {one for one, found in beginnings.items() if len(found) >= PEOPLE_MIN}
    if not kept:
        return []
    left, noise = {token: _left_of(token, kept) for token in people}, _Noise()

    def put(match: re.Match[bytes]) -> bytes:
        stays, rest, end = left[match[0]]
        return stays + noise.like(rest) + end if rest else stays + end

    return [_TOKEN.sub(put, body) for _, body in said]


def _by_person(bodies: Iterable[bytes]) -> Iterator[tuple[str, bytes]]:
    """Yield each body with its person; a device and the user who is named on it are one."""
    found: list[tuple[_Who, bytes]] = []
    users: dict[str, str] = {}
    for body in bodies:
        try:
            who = _who.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
        if who.anonymous_id and who.user_id:
            users[who.anonymous_id] = who.user_id
        found.append((who, body))
    for who, body in found:
        device = who.anonymous_id or ""
        yield who.user_id or users.get(device, device), body


def _beginnings(token: bytes) -> Iterator[bytes]:
    """Yield a token, the first digits of a long number, and the beginnings of a text by words."""
    if _PERSONAL.search(token):
        if token.isdigit() and len(token) > _DIGITS_MAX:
            yield token[:_DIGITS_MAX]
        return
    yield token
    if token.startswith(b'"'):
        for _, end in zip(range(_WORDS_MAX), _WORD_END.finditer(token, 2), strict=False):
            yield token[: end.start()]


def _left_of(token: bytes, kept: AbstractSet[bytes]) -> tuple[bytes, bytes, bytes]:
    """Return what may stay of a token, what may not, and the end that closes it then."""
    best = max((one for one in _beginnings(token) if one in kept), key=len, default=b"")
    if best == token:
        return token, b"", b""
    if token.startswith(b'"'):
        best = best or b'"'
        return best, token[len(best) : -1], b'"'
    return best, token[len(best) :], b""


class _Noise:
    """Gives text of the same length and kind that nobody said, another one each time."""

    def __init__(self) -> None:
        chance = Random(_SEED)  # noqa: S311  # noise, no secret
        self._drawn = {kind: bytes(chance.choices(kind, k=_DRAWN)) for kind in _ALPHABETS}
        self._at = 0

    def like(self, said: bytes) -> bytes:
        """Return noise for a text."""
        size = min(len(said), _NOISE_MAX)
        self._at = (self._at + _STEP) % (_DRAWN - _NOISE_MAX)
        kind = next((one for one in _ALPHABETS if not said.strip(one)), _ALPHABETS[-1])
        return self._drawn[kind][self._at : self._at + size]
