"""Coupon codes: made, printed, read and used; in ratios to what one would do without them.

The peer of making is what many shops do: draw codes from the system's source of chance, keep them
in a set so that none comes twice. The peer of a redemption is a bare step of the same ledger on as
many counters, in the same run; that of how long one takes is the disk itself.

What was learned: a redemption is on disk twice before it is answered, in the ledger and then in the
event log, which is told of no use that the ledger does not have. So nothing is quicker than two
``fdatasync`` one after the other, and those are timed in turn with redemptions: on a machine of two
cores with thirty that wanted to run, 4.3 ms (p50) and 71 ms (p99) for the two, 8.5 and 87 ms for a
redemption; looking up and checking took 0.04 ms of it. What is ours is the way to two threads and
back, which waits for a core. Neither the memory of ten million codes (there is none) nor
compaction shows.

One of the two syncs cannot be left out as things are: begun together, a loss of power could leave
the log with a use that the ledger does not have, and a log told after the answer could miss one.
One append for both facts is the ledger's: its step would carry the event, and whoever finds it
untold would tell the log, later than the answer. That is a promise of every ledger and of every
reader of the log. It would halve the wait: of 6.0 ms (p50) at load 17 the ledger's step took 2.3,
the log's append 2.2, two bare syncs 4.0; their p99 were 86, 51 and 60 ms, so it is the disk that
keeps the goal of 5 ms or does not: when few wrote, one sync took .15 - .3 ms (p50), 2 - 4 (p99).
"""

import asyncio
import gc
import os
import resource
import secrets
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any

from bench.harness import row
from queqiao.catalog.contracts import PriceBook
from queqiao.decide.promotions.coupons.claims import GatheredIssues
from queqiao.decide.promotions.coupons.code_book import PURPOSE
from queqiao.decide.promotions.coupons.code_files import code_file
from queqiao.decide.promotions.coupons.codes import CodeMaker, CodeSpace
from queqiao.decide.promotions.coupons.guesses import GuessBudget
from queqiao.decide.promotions.coupons.holdings import Issue, issue
from queqiao.decide.promotions.coupons.redemption import Asked, Coupons
from queqiao.decide.promotions.documents.benefit import FixedBenefit
from queqiao.decide.promotions.documents.coupon_batch import CouponBatchDocument
from queqiao.decide.promotions.documents.promotion import PromotionDocument
from queqiao.decide.promotions.offers import FOREVER_US
from queqiao.decide.promotions.quoting import Shop
from queqiao.decide.promotions.snapshot import compile_snapshot
from queqiao.ports.event_log.embedded import EmbeddedEventLog
from queqiao.ports.ledger.base import Ledger, Take
from queqiao.ports.ledger.embedded import EmbeddedLedger
from queqiao.ports.records.sqlite import SqliteRecords

MADE, DRAWN = 10_000_000, 300_000
USED, PACED, AT_ONCE = 6_400, 400, 32
CLAIMED, RUSH = 2_000, 200
NOW_US = 1_780_000_000_000_000
SECRET = b"the coupon key of the bench, long"
Row = dict[str, Any]


def run() -> list[Row]:
    """Measure and return the rows of the table."""
    return [*_printing(), *_making(), *asyncio.run(_redeeming()), *asyncio.run(_claiming())]


def _making() -> list[Row]:
    maker = CodeMaker(CodeSpace(SECRET, PURPOSE), "bench", "", MADE)
    began = process_time()
    size = sum(len(lines) for lines in maker.lines(0, 2_000_000))
    ours = size / 14 / (process_time() - began)
    began = process_time()
    drawn: set[str] = set()
    while len(drawn) < DRAWN:
        drawn.add(secrets.token_hex(6))
    peer = DRAWN / (process_time() - began)
    figure = "codes made, printed, unique by construction"
    return [
        row(
            "coupons", figure, "codes/CPU s", "higher", round(ours), goal=1_000_000,
            peer=round(peer), peer_name="secrets.token_hex(6) and a set",
        )
    ]  # fmt: skip


def _printing() -> list[Row]:
    """Ten million codes as the file that is downloaded; what the process grows by meanwhile."""
    gc.collect()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = perf_counter()
    maker = CodeMaker(CodeSpace(SECRET, PURPOSE), "bench", "", MADE)
    response = code_file("csv", "bench", "code", maker.lines(0, MADE), None)
    assert response.stream is not None
    size = sum(map(len, response.stream))
    elapsed_s = perf_counter() - began
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    assert size == 14 * MADE + 6
    return [
        row("coupons", "10 M codes redeemable and printed", "s", "lower", round(elapsed_s, 2),
            goal=30),
        row("coupons", "memory per unredeemed code", "bytes", "lower", round(grown / MADE, 2),
            goal=2),
    ]  # fmt: skip


