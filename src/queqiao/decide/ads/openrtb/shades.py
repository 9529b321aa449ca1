"""Bids in foreign first-price auctions: shaded by what became of earlier ones, seller by seller.

A seller is an exchange with one placement of ours and one currency. Each has a win curve
(``bidding/shading.py``) that the scheduler learns from ``Ad Bid`` and what was told of it: a bid
that nobody reported within ``HEARD_WITHIN_US`` is lost, for many exchanges tell wins alone. The
curves travel as an artifact, which also keeps them over restarts. Bids on deals are left alone:
their price was agreed.
"""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec
from msgspec import Struct

from queqiao.decide.ads.auction import fortune
from queqiao.decide.ads.bidding.shading import Shading, ShadingState, half_at
from queqiao.decide.ads.contracts import SOURCE
from queqiao.kernel.clock import DAY_US, MINUTE_US
from queqiao.ports.records import artifacts
from queqiao.ports.records.base import Records
from queqiao.ports.warehouse.base import Warehouse

ARTIFACT = "ads_shading"
"""The name under which the curves lie in ``ports/records/artifacts``."""

EVERY_S = 15.0
HEARD_WITHIN_US = 5 * MINUTE_US
"""As long as a bid may be billed."""
LOOKED_BACK_US = DAY_US
"""What is older was not heard of in time: a curve follows the market of today."""
BIDS_AT_ONCE = 50_000

KNOWN_BIDS = 50
"""A seller is shaded when so many of its bids are known."""

CPM_MIN, CPM_MAX = 1.0, 10_000_000.0
"""Bids for a thousand impressions, in minor units."""
TYPICAL_CPM = 1_000.0
"""What wins every second auction of a seller of whom nothing is known."""

FIRST_PRICE = 1
"""``at`` of a request in which the winner pays his bid."""

_LUCK = 1 << 64

_HEARD = """
select b.exchange, b.placement_id, b.currency, b.cpm_minor, o.won, o.minimum,
       toUnixTimestamp64Micro(b.timestamp)
from (
  select decision_id, placement_id, currency, timestamp,
         JSONExtractString(properties, 'exchange') as exchange,
         JSONExtractInt(properties, 'cpm_minor') as cpm_minor
  from history
  where source = {source:String} and event = 'Ad Bid'
    and JSONExtractBool(properties, 'first_price') and JSONExtractString(properties, 'deal_id') = ''
    and timestamp >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
    and timestamp < fromUnixTimestamp64Micro({until:Int64}, 'UTC')
) as b
left join (
  select decision_id, max(event != 'Ad Lost') as won,
         max(if(event = 'Ad Lost', JSONExtractInt(properties, 'cpm_minor'), 0)) as minimum
  from history
  where source = {source:String} and event in ('Ad Won', 'Ad Billed', 'Ad Lost')
    and timestamp >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
  group by decision_id
) as o on o.decision_id = b.decision_id
order by b.timestamp, b.decision_id
limit {most:Int64}
"""


class Seller(Struct, frozen=True, array_like=True):
    """Whose auctions have a win curve of their own."""

    exchange: str
    placement_id: str
    currency: str


class Curves(Struct, frozen=True, array_like=True):
    """What was learned, from bids that were placed before ``until_us``."""

    until_us: int = 0
    sellers: list[tuple[Seller, ShadingState]] = []


class Shades(Struct, frozen=True):
    """The curves of the sellers who are known well enough."""

    by_seller: Mapping[Seller, Shading] = MappingProxyType({})

    def cpm_minor(self, seller: Seller, worth_minor: int, draw: int, name: str) -> int:
        """Return what to bid where a thousand impressions are worth so much, at most that.

        ``name`` tells impressions of one draw apart; of some the bid is an experiment.
        """
        shading = self.by_seller.get(seller)
        if shading is None:
            return worth_minor
        luck = fortune(draw, f"{name}\x1fshading") / _LUCK
        return min(worth_minor, int(shading.price(float(worth_minor), luck) + 1e-6))


UNSHADED = Shades()
"""Nobody is known: every bid is what it is worth."""


def fresh() -> Shading:
    """Return the curve of a seller of whom nothing is known."""
    return Shading(CPM_MIN, CPM_MAX, half_at(TYPICAL_CPM))


def encode(curves: Curves) -> bytes:
    """Return the artifact's bytes."""
    return msgspec.msgpack.encode(curves)


def decode(body: bytes | None) -> Curves:
    """Return the curves of an artifact; none where there is none."""
    return Curves() if body is None else msgspec.msgpack.decode(body, type=Curves)


def shades(curves: Curves) -> Shades:
    """Return what decides bids."""
    found = {
        seller: fresh().restored(state)
        for seller, state in curves.sellers
        if state.notices >= KNOWN_BIDS
    }
    return Shades(MappingProxyType(found))


async def learn(records: Records, warehouse: Warehouse, now_us: int) -> int:
    """Learn from the bids of whom all was heard since the last time; return how many."""
    found = await records.read(lambda conn: artifacts.get(conn, ARTIFACT))
    curves = decode(found[1] if found else None)
    until_us = now_us - HEARD_WITHIN_US
    since_us = max(curves.until_us, until_us - LOOKED_BACK_US)
    asked = {"source": SOURCE, "since": since_us, "until": until_us, "most": BIDS_AT_ONCE}
    rows = (await warehouse.query(_HEARD, asked)).rows
    if not rows:
        return 0
    known = {seller: fresh().restored(state) for seller, state in curves.sellers}
    for exchange, placement_id, currency, cpm_minor, won, minimum, _ in rows:
        seller = Seller(exchange, placement_id, currency)
        shading = known.setdefault(seller, fresh())
        least = float(minimum) if minimum and not won else None
        shading.notice(max(CPM_MIN, float(cpm_minor)), bool(won), least)
    if len(rows) == BIDS_AT_ONCE:
        until_us = rows[-1][-1] + 1  # the rest is for the next time
    learned = Curves(until_us, [(seller, one.state()) for seller, one in known.items()])
    await records.write(lambda conn: artifacts.put(conn, ARTIFACT, encode(learned), now_us))
    return len(rows)
