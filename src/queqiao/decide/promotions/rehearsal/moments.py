"""When to ask: between two borders of time the same rules hold, so one moment of each is enough."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from queqiao.decide.promotions.documents.condition import TimeWindow
from queqiao.decide.promotions.documents.promotion import PromotionDocument
from queqiao.decide.promotions.rehearsal.asks import conditions_of
from queqiao.kernel.clock import DAY_US, SECOND_US, parse_rfc3339

MOMENTS_MAX = 64
"""How many stretches of time one rehearsal looks at."""

WINDOW_DAYS_MAX = 14
"""Days on which windows of hours are looked at: two weeks hold every day of the week twice."""

DEFAULT_ZONE = "Asia/Shanghai"


def moments_of(
    documents: Iterable[PromotionDocument], from_us: int, until_us: int, zone: str = DEFAULT_ZONE
) -> list[int]:
    """Return one moment, UTC microseconds, for each stretch from ``from_us`` to ``until_us``."""
    borders = {from_us}
    for document in documents:
        borders |= set(_ends(document))
        borders |= set(_hours(document, from_us, until_us, zone))
    return sorted(border for border in borders if from_us <= border < until_us)[:MOMENTS_MAX]


def _ends(document: PromotionDocument) -> Iterator[int]:
    for text in (document.starts_at, document.ends_at):
        if text is not None:
            yield parse_rfc3339(text)


def _hours(document: PromotionDocument, from_us: int, until_us: int, zone: str) -> Iterator[int]:
    for leaf in conditions_of(document.condition):
        for window in leaf.windows:
            yield from _borders(window, from_us, until_us, ZoneInfo(leaf.timezone or zone))


def _borders(window: TimeWindow, from_us: int, until_us: int, zone: ZoneInfo) -> Iterator[int]:
    until_us = min(until_us, from_us + WINDOW_DAYS_MAX * DAY_US)
    day = datetime.fromtimestamp(from_us / SECOND_US, zone).replace(
        hour=0, minute=0, second=0, microsecond=0
    ) - timedelta(days=1)
    while day.timestamp() * SECOND_US < until_us:
        for text in (window.from_time, window.until_time):
            hours, minutes = (int(part) for part in text.split(":"))
            border = day + timedelta(hours=hours, minutes=minutes)
            yield int(border.timestamp()) * SECOND_US
        day += timedelta(days=1)
