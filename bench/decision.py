"""Ad decisions: the core, whole ones at 10,000 live campaigns, and whole ones over HTTP.

The shop: one placement; a campaign asks for up to three of 40 segments (half of them), up to two of
four channels (a third), has its own bid and its own counts. A shopper is in five segments.
The plain scan asks every campaign its clauses and runs the same auction on those that fit.
A whole decision is the handler from JSON to JSON on a real ledger and log, whose threads and syncs
are in its CPU time; before budgets were leased in slices it took 231 µs at 1,000 campaigns. What
a page waited for then stands beside: two appends of as many bytes with ``fdatasync``.
"""

import asyncio
import os
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from types import SimpleNamespace
from typing import Any

import msgspec

from bench import decision_http
from queqiao.decide.ads.auction import Award
from queqiao.decide.ads.auction import run as auction
from queqiao.decide.ads.budgets import Budgets
from queqiao.decide.ads.click_rate import Count
from queqiao.decide.ads.contracts import Campaign, Creative, Placement, Targeting
from queqiao.decide.ads.hot_endpoints import AdsServices, routes
from queqiao.decide.ads.hot_state import AdsSnapshot, LivePlacement, snapshot
from queqiao.decide.ads.outbox import Outbox
from queqiao.decide.ads.served import record
from queqiao.decide.ads.targeting.index import Facts
from queqiao.kernel.http import Request, Route
from queqiao.kernel.tokens import Signer
from queqiao.ports.event_log.embedded import EmbeddedEventLog
from queqiao.ports.ledger.embedded import EmbeddedLedger

SEGMENTS, CHANNELS = 40, ("web", "app", "mini", "shop")
SHOPPERS, WHOLE = 2_000, 1_500
AT_ONCE = 32
EVENT_BYTES = 3_000
NOW_US = 1_780_000_000_000_000
Row = dict[str, Any]


def run() -> list[Row]:
    """Measure and return the rows of the table."""
    small, large = live(1_000, Random(618)), live(20_000, Random(618))
    place, facts = small.placements["home"], shoppers(Random(11))
    core, scan = core_us(place, facts), scan_us(place, facts[:100])
    many = core_us(large.placements["home"], facts)
    recorded = recorded_us(place, facts)
    one_ms, limit_ms, cpu_us = asyncio.run(whole(live(10_000, Random(618))))
    random = Random(618)
    http = decision_http.measure(
        {f"c{number:05}": campaign(f"c{number:05}", random) for number in range(10_000)}
    )
    plain = "a plain ASGI answer"
    fits = sum(len(list(place.index.walk(place.index.match(f)))) for f in facts[:100]) / 100
    return [
        row(f"core, 1,000 live campaigns, {fits:.0f} fit", "µs", 20, core, (scan, "plain scan")),
        row("core, 20,000 live campaigns", "µs", 100, many),
        row("core and the record for why, 1,000", "µs", 100, recorded),
        row("whole, alone, 10,000 live, p50", "ms", 0.5, one_ms, (limit_ms, "two fdatasyncs")),
        row(f"whole, {AT_ONCE} at once, 10,000 live, CPU", "µs", 200, cpu_us),
        row("over HTTP, 1,000/s, p50", "ms", 0.5, http.p50_ms, (http.plain_p50_ms, plain)),
        row("over HTTP, 1,000/s, p99", "ms", 3, http.p99_ms, (http.plain_p99_ms, plain)),
        row("over HTTP, CPU of all roles", "µs", None, http.cpu_us, (http.plain_cpu_us, plain)),
    ]


def row(
    figure: str, unit: str, goal: float | None, ours: float, peer: tuple[float, str] | None = None
) -> Row:
    """Return one row of the bench table; less is better in all of them."""
    return {
        "name": "decision",
        "figure": figure,
        "unit": unit,
        "better": "lower",
        "goal": goal,
        "ours": round(ours, 2),
        "peer": round(peer[0], 2) if peer else None,
        "peer_name": peer[1] if peer else None,
    }


def live(campaigns: int, random: Random) -> AdsSnapshot:
    """Return a snapshot with so many live campaigns on one placement."""
    names = [f"c{number:05}" for number in range(campaigns)]
    counts = [
        Count(name, "home", random.randrange(20_000), random.randrange(200)) for name in names
    ]
    place = SimpleNamespace(id="home", revision=1, document=Placement("home", 10, "CNY"))
    documents = [
        SimpleNamespace(id=name, revision=1, document=campaign(name, random)) for name in names
    ]
    return snapshot([place], documents, counts)


