"""What a ``decide`` process keeps for ads: its slices of budgets, and records on their way."""

import asyncio
from secrets import token_hex
from typing import NamedTuple

from queqiao.decide.ads.budgets import Budgets
from queqiao.decide.ads.outbox import Outbox
from queqiao.kernel.clock import Clock
from queqiao.wiring import adapters
from queqiao.wiring.role import every
from queqiao.wiring.settings import Settings

TIDY_EVERY_S = 1.0


class AdWorker(NamedTuple):
    """One for a process; its name is one that no other has or had."""

    budgets: Budgets
    outbox: Outbox

    async def keep(self, clock: Clock, stop: asyncio.Event) -> None:
        """Give back what slices may promise no more, until ``stop`` is set."""
        await every(TIDY_EVERY_S, stop, lambda: self.budgets.tidy(clock.now_us()))

    async def close(self, clock: Clock) -> None:
        """Give back all that is not promised, and write what is not written yet."""
        await self.budgets.close(clock.now_us())
        await self.outbox.close()


def opened(settings: Settings) -> AdWorker:
    """Return a worker that holds nothing yet."""
    ledger, zone = adapters.ledger(settings), settings.shop.timezone
    budgets = Budgets(ledger, zone, token_hex(6), alone=settings.clock.accept_header)
    return AdWorker(budgets, Outbox(adapters.event_log(settings)))
