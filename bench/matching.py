"""Many live promotions: 20,000 of them, of which few or many hold; memory; one change.

The shop is that of ``bench/pricing.py``. *Wide*: its mix of categories and brands, so that about
914 hold for a cart of 10 lines. *Narrow*: each names one or two SKUs, half of them with windows,
attributes, histories or trees of conditions, so that about 39 hold. The plain scan asks every
promotion's compiled condition, in the same run. Memory is that of a process of its own, which
answers carts; the change is one promotion's, measured from the document to the new snapshot. The
pause is what a reader on the event loop's thread waits at most while a thread makes that snapshot.
"""

import asyncio
import gc
import multiprocessing
import tempfile
from decimal import Decimal
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter, process_time
from typing import Any
from unittest.mock import patch

import httpx

from bench.harness import System, row, running_system
from bench.pricing import (
    BRANDS,
    NOW_US,
    SKUS,
    carts,
    carts_per_second,
    goods,
    held,
    matching_us,
    promotion,
    publish,
    scan_match,
)
from queqiao.catalog.contracts import PriceBook
from queqiao.decide.promotions.documents.benefit import PercentBenefit
from queqiao.decide.promotions.documents.condition import (
    AttributeTest,
    Condition,
    Spent,
    TimeWindow,
)
from queqiao.decide.promotions.documents.promotion import PromotionDocument
from queqiao.decide.promotions.documents.scope import GoodsNames, Scope
from queqiao.decide.promotions.matching.matcher import Matcher
from queqiao.decide.promotions.offers import compile_offer
from queqiao.decide.promotions.quoting import Shop, quote
from queqiao.decide.promotions.snapshot import PromotionsSnapshot, compile_snapshot

LIVE, CHANGES, PUBLISHED = 20_000, 20, 20
IN_A_ROW = 8
"""Answers of two processes in turn."""
SECRET = b"bench-key-of-16b"
Row = dict[str, Any]


def run() -> list[Row]:
    """Measure and return the rows of the table."""
    rows = [*_memory(), *_published()]
    for kind, make, goal in (("narrow", narrow, 4_000), ("wide", promotion, 400)):
        shop, requests = store(make), carts(Random(618))[:100]
        name = f"{LIVE:,} live, {held(shop, requests):.0f} hold"
        matching = min(matching_us(shop, requests) for _ in range(3))
        ours = carts_per_second(shop, requests)
        with patch.object(Matcher, "match", scan_match):
            scan = carts_per_second(shop, requests[:8])
        rows += [
            row("matching", f"{name}, 10 lines", "carts/CPU s", "higher", round(ours, 1),
                goal=goal, peer=round(scan, 1), peer_name="plain scan, same run"),
            row("matching", f"{name}: finding them", "µs", "lower", round(matching, 1), goal=18),
        ]  # fmt: skip
        rows += _changes(shop, kind, make)
    return rows


def store(make: Any) -> Shop:
    """Return a shop with ``LIVE`` promotions, each as ``make`` makes it."""
    random = Random(20260618)
    documents = [(f"p{n:05}", make(random, n)) for n in range(LIVE)]
    return Shop(compile_snapshot(documents, [], SECRET), PriceBook(goods(random)))


def narrow(random: Random, number: int) -> PromotionDocument:
    """Return a promotion on a few SKUs, half of them with a condition of its own."""
    skus = tuple(f"s{random.randrange(SKUS)}" for _ in range(random.randrange(1, 3)))
    condition = _condition(random) if random.random() < 0.5 else Condition()
    excluded = GoodsNames(brands=(f"b{random.randrange(BRANDS)}",))
    return PromotionDocument(
        name=f"promotion {number}",
        benefit=PercentBenefit(percent=Decimal(random.randrange(1, 8)) / 2),
        scope=Scope(skus=skus, excluded=excluded if random.random() < 0.1 else None),
        condition=condition,
        priority=random.randrange(10),
    )


def _condition(random: Random) -> Condition:
    return random.choice(
        (
            Condition(channels_any=(random.choice(("web", "app")),)),
            Condition(segments_none=(f"g{random.randrange(20)}",)),
            Condition(subtotal_at_least=random.randrange(1, 50_000)),
            Condition(windows=(TimeWindow(weekdays=(1, 2, 3, 4, 5), from_time="09:00"),)),
            Condition(attributes=(AttributeTest(name="level", any_of=(random.randrange(5),)),)),
            Condition(spent=Spent(at_least=random.randrange(1, 10_000))),
            Condition(any=(Condition(channels_any=("app",)), Condition(segments_any=("g1", "g2")))),
        )
    )


