"""Frequency caps: what they cost a decision, a byte, a restart, and how many break.

The shop: 1,000 live campaigns of 100 advertisers with three caps each; 1 million people with ten
counters each, so 10 million. A decision looks who is at a cap and counts the ad of one campaign
under its caps. The plain dict does the same without caring for other workers or restarts: person →
tag → (window, count), and the same plan; its bytes are measured at 1 million counters.

Broken: four processes count ads of the same 50 people up to a limit as fast as they can; what is
above the limit is broken. The peer is what each process would do that counts for itself.

Learnt: a decision must pay for what its person has been shown and not for the caps that exist, so
the caps are turned round (from a count to whom it stops). What a look costs is unpacking blocks in
Python: one read of 64 bytes (0.2 µs) is less than half of eight reads of a word. A lock by
``fcntl`` and its release cost 1.6 µs, and only counting takes one; an RPC to an owner of the person
costs 20 µs of CPU to the caller alone, and dies with the owner. What an ad counts under, told anew
for each, was a quarter of the count. CPU times here grow by half and more while others wait.
"""

import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from time import perf_counter, process_time
from typing import Any

import numpy as np

from bench.harness import row
from queqiao.decide.ads.caps import snapshot
from queqiao.decide.ads.caps.counters import tag_of
from queqiao.decide.ads.caps.document import Cap
from queqiao.decide.ads.caps.frequency import Frequency
from queqiao.decide.ads.caps.people import People, key_of
from queqiao.decide.ads.caps.plan import Plan, plan
from queqiao.decide.ads.caps.rows import blocks_for, lay
from queqiao.decide.ads.caps.store import Store
from queqiao.decide.ads.caps.table import BLOCK_BYTES, BLOCK_WORDS, HEAD_BYTES, Array, Lock, Table
from queqiao.decide.ads.caps.windows import Windows
from queqiao.decide.ads.contracts import Campaign, Creative

PEOPLE, COUNTERS = 1_000_000, 10
DECISIONS = 20_000
NOW_US = 1_780_000_000_000_000
ZONE = "Asia/Shanghai"
SECRET = b"k" * 32
BUSY, LIMIT, ADS = 50, 40, 3_000
CAPS = [Cap("campaign", 3, "day"), Cap("campaign", 8, "week"), Cap("advertiser", 12, "day")]
Row = dict[str, Any]


def run() -> list[Row]:
    """Measure and return the rows of the table."""
    compiled = plan([(f"c{number}", campaign(number)) for number in range(1_000)])
    blocks = filled(compiled)
    with tempfile.TemporaryDirectory() as folder:
        people, whole_bytes = laid(Path(folder), blocks)
        core_us, look_us = decisions_us(people, compiled)
        dict_us, dict_bytes = dict_figures(compiled, people)
        written_s, read_s = restart_s(Path(folder), people)
    broken, alone = broken_percent(shared=True), broken_percent(shared=False)
    counters = PEOPLE * COUNTERS
    dict_peer: dict[str, Any] = {"peer": round(dict_us, 1), "peer_name": "plain dict"}
    return [
        row("caps", "look and count, 10 counters a person, 1,000 campaigns with 3 caps, CPU",
            "µs", "lower", round(core_us, 1), goal=20, **dict_peer),
        row("caps", "look alone", "µs", "lower", round(look_us, 1), goal=20),
        row("caps", "10 M counters, 1 M people", "MB", "lower", round(whole_bytes / 1e6),
            goal=1_000, peer=round(dict_bytes * counters / 1e6), peer_name="plain dict"),
        row("caps", "broken, 4 workers on the same people", "%", "lower", broken, goal=0.01,
            peer=alone, peer_name="each counts for itself"),
        row("caps", "snapshot of 10 M counters written", "s", "lower", round(written_s, 2)),
        row("caps", "10 M counters made again", "s", "lower", round(read_s, 2), goal=10),
    ]  # fmt: skip


def campaign(number: int) -> Campaign:
    """Return a campaign of one of 100 advertisers."""
    creatives = [Creative("x", "title", "/p")]
    return Campaign(
        f"c{number}", f"a{number % 100}", ["home"], 100, "CNY", 10**9, creatives, caps=CAPS
    )


def person(number: int) -> int:
    """Return the key of a person."""
    return key_of("user", f"customer-{number}", SECRET)


