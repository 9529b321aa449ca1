"""Five hundred clients who want one SKU, one coupon and one budget, and remember each answer.

Each asks until it is answered for good, under the same request id, as a shop's server does. So
whatever falls in between, each answer that came stands for one thing that was done once.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Sequence
from random import Random
from typing import Any
from urllib.parse import urlsplit

from bench.harness import System

from queqiao.ports.ledger.base import Granted, Take
from queqiao.ports.ledger.remote import RemoteLedger
from queqiao.ports.rpc import RpcClient
from queqiao.wiring.settings import Settings

CLIENTS = 500
STOCK, COUPON_USES, BUDGET = 3_000, 300, 2_000
CUSTOMERS = 20_000
"""Fewer than attempts: some customers come again, and are over their limit."""
BUDGET_COUNTER = "crowd:budget"
NOW_US = 1_780_000_000_000_000
SALE = {
    "name": "crowd",
    "items": [{"sku": "A", "price_minor": 100, "stock": STOCK}],
    "sessions": [{"starts_at": "2020-01-01T00:00:00Z", "ends_at": "2100-01-01T00:00:00Z"}],
    "reservation_expires_after_s": 7 * 86_400,
}
BATCH = {"name": "crowd", "codes": ["CROWD"], "uses_per_code": COUPON_USES, "uses_per_customer": 1}
PROMOTION = {
    "name": "crowd",
    "benefit": {"type": "fixed", "amount": 100},
    "code_batch": "crowd",
}


class Caller:
    """One client's connection to the public port; it comes back after every fall."""

    def __init__(self, system: System) -> None:
        address = urlsplit(system.base_url)
        self._at = address.hostname, address.port
        self._head = (
            f"Host: x\r\nAuthorization: Bearer {system.decide_key}\r\n"
            "Content-Type: application/json\r\nContent-Length: "
        )
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, path: str, body: Any) -> tuple[int, Any]:
        """Ask until there is an answer for good; return its status and JSON."""
        data = json.dumps(body).encode()
        request = f"POST {path} HTTP/1.1\r\n{self._head}{len(data)}\r\n\r\n".encode() + data
        while True:
            try:
                async with asyncio.timeout(20):
                    status, told = await self._ask(request)
            except (OSError, asyncio.IncompleteReadError, TimeoutError):
                self.hang_up()
                await asyncio.sleep(0.05)
                continue
            if status < 500:
                return status, told
            assert status == 503, told
            await asyncio.sleep(0.05)

    async def _ask(self, request: bytes) -> tuple[int, Any]:
        if self._streams is None:
            self._streams = await asyncio.open_connection(*self._at)
        reader, writer = self._streams
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        return int(head.split(None, 2)[1]), json.loads(await reader.readexactly(length))

    def hang_up(self) -> None:
        """Drop the connection."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


class Crowd:
    """The clients and what they were told."""

    def __init__(self, system: System, attempts_max: float = float("inf"), batch: int = 1) -> None:
        self._system = system
        self._attempts_max = attempts_max
        self._batch = batch
        self._rpc = RpcClient(Settings(home=system.home).socket("ledger.rpc"), retry_for_s=60)
        self._budget = RemoteLedger(self._rpc)
        self.attempts = 0
        self.stopped = False
        self.reserved: dict[str, dict[str, Any]] = {}
        self.refused: Counter[str] = Counter()
        self.refused_ids: dict[str, str] = {}
        self.customers: Counter[str] = Counter()
        self.committed: dict[str, str] = {}
        self.released: set[str] = set()
        self.redeemed: set[str] = set()
        self.not_redeemed = 0
        self.spent = 0
        self.not_spent = 0

    async def run(self) -> None:
        """Send all clients; end when the attempts are made or somebody sets ``stopped``."""
        await asyncio.gather(*(self._client(number) for number in range(CLIENTS)))
        await self._rpc.close()

    async def _client(self, number: int) -> None:
        caller, chance = Caller(self._system), Random(number)
        turn = 0
        while not self.stopped and self.attempts < self._attempts_max:
            turn += 1
            name = f"{number}-{turn}"
            if chance.random() < 0.1:
                self.attempts += 2
                await self._redeem(caller, name)
                await self._spend(name, chance.randint(1, 5))
            elif self._batch > 1:
                self.attempts += self._batch
                await self._reserve_many(caller, name, chance)
            else:
                self.attempts += 1
                await self._reserve(caller, name, chance)
        caller.hang_up()

    async def _reserve(self, caller: Caller, name: str, chance: Random) -> None:
        wish = _wish(name, chance)
        status, told = await caller.post("/api/v1/flash-sales/crowd/reserve", wish)
        if chance.random() < 0.1:
            again = await caller.post("/api/v1/flash-sales/crowd/reserve", wish)
            assert again[0] == status
            assert status == 422 or again[1] == told
        assert status in (200, 422), told
        await self._told(caller, told if status == 200 else told | wish, wish, chance)

    async def _reserve_many(self, caller: Caller, name: str, chance: Random) -> None:
        wishes = [_wish(f"{name}-{place}", chance) for place in range(self._batch)]
        path = "/api/v1/flash-sales/crowd/reserve/batch"
        status, told = await caller.post(path, {"reservations": wishes})
        assert status == 200, told
        for wish, one in zip(wishes, told["results"], strict=True):
            await self._told(caller, one, wish, chance)

    async def _told(
        self, caller: Caller, told: dict[str, Any], wish: dict[str, Any], chance: Random
    ) -> None:
        """Note an answer; of what is reserved sell most, give some back, leave the rest."""
        if "reservation_id" not in told:
            self.refused[told["reason"]] += 1
            self.refused_ids[wish["request_id"]] = told["reason"]
            return
        key = told["reservation_id"]
        assert key not in self.reserved, "two requests were given one reservation"
        self.reserved[key] = told
        self.customers[wish["customer_id"]] += 1
        fate = chance.random()
        if fate < 0.6:
            order = f"order-{wish['request_id']}"
            status, sold = await caller.post(
                f"/api/v1/reservations/{key}/commit", {"order_id": order}
            )
            assert status == 200, sold
            self.committed[key] = order
        elif fate < 0.8:
            status, given = await caller.post(f"/api/v1/reservations/{key}/release", {})
            assert status == 200, given
            self.released.add(key)
            self.customers[wish["customer_id"]] -= 1

    async def _redeem(self, caller: Caller, name: str) -> None:
        body = {"customer_id": f"c{name}", "order_id": f"o{name}"}
        status, told = await caller.post("/api/v1/coupons/CROWD/redeem", body)
        assert status in (200, 422), told
        if status == 200:
            self.redeemed.add(name)
        else:
            self.not_redeemed += 1

    async def _spend(self, name: str, amount: int) -> None:
        takes = [Take(BUDGET_COUNTER, amount, BUDGET)]
        answer = await self._budget.spend(f"crowd:{name}", takes, NOW_US)
        if isinstance(answer, Granted):
            self.spent += amount
        else:
            self.not_spent += 1


def _wish(name: str, chance: Random) -> dict[str, Any]:
    customer = f"u{chance.randrange(CUSTOMERS)}"
    return {"request_id": f"r{name}", "customer_id": customer, "sku": "A"}


async def until(true: Callable[[], bool], within_s: float = 30) -> None:
    """Wait for something that clients bring about."""
    async with asyncio.timeout(within_s):
        while not true():  # noqa: ASYNC110  # a count of answers, not a moment
            await asyncio.sleep(0.01)


def sampled(chance: Random, things: Sequence[str], count: int) -> Sequence[str]:
    """Return some of the things."""
    return chance.sample(things, min(count, len(things)))