async def _redeeming() -> list[Row]:
    """Uses of a batch of ten million, each durable in ledger and log before it is answered.

    The peer is a bare step of the same ledger on as many counters.
    """
    with TemporaryDirectory() as folder:
        ledger, coupons, close = _till(Path(folder))
        space = CodeSpace(SECRET, PURPOSE)
        maker = CodeMaker(space, "big", "", MADE)
        codes = [maker.code(number * (MADE // USED)) for number in range(USED)]

        async def redeem(number: int) -> None:
            who = f"u{number}"
            await coupons.redeem(Asked(codes[number], who, f"o{number}", "", NOW_US + number))

        async def guess(number: int) -> None:
            asked = Asked(f"GUESS{number}", f"g{number}", "o", "", NOW_US + number)
            assert not (await coupons.validate(asked)).valid

        async def bare(number: int) -> None:
            await ledger.spend(f"bare-{number}", _five(number), NOW_US + number)

        p99_ms, disk_ms = await _paced(redeem, _TwoSyncs(Path(folder)))
        ours = await _at_once(redeem)
        peer, wrong = await _at_once(bare), await _at_once(guess)
        await close()
    return [
        row("coupons", f"redeem, 10 M codes, {AT_ONCE} at once", "uses/CPU s", "higher",
            round(ours), peer=round(peer), peer_name="bare ledger step, 5 counters"),
        row("coupons", "redeem p99, 10 M codes", "ms", "lower", round(p99_ms, 2), goal=5,
            peer=round(disk_ms, 2), peer_name="two bare fdatasync in turn, p99"),
        row("coupons", "wrong code refused and counted", "codes/CPU s", "higher", round(wrong),
            peer=round(ours), peer_name="redeem"),
    ]  # fmt: skip


async def _claiming() -> list[Row]:
    """Personal coupons claimed in a rush, each stored durably before it is answered.

    The peer writes each in a transaction of its own.
    """
    with TemporaryDirectory() as folder:
        records = SqliteRecords(Path(folder) / "records.sqlite")
        records.upgrade()
        gathered = GatheredIssues(records)

        def wish(kind: str, number: int) -> Issue:
            return Issue("b", MADE, f"{kind}{number}", "claim", "r", FOREVER_US, 1)

        async def together(number: int) -> None:
            await gathered.issue(wish("t", number), NOW_US)

        async def alone(number: int) -> None:
            await records.write(partial(issue, wanted=wish("a", number), now_us=NOW_US))

        ours_s, peer_s = await _per_second(together), await _per_second(alone)
        records.close()
    figure = f"coupons claimed, {RUSH} at once"
    return [
        row("coupons", figure, "claims/s", "higher", round(ours_s), peer=round(peer_s),
            peer_name="a transaction each"),
    ]  # fmt: skip


async def _per_second(one: Callable[[int], Awaitable[None]]) -> float:
    """Return how many of a rush are done in a second: the disk is what they wait for."""
    began = perf_counter()
    for start in range(0, CLAIMED, RUSH):
        await asyncio.gather(*(one(start + number) for number in range(RUSH)))
    return CLAIMED / (perf_counter() - began)


def _till(folder: Path) -> tuple[Ledger, Coupons, Callable[[], Awaitable[None]]]:
    ledger, log = EmbeddedLedger.open(folder / "ledger"), EmbeddedEventLog(folder / "log")
    records = SqliteRecords(folder / "records.sqlite")
    records.upgrade()
    batch = CouponBatchDocument(name="big", count=MADE)
    promotion = PromotionDocument(name="big", benefit=FixedBenefit(1_000), code_batch="big")
    snapshot = compile_snapshot([("p", promotion)], [("big", batch)], SECRET)
    shop = Shop(snapshot, PriceBook())
    guesses = GuessBudget(ledger, SECRET)

    async def close() -> None:
        await ledger.close()
        log.close()
        records.close()

    return ledger, Coupons(lambda: shop, ledger, log, records, guesses), close


def _five(number: int) -> list[Take]:
    own = [Take(f"bare:{part}:{number}", 1, 1) for part in ("order", "code", "customer")]
    return [*own, Take("bare:total", 1, MADE), Take(f"bare:lot:{number // 1_024}", 1, MADE)]


class _TwoSyncs:
    """Writes as much as a redemption into two files, one after the other, each synced."""

    def __init__(self, folder: Path) -> None:
        self._files = [(folder / name).open("wb", buffering=0) for name in ("one", "other")]
        for file in self._files:
            file.write(bytes(1 << 20))
            os.fsync(file.fileno())

    async def __call__(self, number: int) -> None:
        for file in self._files:
            os.pwrite(file.fileno(), b"x" * 300, number * 300)
            os.fdatasync(file.fileno())


async def _paced(*kinds: Callable[[int], Awaitable[None]]) -> list[float]:
    """Return the 99th percentile in ms of each, in turn, where they come apart from each other."""
    took_ms: list[list[float]] = [[] for _ in kinds]
    for number in range(PACED):
        for kind, one in enumerate(kinds):
            began = perf_counter()
            await one(number)
            took_ms[kind].append((perf_counter() - began) * 1_000)
            await asyncio.sleep(0.002)
    return [quantiles(took, n=100)[98] for took in took_ms]


async def _at_once(one: Callable[[int], Awaitable[None]]) -> float:
    """Return how many were done in a CPU second."""

    async def caller(first: int) -> None:
        for number in range(first, USED, AT_ONCE):
            await one(number)

    before = process_time()
    await asyncio.gather(*(caller(PACED + first) for first in range(AT_ONCE)))
    return (USED - PACED) / (process_time() - before)
