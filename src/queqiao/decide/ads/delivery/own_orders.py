"""Orders of our own shop that are owed to ads, told as conversions.

Which ad an order is owed to is said once, where events become facts (``process/attribution.py``).
This reads what was said and tells it to ``conversions.py``, so that an order which its shop has
told by a postback too counts once, and a campaign that pays for conversions pays.
"""

from typing import NamedTuple

from queqiao.decide.ads.contracts import SOURCE
from queqiao.decide.ads.delivery.conversions import Conversions, Told
from queqiao.kernel.clock import DAY_US
from queqiao.ports.warehouse.base import Warehouse
from queqiao.process.contracts import ADVERTISING, allows, watermark

EVERY_S = 5.0
"""How soon after it was loaded an order is told."""

LOOK_BACK_US = 3 * DAY_US
"""After a start, orders of so long ago are looked at again: those that were told are not asked."""

AHEAD_US = DAY_US
"""An order that seems to come later than this is of a clock that is none, or of a history."""

ORDERS_MAX = 500

_SQL = """
SELECT offset, any(order_id), any(decision_id), toUnixTimestamp64Micro(any(time)) AS at_us,
       sum(amount_minor), any(currency)
FROM order_lines
WHERE kind = 'sale' AND attributed_by != '' AND decision_id != '' AND allowed
  AND offset > {after:UInt64} AND time >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
  AND time <= fromUnixTimestamp64Micro({until:Int64}, 'UTC')
  AND (decision_id, order_id) NOT IN (
    SELECT decision_id, order_id FROM events WHERE event = 'Ad Converted'
      AND source = {source:String} AND timestamp >= fromUnixTimestamp64Micro({since:Int64}, 'UTC'))
GROUP BY offset ORDER BY offset LIMIT {most:UInt32}
""".replace("allowed", allows(ADVERTISING))


class _Row(NamedTuple):
    offset: int
    order_id: str
    decision_id: str
    at_us: int
    amount_minor: int
    currency: str


class OwnOrders:
    """Tells orders one after the other; what was cut off is told again, and counts once."""

    def __init__(self, warehouse: Warehouse, conversions: Conversions) -> None:
        self._warehouse = warehouse
        self._conversions = conversions
        self._after = 0
        self._looked_to = -1

    async def tell(self, now_us: int) -> int:
        """Tell the orders that were loaded since; return how many. Raises Unavailable."""
        loaded_to = (await watermark(self._warehouse)).offset
        if loaded_to <= self._looked_to:
            return 0
        asked = {
            "after": self._after,
            "since": now_us - LOOK_BACK_US,
            "until": now_us + AHEAD_US,
            "source": SOURCE,
            "most": ORDERS_MAX,
        }
        found = await self._warehouse.query(_SQL, asked)
        for one in map(_Row._make, found.rows):
            told = Told(
                one.decision_id, one.at_us, "order", one.order_id, one.amount_minor, one.currency
            )
            await self._conversions.count(told, now_us)
            self._after = one.offset
        if len(found.rows) < ORDERS_MAX:
            self._looked_to = loaded_to
        return len(found.rows)
