"""The machine's clock jumps by an hour, over midnight and back: nothing is lost, no day is wrong.

The clock of every process of a system is shifted while it works under load, twenty minutes after
midnight. The system goes on by the time before, so whatever comes lies on its own day: events by
their clients' clocks, events that say no time, orders, the cost of ads in the reports and in their
budgets. What was sent before is sent again. A clock that was wrong and is set right is followed
when it has stayed so, and no past report changes by it.
"""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx
import pytest
from bench.harness import System, running_system
from tests.system.things import Things, admin, decide, good, make_things
from tests.system.waiting import until

from queqiao.kernel.clock import (
    DAY_US,
    HOUR_US,
    MINUTE_US,
    SECOND_US,
    SystemClock,
    business_day,
    day_start_us,
    format_rfc3339,
)
from queqiao.wiring.supervisor import statuses

pytestmark = pytest.mark.system

SHIFTED = Path(__file__).with_name("shifted_clock")
AFTER_MIDNIGHT_US = 20 * MINUTE_US
JUMPS_US = {"first": 0, "ahead": HOUR_US, "back": 0, "behind": -HOUR_US}
"""Where the clock stands in each stretch, from where it should stand."""
SAID = 30
SAID_EVERY_US = 80_000_000
"""The events of a batch that say their time reach forty minutes back, over midnight."""
UNSAID = 10
LOAD_EVERY_S = 0.05
VIEW = {"type": "track", "event": "Product Viewed", "userId": "u"}


class ShiftedClock:
    """The clock that a system sees, and the true one: twenty minutes after midnight at first."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._clock = SystemClock()
        self.midnight_us = day_start_us(business_day(self._clock.now_us() + DAY_US))
        self._first_us = self.midnight_us + AFTER_MIDNIGHT_US - self._clock.now_us()
        file.touch()
        self.jump(0)

    def jump(self, us: int) -> str:
        """Set the clock so far from the true one; return which day it says."""
        shift_us = self._first_us + us
        with self._file.open("r+b") as file:
            file.write((shift_us * 1_000).to_bytes(8, "little", signed=True))
        return business_day(self._clock.now_us() + shift_us)

    def now_us(self) -> int:
        """Return the true time, by which clients go."""
        return self._clock.now_us() + self._first_us


@pytest.fixture
def clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ShiftedClock:
    file = tmp_path / "shift"
    monkeypatch.setenv("QUEQIAO_CLOCK_SHIFT", str(file))
    monkeypatch.setenv("PYTHONPATH", str(SHIFTED), prepend=os.pathsep)
    return ShiftedClock(file)


class Shop:
    """What was done in each stretch, and what it must come to by day."""

    def __init__(self, system: System, client: httpx.Client, clock: ShiftedClock) -> None:
        self.system = system
        self.client = client
        self.clock = clock
        self.today = business_day(clock.now_us())
        self.batches: list[list[dict[str, Any]]] = []
        self.made: list[Things] = []
        self.views, self.gross, self.cost = Counter[str](), Counter[str](), Counter[str]()

    def live(self, name: str) -> None:
        """Make something of everything, and send again what was sent before."""
        self.batches.append(self._batch(name))
        for batch in self.batches:
            self._send(batch)
        for old in self.made:
            self._redeem(old, f"{old.prefix}-order")
        made = make_things(self.system, name)
        self._redeem(made, f"{name}-order")
        self.made.append(made)
        self.gross[self.today] += 30_000
        self.cost[self.today] += self._click(made)

    def all_loaded(self) -> None:
        until(lambda: good(self.client.get("/api/v1/system"))["lag_events"] == 0, 20)

    @contextmanager
    def under_load(self) -> Iterator[None]:
        """Send batches one after the other meanwhile, from a client of its own."""
        stop = Event()
        sending = Thread(target=self._send_on, args=(stop,))
        sending.start()
        try:
            yield
        finally:
            stop.set()
            sending.join()

    def _send_on(self, stop: Event) -> None:
        for number in count():
            if stop.wait(LOAD_EVERY_S):
                return
            self._send(self._batch(f"load-{number}"))

    def _batch(self, name: str) -> list[dict[str, Any]]:
        batch: list[dict[str, Any]] = [
            VIEW | {"messageId": f"{name}-unsaid-{i}"} for i in range(UNSAID)
        ]
        self.views[self.today] += UNSAID
        now_us = self.clock.now_us()
        for i in range(SAID):
            at_us = now_us - i * SAID_EVERY_US
            self.views[business_day(at_us)] += 1
            batch.append(
                VIEW | {"messageId": f"{name}-said-{i}", "timestamp": format_rfc3339(at_us)}
            )
        return batch

    def _send(self, batch: Sequence[dict[str, Any]]) -> None:
        """Send as clients do: with the time of sending, by their own clock."""
        url, auth = f"{self.system.base_url}/v1/batch", (self.system.intake_key, "")
        sent = {"batch": batch, "sentAt": format_rfc3339(self.clock.now_us())}
        good(httpx.post(url, auth=auth, json=sent, timeout=30))

    def _redeem(self, made: Things, order: str) -> None:
        body = {"customer_id": f"{made.prefix}-user", "order_id": order}
        good(self.client.post(f"/api/v1/coupons/{made.ids['coupons']}/redeem", json=body))

    def _click(self, made: Things) -> int:
        """Click an ad; return its price."""
        ad = decide(self.system, made)
        notice = httpx.get(self.system.base_url + ad["tracking"]["click"])
        assert notice.status_code == httpx.codes.FOUND, notice.text
        return int(ad["price_minor"])

    def by_day(self, metric: str) -> dict[str, int]:
        """Return what the reports say of each day."""
        asked = {"metrics": [metric], "dimensions": [], "granularity": "day"}
        span = {"from": "2026-01-01", "to": "2100-01-01", "timezone": "Asia/Shanghai"}
        answer = self.report(asked | span)
        return {str(day)[:10]: int(value) for day, value in answer["rows"] if value}

    def report(self, asked: dict[str, Any]) -> Any:
        return good(self.client.post("/api/v1/reports/query", json=asked))

    def jump_seen_s(self) -> float:
        """Return by how much the machine's clock is ahead, as the system measures it."""
        lines = self.client.get("/metrics").text.splitlines()
        (line,) = [one for one in lines if one.startswith("queqiao_clock_jump_seconds")]
        return float(line.rpartition(" ")[2])

    def spent(self, prefix: str) -> dict[str, int]:
        found = good(self.client.get("/api/v1/ledger/balances", params={"prefix": prefix}))
        return {item["counter"]: int(item["spent"]) for item in found["items"]}

    def deliveries(self, webhook: str) -> int:
        page = self.client.get("/api/v1/webhook-deliveries", params={"webhook": webhook})
        return len(good(page)["items"])


