"""Ends what nobody settled: reservations whose time is over, and commits whose process died.

The ledger is asked by a release, which changes nothing once the time is over: it is refused for a
key that was committed. So each reservation ends in the log as the ledger ended it.
"""

from queqiao.decide.promotions.redemptions.log_book import EXPIRED, LogBook
from queqiao.decide.promotions.redemptions.paying import committed_key
from queqiao.decide.promotions.redemptions.points import NO_POINTS, Points
from queqiao.decide.promotions.redemptions.redemption_types import Record
from queqiao.decide.promotions.redemptions.reservations import Reservations
from queqiao.kernel.clock import DAY_US
from queqiao.ports.event_log.base import EventLog
from queqiao.ports.ledger.base import Ledger
from queqiao.ports.warehouse.base import Warehouse

SETTLE_EVERY_S = 30.0
AT_ONCE_MAX = 1_000

LOOK_BACK_US = 32 * DAY_US
"""Reservations last 30 days at most."""

_SQL = f"""
select id from (
    select JSONExtractString(properties, 'redemption_id') as id,
           countIf(event = 'Redemption Reserved') as reserved,
           countIf(event in ('Redemption Committed', 'Redemption Released')) as settled,
           maxIf(JSONExtractString(properties, 'expires_at'), event = 'Redemption Reserved') as ends
    from history
    where source = 'queqiao'
      and event in ('Redemption Reserved', 'Redemption Committed', 'Redemption Released')
      and timestamp >= fromUnixTimestamp64Micro({{since:Int64}}, 'UTC')
    group by id
)
where reserved > 0 and settled = 0
  and parseDateTime64BestEffort(ends, 6, 'UTC') <= fromUnixTimestamp64Micro({{now:Int64}}, 'UTC')
order by id
limit {AT_ONCE_MAX}
"""  # noqa: S608  # one number of ours


class Settlement:
    """Looks for reservations that are over, and tells the log how they ended."""

    def __init__(
        self,
        warehouse: Warehouse,
        ledger: Ledger,
        event_log: EventLog,
        points: Points = NO_POINTS,
    ) -> None:
        self._warehouse = warehouse
        self._ledger = ledger
        self._book = LogBook(event_log, points)
        self._reservations = Reservations(ledger, event_log)

    async def settle(self, now_us: int) -> int:
        """Settle what is over by now; return how many. Raises Unavailable."""
        parameters = {"now": now_us, "since": now_us - LOOK_BACK_US}
        found = await self._warehouse.query(_SQL, parameters)
        for (redemption_id,) in found.rows:
            record = await self._book.find(redemption_id)
            if record is not None:
                await self._end(record, now_us)
        return len(found.rows)

    async def _end(self, record: Record, now_us: int) -> None:
        key = await committed_key(self._ledger, record, now_us)
        if key is None:
            await self._reservations.free(record, now_us)
            await self._book.release(record, EXPIRED, now_us)
        else:
            await self._book.commit(record, key, now_us)
