"""What a placement will have to give, by day, and what of it is free of bookings."""

from collections.abc import Mapping, Sequence
from datetime import date

from msgspec import Struct

from queqiao.decide.ads.inventory.seasonal import CONFIDENCE, Outlook, forecast
from queqiao.decide.ads.inventory.supply import Supplies, Supply

AHEAD_DAYS_MAX = 366
"""So far ahead a day may be asked for."""

NONE = Outlook(0, 0, 0)


class DayAvailable(Struct, frozen=True):
    """One day: the opportunities that may come, what is booked of them, and what is free.

    ``low`` and ``high`` bound them with a chance of ``confidence``.
    """

    day: str
    low: int
    expected: int
    high: int
    booked: int
    free: int


class Availability(Struct, frozen=True):
    """The answer of ``GET /api/v1/placements/{id}/availability``."""

    placement: str
    confidence: float
    days_known: int
    days: list[DayAvailable]
    expected: int
    booked: int
    free: int


class Calendar:
    """The outlook of every placement, made when it is first asked for."""

    def __init__(self, supplies: Supplies) -> None:
        self._supplies = supplies
        self._known: dict[str, tuple[int, list[Outlook]]] = {}

    @property
    def today(self) -> str:
        """The business day up to which days are whole."""
        return self._supplies.day

    def on(self, placement_id: str, day: str) -> Outlook:
        """Return what a day may bring: nothing is expected of an unknown placement.

        A day that is over brought what was counted. Nothing is known of days too far ahead.
        """
        supply = self._supplies.placements.get(placement_id)
        if supply is None:
            return NONE
        ahead = _distance(self.today, day)
        if ahead < 0:
            at = _distance(supply.first_day, day)
            seen = supply.counts[at] if 0 <= at < len(supply.counts) else 0
            return Outlook(seen, seen, seen)
        if ahead > AHEAD_DAYS_MAX:
            return NONE
        return self._outlooks(placement_id, supply, ahead + 1)[ahead]

    def _outlooks(self, placement_id: str, supply: Supply, days: int) -> list[Outlook]:
        length, found = self._known.get(placement_id, (0, []))
        if length < days:
            length = min(AHEAD_DAYS_MAX + 1, max(days, 2 * length, 31))
            found = forecast(_whole(supply), supply.weekday, length)
            self._known[placement_id] = (length, found)
        return found


def _whole(supply: Supply) -> list[int]:
    """Return the whole days; before the first one is over, what was seen of it stands for it."""
    return supply.counts or ([supply.today] if supply.today else [])


def available(
    placement_id: str,
    days: Sequence[str],
    calendar: Calendar,
    booked: Mapping[tuple[str, str], int],
    days_known: int,
) -> Availability:
    """Return what a placement has to give on days; ``booked`` is by placement and day."""
    found = [_day(placement_id, day, calendar, booked) for day in days]
    return Availability(
        placement=placement_id,
        confidence=CONFIDENCE,
        days_known=days_known,
        days=found,
        expected=sum(one.expected for one in found),
        booked=sum(one.booked for one in found),
        free=sum(one.free for one in found),
    )


def _day(
    placement_id: str, day: str, calendar: Calendar, booked: Mapping[tuple[str, str], int]
) -> DayAvailable:
    outlook = calendar.on(placement_id, day)
    taken = booked.get((placement_id, day), 0)
    return DayAvailable(day, *outlook, taken, max(0, outlook.expected - taken))


def _distance(start: str, end: str) -> int:
    return (date.fromisoformat(end) - date.fromisoformat(start)).days