def check_events(shop: Shop) -> None:
    assert shop.by_day("views") == shop.views
    assert shop.by_day("gross") == shop.gross
    for batch in shop.batches:
        for sent in batch[:: SAID // 3]:
            found = shop.client.get("/api/v1/events", params={"message_id": sent["messageId"]})
            (kept,) = good(found)["items"]
            assert kept["timestamp"] == sent.get("timestamp", kept["received_at"])


def check_money(shop: Shop) -> None:
    """Budgets and reports have each click on one and the same day; each coupon is used once."""
    assert shop.by_day("cost") == shop.cost
    budgets = Counter[str]()
    for counter, spent in shop.spent("ads:budget:").items():
        budgets[counter.rpartition(":")[2]] += spent
    assert +budgets == shop.cost
    for made in shop.made:
        code = f"coupon:{made.prefix}:code:{made.ids['coupons']}"
        assert shop.spent(code) == {code: 1}
    assert good(shop.client.get("/api/v1/ledger/proof"))["balanced"] is True


@pytest.mark.timeout(180)
def test_a_clock_that_jumps_an_hour_ahead_and_back_moves_nothing(clock: ShiftedClock) -> None:
    days = {clock.jump(us) for us in JUMPS_US.values()}
    assert days == {business_day(clock.midnight_us - 1), business_day(clock.midnight_us)}
    clock.jump(0)
    with running_system() as system, admin(system) as client:
        shop = Shop(system, client, clock)
        pasts = []
        with shop.under_load():
            for name, us in JUMPS_US.items():
                clock.jump(us)
                until(lambda us=us: abs(shop.jump_seen_s() - us / SECOND_US) < 1, 5)
                shop.live(name)
                asked = {"metrics": ["views", "cost"], "granularity": "minute"}
                past = shop.report(asked)
                pasts.append((asked | {"as_of": past["as_of"]}, past))
        shop.all_loaded()

        assert len(shop.views) == 2, "the day before, and today"
        check_events(shop)
        check_money(shop)
        for asked, past in pasts:
            assert shop.report(asked) == past
        for number, made in enumerate(shop.made):  # each hears of every order since it is there
            orders = len(JUMPS_US) - number
            until(lambda made=made, n=orders: shop.deliveries(made.prefix) == n, 10)
        assert [status.name for status in statuses(system.home) if status.restarts] == []


@pytest.mark.timeout(120)
def test_a_clock_that_was_wrong_and_is_set_right_is_followed(
    clock: ShiftedClock, tmp_path: Path
) -> None:
    settings = tmp_path / "queqiao.toml"
    settings.write_text("[clock]\nfollow_after_s = 2\n")
    wrong = clock.jump(-HOUR_US)
    with running_system(["--config", str(settings)]) as system, admin(system) as client:
        shop = Shop(system, client, clock)
        shop.today = wrong
        first = make_things(system, "first")
        shop.cost[wrong] += shop._click(first)
        shop.all_loaded()
        asked = {"metrics": ["cost", "gross"], "granularity": "minute"}
        past = shop.report(asked)

        shop.today = clock.jump(0)
        until(lambda: shop.jump_seen_s() > 3_590, 5)
        until(lambda: abs(shop.jump_seen_s()) < 1, 10)
        shop.cost[shop.today] += shop._click(make_things(system, "second"))
        shop.all_loaded()
        assert len(shop.cost) == 2, "the day before, and today"
        check_money(shop)
        assert shop.report(asked | {"as_of": past["as_of"]}) == past