def _changes(shop: Shop, kind: str, make: Any) -> list[Row]:
    took = sorted(_change_ms(shop.promotions, Random(n), make) for n in range(CHANGES))
    pauses = sorted(asyncio.run(_pause_ms(shop.promotions, n, make)) for n in range(CHANGES))
    whole = process_time()
    compile_snapshot([(f"p{n}", make(Random(n), n)) for n in range(LIVE)], [], SECRET)
    whole_ms = (process_time() - whole) * 1e3
    return [
        row("matching", f"{LIVE:,} live ({kind}): rebuild after one change, median", "CPU ms",
            "lower", round(median(took), 1), goal=100, peer=round(whole_ms), peer_name="all anew"),
        row("matching", f"{LIVE:,} live ({kind}): pause of answers meanwhile, p95", "ms", "lower",
            round(pauses[int(CHANGES * 0.95)], 1)),
    ]  # fmt: skip


def _change_ms(snapshot: PromotionsSnapshot, random: Random, make: Any) -> float:
    name = f"p{random.randrange(LIVE):05}"
    document = make(random, 1)
    started = process_time()
    snapshot.changed({name: compile_offer(name, document)})
    return (process_time() - started) * 1e3


async def _pause_ms(snapshot: PromotionsSnapshot, seed: int, make: Any) -> float:
    """Return the longest that the event loop stood still while a thread made a snapshot."""
    making = asyncio.create_task(asyncio.to_thread(_change_ms, snapshot, Random(seed), make))
    longest, last = 0.0, perf_counter()
    while not making.done():
        await asyncio.sleep(0)
        now = perf_counter()
        longest, last = max(longest, now - last), now
    return longest * 1e3


def _memory() -> list[Row]:
    """Return the resident memory of processes that hold the promotions and answer."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1, maxtasksperchild=1) as pool:
        empty, narrow_mb = (pool.apply(_resident_mb, (each,)) for each in ("nothing", "narrow"))
        wide_mb = pool.apply(_resident_mb, ("wide",))
    return [
        row("matching", f"{LIVE:,} live ({kind}): resident memory", "MB", "lower", round(ours),
            goal=400, peer=round(empty), peer_name="the same process without promotions")
        for kind, ours in (("narrow", narrow_mb), ("wide", wide_mb))
    ]  # fmt: skip


def _published() -> list[Row]:
    """Return how long a published promotion takes to be in the answers of every process."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        random = Random(20260618)
        publish(home, ((f"p{number:05}", narrow(random, number)) for number in range(LIVE)))
        with running_system(["--workers", "2"], home=home) as system:
            waits = sorted(_seen_after_s(system, number) for number in range(PUBLISHED))
    return [
        row("matching", f"{LIVE:,} live: publish → every process, p95 of {PUBLISHED}", "s", "lower",
            round(waits[int(PUBLISHED * 0.95)], 2), goal=1)
    ]  # fmt: skip


def _seen_after_s(system: System, number: int) -> float:
    """Publish a promotion; return the seconds until ``IN_A_ROW`` answers in a row have it."""
    name, document = f"new{number}", {"name": "n", "benefit": {"type": "fixed", "amount": 1}}
    admin = {"Authorization": f"Bearer {system.admin_key}"}
    ask = {"cart": {"lines": [{"sku": "x", "price": 10**6}]}}
    with httpx.Client(base_url=system.base_url, headers=admin, timeout=30) as client:
        made = client.post("/api/v1/promotions", json={"id": name, "document": document})
        made.raise_for_status()
        client.post(f"/api/v1/promotions/{name}/publish", json={}).raise_for_status()
        first = since = perf_counter()
        seen = 0
        while seen < IN_A_ROW and perf_counter() - since < 30:
            answer = client.post("/api/v1/promotions/quote", json=ask)
            answer.raise_for_status()
            told = {one["promotion_id"] for one in answer.json()["applied"]}
            seen = seen + 1 if name in told else 0
            if seen == 1:
                first = perf_counter()
        return first - since


def _resident_mb(kind: str) -> float:
    shop = Shop(compile_snapshot([], [], SECRET), PriceBook(goods(Random(1))))
    if kind != "nothing":
        shop = store(narrow if kind == "narrow" else promotion)
    for request in carts(Random(618))[:100]:
        quote(request, shop, NOW_US)
    gc.collect()
    with open("/proc/self/statm", encoding="ascii") as pages:  # noqa: PTH123
        return int(pages.read().split()[1]) * 4096 / 1e6


if __name__ == "__main__":
    for line in run():
        print(line)
