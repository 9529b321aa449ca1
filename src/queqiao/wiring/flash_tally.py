"""What processes counted of flash sales, written to the time series once a second and read back."""

import asyncio
import socket
from collections.abc import Mapping, Sequence

import structlog

from queqiao.decide.promotions.flash_sales.series import Answers, SecondOfAnswers
from queqiao.decide.promotions.flash_sales.tally import REFUSED, RESERVED, Counted, Tally
from queqiao.kernel.clock import SECOND_US, Clock
from queqiao.kernel.errors import QueqiaoError
from queqiao.measure.series_table import TABLE, PointsStore, StoredPoint, canonical
from queqiao.ports.rpc import RpcClient
from queqiao.ports.warehouse.base import Warehouse
from queqiao.wiring.role import every
from queqiao.wiring.settings import Settings

log = structlog.get_logger()

TELL_EVERY_S = 1.0

_COUNTED = f"""
WITH counts AS (
  SELECT labels, name, JSONExtractString(labels, 'reason') AS reason,
    intDiv(toUnixTimestamp64Milli(at), 1000) AS second, toInt64(max(value)) AS count
  FROM {TABLE}
  WHERE name IN ('{RESERVED}', '{REFUSED}')
    AND JSONExtractString(labels, 'sale') = {{sale:String}}
    AND JSONExtractString(labels, 'session') = {{session:String}}
  GROUP BY labels, name, second),
steps AS (
  SELECT reason, second,
    lagInFrame(count, 1, 0) OVER (PARTITION BY labels, name ORDER BY second
      ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS before,
    if(count < before, count, count - before) AS step
  FROM counts)
SELECT reason, if(second < {{from_s:Int64}}, 0, second) AS shown, sum(step)
FROM steps GROUP BY reason, shown ORDER BY shown, reason"""  # noqa: S608  # our own names


async def tell(
    settings: Settings, tally: Tally, role: str, clock: Clock, stop: asyncio.Event
) -> None:
    """Write what a process counts, again and again; while the store is away, counts wait."""
    store = PointsStore(RpcClient(settings.socket("analytics.rpc")))
    run = str(clock.now_us() // SECOND_US)
    own = {"job": "queqiao", "instance": socket.gethostname(), "role": role, "run": run}

    async def once() -> None:
        counts = tally.untold()
        if not counts:
            return
        try:
            await store.store(points(counts, own, clock.now_us()))
        except QueqiaoError as error:
            log.debug("counts of flash sales are told later", reason=str(error))
        else:
            tally.told(counts)

    await every(TELL_EVERY_S, stop, once)
    await once()


def points(
    counts: Sequence[tuple[Counted, int]], own: Mapping[str, str], now_us: int
) -> list[StoredPoint]:
    """Return counts as points of counters, at the second in which they are told."""
    at_ms = now_us // SECOND_US * 1_000
    return [
        StoredPoint(one.metric, canonical({**own, **_labels(one)}), "counter", at_ms, float(count))
        for one, count in counts
    ]


def _labels(one: Counted) -> dict[str, str]:
    labels = {"sale": one.sale_id, "session": one.session_id}
    return labels | {"reason": one.reason} if one.reason else labels


def answers_of(warehouse: Warehouse) -> Answers:
    """Return what tells the answers of a session by second, by all processes together.

    What came before the asked second stands under second 0.
    """

    async def answers(sale_id: str, session_id: str, from_s: int) -> list[SecondOfAnswers]:
        asked = {"sale": sale_id, "session": session_id, "from_s": from_s}
        rows = (await warehouse.query(_COUNTED, asked)).rows
        return [SecondOfAnswers(int(row[1]), row[0], int(row[2])) for row in rows]

    return answers
