"""A counter in 128 bits: a tag that says what it counts, and a word that says how many.

The tag is 60 bits of a hash over level, object and window, and 4 bits for the kind of window, so
that what is outdated can be told without knowing what it counted. Kinds 0 to 5 are calendar windows
in the order of ``PERS``; 6 to 10 count the ads of rolling windows; 11 to 15 hold the moment of one
ad of such a window, in a ring.

The word of a calendar counter holds the number of its window (32 bits), the ads in it and those in
the window before (16 bits each). So two workers whose clocks stand on either side of midnight count
each into its own day. What lies further back is forgotten and taken for full: nobody can tell any
more. A counter more than a day ahead is of a clock that was wrong, and starts again.
"""

from hashlib import blake2b

from queqiao.decide.ads.caps.document import PERS, Level, Per
from queqiao.decide.ads.caps.windows import AHEAD

KIND_MASK = 0xF
ROLLING = len(PERS)
"""The kind of the first rolling window, per minute."""
RING = ROLLING + 5
"""The kind of the moments of that window."""
RING_SIZE = 128
COUNT_MAX = 0xFFFF
"""A count stays here: more than any cap asks for."""

LINK = PERS.index("lifetime")
"""The tag under which a device holds the user who last logged in on it; its hash bits are 0."""

_WORD = (1 << 64) - 1
_SPREAD = 0x9E3779B97F4A7C15
"""2^64 divided by the golden ratio, odd: multiples of it lie far apart (Knuth, TAOCP 3, 6.4)."""


def tag_of(level: Level, name: str, per: Per, *, rolling: bool) -> int:
    """Return the tag of what is counted of an object in a kind of window."""
    kind = PERS.index(per) + (ROLLING if rolling else 0)
    digest = blake2b(f"{level}\x1f{name}".encode(), digest_size=8).digest()
    spread = int.from_bytes(digest, "little") + (kind + 1) * _SPREAD
    return (spread & _WORD & ~KIND_MASK) | kind


def ring_tag(tag: int, number: int) -> int:
    """Return the tag of the moment of the number-th ad that a rolling counter has counted."""
    kind = (tag & KIND_MASK) + RING - ROLLING
    spread = (tag & ~KIND_MASK) + (number % RING_SIZE + 1) * _SPREAD
    return (spread & _WORD & ~KIND_MASK) | kind


def shown(word: int, number: int, per: int) -> int:
    """Return how many ads a calendar counter has in a window; COUNT_MAX when that is forgotten."""
    ahead = (word >> 32) - number
    if ahead == 0:
        return word >> 16 & COUNT_MAX
    if ahead < 0 or ahead > AHEAD[per]:
        return 0
    return word & COUNT_MAX if ahead == 1 else COUNT_MAX


def counted(word: int, number: int, per: int) -> int:
    """Return a calendar counter's word after one more ad in a window."""
    ahead, now, before = (word >> 32) - number, word >> 16 & COUNT_MAX, word & COUNT_MAX
    if ahead == 0:
        return word if now == COUNT_MAX else word + (1 << 16)
    if ahead == -1:
        return _word(number, 1, now)
    if ahead < 0 or ahead > AHEAD[per]:
        return _word(number, 1, 0)
    return _word(word >> 32, now, before + 1) if ahead == 1 else word


def uncounted(word: int, number: int) -> int:
    """Return a calendar counter's word without one ad of a window, if it still holds that."""
    ahead, now, before = (word >> 32) - number, word >> 16 & COUNT_MAX, word & COUNT_MAX
    if ahead == 0 and 0 < now < COUNT_MAX:
        return _word(number, now - 1, before)
    if ahead == 1 and 0 < before < COUNT_MAX:
        return _word(word >> 32, now, before - 1)
    return word


def together(one: int, other: int) -> int:
    """Return the word of two calendar counters of one person, now one: of the later window."""
    if one >> 32 < other >> 32:
        one, other = other, one
    number, now, before = one >> 32, one >> 16 & COUNT_MAX, one & COUNT_MAX
    ahead = number - (other >> 32)
    if ahead == 0:
        return _word(number, now + (other >> 16 & COUNT_MAX), before + (other & COUNT_MAX))
    return _word(number, now, before + (other >> 16 & COUNT_MAX)) if ahead == 1 else one


def _word(number: int, now: int, before: int) -> int:
    return number << 32 | min(now, COUNT_MAX) << 16 | min(before, COUNT_MAX)
