"""Twenty minutes of a busy store, from one seed, driven by calls that say what time it is.

Nothing in it depends on the order of what happens at once: the store's campaigns can pay for all
that they win, each shopper has a code of her own and comes once at a time, and the moments of a
window's events are theirs. What is scarce (the rush: a code with few uses, a campaign with little
money) is asked for by one caller after the other, at the end of each window, further apart than a
``decide`` process remembers who could not pay.

The simulated day lies ahead of the machine's: what the system does by its own clock (freeing
leases, for instance) finds nothing due, and happens at the calls instead.
"""

import heapq
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec.structs import replace
from tests.system.closed_loop.shared_time import Doing, SharedStage, SharedTime

from queqiao.demo import documents, rates
from queqiao.demo.client import Answer, StoreClient
from queqiao.demo.goods import CURRENCY, product_documents
from queqiao.demo.returns import refund, return_of
from queqiao.demo.stage import Event
from queqiao.demo.store import Store
from queqiao.demo.visit import Visit
from queqiao.kernel.clock import (
    DAY_US,
    HOUR_US,
    MINUTE_US,
    SECOND_US,
    parse_rfc3339,
)
from queqiao.kernel.randomness import Randomness

BORN_US = parse_rfc3339("2031-06-18T12:00:00Z")
MINUTES = 20
VISITS_A_MINUTE = 80
WINDOW_US = 15 * SECOND_US
WINDOWS = MINUTES * MINUTE_US // WINDOW_US
COUNT_EVERY = 20
"""Windows between two counts of segments, recommendations and clicks: five minutes."""

HOLD_S = 600.0
RETURNED_SOONER = 1_000
"""An order comes back a day to a week later; here, so many times sooner."""

BATCH = 250
AMPLE_MINOR = 100_000_000
RUSH_USES = 25
RUSH_BUDGET_MINOR = 1_000
RUSH_FLOOR_MINOR = 40

PLACEMENTS = documents.PLACEMENTS | {
    "rush": {"name": "抢", "floor_minor": RUSH_FLOOR_MINOR, "currency": CURRENCY}
}
RUSH_BATCH = {"name": "抢券", "codes": ["RUSH"], "uses_per_code": RUSH_USES}
RUSH_PROMOTION = {
    "name": "抢券",
    "benefit": {"type": "fixed", "amount": 100},
    "code_batch": "rush",
}
RUSH_CAMPAIGN = {
    "name": "抢",
    "advertiser": "抢",
    "placements": ["rush"],
    "bid_minor": 50,
    "currency": CURRENCY,
    "daily_budget_minor": RUSH_BUDGET_MINOR,
    "creatives": [{"id": "r", "title": "抢", "landing_url": "https://store.example/rush"}],
}

Going = Callable[[int], bool]
"""Whether visits begin in the window of that number, too."""


def twenty_minutes(window: int) -> bool:
    """Say whether a window is one of the twenty minutes."""
    return window < WINDOWS


