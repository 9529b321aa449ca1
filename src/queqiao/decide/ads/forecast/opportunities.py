"""Opportunities of the past in columns: who could have been shown an ad, where, and at what price.

One row is one slot of one request. What repeats (places, channels, segments, values of attributes)
is kept once and named by its number. Rows stand in the order of time.
"""

from collections.abc import Hashable, Iterable
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from queqiao.decide.ads.auction import FULL_PERCENT

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Marks = npt.NDArray[np.bool_]

UNTOLD = -1
"""Stands where an attribute was not told, or no campaign bid."""


class Rival(NamedTuple):
    """A campaign that bid there, and what an impression was worth to it, in minor units."""

    campaign_id: str
    worth_minor: float


class Opportunity(NamedTuple):
    """One slot of the past. ``person`` is 0 for somebody without an id.

    ``names`` are the ids under which segments know the person; ``request`` is the same for all
    slots of one request in one place; ``rivals`` are the best first, one bid of each. ``percent``:
    the slot's share of the clicks of the first one; ``is_first_price``: whether the bid is paid.
    """

    at_us: int
    place: str
    person: int
    names: tuple[str, ...]
    request: str
    channel: str
    segments: tuple[str, ...]
    attributes: dict[str, Any] | None
    floor_minor: int
    rivals: tuple[Rival, ...]
    percent: int = FULL_PERCENT
    is_first_price: bool = False


class Opportunities(msgspec.Struct, frozen=True):
    """Columns of equal length, and the words that their numbers stand for.

    ``user`` and ``device`` are hashes of ids (0: none). ``first`` and ``second`` are the campaigns
    that bid best, ``UNTOLD`` for none. ``fields`` holds a column for each attribute that was told.
    """

    at_us: Ints
    place: Ints
    person: Ints
    user: Ints
    device: Ints
    request: Ints
    channel: Ints
    segments: Ints
    floor_minor: Ints
    percent: Ints
    is_first_price: Ints
    first: Ints
    first_worth: Floats
    second: Ints
    second_worth: Floats
    fields: dict[str, Ints]
    places: list[str]
    channels: list[str]
    segment_sets: list[list[str]]
    campaigns: list[str]
    values: dict[str, list[Any]]

    def __len__(self) -> int:
        return len(self.at_us)

    def taken(self, rows: Ints | Marks) -> "Opportunities":
        """Return some of the rows; the words stay."""
        columns = {name: getattr(self, name)[rows] for name in COLUMNS}
        fields = {name: column[rows] for name, column in self.fields.items()}
        return msgspec.structs.replace(self, **columns, fields=fields)


COLUMNS = (
    "at_us", "place", "person", "user", "device", "request", "channel", "segments",
    "floor_minor", "percent", "is_first_price", "first", "first_worth", "second", "second_worth",
)  # fmt: skip
"""The columns that every row has."""


def kind_of(column: str) -> type[np.int64 | np.float64]:
    """Return the type of a column: worths are no whole numbers."""
    return np.float64 if column.endswith("worth") else np.int64


def hashed(name: str) -> int:
    """Return the number that stands for an id: 63 bits, never 0 but for the empty one."""
    if not name:
        return 0
    digest = blake2b(name.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1 or 1


def hash_column(names: Iterable[str]) -> Ints:
    """Return the hashes of ids, in order."""
    return np.sort(np.array([hashed(name) for name in names], np.int64))


class Words:
    """Numbers for words, in the order in which they come."""

    def __init__(self) -> None:
        self.number: dict[Hashable, int] = {}
        self.words: list[Any] = []

    def of(self, word: Any, key: Hashable | None = None) -> int:
        """Return the number of a word; ``key`` stands for one that cannot be a key itself."""
        key = word if key is None else key
        found = self.number.get(key)
        if found is None:
            found = self.number[key] = len(self.words)
            self.words.append(word)
        return found


_NOBODY = Rival("", 0.0)


class Gathering:
    """Takes opportunities in, and gives their columns."""

    def __init__(self) -> None:
        self._rows: list[tuple[float, ...]] = []
        self._told: list[tuple[int, dict[str, Any]]] = []
        self._places, self._channels = Words(), Words()
        self._segments, self._campaigns = Words(), Words()

    def __len__(self) -> int:
        return len(self._rows)

    def take(self, found: Iterable[Opportunity]) -> None:
        """Add opportunities, in any order."""
        for one in found:
            if one.attributes:
                self._told.append((len(self._rows), one.attributes))
            self._rows.append(self._row(one))

    def _row(self, one: Opportunity) -> tuple[float, ...]:
        user, device = (*map(hashed, one.names), 0, 0)[:2]
        first, second = (*one.rivals, _NOBODY, _NOBODY)[:2]
        return (
            one.at_us, self._places.of(one.place), one.person, user, device,
            hashed(one.request), self._channels.of(one.channel), self._segments.of(one.segments),
            one.floor_minor, one.percent, one.is_first_price, self._rival(first),
            first.worth_minor, self._rival(second), second.worth_minor,
        )  # fmt: skip

    def _rival(self, rival: Rival) -> int:
        return self._campaigns.of(rival.campaign_id) if rival.campaign_id else UNTOLD

    def columns(self) -> Opportunities:
        """Return all of them in the order of time."""
        parts = zip(*self._rows, strict=True) if self._rows else ((),) * len(COLUMNS)
        columns: dict[str, Any] = {
            name: np.array(part, kind_of(name)) for name, part in zip(COLUMNS, parts, strict=True)
        }
        fields, values = self._attributes()
        found = Opportunities(
            **columns,
            fields=fields,
            places=self._places.words,
            channels=self._channels.words,
            segment_sets=[list(names) for names in self._segments.words],
            campaigns=self._campaigns.words,
            values=values,
        )
        return found.taken(np.argsort(found.at_us, kind="stable"))

    def _attributes(self) -> tuple[dict[str, Ints], dict[str, list[Any]]]:
        words: dict[str, Words] = {}
        fields: dict[str, Ints] = {}
        for row, told in self._told:
            for field, value in told.items():
                if field not in words:
                    words[field] = Words()
                    fields[field] = np.full(len(self._rows), UNTOLD, np.int64)
                fields[field][row] = words[field].of(value, msgspec.json.encode(value))
        return fields, {field: each.words for field, each in words.items()}
