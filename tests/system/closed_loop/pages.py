"""Pages that wait for a price or an ad: each asks once and gives up at nothing."""

import asyncio
import time
from typing import Any, NamedTuple

import httpx
from bench.harness import System
from tests.system.closed_loop.traffic import BORN_US

from queqiao.demo.goods import CURRENCY
from queqiao.kernel.clock import format_rfc3339

EVERY_S = 0.1
DEADLINES_S = {"quote": 2.0, "decision": 5.0}
"""How long a page waits: a quote asks nobody; an ad a second for the ledger, three for the log."""

QUOTE = {
    "currency": CURRENCY,
    "catalog": [{"sku": "S", "price": 10_000}],
    "cart": {"lines": [{"id": "1", "sku": "S", "quantity": 1}]},
}


class Page(NamedTuple):
    """One answer. ``status`` 0: the connection was cut; ``told``: why there is no ad."""

    kind: str
    began_s: float
    took_s: float
    status: int
    told: str = ""

    @property
    def in_time(self) -> bool:
        """Whether it was answered well, within the deadline."""
        return self.status == 200 and self.took_s <= DEADLINES_S[self.kind]


class Pages:
    """Asks until it is told to stop."""

    def __init__(self, system: System) -> None:
        self._system = system
        self.stopped = asyncio.Event()
        self.seen: list[Page] = []

    async def ask(self) -> None:
        """Ask for prices and ads, each in a loop of its own."""
        # Of the loop's day, in which budgets are: leases of today would be over at once.
        headers = {
            "authorization": f"Bearer {self._system.admin_key}",
            "queqiao-now": format_rfc3339(BORN_US),
        }
        async with httpx.AsyncClient(
            base_url=self._system.base_url, headers=headers, timeout=60
        ) as client:
            await asyncio.gather(
                self._again(client, "quote", "/api/v1/promotions/quote"),
                self._again(client, "decision", "/api/v1/decisions"),
            )

    async def _again(self, client: httpx.AsyncClient, kind: str, path: str) -> None:
        number = 0
        while not self.stopped.is_set():
            self.seen.append(await _one(client, kind, path, _body(kind, number)))
            number += 1
            await asyncio.sleep(EVERY_S)


def _body(kind: str, number: int) -> Any:
    if kind == "quote":
        return QUOTE
    return {"placements": [{"id": "list-top"}], "user": {"anonymous_id": f"page-{number}"}}


async def _one(client: httpx.AsyncClient, kind: str, path: str, body: Any) -> Page:
    began_s = time.monotonic()
    try:
        answer = await client.post(path, json=body)
    except httpx.TransportError:
        return Page(kind, began_s, time.monotonic() - began_s, 0)
    took_s = time.monotonic() - began_s
    told = answer.json()
    reasons = [empty["reason"] for empty in told.get("no_fill", [])]
    return Page(kind, began_s, took_s, answer.status_code, ",".join(reasons))
