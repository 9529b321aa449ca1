"""What was counted of each campaign in each placement: from the warehouse, as an artifact."""

import msgspec

from queqiao.decide.ads.click_rate import Count
from queqiao.decide.ads.contracts import SOURCE
from queqiao.kernel.clock import DAY_US
from queqiao.ports.warehouse.base import Warehouse
from queqiao.process.contracts import ADVERTISING, allows

ARTIFACT = "ads_counts"
"""The name under which the counts travel to the decide role (``ports/records/artifacts``)."""

WINDOW_DAYS = 28
"""Older clicks say little about today's ads."""

_SQL = """
select campaign_id, placement_id,
       countIf(event = 'Ad Viewed') as impressions,
       greatest(0, countIf(event = 'Ad Clicked') - countIf(event = 'Ad Click Refunded')) as clicks,
       countIf(event = 'Ad Converted') as conversions
from history
where source = {source:String} and campaign_id != ''
  and event in ('Ad Viewed', 'Ad Clicked', 'Ad Click Refunded', 'Ad Converted')
  and placement_id != '' and allowed
  and timestamp >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
group by campaign_id, placement_id
order by campaign_id, placement_id
""".replace("allowed", allows(ADVERTISING))


async def count(warehouse: Warehouse, now_us: int) -> list[Count]:
    """Return the counts of the last WINDOW_DAYS."""
    table = await warehouse.query(_SQL, {"since": now_us - WINDOW_DAYS * DAY_US, "source": SOURCE})
    return [Count(*row) for row in table.rows]


def encode(counts: list[Count]) -> bytes:
    """Return the artifact's bytes."""
    return msgspec.msgpack.encode(counts)


def decode(body: bytes) -> list[Count]:
    """Return the counts of an artifact."""
    return msgspec.msgpack.decode(body, type=list[Count])
