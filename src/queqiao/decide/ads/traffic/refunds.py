"""Giving back what a click cost that turned out invalid: once, however often it is asked."""

from queqiao.decide.ads.charging import LATE_US, late_key_of
from queqiao.decide.ads.notice_events import Notice, refunded
from queqiao.kernel.ids import time_of_uuid7
from queqiao.ports.event_log.base import EventLog
from queqiao.ports.ledger.base import Ledger


async def give_back(
    ledger: Ledger, event_log: EventLog, click: Notice, now_us: int, detail: str = ""
) -> None:
    """Refund a click that had counted, and write it down; ``detail`` is the bound it passed.

    Later than ``LATE_US`` after its decision nothing happens: the month's bill may be closed.
    Raises Unavailable: come again.
    """
    if now_us - (time_of_uuid7(click.decision_id) or 0) > LATE_US:
        return
    keys = (click.decision_id, late_key_of(click.decision_id))
    back_minor = await refund(ledger, keys, click.counter, now_us)
    await event_log.append([refunded(click, back_minor, now_us, detail)])


async def refund(ledger: Ledger, keys: tuple[str, str], counter: str, now_us: int) -> int:
    """Make the price of a click free again in all that it was taken from; return the price.

    ``keys`` are the decision's, whose lease the click spent, and that of a click that came late;
    ``counter`` is its budget. One that cost nothing gives nothing back. Raises Unavailable when the
    ledger cannot be reached: ask again.
    """
    known = await ledger.recall(keys)
    for key, remembered in known.items():
        if remembered.state == "spent" and remembered.spent.get(counter):
            await ledger.refund(f"{keys[0]}:refund", key, remembered.spent, now_us)
            return remembered.spent[counter]
    return 0
