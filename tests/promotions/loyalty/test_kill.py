"""Killed at any moment while many buy with points: none is used twice, none is lost."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from random import Random

from tests.promotions.loyalty.points_till import PointsTill, live_again
from tests.promotions.loyalty.victim import AT_ONCE
from tests.promotions.till import NOW_US

from queqiao.kernel.clock import HOUR_US
from queqiao.kernel.errors import Refused

ROOT = Path(__file__).parents[3]
START = 3_000
"""Points at the beginning: 10 for each order that gets some."""


def die_while_buying(folder, first, after_s):
    """Let a process buy and kill it; return the lines that it told."""
    command = [sys.executable, "-m", "tests.promotions.loyalty.victim", str(folder), str(first)]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env={**os.environ}
    ) as victim:
        told = [victim.stdout.readline()]  # it is at work
        time.sleep(after_s)
        os.kill(victim.pid, signal.SIGKILL)
        told += victim.stdout.read().splitlines()
    return [line.split() for line in told if line.split()]


async def close(till):
    await till.ledger.close()
    till.log.close()
    till.records.close()


async def test_killed_while_buying_no_point_is_used_twice_or_lost(tmp_path):
    random = Random(7)
    till = PointsTill(tmp_path)
    till.start()
    await till.adjust(START)
    await close(till)
    told, tried = {}, set()
    for first in (0, 10_000, 20_000):
        lines = die_while_buying(tmp_path, first, random.uniform(0.3, 1.5))
        told |= {int(number): int(used) for word, number, used in lines if word == "paid"}
        begun = [int(number) for word, number, _ in lines if word == "begun"]
        tried |= {number + n for number in begun for n in range(AT_ONCE)}
    after = PointsTill(tmp_path)
    live_again(after)
    for number in sorted(tried):  # whoever asks again finishes what died half done
        with suppress(Refused):
            again = await after.buy(f"o{number}", 2, points=10, now_us=NOW_US + number)
            assert again["quote"]["points"]["used"] == told.pop(number, 10) == 10
    assert not told, "an order that was told as paid is refused"
    later = NOW_US + HOUR_US
    proof = await after.proof(later)
    assert proof["agrees"], proof
    assert proof["spent"] > 0
    assert await after.has(now_us=later) == (START - proof["spent"] + proof["earned"], 0, 0)
    assert (await after.ledger.prove()).balanced
    await close(after)