def filled(compiled: Plan) -> Array:
    """Return the blocks of a million people, of whom each has ten counters of today."""
    random = np.random.default_rng(618)
    tags = np.array(sorted(compiled.checks), dtype=np.uint64)
    each = -(-COUNTERS // 3)
    blocks = np.zeros((PEOPLE, each, BLOCK_WORDS), dtype=np.uint64)
    keys = np.array([person(number) for number in range(PEOPLE)], dtype=np.uint64)
    blocks[:, :, 0] = keys[:, None]
    first = random.integers(0, len(tags), PEOPLE)
    moment = Windows(ZONE).at(NOW_US)
    numbers = np.array(moment.numbers, dtype=np.uint64)
    for counter in range(COUNTERS):
        tag = tags[(first + counter * 37) % len(tags)]
        count = random.integers(1, 4, PEOPLE).astype(np.uint64)
        word = numbers[(tag & np.uint64(15)).astype(np.intp)] << np.uint64(32)
        blocks[:, counter // 3, 1 + counter % 3] = tag
        blocks[:, counter // 3, 4 + counter % 3] = word | count << np.uint64(16)
    blocks[:, :, 7] = NOW_US
    return blocks.reshape(-1, BLOCK_WORDS)


def laid(folder: Path, blocks: Array) -> tuple[People, int]:
    """Lay the blocks into a table on disk; return it and its bytes."""
    size = blocks_for(len(blocks))
    table = Table.made(folder / "table", size)
    lay(table, blocks)
    people = People(lambda: table, Lock(folder / "lock"), Windows(ZONE))
    return people, HEAD_BYTES + size * BLOCK_BYTES


def decisions_us(people: People, compiled: Plan) -> tuple[float, float]:
    """Return the CPU time of a look and a count, and of a look alone."""
    frequency, random = Frequency(people, SECRET), Random(7)
    asked = [(f"customer-{random.randrange(PEOPLE)}", f"c{random.randrange(1_000)}")
             for _ in range(DECISIONS)]  # fmt: skip
    start = process_time()
    for user_id, _ in asked:
        assert frequency.shopper(compiled, NOW_US, user_id=user_id).capped is not None
    look_us, counted = (process_time() - start) / DECISIONS * 1e6, 0
    start = process_time()
    for user_id, campaign_id in asked:
        shopper = frequency.shopper(compiled, NOW_US, user_id=user_id)
        if campaign_id not in shopper.capped:
            counted += shopper.count(campaign_id, "x") is not None
    assert counted > DECISIONS // 2
    return (process_time() - start) / DECISIONS * 1e6, look_us


Counts = dict[str, dict[int, tuple[int, int]]]


def dict_figures(compiled: Plan, people: People) -> tuple[float, float]:
    """Return the CPU time of a decision on a plain dict, and its bytes for a counter."""
    before = resident_bytes()
    counts: Counts = {}
    for number in range(PEOPLE // 10):
        words = people.entries(person(number), NOW_US).words
        counts[f"customer-{number}"] = {
            tag: (word >> 32, word >> 16 & 0xFFFF) for tag, word in words.items()
        }
    held = resident_bytes() - before
    numbers, random = Windows(ZONE).at(NOW_US).numbers, Random(7)
    asked = [(f"customer-{random.randrange(PEOPLE // 10)}", f"c{random.randrange(1_000)}")
             for _ in range(DECISIONS)]  # fmt: skip
    start = process_time()
    for user_id, campaign_id in asked:
        dict_decision(counts[user_id], compiled, numbers, campaign_id)
    spent_us = (process_time() - start) / DECISIONS * 1e6
    return spent_us, held / sum(map(len, counts.values()))


def dict_decision(
    own: dict[int, tuple[int, int]],
    compiled: Plan,
    numbers: tuple[int, ...],
    campaign_id: str,
) -> None:
    """Look who is at a cap, and count one ad, in a plain dict."""
    capped = {
        check.campaign_id: (check, count)
        for tag, (window, count) in own.items()
        if tag in compiled.checks and window == numbers[tag & 15]
        for check in compiled.checks[tag]
        if count >= check.cap.times
    }
    if campaign_id in capped:
        return
    for tag in compiled.countings[campaign_id, "x"].tags:
        window, count = own.get(tag, (0, 0))
        current = numbers[tag & 15]
        own[tag] = (current, count + 1 if window == current else 1)


def resident_bytes() -> int:
    """Return the private memory of this process."""
    pages = Path("/proc/self/statm").read_text("ascii").split()
    return (int(pages[1]) - int(pages[2])) * os.sysconf("SC_PAGE_SIZE")


def restart_s(folder: Path, people: People) -> tuple[float, float]:
    """Return how long a snapshot takes, and a table made again of it."""
    start = perf_counter()
    snapshot.write(folder / "snapshot", people.current(), 0)
    written_s = perf_counter() - start
    start = perf_counter()
    found = snapshot.read(folder / "snapshot")
    assert found is not None
    table = Table.made(folder / "again", blocks_for(len(found.blocks)))
    lay(table, found.blocks)
    read_s = perf_counter() - start
    again = People(lambda: table, Lock(None), Windows(ZONE))
    for number in range(0, PEOPLE, 9_999):
        found_words = again.entries(person(number), NOW_US).words
        assert found_words == people.entries(person(number), NOW_US).words
    return written_s, read_s


class NoLog:
    """A log that is empty."""

    def read(self, after: int, limit: int) -> list[Any]:
        """Return no event after ``after``."""
        return [after, limit][:0]

    def end(self) -> int:
        """Return 0."""
        return 0

    def recent(self, limit: int) -> list[Any]:
        """Return no event."""
        return [limit][:0]


def broken_percent(*, shared: bool) -> float:
    """Return which share of the ads that four processes count was one too many."""
    with tempfile.TemporaryDirectory() as folder:
        context = multiprocessing.get_context("fork")
        told = context.SimpleQueue()
        homes = [Path(folder) / ("shared" if shared else str(number)) for number in range(4)]
        for home in homes:
            home.mkdir(exist_ok=True)
        workers = [context.Process(target=work, args=(home, number, told.put))
                   for number, home in enumerate(homes)]  # fmt: skip
        for worker in workers:
            worker.start()
        shown = np.sum([told.get() for _ in workers], axis=0)
        for worker in workers:
            worker.join()
    sys.stderr.write(f"{int(shown.sum())} ads, of at most {BUSY * LIMIT}\n")
    return round(float(np.maximum(shown - LIMIT, 0).sum() / shown.sum() * 100), 4)


def work(home: Path, seed: int, tell: Callable[[list[int]], None]) -> None:
    """Count ads of few people; tell how many of each were allowed."""
    people = Store(home, "boot", 10**9).open(NoLog(), ZONE)
    tags = [tag_of("campaign", "c", "day", rolling=False)]
    shown, random = [0] * BUSY, Random(seed)
    time.sleep(0.2)  # until all have begun
    for _ in range(ADS):
        one = random.randrange(BUSY)
        limits = dict.fromkeys(tags, LIMIT)
        shown[one] += people.count(1_000 + one, tags, limits, NOW_US) is None
    tell(shown)
