"""The machine's clock jumps by an hour, over midnight and back: nothing is lost, no day is wrong.

The clock of every process of a system is shifted while it works. In each stretch of time something
of everything is made anew, and what was sent before is sent again. At the end each event is there
once, on the day that it said or, where it said none, on the day that it was when it came; an ad's
cost lies on the same day in the reports as in the budget; no role has died.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
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
    SystemClock,
    business_day,
    day_start_us,
    format_rfc3339,
)
from queqiao.wiring.supervisor import statuses

pytestmark = pytest.mark.system

SHIFTED = Path(__file__).with_name("shifted_clock")
BEFORE_MIDNIGHT_US = 20 * MINUTE_US
JUMPS_US = {"first": 0, "ahead": HOUR_US, "back": 0, "behind": -HOUR_US}
"""Where the clock stands in each stretch, from where it stood at first."""
SAID = 30
UNSAID = 10


class ShiftedClock:
    """The clock that a system sees."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._clock = SystemClock()
        self.midnight_us = day_start_us(business_day(self._clock.now_us() + DAY_US))
        self._first_us = self.midnight_us - BEFORE_MIDNIGHT_US - self._clock.now_us()
        file.touch()
        self.jump(0)

    def jump(self, us: int) -> str:
        """Set the clock so far from where it stood at first; return which day it is."""
        self._shift_us = self._first_us + us
        with self._file.open("r+b") as file:
            file.write((self._shift_us * 1_000).to_bytes(8, "little", signed=True))
        return business_day(self._clock.now_us() + self._shift_us)

    def days(self) -> tuple[str, str]:
        return business_day(self.midnight_us - 1), business_day(self.midnight_us)


@pytest.fixture
def clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ShiftedClock:
    file = tmp_path / "shift"
    monkeypatch.setenv("QUEQIAO_CLOCK_SHIFT", str(file))
    monkeypatch.setenv("PYTHONPATH", str(SHIFTED))
    return ShiftedClock(file)


@pytest.fixture
def system(clock: ShiftedClock) -> Iterator[System]:
    with running_system() as running:
        yield running


class Shop:
    """What was done in each stretch, and what it must come to by day."""

    def __init__(self, system: System, client: httpx.Client, clock: ShiftedClock) -> None:
        self.system = system
        self.client = client
        self.clock = clock
        self.batches: list[list[dict[str, Any]]] = []
        self.made: list[Things] = []
        self.views, self.gross, self.cost = Counter[str](), Counter[str](), Counter[str]()

    def live(self, name: str, today: str) -> None:
        """Make something of everything, and send again what was sent before."""
        self.batches.append(self._batch(name, today))
        for batch in self.batches:
            self._send(batch)
        for old in self.made:
            self._redeem(old, f"{old.prefix}-order")
        made = make_things(self.system, name)
        self._redeem(made, f"{name}-order")
        self.made.append(made)
        self.gross[today] += 30_000
        self.cost[today] += self._click(made)
        until(lambda: good(self.client.get("/api/v1/system"))["lag_events"] == 0, 20)

    def _batch(self, name: str, today: str) -> list[dict[str, Any]]:
        event = {"type": "track", "event": "Product Viewed", "userId": "u"}
        batch = [event | {"messageId": f"{name}-unsaid-{i}"} for i in range(UNSAID)]
        self.views[today] += UNSAID
        for i in range(SAID):
            at_us = self.clock.midnight_us + (i - SAID // 2) * MINUTE_US
            self.views[business_day(at_us)] += 1
            batch.append(
                event | {"messageId": f"{name}-said-{i}", "timestamp": format_rfc3339(at_us)}
            )
        return batch

    def _send(self, batch: list[dict[str, Any]]) -> None:
        url, auth = f"{self.system.base_url}/v1/batch", (self.system.intake_key, "")
        good(httpx.post(url, auth=auth, json={"batch": batch}))

    def _redeem(self, made: Things, order: str) -> None:
        body = {"customer_id": order, "order_id": order}
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
        answer = good(self.client.post("/api/v1/reports/query", json=asked | span))
        return {str(day)[:10]: int(value) for day, value in answer["rows"] if value}

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
def test_a_clock_that_jumps_an_hour_ahead_and_back(system: System, clock: ShiftedClock) -> None:
    with admin(system) as client:
        shop = Shop(system, client, clock)
        days = [clock.jump(us) for us in JUMPS_US.values()]
        before, after = clock.days()
        assert days == [before, after, before, before]
        for name, us in JUMPS_US.items():
            shop.live(name, clock.jump(us))

        check_events(shop)
        check_money(shop)
        for number, made in enumerate(shop.made):  # each hears of every order since it is there
            orders = len(JUMPS_US) - number
            until(lambda made=made, n=orders: shop.deliveries(made.prefix) == n, 10)
        assert [status.name for status in statuses(system.home) if status.restarts] == []
