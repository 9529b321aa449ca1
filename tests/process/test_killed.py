"""kill -9 of the loader at random points: every table ends as if it had never been killed."""

import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

from tests.process.conftest import MINUTE, append, event

from queqiao.ports.event_log.embedded import EmbeddedEventLog

ROUNDS = 10
EVENTS = 3_000
PROGRAM = Path(__file__).parent / "killed_loader.py"


def shop(chance: random.Random) -> list[bytes]:
    """Return a seeded stream of views, logins, clicks, orders and refunds of a few shoppers."""
    bodies = []
    for number in range(EVENTS):
        device, at = f"d{chance.randrange(40)}", number * MINUTE // 8
        user = f"u{chance.randrange(20)}" if chance.random() < 0.1 else None
        order = f"o{chance.randrange(number // 5 + 1)}"
        products = [
            {
                "sku": f"s{chance.randrange(9)}",
                "price_minor": chance.randrange(1, 9999),
                "quantity": 2,
            }
            for _ in range(chance.randrange(1, 4))
        ]
        name, properties = chance.choice(
            [
                ("Product Viewed", {"sku": "s1", "price": 12.5, "currency": "CNY"}),
                ("Ad Clicked", {"campaign_id": f"c{number % 3}", "decision_id": f"{number}"}),
                ("Order Completed", {"order_id": order, "products": products, "discount_minor": 1}),
                ("Order Refunded", {"order_id": order, "products": products[:1]}),
                ("Order Cancelled", {"order_id": order}),
            ]
        )
        bodies.append(event(name, at, user=user, anon=device, **properties))
    return bodies


def start(folder: Path, events_in_batch: int) -> subprocess.Popen:
    command = [sys.executable, str(PROGRAM), str(folder), str(events_in_batch)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def finish(folder: Path, events_in_batch: int) -> str:
    with start(folder, events_in_batch) as process:
        assert process.stdout.readline() == "ready\n"
        answer = process.stdout.readline()
    assert process.returncode == 0
    return answer


async def test_killed_at_random_points_the_tables_are_the_same(tmp_path) -> None:
    log = EmbeddedEventLog(tmp_path / "log")
    await append(log, shop(random.Random(20)))
    log.close()
    chance = random.Random(11)
    killed = 0
    for _ in range(ROUNDS):
        with start(tmp_path / "killed", 60) as process:
            assert process.stdout.readline() == "ready\n"
            after_s = chance.uniform(0.0, 0.5)
            threading.Timer(after_s, process.send_signal, [signal.SIGKILL]).start()
            process.stdout.read()
        killed += process.returncode == -signal.SIGKILL
    assert killed == ROUNDS, "every round must end by the kill, not by the end of the log"
    assert finish(tmp_path / "killed", 60) == finish(tmp_path / "whole", 100_000)