def campaign(name: str, random: Random) -> Campaign:
    """Return one campaign of the mix."""
    segments = random.sample(range(SEGMENTS), random.choice((0, 0, 0, 1, 2, 3)))
    channels = random.sample(CHANNELS, random.choice((0, 0, 0, 0, 1, 2)))
    return Campaign(
        name=name,
        advertiser="bench",
        placements=["home"],
        bid_minor=random.randrange(20, 500),
        currency="CNY",
        daily_budget_minor=10**12,
        creatives=[Creative("x", "title", "https://shop.example/landing")],
        targeting=Targeting([f"g{number}" for number in segments], list(channels)),
    )


def shoppers(random: Random) -> list[Facts]:
    """Return shoppers, each in five segments, on one channel."""
    return [
        Facts(
            frozenset(f"g{number}" for number in random.sample(range(SEGMENTS), 5)),
            random.choice(CHANNELS),
            NOW_US,
        )
        for _ in range(SHOPPERS)
    ]


def core_us(place: LivePlacement, facts: list[Facts]) -> float:
    """Return the CPU time of one match and auction."""
    start = process_time()
    for draw, each in enumerate(facts):
        place.choose(each, draw)
    return (process_time() - start) / len(facts) * 1e6


def scan_us(place: LivePlacement, facts: list[Facts]) -> float:
    """Return the CPU time of the same award by asking every campaign."""
    start = process_time()
    awards = [scan(place, each, draw) for draw, each in enumerate(facts)]
    spent_us = (process_time() - start) / len(facts) * 1e6
    assert awards == [place.choose(each, draw) for draw, each in enumerate(facts)]
    return spent_us


def scan(place: LivePlacement, facts: Facts, draw: int) -> Award | None:
    """Return the award by asking every campaign."""
    index = place.index
    fit = (entry.bid for entry in index.entries if index.why_not(entry, facts) is None)
    return auction(fit, place.document.floor_minor, draw)


def recorded_us(place: LivePlacement, facts: list[Facts]) -> float:
    """Return the CPU time of one decision and of the record from which it is explained."""
    start = process_time()
    for draw, each in enumerate(facts):
        award = place.choose(each, draw)
        if award is not None:
            msgspec.json.encode(record(place, each, {}, draw, award))
    return (process_time() - start) / len(facts) * 1e6


async def whole(hot: AdsSnapshot) -> tuple[float, float, float]:
    """Return p50 of whole decisions one by one, the limit, and the CPU time of one among many."""
    with TemporaryDirectory() as name:
        ledger, log = EmbeddedLedger.open(Path(name) / "l"), EmbeddedEventLog(Path(name) / "e")
        outbox = Outbox(log)
        groups = [frozenset(f"g{n}" for n in range(start, start + 5)) for start in range(35)]
        decide, _ = routes(
            AdsServices(
                hot=lambda: hot,
                budgets=Budgets(ledger, "Asia/Shanghai", "bench"),
                outbox=outbox,
                event_log=log,
                signer=Signer(b"k" * 32),
                segments_of=lambda user: groups[int(user) % len(groups)],
                random_bits=Random(3).getrandbits,
            )
        )
        file = os.open(Path(name) / "limit", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        pairs = [(await timed_ms(decide, n), two_appends_ms(file)) for n in range(300)]
        os.close(file)
        start = process_time()
        await asyncio.gather(*(queue(decide, n) for n in range(AT_ONCE)))
        await outbox.flush()
        cpu_us = (process_time() - start) / (WHOLE // AT_ONCE * AT_ONCE) * 1e6
        await ledger.close()
        log.close()
    alone, limit = zip(*pairs, strict=True)
    return median(alone), median(limit), cpu_us


async def queue(decide: Route, first: int) -> None:
    """Ask one question after the other, as one of many clients."""
    for number in range(WHOLE // AT_ONCE):
        await timed_ms(decide, first + number)


async def timed_ms(decide: Route, number: int) -> float:
    """Return how long one whole decision took."""
    body = b'{"placements":[{"id":"home"}],"user":{"id":"%d"},"context":{"channel":"web"}}' % number
    request = Request("POST", "", {}, {}, {}, body, "", NOW_US + number)
    start = perf_counter()
    answer = await decide.handler(request)
    assert b'"decision_id"' in answer.body
    return (perf_counter() - start) * 1e3


def two_appends_ms(file: int) -> float:
    """Return how long two appends with ``fdatasync`` take: the lease's bytes, then the event's."""
    start = perf_counter()
    for size in (200, EVENT_BYTES):
        os.write(file, b"x" * size)
        os.fdatasync(file)
    return (perf_counter() - start) * 1e3
