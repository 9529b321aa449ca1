"""The seeded living store: it sets itself up, lives through its history, then lives on at 1×.

The rates and their sources are in ``rates.py``. All chance comes from one seed.
"""

import asyncio
import heapq
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from datetime import date
from time import perf_counter
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import msgspec

from queqiao.demo import documents, late_offers, later_ads, offers, rates
from queqiao.demo.checkout import Order
from queqiao.demo.client import StoreClient, StoreError
from queqiao.demo.goods import product_documents
from queqiao.demo.returns import Return, refund, return_of
from queqiao.demo.stage import Event, HistoryStage, LiveStage
from queqiao.demo.store import Store
from queqiao.demo.visit import Visit
from queqiao.kernel.clock import (
    DAY_US,
    DEFAULT_ZONE,
    HOUR_US,
    Clock,
    SystemClock,
    business_day,
)
from queqiao.kernel.randomness import Randomness

VISITS_A_DAY = 600
VISIT_EVERY_S = 15.0
"""Mean time between two live visits: denser than history, so that the screen moves."""

WINDOW_HOURS = 6
"""Hours of history whose events are sent together, in order of time."""

VISITS_AT_ONCE = 16
"""Visits under way at a time: one alone leaves the machine waiting for answers."""

FIRST_COUNT_HOURS = 24
COUNT_EVERY_HOURS = 72
HOLD_S = 120.0
"""History is counted at the borders of its days, not by the clock; a store that dies lets go."""

OFFERS_A_BATCH = 25
DEALS_AGAIN_S, DEALS_TRIES = 60.0, 8
"""How often a deal is tried again that cannot be promised yet."""
OFFERS_EVERY_S = 1.0
"""The later offers come while the store lives on, a few at a time: nobody waits for them."""

PAPERS_AT_ONCE = 4
BATCH = 250
ZONE = ZoneInfo("Asia/Shanghai")
_EXISTS = 409

Papers = dict[str, dict[str, Any]]
"""Documents of one kind by id."""


