"""Whether promotions, coupon batches and flash sales can still give anything: asked by id.

Others who point customers at them (an ad, a page) want to know it within a second of the end, so
each answer is one question to the ledger, however many are asked about.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Literal, NamedTuple

from sqlalchemy import Connection

from queqiao.decide.promotions.coupons.code_book import Batch, CodeBook
from queqiao.decide.promotions.coupons.holdings import has_more
from queqiao.decide.promotions.coupons.uses import total_counter
from queqiao.decide.promotions.flash_sales.counters import stock_counter
from queqiao.decide.promotions.flash_sales.snapshot import Sale, Sales
from queqiao.decide.promotions.offers import Offer
from queqiao.decide.promotions.redemptions.used_up import read_used_up
from queqiao.decide.promotions.snapshot import PromotionsSnapshot
from queqiao.kernel.clock import parse_rfc3339
from queqiao.ports.ledger.base import Ledger
from queqiao.ports.records.base import Records

Ended = Literal["not_live", "used_up"]
"""``not_live``: it is not published, paused, not begun or over; ``used_up``: its limit, budget,
codes or stock are."""


class SalesEnded(NamedTuple):
    """Flash sales that sell nothing now, and of the others the SKUs that are sold out."""

    sales: Mapping[str, Ended]
    skus: Mapping[str, frozenset[str]]


async def promotions_ended(
    asked: Iterable[str], live: PromotionsSnapshot, ledger: Ledger, now_us: int, zone: str
) -> dict[str, Ended]:
    """Return which promotions give nothing now. Raises Unavailable."""
    ended: dict[str, Ended] = {}
    giving: list[Offer] = []
    for name in asked:
        offer = live.find(name)
        if offer is None or not offer.starts_us <= now_us < offer.ends_us:
            ended[name] = "not_live"
        else:
            giving.append(offer)
    used_up = (await read_used_up(ledger, giving, now_us, zone)).refused if giving else {}
    return {**ended, **dict.fromkeys(used_up, "used_up")}


async def batches_ended(
    asked: Iterable[str], book: CodeBook, ledger: Ledger, records: Records, now_us: int
) -> dict[str, Ended]:
    """Return which coupon batches have nothing more to give. Raises Unavailable.

    A batch that customers claim has nothing more when its codes are all given or its claims over.
    """
    ended: dict[str, Ended] = {}
    giving: list[Batch] = []
    for name in asked:
        batch = book.batch(name)
        if batch is None or _is_closed(batch, now_us):
            ended[name] = "not_live"
        else:
            giving.append(batch)
    if not giving:
        return ended
    balances = await ledger.balances([total_counter(batch.id) for batch in giving])
    used = {
        batch.id for batch in giving if balances[total_counter(batch.id)].spent >= batch.uses_total
    }
    claimed = await records.read(lambda conn: _all_claimed(conn, giving))
    return {**ended, **dict.fromkeys(used | claimed, "used_up")}


def _is_closed(batch: Batch, now_us: int) -> bool:
    """Say whether no code of a batch is good now, or none can be claimed where they are claimed."""
    if not batch.starts_us <= now_us < batch.ends_us:
        return True
    personal = batch.personal
    if personal is None or not personal.claimable:
        return False
    starts, ends = personal.claim_starts_at, personal.claim_ends_at
    is_early = starts is not None and now_us < parse_rfc3339(starts)
    return is_early or (ends is not None and now_us >= parse_rfc3339(ends))


def _all_claimed(conn: Connection, batches: Collection[Batch]) -> set[str]:
    personal = [each for each in batches if each.personal is not None and each.personal.claimable]
    return {each.id for each in personal if not has_more(conn, each.id, each.count)}


async def sales_ended(
    asked: Iterable[str], sales: Sales, ledger: Ledger, now_us: int
) -> SalesEnded:
    """Return which flash sales sell nothing now, and what others are out of. Raises Unavailable.

    A sale that is to come, or is between two sessions, is still worth pointing at.
    """
    ended: dict[str, Ended] = {}
    running: list[Sale] = []
    for name in asked:
        sale = sales.get(name)
        if sale is None or sale.phase(now_us) in {"paused", "ended"}:
            ended[name] = "not_live"
        elif sale.phase(now_us) == "running":
            running.append(sale)
    skus = await _sold_out(running, ledger, now_us) if running else {}
    for sale in running:
        if len(skus[sale.id]) == len(sale.items):
            ended[sale.id] = "used_up"
    return SalesEnded(ended, skus)


async def _sold_out(
    running: Iterable[Sale], ledger: Ledger, now_us: int
) -> dict[str, frozenset[str]]:
    counters = {
        (sale.id, sku): stock_counter(sale.id, sale.nearest(now_us).id, sku)
        for sale in running
        for sku in sale.items
    }
    balances = await ledger.balances(list(counters.values()))
    out: dict[str, set[str]] = {sale.id: set() for sale in running}
    for sale in running:
        for sku, item in sale.items.items():
            taken = balances[counters[sale.id, sku]]
            if taken.leased + taken.spent >= item.stock:
                out[sale.id].add(sku)
    return {name: frozenset(found) for name, found in out.items()}
