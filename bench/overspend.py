"""Overspend: a day's budget under workers that promise from slices, a burst, and a death.

Four hours of one campaign on a real ledger, in simulated time: shoppers come evenly, ten times as
many for two minutes, in which one of four workers is killed with all that it holds. One ad in five
is clicked, after half a minute in the mean; one click in fifty after more than the lease. What is
billed is what the ledger gave for a click. Beside what is billed beyond the budget there is what a
user of the product would ask next: clicks that cost nothing, since the money was not there any
more, and how much of the budget was spent at all. Google Ads bills up to twice a day's budget.
"""

import asyncio
from heapq import heappop, heappush
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from bench.harness import row
from queqiao.decide.ads.budgets import Asked, Budgets, Lease, counter
from queqiao.decide.ads.charging import Bill, settle
from queqiao.kernel.clock import HOUR_US, MINUTE_US, SECOND_US
from queqiao.kernel.ids import uuid7
from queqiao.ports.ledger.embedded import EmbeddedLedger

NOW_US, ZONE = 1_780_000_000_000_000, "Asia/Shanghai"
PRICE_MINOR, DAILY_MINOR = 50, 400_000
SHOPPERS_A_SECOND, BURST = 10, 10
BURST_US = range(20 * MINUTE_US, 22 * MINUTE_US)
KILLED_AT_US = 21 * MINUTE_US
CLICKED, LATE = 0.2, 0.02
HOURS = 4
GOOGLE_PERCENT = 100
Row = dict[str, Any]


class Hours(NamedTuple):
    """What became of the hours, in minor units."""

    spent: int
    billed: int
    not_billed: int
    shown: int


def run() -> list[Row]:
    """Measure and return the rows of the table. Raises RuntimeError when the books do not agree."""
    rows: list[Row] = []
    for workers, goal in ((1, 0.0), (4, 0.1)):
        with TemporaryDirectory() as folder:
            hour = asyncio.run(live(Path(folder), workers))
        named = f"{workers} workers, 10 × burst, one killed" if workers > 1 else "one worker"
        over = max(0, hour.billed - DAILY_MINOR)
        peer = {"peer": GOOGLE_PERCENT, "peer_name": "Google Ads, at most"}
        rows += [
            _row(f"billed beyond the budget, {named}", over, "lower", goal, peer),
            _row(f"clicks that cost nothing, {named}", hour.not_billed, "lower", None),
            _row(f"budget spent, {named}", hour.spent, "higher", 98.0),
        ]
    return rows


def _row(
    figure: str, minor: int, better: str, goal: float | None, peer: dict[str, Any] | None = None
) -> Row:
    share = 100 * minor / DAILY_MINOR
    return row("overspend", figure, "% of the day", better, share, goal=goal, **(peer or {}))


async def live(folder: Path, workers: int) -> Hours:
    """Live through the hours with so many workers; one of several is killed in the burst."""
    ledger, random = EmbeddedLedger.open(folder), Random(618)  # figures, not secrets
    crowd = [Budgets(ledger, ZONE, f"w{number}") for number in range(workers)]
    clicks: list[tuple[int, str, Bill]] = []
    wanted, now_us, shown, is_killed = Asked("a", PRICE_MINOR, DAILY_MINOR), NOW_US, 0, False
    costs: list[int] = []
    while now_us < NOW_US + HOURS * HOUR_US:
        age_us = now_us - NOW_US
        now_us += SECOND_US // SHOPPERS_A_SECOND // (BURST if age_us in BURST_US else 1)
        if workers > 1 and age_us >= KILLED_AT_US and not is_killed:
            is_killed, crowd[0] = True, Budgets(ledger, ZONE, "restarted")
        if age_us // SECOND_US != (now_us - NOW_US) // SECOND_US:
            await asyncio.gather(*(each.tidy(now_us) for each in crowd))
        lease = await _promise(random.choice(crowd), wanted, now_us)
        if lease is not None:
            shown += 1
            bill = _bill(lease, now_us, random)
            if random.random() < CLICKED:
                heappush(clicks, (_clicked_us(now_us, random), bill.decision_id, bill))
        while clicks and clicks[0][0] <= now_us:
            costs.append(await settle(ledger, heappop(clicks)[2], now_us))
    while clicks:
        at_us, _, bill = heappop(clicks)
        costs.append(await settle(ledger, bill, at_us))
    return await _told(ledger, costs, shown)


async def _promise(budgets: Budgets, wanted: Asked, now_us: int) -> Lease | None:
    if wanted.campaign_id in budgets.short(now_us):
        return None
    found = budgets.take(wanted, now_us) or await budgets.lease(wanted, now_us)
    return found if isinstance(found, Lease) else None


def _bill(lease: Lease, now_us: int, random: Random) -> Bill:
    decision_id = uuid7(now_us, random.getrandbits)
    return Bill(decision_id, lease.counters, PRICE_MINOR, 1, lease.key)


def _clicked_us(now_us: int, random: Random) -> int:
    if random.random() < LATE:
        return now_us + 15 * MINUTE_US
    return now_us + min(9 * MINUTE_US, int(random.expovariate(1 / 30) * SECOND_US))


async def _told(ledger: EmbeddedLedger, costs: list[int], shown: int) -> Hours:
    found = await ledger.find(counter("a", ""), 2)
    spent, proof = sum(each.spent for each in found.values()), await ledger.prove()
    await ledger.close()
    if not proof.balanced or spent != sum(costs) or len(found) != 1:
        raise RuntimeError(f"the books do not agree: {found}, {sum(costs)}, {proof.faults}")
    return Hours(spent, sum(costs), PRICE_MINOR * costs.count(0), shown)
