"""Credit memos of recorded orders in the event log: ``Credit Memo Issued``, one number each.

redemption-{id}-memo-{n}    the n-th memo, from 0; whoever writes a number first has it
"""

import msgspec

from queqiao.decide.promotions.redemptions.log_book import new_event
from queqiao.decide.promotions.redemptions.redemption_types import Record
from queqiao.decide.promotions.refunds.refund_types import RETURNS_MAX, CreditMemo
from queqiao.kernel.envelope import decode_envelope
from queqiao.kernel.own_events import OWN_SOURCE
from queqiao.ports.event_log.base import EventLog


class Issued(msgspec.Struct):
    """The properties of Credit Memo Issued; ``asked`` tells another question under its id."""

    redemption_id: str
    order_id: str
    currency: str
    total_minor: int
    request_id: str
    asked: str
    memo: CreditMemo


class MemoBook:
    """Reads and writes the memos of redemptions."""

    def __init__(self, event_log: EventLog) -> None:
        self._log = event_log

    async def issued(self, redemption_id: str) -> list[Issued]:
        """Return the memos of an order in their order."""
        found: list[Issued] = []
        while len(found) < RETURNS_MAX:
            stored = await self._log.find(_message_id(redemption_id, len(found)), OWN_SOURCE)
            if not stored:
                break
            properties = decode_envelope(stored[0].body).properties
            found.append(msgspec.json.decode(properties, type=Issued))
        return found

    async def issue(self, record: Record, issued: Issued, now_us: int) -> bool:
        """Write a memo under its number; say False when another memo has the number."""
        message_id = _message_id(record.redemption_id, issued.memo.number)
        event = new_event(message_id, "Credit Memo Issued", issued, record, now_us)
        (outcome,) = await self._log.append([event])
        return outcome.status == "stored"


def _message_id(redemption_id: str, number: int) -> str:
    return f"redemption-{redemption_id}-memo-{number}"
