"""Giving back what a click cost that turned out invalid: once, however often it is asked."""

from queqiao.ports.ledger.base import Ledger


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
