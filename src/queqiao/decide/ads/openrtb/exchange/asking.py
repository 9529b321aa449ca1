"""All bidders of an auction asked at once, and none waited for longer than the auction may take."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from msgspec import Struct

from queqiao.decide.ads.openrtb.exchange.calls.callers import Callers
from queqiao.decide.ads.openrtb.exchange.calls.connection import Reply
from queqiao.decide.ads.openrtb.exchange.calls.peer import Call, Peer
from queqiao.decide.ads.openrtb.exchange.telling import Seat
from queqiao.decide.ads.openrtb.response import BidResponse
from queqiao.kernel.errors import SystemFault

Told = Callable[[Seat, int], bytes]
"""Returns the message for a seat that has so many milliseconds."""

AskOwn = Callable[[Seat, int], Awaitable[BidResponse | None]]
"""Asks our own bidder."""


class Heard(Struct):
    """What came of asking a seat: a reply, or our own bidder's response; ``took_ms`` of the time.

    ``message`` is what it was told, for debugging.
    """

    seat: Seat
    reply: Reply | None = None
    own: BidResponse | None = None
    took_ms: int = 0
    message: bytes = b""


class Round:
    """One round of asking. It is over when all have answered, or when the time is up."""

    def __init__(self, callers: Callers, seats: Sequence[Seat], wait_ms: int) -> None:
        self._callers = callers
        self._wait_ms = wait_ms
        self._heard = [Heard(seat) for seat in seats]
        self._loop = asyncio.get_running_loop()
        self._over = self._loop.create_future()
        self._left = len(seats)
        self._begun_s = self._loop.time()

    async def ask(self, told: Told, ask_own: AskOwn) -> list[Heard]:
        """Return what came of each seat, in their order."""
        timers, calls, own = [], [], []
        for heard in self._heard:
            if heard.seat.bidder is None:
                task = self._loop.create_task(self._ask_own(heard, ask_own))
                task.add_done_callback(self._own_ended)
                own.append(task)
                continue
            wait_ms = min(self._wait_ms, heard.seat.bidder.document.timeout_ms)
            heard.message = told(heard.seat, wait_ms)
            peer = self._callers.of(heard.seat.bidder)
            call = peer.ask(heard.message, self._done(heard))
            if heard.reply is None:
                calls.append((heard, peer, call))
                timers.append(
                    self._loop.call_later(wait_ms / 1_000, self._time_is_up, heard, peer, call)
                )
        if self._left:
            timers.append(self._loop.call_later(self._wait_ms / 1_000, self._end))
            try:
                await self._over
            finally:
                self._stop(timers, calls, own)
        return self._heard

    def _done(self, heard: Heard) -> Callable[[Reply], None]:
        def done(reply: Reply) -> None:
            heard.reply = reply
            self._one_less(heard)

        return done

    def _one_less(self, heard: Heard) -> None:
        heard.took_ms = self._elapsed_ms()
        self._left -= 1
        if not self._left:
            self._end()

    def _elapsed_ms(self) -> int:
        return round((self._loop.time() - self._begun_s) * 1_000)

    def _end(self) -> None:
        if not self._over.done():
            self._over.set_result(None)

    def _time_is_up(self, heard: Heard, peer: Peer, call: Call) -> None:
        if heard.reply is None:
            peer.cut(call)
            heard.reply = Reply(failure="timeout")
            self._one_less(heard)

    async def _ask_own(self, heard: Heard, ask_own: AskOwn) -> None:
        try:
            heard.own = await ask_own(heard.seat, self._wait_ms)
            heard.reply = Reply(200 if heard.own is not None else 204)
        except SystemFault:
            heard.reply = Reply(failure="unreachable")
        self._one_less(heard)

    def _own_ended(self, task: asyncio.Task[None]) -> None:
        """Let a defect of our own bidder be seen."""
        if not task.cancelled() and (fault := task.exception()) and not self._over.done():
            self._over.set_exception(fault)

    def _stop(
        self,
        timers: Sequence[asyncio.TimerHandle],
        calls: Sequence[tuple[Heard, Peer, Call]],
        own: Sequence[asyncio.Task[None]],
    ) -> None:
        """Let go of everything; who has not answered by now has run out of time."""
        for timer in timers:
            timer.cancel()
        for heard, peer, call in calls:
            if heard.reply is None:
                peer.cut(call)
        for task in own:
            task.cancel()
        for heard in self._heard:
            if heard.reply is None:
                heard.reply = Reply(failure="timeout")
                heard.took_ms = self._elapsed_ms()
