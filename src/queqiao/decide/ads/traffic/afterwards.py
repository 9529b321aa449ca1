"""Floods that are seen only afterwards: clicks of a day, looked at by person in the warehouse.

What watches notices as they come knows a minute, the process that it lives in, and the ids that a
click brings. The warehouse knows the day, survives restarts, and has joined the ids of a person. So
every few minutes the clicks of people who clicked very often are looked at whole: a window of the
live kind that a restart cut in two, more clicks in a day than anybody means, and the same campaign
again and again. Such clicks are given back as those of a live flood are, once.

Clicks whose ad was decided more than ``LATE_US`` ago are left alone: a bill is that of the month of
the decision, and may be closed by now.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Literal, NamedTuple

import structlog
from msgspec.structs import replace

from queqiao.decide.ads.charging import LATE_US
from queqiao.decide.ads.contracts import SOURCE
from queqiao.decide.ads.notice_events import Notice, notice_of
from queqiao.decide.ads.traffic.floods import flooded
from queqiao.decide.ads.traffic.refunds import give_back
from queqiao.kernel.clock import DAY_US
from queqiao.kernel.ids import time_of_uuid7
from queqiao.ports.event_log.base import EventLog
from queqiao.ports.ledger.base import Ledger
from queqiao.ports.warehouse.base import Warehouse

log = structlog.get_logger()

PEOPLE_MAX = 2_000
"""People looked at in one turn, those with the most clicks first."""

_SINCE = "timestamp >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')"
_CLICKS = f"source = {{source:String}} and event in ('Ad Clicked', 'Ad Click Refused') and {_SINCE}"

_BUSY_SQL = f"""
select person_id from history
where {_CLICKS} and person_id != ''
group by person_id having count() > {{least:UInt32}} and countIf(event = 'Ad Clicked') > 0
order by count() desc, person_id limit {{people:UInt32}}
"""  # noqa: S608  # our own words

_CLICKS_SQL = f"""
select person_id, event = 'Ad Clicked', campaign_id, decision_id, anonymous_id, user_id,
       toUnixTimestamp64Micro(timestamp), JSONExtractString(properties, 'terms')
from history
where {_CLICKS} and person_id in {{people:Array(String)}}
order by person_id, timestamp, decision_id
"""  # noqa: S608  # our own words

_REFUNDED_SQL = f"""
select decision_id from history
where source = {{source:String}} and event = 'Ad Click Refunded' and {_SINCE}
  and person_id in {{people:Array(String)}}
"""  # noqa: S608  # our own words

Which = Literal["person", "person_day", "campaign_day"]
"""The bound that was passed: the live one of a person, and those of a day."""


class DayBounds(NamedTuple):
    """How many clicks of one person count: in the live window, in a day, on a campaign in a day."""

    window_us: int
    per_window: int
    per_day: int
    per_campaign_day: int

    @property
    def least(self) -> int:
        """Who clicked no more often than this passed none of them."""
        return min(self.per_window, self.per_day, self.per_campaign_day)


class Click(NamedTuple):
    """A click as the warehouse has it; one that was refused counts towards floods too."""

    person: str
    counts: bool
    campaign_id: str
    decision_id: str
    anonymous_id: str
    user_id: str
    at_us: int
    terms: str

    @property
    def decided_us(self) -> int:
        """When its ad was decided: it is on the bill of that month."""
        return time_of_uuid7(self.decision_id) or 0

    @property
    def notice(self) -> Notice:
        """The notice that told it."""
        told = notice_of(self.terms)
        return replace(
            told,
            kind="click",
            anonymous_id=self.anonymous_id or None,
            user_id=self.user_id or None,
        )


class Afterwards:
    """Looks at the clicks of the last day, and gives back those that nobody meant."""

    def __init__(
        self, warehouse: Warehouse, ledger: Ledger, event_log: EventLog, bounds: DayBounds
    ) -> None:
        self._warehouse = warehouse
        self._ledger = ledger
        self._event_log = event_log
        self._bounds = bounds

    async def look(self, now_us: int) -> int:
        """Give back what is owed; return how many clicks. Raises Unavailable: come again."""
        clicks = await self._clicks(now_us)
        owed = dict(owed_of(clicks, self._bounds, now_us - LATE_US))
        done = await self._refunded({each.person for each in owed}, now_us) if owed else set()
        back = [(click, which) for click, which in owed.items() if click.decision_id not in done]
        for click, which in back:
            await give_back(self._ledger, self._event_log, click.notice, now_us, which)
        if back:
            log.info("clicks were found invalid afterwards", clicks=len(back))
        return len(back)

    async def _clicks(self, now_us: int) -> list[Click]:
        """Return the clicks of those who may have passed a bound, each person's in their order."""
        since_us = now_us - LATE_US - DAY_US
        found = await self._warehouse.query(
            _BUSY_SQL,
            {
                "source": SOURCE,
                "since": since_us,
                "least": self._bounds.least,
                "people": PEOPLE_MAX,
            },
        )
        people = [row[0] for row in found.rows]
        if not people:
            return []
        asked = {"source": SOURCE, "since": since_us, "people": people}
        told = await self._warehouse.query(_CLICKS_SQL, asked)
        return [Click(row[0], bool(row[1]), *row[2:]) for row in told.rows]

    async def _refunded(self, people: set[str], now_us: int) -> set[str]:
        asked = {
            "source": SOURCE,
            "since": now_us - LATE_US - DAY_US,
            "people": sorted(people),
        }
        found = await self._warehouse.query(_REFUNDED_SQL, asked)
        return {row[0] for row in found.rows}


def owed_of(
    clicks: Sequence[Click], bounds: DayBounds, since_us: int
) -> Iterator[tuple[Click, Which]]:
    """Yield the clicks on ads from ``since_us`` on that counted and pass a bound: the first one.

    ``clicks`` stand together by person.
    """
    for _, group in groupby(clicks, attrgetter("person")):
        mine = list(group)
        passed = _passed(mine, bounds)
        for click in mine:
            which = passed.get(click.decision_id)
            if which is not None and click.counts and click.terms and click.decided_us >= since_us:
                yield click, which


def _passed(mine: Sequence[Click], bounds: DayBounds) -> dict[str, Which]:
    """Return which of a person's clicks, by decision, pass which bound."""
    passed = _over(mine, bounds.per_window, bounds.window_us, "person")
    passed = _over(mine, bounds.per_day, DAY_US, "person_day") | passed
    by_campaign = sorted(mine, key=attrgetter("campaign_id"))
    for _, group in groupby(by_campaign, attrgetter("campaign_id")):
        passed = _over(list(group), bounds.per_campaign_day, DAY_US, "campaign_day") | passed
    return passed


def _over(clicks: Sequence[Click], limit: int, window_us: int, which: Which) -> dict[str, Which]:
    marked = flooded([click.at_us for click in clicks], limit, window_us)
    told = zip(clicks, marked, strict=True)
    return {click.decision_id: which for click, is_over in told if is_over}
