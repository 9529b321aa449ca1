"""Training of the item model from the warehouse.

- viewed together: products viewed in one session, of the last ``VIEWS_DAYS`` days;
- bought together: items of one person's orders of the last ``ORDERS_DAYS`` days (an order is part
  of it, and most orders hold one item only);
- popular: ``sum(weight · 2^(-age / HALF_LIFE_DAYS))`` over views (1), adds to cart (4) and units
  sold (10), scaled so that the first has 1.
"""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate, chain
from typing import Any

import numpy as np

from queqiao.decide.recommend.cooccurrence import GROUP_MAX, Neighbours, together
from queqiao.decide.recommend.model import PackedModel, pack
from queqiao.kernel.clock import DAY_US
from queqiao.ports.warehouse.base import Warehouse
from queqiao.process.contracts import PERSONALIZATION, allows

VIEWS_DAYS = 60
ORDERS_DAYS = 365
HALF_LIFE_DAYS = 7
VIEWED_SHRINKAGE = 10.0
BOUGHT_SHRINKAGE = 3.0
POPULAR_MAX = 500
SCORE_DIGITS = 6
"""Popularity fades alike for all items: rounded, a store at rest keeps its model as it is."""
GROUPS_MAX = 150_000
"""Bound of the memory of one training: the latest sessions and buyers count."""
PAIRS_MAX = 5_000_000
"""The other bound, about 400 MB: long sessions have many pairs (1,225 of fifty goods)."""

_ALLOWED = allows(PERSONALIZATION)
"""Nobody's goods teach the model who does not let them."""
_LATEST = """WITH fromUnixTimestamp64Micro({now:Int64}, 'UTC') AS now SELECT
  (SELECT toUnixTimestamp64Micro(max(timestamp)) FROM viewed
    WHERE event IN ('Product Viewed', 'Product Added') AND sku != '' AND allowed
      AND timestamp <= now),
  (SELECT toUnixTimestamp64Micro(max(time)) FROM order_lines
    WHERE kind = 'sale' AND sku != '' AND allowed AND time <= now)
""".replace("allowed", _ALLOWED)
_PERIOD = """WITH fromUnixTimestamp64Micro({since:Int64}, 'UTC') AS since,
  fromUnixTimestamp64Micro({as_of:Int64}, 'UTC') AS until
"""
_BASKETS = """SELECT arraySlice(groupArray(sku), -{group_max:UInt32}) AS skus FROM (found)
GROUP BY grouping HAVING length(skus) > 1
ORDER BY max(at) DESC, grouping LIMIT {groups_max:UInt64}
"""
_VIEWS = """
  SELECT if(session_id = '', person_id, session_id) AS grouping, sku, timestamp AS at FROM history
  WHERE event = 'Product Viewed' AND sku != '' AND allowed
    AND timestamp > since AND timestamp <= until
  ORDER BY timestamp, offset""".replace("allowed", _ALLOWED)
_ORDERS = """
  SELECT if(person_id = '', order_id, person_id) AS grouping, sku, time AS at FROM order_lines
  WHERE kind = 'sale' AND sku != '' AND allowed AND time > since AND time <= until
  ORDER BY time, offset, line""".replace("allowed", _ALLOWED)
_POPULAR = """
SELECT sku, sum(weight * exp2(-age_s / 86400 / {half_life_days:Float64})) AS popularity FROM (
  SELECT sku, if(event = 'Product Viewed', 1, 4) AS weight,
    dateDiff('second', timestamp, until) AS age_s FROM history
  WHERE event IN ('Product Viewed', 'Product Added') AND sku != '' AND allowed
    AND timestamp > since AND timestamp <= until
  UNION ALL
  SELECT sku, 10 * quantity AS weight, dateDiff('second', time, until) AS age_s FROM order_lines
  WHERE kind = 'sale' AND sku != '' AND quantity > 0 AND allowed
    AND time > since AND time <= until)
GROUP BY sku ORDER BY popularity DESC, sku LIMIT {popular_max:UInt64}
""".replace("allowed", _ALLOWED)
Baskets = Sequence[Sequence[str]]
"""SKUs that were met together, each basket in order of time."""


async def train(warehouse: Warehouse, now_us: int) -> PackedModel | None:
    """Return the model of everything up to ``now_us``; None when nothing was viewed or sold.

    Ages are counted from the last view or sale, so a store that rests, or whose data is of past
    years, is learnt from all the same.
    """
    for table in ("events", "history"):  # to look through all that lies in the lake takes long
        latest = await warehouse.query(_LATEST.replace("viewed", table), {"now": now_us})
        viewed_us, sold_us = latest.rows[0]
        if viewed_us > 0:
            break
    as_of_us = max(viewed_us, sold_us)
    if as_of_us <= 0:
        return None
    views = await _baskets(warehouse, _VIEWS, VIEWS_DAYS, as_of_us)
    orders = await _baskets(warehouse, _ORDERS, ORDERS_DAYS, as_of_us)
    bounds = {"half_life_days": float(HALF_LIFE_DAYS), "popular_max": POPULAR_MAX}
    period = _period(VIEWS_DAYS, as_of_us)
    popular = await warehouse.query(_PERIOD + _POPULAR, {**period, **bounds})
    return fit(views, orders, [(sku, float(score)) for sku, score in popular.rows])


def fit(views: Baskets, orders: Baskets, popular: Sequence[tuple[str, float]]) -> PackedModel:
    """Return the model of the given baskets. Deterministic in its arguments."""
    skus = sorted({*chain.from_iterable(views), *chain.from_iterable(orders), *dict(popular)})
    index = {sku: item for item, sku in enumerate(skus)}
    top = max((score for _, score in popular), default=1.0)
    return PackedModel(
        skus=skus,
        bought=pack(_neighbours(orders, index, BOUGHT_SHRINKAGE)),
        viewed=pack(_neighbours(views, index, VIEWED_SHRINKAGE)),
        popular=[index[sku] for sku, _ in popular],
        popular_scores=[round(score / top, SCORE_DIGITS) for _, score in popular],
    )


def _neighbours(baskets: Baskets, index: dict[str, int], shrinkage: float) -> Neighbours:
    sizes = np.fromiter(map(len, baskets), np.int64, len(baskets))
    items = np.fromiter((index[sku] for sku in chain.from_iterable(baskets)), np.int64)
    return together(np.repeat(np.arange(len(baskets)), sizes), items, len(index), shrinkage)


def _period(days: int, as_of_us: int) -> dict[str, Any]:
    return {"since": as_of_us - days * DAY_US, "as_of": as_of_us}


async def _baskets(warehouse: Warehouse, sql: str, days: int, as_of_us: int) -> Baskets:
    bounds = {"group_max": GROUP_MAX, "groups_max": GROUPS_MAX}
    asked = _PERIOD + _BASKETS.replace("found", sql)
    found = await warehouse.query(asked, {**_period(days, as_of_us), **bounds})
    return within_bound([row[0] for row in found.rows], PAIRS_MAX)


def within_bound(baskets: Baskets, pairs_max: int) -> Baskets:
    """Return the first baskets, the latest ones, that have no more than so many pairs together."""
    pairs = accumulate(len(basket) * (len(basket) - 1) // 2 for basket in baskets)
    return baskets[: bisect_right(list(pairs), pairs_max)]