def to_stderr(line: str) -> None:
    """Print a progress line."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201  # progress is what stderr is for


class Plan(msgspec.Struct, frozen=True):
    """What to live: the seed, the days of history and how full they are.

    ``born_us`` is when the history begins, ``days`` before the present when it is not given: a
    store that was stopped in the middle of its history is born again at the same moment.
    """

    seed: int = 618
    days: int = 30
    born_us: int | None = None
    visits_a_day: float = VISITS_A_DAY
    visit_every_s: float = VISIT_EVERY_S


def birth(clock: Clock, days: int) -> int:
    """Return when a history of that many days, which ends now, begins: at a full hour."""
    return clock.now_us() // HOUR_US * HOUR_US - days * DAY_US


class LivingStore:
    """The store on a running system."""

    def __init__(
        self,
        client: StoreClient,
        plan: Plan,
        clock: Clock | None = None,
        progress: Callable[[str], None] = to_stderr,
    ) -> None:
        self._client = client
        self._plan = plan
        self._clock = clock or SystemClock()
        self._progress = progress
        self._born_us = birth(self._clock, plan.days) if plan.born_us is None else plan.born_us
        self.store = Store(Randomness(plan.seed), self._born_us, redeems=True)
        self._span = offers.Span(self._born_us, self._born_us + plan.days * DAY_US)
        self._returns: list[tuple[int, str, Return]] = []
        self._outbox: list[Event] = []
        self._here: set[int] = set()

    async def set_up(self) -> None:
        """Bring the store's goods and papers into the system; what is there already stays."""
        await self._client.must(
            "/api/v1/products/bulk", {"products": product_documents(self.store.goods)}
        )
        await self._publish("placements", documents.PLACEMENTS)
        await self._publish("segments", documents.SEGMENTS)
        codes = documents.coupon_batches(self.store.codes) | late_offers.coupon_batches()
        await self._publish("coupon-batches", codes)
        await self._publish("calculation-profiles", {offers.PROFILE_ID: offers.PROFILE})
        await self._publish("points-programmes", documents.POINTS)
        chance = self.store.randomness.stream("early offers")
        early = offers.early_offers(self.store.goods, self._span, chance)
        await self._publish("promotions", documents.PROMOTIONS | early)
        await self._publish("advertisers", documents.ADVERTISERS)
        await self._pay_in()
        await self._publish("campaigns", documents.campaigns(self.store.goods))
        self._progress("store: goods, placements, segments, coupons, promotions, campaigns are up")

    async def _pay_in(self) -> None:
        """Fill the wallets, once however often the store is set up."""
        paid = {
            "amount_minor": documents.PAID_IN_MINOR,
            "request_id": "set up",
            "reference": "demo",
        }
        for advertiser_id, document in documents.ADVERTISERS.items():
            if document.get("payment") != "postpaid":
                await self._client.must(f"/api/v1/advertisers/{advertiser_id}/top-ups", paid)

    async def _publish(self, path: str, papers: Papers) -> None:
        """Bring documents of one kind in, some at once."""
        waiting = iter(papers.items())

        async def work() -> None:
            for paper_id, document in waiting:
                await self._publish_one(path, paper_id, document)

        async with asyncio.TaskGroup() as group:
            for _ in range(min(PAPERS_AT_ONCE, len(papers))):
                group.create_task(work())

    async def _publish_one(self, path: str, paper_id: str, document: dict[str, Any]) -> None:
        named = {"id": paper_id, "document": document}
        made = await self._client.must(f"/api/v1/{path}", named, _EXISTS)
        if made.good:
            await self._client.must(f"/api/v1/{path}/{paper_id}/publish", {})

    async def bring_offers(self, every_s: float = OFFERS_EVERY_S) -> None:
        """Bring in the promotions that start when the history ends: a thousand in all are live."""
        chance = self.store.randomness.stream("later offers")
        later = offers.later_offers(self.store.goods, self._span, chance)
        for number, (paper_id, document) in enumerate(later.items(), 1):
            try:
                await self._publish_one("promotions", paper_id, document)
            except (httpx.TransportError, StoreError) as error:
                self._progress(f"store: the promotion {paper_id} is missing: {error}")
            if number % OFFERS_A_BATCH == 0:
                await asyncio.sleep(every_s)
        self._progress(f"store: {offers.THOUSAND:,} promotions are live")

    async def bring_ads(self, again_s: float = DEALS_AGAIN_S) -> None:
        """Bring in what ads people put up when the history ends.

        A promise needs a forecast, and the system makes one every few minutes: what is refused is
        tried again, then told.
        """
        today = date.fromisoformat(business_day(self._clock.now_us(), DEFAULT_ZONE))
        papers = [
            *(("campaigns", *each) for each in later_ads.later_campaigns(self.store.goods).items()),
            *(("deals", *each) for each in later_ads.later_deals(today).items()),
        ]
        for attempt in range(DEALS_TRIES):
            missing = [error for paper in papers if (error := await self._refusal(*paper))]
            if not missing:
                return
            if attempt + 1 < DEALS_TRIES:
                await asyncio.sleep(again_s)
        self._progress(f"store: some ads are missing: {missing[0]}")

    async def _refusal(self, path: str, paper_id: str, document: dict[str, Any]) -> str:
        """Publish a document; return why it was refused, nothing when it is live."""
        try:
            await self._client.must(
                f"/api/v1/{path}", {"id": paper_id, "document": document}, _EXISTS
            )
            await self._client.must(f"/api/v1/{path}/{paper_id}/publish", {}, _EXISTS)
        except (httpx.TransportError, StoreError) as error:
            return f"{path} {paper_id}: {error}"
        return ""

    async def live_history(self) -> dict[str, int]:
        """Live through the days before now on a fast clock; return what happened, counted.

        Segments, recommendations and click counts are taken anew at borders of days, and a window's
        events are in before the next one is lived: so a seed and a birth give the same history each
        time. Only a budget that runs short would make it matter which of two visits under way at
        once comes first, and the store's campaigns spend a small part of theirs.
        """
        started_s = perf_counter()
        for hour in range(0, self._plan.days * 24, WINDOW_HOURS):
            start_us = self._born_us + hour * HOUR_US
            if hour == FIRST_COUNT_HOURS or hour % COUNT_EVERY_HOURS == 0:
                await self._count(start_us, HOLD_S)
            events = await self._live_window(start_us)
            await self._send(events, start_us + WINDOW_HOURS * HOUR_US)
            if (hour + WINDOW_HOURS) % 120 == 0:
                self._tell_progress((hour + WINDOW_HOURS) // 24, perf_counter() - started_s)
        await self._count(self._born_us + self._plan.days * DAY_US, 0)
        return self.store.counts

    async def _count(self, now_us: int, hold_s: float) -> None:
        """Have the system count as of a moment, and not by the clock for so long."""
        await self._client.must("/api/v1/schedule/count", {"hold_s": hold_s}, now_us=now_us)

    async def live_on(self, stop: asyncio.Event) -> None:
        """Live at 1× until ``stop`` is set; visits under way then end unfinished."""
        chance = self.store.randomness.stream("arrivals", self._clock.now_us())
        async with asyncio.TaskGroup() as group:
            under_way = {
                group.create_task(self._send_outbox()),
                group.create_task(self.bring_offers()),
                group.create_task(self.bring_ads()),
            }
            while not stop.is_set():
                visit = group.create_task(self._live_visit(chance.getrandbits(64)))
                under_way.add(visit)
                visit.add_done_callback(under_way.discard)
                await _wait(stop, chance.expovariate(1 / self._plan.visit_every_s))
            for task in tuple(under_way):
                task.cancel()

    async def _live_window(self, start_us: int) -> list[Event]:
        """Live some hours at once; return their events.

        A shopper comes once in a window at most, so that no visit depends on another one in it.
        """
        events: list[Event] = []
        here: set[int] = set()
        visits = [
            visit
            for hour in range(WINDOW_HOURS)
            for visit in self._visits(start_us + hour * HOUR_US, here, events)
        ]
        visits.sort(key=Visit.starts_us)
        self._expect_returns(await _lived(visits))
        until_us = start_us + WINDOW_HOURS * HOUR_US
        events += [event async for event in self._refund_due(until_us, is_past=True)]
        return events

    def _visits(self, start_us: int, here: set[int], events: list[Event]) -> Iterator[Visit]:
        """Yield the visits that begin in an hour, by shoppers who are not ``here`` yet."""
        chance = self.store.randomness.stream("hour", start_us)
        expected = self._plan.visits_a_day / 24 * rates.hour_share(start_us, ZONE)
        for at in range(rates.count(expected, chance)):
            shopper = self.store.someone(chance, here)
            visit_us = start_us + chance.randrange(HOUR_US)
            if shopper is not None:
                here.add(shopper.number)
                stage = HistoryStage(self._client, visit_us, events)
                own = self.store.randomness.stream("visit", start_us, at)
                yield Visit(self.store, shopper, stage, own)

    async def _live_visit(self, number: int) -> None:
        own = self.store.randomness.stream("live visit", number)
        stage = LiveStage(self._client, self._clock, self._outbox.append)
        shopper = self.store.someone(own, self._here)
        if shopper is None:
            return
        self._here.add(shopper.number)
        try:
            order = await Visit(self.store, shopper, stage, own).run()
        except httpx.TransportError:
            self._progress("store: the system did not answer; a shopper left")
            return
        finally:
            self._here.discard(shopper.number)
        if order is not None:
            self._expect_returns([order])

    def _expect_returns(self, orders: list[Order]) -> None:
        for order in orders:
            back = return_of(order, self.store.randomness.stream("return", order.order_id))
            if back is not None:
                self._expect(back)

    def _expect(self, back: Return) -> None:
        heapq.heappush(self._returns, (back.at_us, back.order.order_id, back))

    async def _refund_due(self, until_us: int, *, is_past: bool) -> AsyncIterator[Event]:
        """Refund what comes back before a moment; one that fails stays due."""
        while self._returns and self._returns[0][0] < until_us:
            back = heapq.heappop(self._returns)[2]
            try:
                event = await refund(self._client, back, back.at_us if is_past else None)
            except httpx.TransportError:
                self._expect(back)
                raise
            self.store.count("orders cancelled" if back.line is None else "returns")
            yield event

    async def _send(self, events: list[Event], now_us: int | None) -> None:
        events.sort(key=lambda event: (event["timestamp"], event["messageId"]))
        for at in range(0, len(events), BATCH):
            await self._client.send_events(events[at : at + BATCH], now_us)
        self.store.count("events", len(events))

    async def _send_outbox(self) -> None:
        """Send what has gathered, every second; what could not be sent stays for the next time."""
        while True:
            await asyncio.sleep(1)
            try:
                async for event in self._refund_due(self._clock.now_us(), is_past=False):
                    self._outbox.append(event)
                events = self._outbox[:]
                await self._send(events, None)
                del self._outbox[: len(events)]
            except (httpx.TransportError, StoreError) as error:
                self._progress(f"store: events wait: {error}")

    def _tell_progress(self, day: int, seconds: float) -> None:
        counts = self.store.counts
        told = ", ".join(
            f"{counts.get(name, 0):,} {name}" for name in ("visits", "events", "orders")
        )
        self._progress(f"store: day {day} of {self._plan.days} after {seconds:.1f} s: {told}")


async def _lived(visits: Iterable[Visit]) -> list[Order]:
    """Live the visits, so many at once; return their orders in the order of the visits."""
    remaining = iter(enumerate(visits))
    orders: dict[int, Order] = {}

    async def work() -> None:
        for at, visit in remaining:
            order = await visit.run()
            if order is not None:
                orders[at] = order

    async with asyncio.TaskGroup() as group:
        for _ in range(VISITS_AT_ONCE):
            group.create_task(work())
    return [orders[at] for at in sorted(orders)]


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    """Wait that long, or until ``stop`` is set."""
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return


async def run(
    base_url: str,
    admin_key: str,
    intake_key: str,
    plan: Plan,
    stop: asyncio.Event,
    *,
    progress: Callable[[str], None] = to_stderr,
    with_history: bool = True,
) -> None:
    """Set the store up, live its history (unless it has one), and live on until ``stop``."""
    client = StoreClient(base_url, admin_key, intake_key)
    try:
        store = LivingStore(client, plan, progress=progress)
        await store.set_up()
        if with_history:
            started_s = perf_counter()
            counts = await store.live_history()
            seconds = perf_counter() - started_s
            told = ", ".join(f"{number:,} {name}" for name, number in sorted(counts.items()))
            progress(f"store: {plan.days} days of history in {seconds:.1f} s: {told}")
            for refusal, number in sorted(client.refusals.items()):
                progress(f"store: {number:,} calls answered {refusal}")
        await store.live_on(stop)
    finally:
        await client.close()
