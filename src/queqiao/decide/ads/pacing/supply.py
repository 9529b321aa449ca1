"""What the places of ads had to sell, and what campaigns took of it: from the warehouse."""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

from msgspec import Struct

from queqiao.decide.ads.contracts import SOURCE
from queqiao.decide.ads.pacing.day import HALF_HOURS, TICK_US, Day
from queqiao.kernel.clock import DAY_US
from queqiao.ports.warehouse.base import Warehouse

PAST_DAYS = 7
"""A week: each day of the week counts once."""

PRICES_KEPT = 64
"""How many prices stand for those of a place, or of a tick."""

_PAST = """
select placement_id,
       toHour(toTimeZone(timestamp, {zone:String})) * 2
         + intDiv(toMinute(toTimeZone(timestamp, {zone:String})), 30) as half_hour,
       count() as auctions,
       groupArraySampleIf(PRICES)(
         JSONExtractInt(properties, 'click_price_minor'),
         event = 'Ad Served' and JSONExtractString(properties, 'pricing') in ('', 'cpc')) as prices
from history
where source = {source:String} and event in ('Ad Served', 'Ad Unfilled') and placement_id != ''
  and timestamp >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
  and timestamp < fromUnixTimestamp64Micro({until:Int64}, 'UTC')
group by placement_id, half_hour
order by placement_id, half_hour
""".replace("PRICES", str(PRICES_KEPT))

_DAYS = """
select uniqExact(toDate(toTimeZone(timestamp, {zone:String})))
from history
where source = {source:String} and event in ('Ad Served', 'Ad Unfilled')
  and timestamp >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
  and timestamp < fromUnixTimestamp64Micro({until:Int64}, 'UTC')
"""

_SUPPLY = """
select placement_id,
       intDiv(toUnixTimestamp64Micro(timestamp) - {since:Int64}, {tick:Int64}) as tick, count()
from history
where source = {source:String} and event in ('Ad Served', 'Ad Unfilled') and placement_id != ''
  and timestamp >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
group by placement_id, tick
"""

_TAKEN = """
select campaign_id,
       intDiv(toUnixTimestamp64Micro(timestamp) - {since:Int64}, {tick:Int64}) as tick, count(),
       groupArraySample(PRICES)(JSONExtractInt(properties, 'click_price_minor'))
from history
where source = {source:String} and event = 'Ad Served' and campaign_id in {ids:Array(String)}
  and timestamp >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
group by campaign_id, tick
""".replace("PRICES", str(PRICES_KEPT))


class Usual(Struct, frozen=True):
    """A usual day of one place: auctions by half hour, and prices of clicks there."""

    half_hours: tuple[float, ...]
    prices: tuple[int, ...]


NOTHING_USUAL = Usual((0.0,) * HALF_HOURS, ())
"""A place of which no past is known."""


class Taken(Struct, frozen=True):
    """What a campaign won in a tick: how many ads, and prices of some of them."""

    ads: int
    prices: tuple[int, ...]


class Today(Struct, frozen=True):
    """The day so far, by tick: auctions by place, and ads by campaign."""

    supply: Mapping[tuple[str, int], int] = MappingProxyType({})
    taken: Mapping[tuple[str, int], Taken] = MappingProxyType({})

    def auctions(self, places: Sequence[str], tick: int) -> int:
        """Return how many auctions some places had in a tick."""
        return sum(self.supply.get((place, tick), 0) for place in places)


async def usual_days(warehouse: Warehouse, day: Day, zone: str) -> dict[str, Usual]:
    """Return a usual day by place, from the PAST_DAYS before ``day``."""
    asked = {
        "source": SOURCE, "zone": zone,
        "since": day.begins_us - PAST_DAYS * DAY_US, "until": day.begins_us,
    }  # fmt: skip
    days = max(1, (await warehouse.query(_DAYS, asked)).rows[0][0])
    counts: dict[str, list[float]] = {}
    prices: dict[str, list[int]] = {}
    for place, half_hour, auctions, paid in (await warehouse.query(_PAST, asked)).rows:
        counts.setdefault(place, [0.0] * HALF_HOURS)[half_hour] = auctions / days
        prices.setdefault(place, []).extend(paid)
    return {place: Usual(tuple(each), _some(prices[place])) for place, each in counts.items()}


async def today(warehouse: Warehouse, day: Day, campaigns: Collection[str]) -> Today:
    """Return the day so far of some campaigns."""
    asked = {"source": SOURCE, "since": day.begins_us, "tick": TICK_US}
    supply = (await warehouse.query(_SUPPLY, asked)).rows
    taken = (await warehouse.query(_TAKEN, asked | {"ids": sorted(campaigns)})).rows
    return Today(
        {(place, tick): count for place, tick, count in supply},
        {(one, tick): Taken(ads, tuple(prices)) for one, tick, ads, prices in taken},
    )


def together(usual: Mapping[str, Usual], places: Sequence[str]) -> Usual:
    """Return a usual day of several places."""
    found = [usual.get(place, NOTHING_USUAL) for place in places]
    half_hours = tuple(
        sum(column) for column in zip(*(one.half_hours for one in found), strict=True)
    )
    return Usual(half_hours, _some([price for one in found for price in one.prices]))


def _some(prices: Sequence[int]) -> tuple[int, ...]:
    """Return prices that stand for all, evenly from the least to the greatest."""
    ranked = sorted(prices)
    step = max(1.0, len(ranked) / PRICES_KEPT)
    return tuple(ranked[int(at * step)] for at in range(min(len(ranked), PRICES_KEPT)))
