"""What became of past ads, by campaign and place: from the warehouse."""

from typing import Any

from msgspec import Struct

from queqiao.decide.ads.contracts import SOURCE
from queqiao.ports.warehouse.base import Warehouse
from queqiao.process.contracts import ADVERTISING, allows


class Result(Struct, frozen=True, array_like=True):
    """Ads of one campaign in one place: served, seen, clicked (and not refunded), converted."""

    campaign_id: str
    place: str
    served: int
    seen: int
    clicks: int
    conversions: int
    cost_minor: int


_SQL = """
select campaign_id, placement_id, countIf(event = 'Ad Served'), countIf(event = 'Ad Viewed'),
       greatest(0, countIf(event = 'Ad Clicked') - countIf(event = 'Ad Click Refunded')),
       countIf(event = 'Ad Converted'), sum(cost_minor)
from history
where source = {source:String} and campaign_id != '' and placement_id != '' and allowed
  and event in ('Ad Served', 'Ad Viewed', 'Ad Clicked', 'Ad Click Refunded', 'Ad Converted')
  and timestamp >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
  and timestamp < fromUnixTimestamp64Micro({until:Int64}, 'UTC')
group by campaign_id, placement_id
order by campaign_id, placement_id
""".replace("allowed", allows(ADVERTISING))


async def results(warehouse: Warehouse, since_us: int, until_us: int) -> list[Result]:
    """Return what became of the ads of a span of time, of those whom ads may count."""
    asked: dict[str, Any] = {"source": SOURCE, "since": since_us, "until": until_us}
    return [Result(*row) for row in (await warehouse.query(_SQL, asked)).rows]
