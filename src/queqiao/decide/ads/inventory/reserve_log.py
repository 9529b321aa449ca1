"""Auctions of the past from which floors are learned: sampled from the warehouse, by hour."""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct

from queqiao.decide.ads.auction import FIRST_SLOT, Bid, Slot
from queqiao.decide.ads.contracts import SOURCE, Placement
from queqiao.decide.ads.inventory.reserve import Seen, learned
from queqiao.kernel.clock import DAY_US
from queqiao.ports.warehouse.base import Warehouse

ARTIFACT = "ads_floors"
"""The name under which learned floors travel (``ports/records/artifacts``)."""

WINDOW_DAYS = 28
SAMPLE = 400
"""So many auctions of an hour of the day are looked at."""

_AUCTIONS = f"""
select placement_id, toInt64(toHour(timestamp, {{zone:String}})) as hour,
  groupArraySample({SAMPLE}, 1)(JSONExtractRaw(properties, 'auction'))
from history
where source = {{source:String}} and event = 'Ad Served'
  and placement_id in {{places:Array(String)}}
  and timestamp >= fromUnixTimestamp64Micro({{since:Int64}}, 'UTC')
  and JSONExtractString(properties, 'auction', 'floor_rule') = 'floor_minor'
  and JSONExtractString(properties, 'sold') in ('', 'auction')
group by placement_id, hour order by placement_id, hour
"""  # noqa: S608  # our own text


class _Logged(Struct, frozen=True):
    """What of a logged auction is run again."""

    draw: int
    bids: list[Bid]
    slot: Slot = FIRST_SLOT


_decode = msgspec.json.Decoder(_Logged).decode

Learned = Mapping[str, Sequence[int]]
"""By placement the floor for a click of each hour of the shop's day."""

NOTHING_LEARNED: Learned = {}


async def auctions(
    warehouse: Warehouse, places: Sequence[str], now_us: int, zone: str
) -> dict[str, list[Seen]]:
    """Return by placement auctions that were held at the placement's own floor."""
    told = {"source": SOURCE, "zone": zone, "since": now_us - WINDOW_DAYS * DAY_US}
    table = await warehouse.query(_AUCTIONS, {**told, "places": sorted(places)})
    found: dict[str, list[Seen]] = {}
    for place, hour, logged in table.rows:
        for one in map(_decode, logged):
            found.setdefault(place, []).append(Seen(int(hour), one.bids, one.draw, one.slot))
    return found


def learn(places: Mapping[str, Placement], seen: Mapping[str, Sequence[Seen]]) -> Learned:
    """Return the floors of the placements that ask for learned ones."""
    return {
        name: learned(seen.get(name, ()), place.floor_minor, place.dynamic_floor.max_minor)
        for name, place in places.items()
        if place.dynamic_floor is not None
    }


def encode(floors: Learned) -> bytes:
    """Return the artifact's bytes."""
    return msgspec.msgpack.encode(floors)


def decode(body: bytes) -> Learned:
    """Return the floors of an artifact."""
    return msgspec.msgpack.decode(body, type=dict[str, list[int]])
