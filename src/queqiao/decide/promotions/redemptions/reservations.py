"""Flash-sale reservations of an order: sold with it, back in stock with it.

The step that takes the order's promotions takes a counter of each reservation too, so a reservation
is one order's. The record in the log names them before any is sold: whatever dies then, the same
call again sells the rest, and where nobody asks again the order's end frees what was sold. Each
step may be done again.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from queqiao.decide.promotions.flash_sales import events
from queqiao.decide.promotions.flash_sales.counters import Held, held_of, order_counter
from queqiao.decide.promotions.flash_sales.deals import Deal, Deals
from queqiao.decide.promotions.reasons import PriceReason
from queqiao.decide.promotions.redemptions.claims import Claim
from queqiao.decide.promotions.redemptions.redemption_types import Record, SoldReservation
from queqiao.kernel.errors import Conflict, Gone, NotFound
from queqiao.ports.event_log.base import EventLog
from queqiao.ports.ledger.base import Ledger, Remembered, Take

GONE = "reservation_gone"
"""Why an order was released whose reservation had ended before it could be sold."""


def claims_of(deals: Deals) -> list[Claim]:
    """Return the claims that give an order its reservations and no other order."""
    ids = [deal.reservation_id for deal in deals.values() if isinstance(deal, Deal)]
    return [Claim(Take(order_counter(one), 1, 1), "price_token_used") for one in ids]


def held_until_us(asked_us: int, deals: Deals, now_us: int) -> int:
    """Return until when an order that asks for so long is held.

    What it sells at a flash price is not in stock meanwhile: so no longer than a reservation of
    the sale waits, counted anew from the order.
    """
    found = [deal.unpaid_us for deal in deals.values() if isinstance(deal, Deal)]
    return min([asked_us, *[now_us + unpaid_us for unpaid_us in found if unpaid_us is not None]])


class _Known(NamedTuple):
    """A reservation as the ledger remembers it."""

    id: str
    known: Remembered
    held: Held


class Reservations:
    """Settles reservations for orders."""

    def __init__(self, ledger: Ledger, event_log: EventLog) -> None:
        self._ledger = ledger
        self._log = event_log

    async def standing(self, deals: Deals, now_us: int) -> Deals:
        """Return the deals, of those whose reservation is no longer open the reason instead."""
        held = {one: deal for one, deal in deals.items() if isinstance(deal, Deal)}
        if not held:
            return deals
        known = await self._ledger.recall([deal.reservation_id for deal in held.values()])
        standing = {
            token: _ended(known.get(deal.reservation_id), now_us) or deal
            for token, deal in held.items()
        }
        return {**deals, **standing}

    async def sell(self, record: Record, now_us: int) -> bool:
        """Sell what the order has reserved; say False where a reservation is not to be had."""
        known = await self._known(record.reservations)
        for one in record.reservations:
            held = known.get(one.reservation_id)
            if held is None or not await self._sold(held, record, now_us):
                return False
        return True

    async def free(self, record: Record, now_us: int) -> None:
        """Give back all that an order had reserved which was not paid."""
        for one in (await self._known(record.reservations)).values():
            if one.known.state == "open" and await self._release(one.id, now_us):
                await self._tell("Released", one, record, now_us)
            elif one.known.state != "freed":
                await self._put_back(one, record, now_us)

    async def put_back(self, record: Record, ids: Sequence[str], now_us: int) -> None:
        """Put what an order had bought back into the stock of its sale."""
        some = [one for one in record.reservations if one.reservation_id in ids]
        for one in (await self._known(some)).values():
            await self._put_back(one, record, now_us)

    async def _known(self, some: Sequence[SoldReservation]) -> Mapping[str, _Known]:
        """Return what the ledger remembers of reservations."""
        ids = [one.reservation_id for one in some]
        known = await self._ledger.recall(ids) if ids else {}
        held = {one: held_of(known[one].asked) for one in ids if one in known}
        return {one: _Known(one, known[one], it) for one, it in held.items() if it is not None}

    async def _sold(self, one: _Known, record: Record, now_us: int) -> bool:
        try:
            await self._ledger.commit(one.id, now_us)
        except (Gone, NotFound):
            return False
        return await self._is_ours(one, record, now_us)

    async def _release(self, one: str, now_us: int) -> bool:
        try:
            await self._ledger.release(one, now_us)
        except Conflict:  # it was sold meanwhile
            return False
        return True

    async def _put_back(self, one: _Known, record: Record, now_us: int) -> None:
        if not await self._is_ours(one, record, now_us):
            return
        amounts = {name: amount for name, amount in one.known.asked.items() if amount}
        await self._ledger.refund(f"{one.id}:return", one.id, amounts, now_us)
        await self._tell("Returned", one, record, now_us)

    async def _is_ours(self, one: _Known, record: Record, now_us: int) -> bool:
        """Say whether this order was the first that a sold reservation was committed for."""
        return await self._tell("Committed", one, record, now_us) != "conflict"

    async def _tell(self, verb: events.Verb, one: _Known, record: Record, now_us: int) -> str:
        told = events.event(verb, one.id, one.held, record.order_id, now_us)
        return (await self._log.append([told]))[0].status


def _ended(known: Remembered | None, now_us: int) -> PriceReason | None:
    """Return why an order cannot have a reservation; None when it can."""
    if known is None or known.refused is not None:
        return "price_token_unknown"
    if known.state == "spent":
        return "price_token_used"
    if known.state == "open" and now_us < known.expires_at_us:
        return None
    return "price_token_expired"
