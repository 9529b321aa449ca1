"""What was set of each campaign today, as an artifact: it survives restarts, and is shown."""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec
from msgspec import Struct
from msgspec.structs import replace

ARTIFACT = "ads_pacing_day"
"""The name under which it lies in ``ports/records/artifacts``."""


class Setting(Struct, frozen=True, array_like=True):
    """What was set from a tick on, and what had been spent by then."""

    tick: int
    multiplier_ppm: int
    probability_ppm: int
    bid_minor: int
    spent_minor: int


class CampaignDay(Struct, frozen=True, array_like=True):
    """A campaign's day: its plan by tick in millionths of the budget, and what was set.

    ``began_us`` is where the plan begins, ``revision`` that of the document it was last set by,
    ``expected_minor`` what ads that were shown will probably still cost.
    """

    revision: int
    began_us: int
    plan_ppm: tuple[int, ...]
    settings: tuple[Setting, ...] = ()
    expected_minor: int = 0

    def with_setting(self, setting: Setting) -> "CampaignDay":
        """Return the day with one more setting; a second one of a tick stands for the first."""
        before = tuple(each for each in self.settings if each.tick != setting.tick)
        return replace(self, settings=(*before, setting))


class Book(Struct, frozen=True, array_like=True):
    """All campaigns that are controlled on one business day, as of ``at_us``."""

    day: str = ""
    at_us: int = 0
    campaigns: Mapping[str, CampaignDay] = MappingProxyType({})


def encode(book: Book) -> bytes:
    """Return the artifact's bytes."""
    return msgspec.msgpack.encode(replace(book, campaigns=dict(book.campaigns)))


def decode(body: bytes | None) -> Book:
    """Return the book of an artifact; an empty one where there is none."""
    return Book() if body is None else msgspec.msgpack.decode(body, type=_Stored).book()


class _Stored(Struct, array_like=True):
    """The same with a plain dict, as it is read."""

    day: str
    at_us: int
    campaigns: dict[str, CampaignDay]

    def book(self) -> Book:
        return Book(self.day, self.at_us, MappingProxyType(self.campaigns))
