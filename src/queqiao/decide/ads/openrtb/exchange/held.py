"""The record of an auction, from which it replays; and its way to the log, which nobody waits for.

It holds what bids were judged by and what became of them, and nothing of the person. Records are
gathered and written a moment later; what waits is lost with a process that is killed, and no money
hangs on it: bids of ours are leased and logged by our bidder, others bill by their own notices.
"""

from collections import deque

from msgspec import Struct

from queqiao.decide.ads.contracts import SOURCE
from queqiao.decide.ads.openrtb.exchange.judging import Offered
from queqiao.decide.ads.openrtb.exchange.ranking import Settled, Terms
from queqiao.ports.event_log.base import EventLog, NewEvent
from queqiao.ports.event_log.own import own_event

EVENT = "Auction Held"
FLUSH_EVERY_S = 0.2
WAITING_BYTES_MAX = 32 * 1024 * 1024
"""So much waits while the log is away; beyond it the oldest are lost."""
AT_ONCE_MAX = 500


class SeatRecord(Struct, frozen=True, omit_defaults=True):
    """What a seat did. ``bidder`` is who is behind the name, where that is another."""

    name: str
    imp_ids: tuple[str, ...]
    took_ms: int = 0
    fault: str | None = None
    status: int = 0
    bidder: str | None = None


class Held(Struct, frozen=True, omit_defaults=True):
    """The properties of ``Auction Held``. ``reasons`` are words, by the number of a bid."""

    decision_id: str
    request_id: str
    publisher_id: str
    currency: str
    tmax_ms: int
    terms: Terms
    bids: list[Offered]
    reasons: dict[str, str]
    places: dict[str, tuple[int, ...]]
    seats: list[SeatRecord]


def outcome_of(settled: Settled) -> tuple[dict[str, str], dict[str, tuple[int, ...]]]:
    """Return reasons and places as a record has them."""
    reasons = {str(number): reason.word for number, reason in sorted(settled.reasons.items())}
    return reasons, dict(settled.places)


class HeldAuctions:
    """Gathers records and writes them."""

    def __init__(self, event_log: EventLog) -> None:
        self._log = event_log
        self._waiting: deque[NewEvent] = deque()
        self._bytes = 0
        self.lost = 0

    def note(self, held: Held, now_us: int) -> None:
        """Take in a record."""
        event = own_event(held.decision_id, EVENT, held, now_us, source=SOURCE)
        self._waiting.append(event)
        self._bytes += len(event.body)
        while self._bytes > WAITING_BYTES_MAX:
            self._bytes -= len(self._waiting.popleft().body)
            self.lost += 1

    async def flush(self) -> None:
        """Write what waits. Raises Unavailable or StorageFull, and then keeps it."""
        while self._waiting:
            first = [self._waiting.popleft() for _ in range(min(AT_ONCE_MAX, len(self._waiting)))]
            try:
                await self._log.append(first)
            except BaseException:
                self._waiting.extendleft(reversed(first))
                raise
            self._bytes -= sum(len(event.body) for event in first)
