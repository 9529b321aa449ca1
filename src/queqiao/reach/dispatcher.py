"""The dispatcher: from the event log to the receivers, at least once, under one id each."""

import asyncio
import random
from collections.abc import Sequence
from typing import Any

import httpx
import structlog

from queqiao.kernel.clock import HOUR_US, SECOND_US, Clock
from queqiao.kernel.envelope import decode_envelope
from queqiao.ports.event_log.base import EventLogReader, StoredEvent
from queqiao.ports.keyring.base import Keyring, is_sealed
from queqiao.ports.records.base import Records
from queqiao.ports.records.documents import Stored
from queqiao.reach import deliveries
from queqiao.reach.calling import Caller, ForbiddenAddressError
from queqiao.reach.contracts import secret_place
from queqiao.reach.deliveries import EVENTS, KEPT_US, RETRY_AFTER_MAX_US, Attempt
from queqiao.reach.signature import signed_headers

log = structlog.get_logger()

TIMEOUT_S = 10.0
EVENTS_AT_ONCE = 500
BATCHES_A_STEP = 20
"""A long backlog is gathered in several steps, so that sending goes on meanwhile."""
SENDS_AT_ONCE = 16
LOOK_BACK = 1_000
"""Who has just gone live is served from so many events back, so that none since then is missed."""


class Dispatcher:
    """Runs in one process at a time; ``step`` does what is due and may be called for ever."""

    def __init__(
        self,
        records: Records,
        event_log: EventLogReader,
        clock: Clock,
        chance: random.Random,
        *,
        timeout_s: float = TIMEOUT_S,
        caller: Caller | None = None,
        kept_us: int = KEPT_US,
        keyring: Keyring | None = None,
    ) -> None:
        self._records = records
        self._log = event_log
        self._clock = clock
        self._chance = chance
        self._caller = caller or Caller(timeout_s)
        self._timeout_s = timeout_s
        self._kept_us = kept_us
        self._keyring = keyring
        self._cleaned_at_us = 0

    async def step(self) -> int:
        """Gather deliveries from new events, send what is due; return how many were sent."""
        await self._clean()
        await self._gather()
        return await self._send_due()

    async def close(self) -> None:
        """Close the connections to the receivers."""
        await self._caller.close()

    async def _gather(self) -> None:
        listening, known = await self._records.read(
            lambda conn: (deliveries.live_webhooks(conn), deliveries.checkpoints(conn))
        )
        if not listening:
            if known:
                await self._records.write(deliveries.forget_checkpoints)
            return
        end = self._log.end()
        if not {one.place for one in listening} <= set(known):
            await self._records.write(lambda conn: deliveries.notice(conn, end))
        after = known.get(EVENTS, max(0, end - LOOK_BACK))
        for _ in range(BATCHES_A_STEP):
            events = await asyncio.to_thread(self._log.read, after, EVENTS_AT_ONCE)
            if not events:
                return
            await self._gather_batch(events)
            after = events[-1].offset

    async def _gather_batch(self, events: list[StoredEvent]) -> None:
        envelopes = [decode_envelope(event.body) for event in events]
        now_us = self._clock.now_us()
        await self._records.write(lambda conn: deliveries.gather(conn, events, envelopes, now_us))

    async def _send_due(self) -> int:
        now_us = self._clock.now_us()
        waiting = await self._records.read(lambda conn: deliveries.due(conn, now_us, SENDS_AT_ONCE))
        if not waiting:
            return 0
        attempts = await asyncio.gather(*(self._send(row, hook) for row, hook in waiting))
        await self._settle(attempts)
        return len(attempts)

    async def _settle(self, attempts: Sequence[Attempt]) -> None:
        now_us, chance = self._clock.now_us(), self._chance.random()
        await self._records.write(lambda conn: deliveries.settle(conn, attempts, now_us, chance))

    async def _send(self, row: Any, hook: Stored) -> Attempt:
        status: int | None = None
        error, retry_after_us = "", 0
        try:
            async with asyncio.timeout(self._timeout_s):
                status, retry_after_us = await self._post(row, hook)
            error = "" if 200 <= status < 300 else "status"
        except (TimeoutError, httpx.TimeoutException):
            error = "timeout"
        except ForbiddenAddressError:
            error = "address"
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError):
            error = "connection"
        except ValueError:
            error = "secret"  # it cannot sign: the history of the webhook shows who wrote it so
        if error:
            log.info("webhook not taken", webhook=hook.id, error=error, status=status)
        return Attempt(row.id, row.webhook_id, row.attempts, status, error, retry_after_us)

    async def _post(self, row: Any, hook: Stored) -> tuple[int, int]:
        """Send one message; return the status and how long the receiver wants to be left alone."""
        body = row.body.encode()
        headers = signed_headers(
            self._secret_of(hook), row.id, self._clock.now_us() // SECOND_US, body
        )
        headers |= {"content-type": "application/json", "user-agent": "Queqiao-Webhooks/1"}
        status, said = await self._caller.post(hook.document.url, body, headers)
        seconds = int(said) if said.isascii() and said.isdecimal() and len(said) < 7 else 0
        return status, min(seconds * SECOND_US, RETRY_AFTER_MAX_US)

    def _secret_of(self, hook: Stored) -> str:
        """Return the signing secret in clear. Raises ValueError when it cannot be opened."""
        secret: str = hook.document.secret
        if self._keyring is None or not is_sealed(secret):
            return secret
        return self._keyring.open(secret, secret_place(hook.id))

    async def _clean(self) -> None:
        now_us = self._clock.now_us()
        if now_us - self._cleaned_at_us >= HOUR_US:
            await self._records.write(
                lambda conn: deliveries.forget_old(conn, now_us - self._kept_us)
            )
            self._cleaned_at_us = now_us
