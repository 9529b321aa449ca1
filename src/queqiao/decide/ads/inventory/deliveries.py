"""What booked deals have delivered: counted from the warehouse."""

from collections.abc import Iterable

from msgspec import Struct

from queqiao.decide.ads.contracts import SOURCE
from queqiao.decide.ads.inventory.supply import SLOTS
from queqiao.kernel.clock import HOUR_US
from queqiao.ports.warehouse.base import Warehouse

RECENT_US = HOUR_US
"""How a plan is met shows in what was served so lately."""

_DELIVERED = """
select deal, placement_id, toString(toDate(at, {zone:String})) as day,
  toInt64(count()), toInt64(countIf(was_shown = 1)),
  toInt64(countIf(at >= fromUnixTimestamp64Micro({recent:Int64}, 'UTC')))
from (
  select decision_id, placement_id, timestamp as at,
    JSONExtractString(properties, 'deal_id') as deal
  from history
  where source = {source:String} and event = 'Ad Served'
    and campaign_id in {campaigns:Array(String)}
    and timestamp >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
) as served
left any join (
  select decision_id, 1 as was_shown from history
  where source = {source:String} and event = 'Ad Viewed'
    and campaign_id in {campaigns:Array(String)}
    and timestamp >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
) as shown using (decision_id)
where deal != ''
group by deal, placement_id, day order by deal, placement_id, day
"""

_LATELY = f"select placement_id, toInt64(sum(slots)) from ({SLOTS}) group by 1 order by 1"  # noqa: S608


class Delivered(Struct, frozen=True, array_like=True):
    """One deal in one placement on one day: ads served, how many were shown, served lately."""

    deal_id: str
    placement_id: str
    day: str
    served: int
    shown: int
    recent: int


async def delivered(
    warehouse: Warehouse, campaigns: Iterable[str], since_us: int, now_us: int, zone: str
) -> list[Delivered]:
    """Return what the deals of booked campaigns delivered since a moment."""
    told = {"source": SOURCE, "zone": zone, "since": since_us, "recent": now_us - RECENT_US}
    table = await warehouse.query(_DELIVERED, {**told, "campaigns": sorted(set(campaigns))})
    return [Delivered(*row) for row in table.rows]


async def slots_lately(warehouse: Warehouse, now_us: int) -> dict[str, int]:
    """Return the slots of each placement in the last RECENT_US."""
    table = await warehouse.query(_LATELY, {"source": SOURCE, "since": now_us - RECENT_US})
    return {place: int(slots) for place, slots in table.rows}