class Traffic:
    """The store's visits and the rush, on one system."""

    def __init__(self, client: StoreClient, seed: int) -> None:
        self._client = client
        self.store = Store(Randomness(seed), BORN_US)
        self._time = SharedTime(BORN_US)
        self._events: list[Event] = []
        self._returns: list[tuple[int, str, Event]] = []
        self._here: set[int] = set()
        self._left: list[int] = []
        self.rushed: list[str] = []
        """What each caller of the rush was told."""

    async def set_up(self) -> None:
        """Bring goods and papers into the system."""
        store = self.store
        await self._must("/api/v1/products/bulk", {"products": product_documents(store.goods)})
        ample = documents.campaigns(store.goods)
        for campaign in ample.values():
            campaign["daily_budget_minor"] = AMPLE_MINOR
        for path, papers in (
            ("placements", PLACEMENTS),
            ("segments", documents.SEGMENTS),
            ("coupon-batches", documents.coupon_batches(store.codes) | {"rush": RUSH_BATCH}),
            ("promotions", documents.PROMOTIONS | {"rush": RUSH_PROMOTION}),
            ("campaigns", ample | {"rush": RUSH_CAMPAIGN}),
        ):
            for name, document in papers.items():
                await self._must(f"/api/v1/{path}", {"id": name, "document": document})
                await self._must(f"/api/v1/{path}/{name}/publish", {})

    @property
    def now_us(self) -> int:
        """The end of the present window."""
        return self._time.end_us

    async def live(self, going: Going = twenty_minutes) -> dict[str, int]:
        """Live through the minutes; return what happened, counted.

        Visits that are under way at the end go home first.
        """
        number = 0
        while going(number) or self._time.waiting:
            if number % COUNT_EVERY == 0:
                await self.count_at(self.now_us)
            await self._live_window(number, going(number))
            number += 1
        await self._settle(number)
        return self.store.counts

    async def count_at(self, now_us: int, **asked: Any) -> None:
        """Have the system count as of a moment, and not by its clock."""
        await self._must("/api/v1/schedule/count", {"hold_s": HOLD_S} | asked, now_us)

    async def _live_window(self, number: int, is_open: bool) -> None:
        start_us, end_us = self.now_us, self.now_us + WINDOW_US
        begun = self._visits(start_us) if is_open else []
        await self._time.move_to(end_us, begun)
        await self._rush(number, end_us - SECOND_US)
        await self._send(end_us)

    async def _settle(self, number: int) -> None:
        """Let what is leased expire and come back, by one more caller of the rush, and count."""
        last_us = max([self.now_us, *(at_us for at_us, _, _ in self._returns)])
        await self._send(last_us + SECOND_US)
        await self._rush(number, last_us + HOUR_US)
        await self.count_at(last_us + HOUR_US)
        await self.count_at(last_us + DAY_US, lake=True)

    def _visits(self, start_us: int) -> list[Doing]:
        """Return the visits that begin in a window, by shoppers who are not in the store."""
        chance = self.store.randomness.stream("window", start_us)
        expected = VISITS_A_MINUTE * WINDOW_US / MINUTE_US
        begun = []
        for at in range(rates.count(expected, chance)):
            shopper = self.store.someone(chance, self._here)
            begins_us = start_us + chance.randrange(WINDOW_US)
            if shopper is not None:
                self._here.add(shopper.number)
                stage = SharedStage(self._client, self._time, begins_us, self._events)
                own = self.store.randomness.stream("visit", start_us, at)
                begun.append(self._live(Visit(self.store, shopper, stage, own), shopper.number))
        return begun

    async def _live(self, visit: Visit, shopper: int) -> None:
        order = await visit.run()
        self._left.append(shopper)
        if order is None:
            return
        back = return_of(order, self.store.randomness.stream("return", order.order_id))
        if back is not None:
            at_us = order.at_us + (back.at_us - order.at_us) // RETURNED_SOONER
            event = await refund(self._client, replace(back, at_us=at_us), at_us)
            heapq.heappush(self._returns, (at_us, order.order_id, event))

    async def _rush(self, number: int, now_us: int) -> None:
        """Ask for what is scarce: a use of the code, and an ad, which two of three click."""
        asked = {"customer_id": f"rush-{number}", "order_id": f"rush-{number}"}
        answer = await self._client.post("/api/v1/coupons/RUSH/redeem", asked, now_us)
        self._note(answer)
        user = {"anonymous_id": f"rush-{number}"}
        asked = {"placements": [{"id": "rush"}], "user": user}
        answer = await self._client.post("/api/v1/decisions", asked, now_us)
        self._note(answer)
        for decision in answer.body.get("decisions", []):
            await self._client.get(decision["tracking"]["impression"], now_us)
            if number % 3:
                await self._client.get(decision["tracking"]["click"], now_us)

    def _note(self, answer: Answer) -> None:
        """Remember what the caller was told, without what the home's own key signed."""
        told = dict(answer.body)
        for decision in told.get("decisions", []):
            told = told | {"price_minor": decision["price_minor"], "id": decision["decision_id"]}
        told.pop("decisions", None)
        told.pop("trace_id", None)
        self.rushed.append(f"{answer.status} {msgspec.json.encode(told, order='sorted').decode()}")

    async def _send(self, end_us: int) -> None:
        """Send what was told, and the orders that came back; the shoppers who left are gone."""
        while self._returns and self._returns[0][0] < end_us:
            self._events.append(heapq.heappop(self._returns)[2])
            self.store.count("returns")
        self._events.sort(key=lambda event: (event["timestamp"], event["messageId"]))
        for at in range(0, len(self._events), BATCH):
            await self._client.send_events(self._events[at : at + BATCH], end_us)
        self.store.count("events", len(self._events))
        self._events.clear()
        self._here.difference_update(self._left)
        self._left.clear()

    async def _must(self, path: str, body: Any, now_us: int | None = None) -> None:
        await self._client.must(path, body, now_us=now_us)
