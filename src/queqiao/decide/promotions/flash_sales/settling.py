"""What becomes of a reservation: committed for an order, released, or returned after the sale."""

from typing import Literal

from msgspec.structs import replace

from queqiao.decide.promotions.flash_sales import events
from queqiao.decide.promotions.flash_sales.counters import (
    Held,
    held_of,
    is_reservation_id,
    order_counter,
)
from queqiao.decide.promotions.flash_sales.desk import Desk, held_price
from queqiao.decide.promotions.flash_sales.messages import ReservationView
from queqiao.kernel.clock import format_rfc3339
from queqiao.kernel.errors import Conflict, Message, NotFound
from queqiao.ports.event_log.base import EventLog
from queqiao.ports.ledger.base import Ledger, Remembered

State = Literal["reserved", "committed", "released", "returned"]

_NONE = Message("没有这笔预留", "there is no such reservation")
_OTHER = Message("这笔预留已用于另一个订单", "the reservation was committed for another order")
_OF_REDEMPTION = Message(
    "订单经 promotions/redemptions 售出了这笔预留，请用它的 release 或 return",
    "an order has sold it by its redemption: release or return that (promotions/redemptions)",
)
_NOT_SOLD = Message("还没有提交，请用 release", "it was not committed; use release")


class Settling:
    """The verbs on one reservation. Each is safe to retry."""

    def __init__(self, desk: Desk, ledger: Ledger, event_log: EventLog) -> None:
        self._desk = desk
        self._ledger = ledger
        self._event_log = event_log

    async def view(self, key: str, now_us: int) -> ReservationView:
        """Return a reservation as it stands. Raises NotFound."""
        known, held = await self._known(key)
        view = _view(key, known, held, _state(known, now_us))
        if view.state != "reserved":
            return view
        token = self._desk.prices.token(held_price(key, held, known.expires_at_us))
        return replace(view, price_token=token)

    async def commit(self, key: str, order_id: str, now_us: int) -> ReservationView:
        """Sell what is reserved. Raises Gone when its time is over, Conflict for a second order."""
        known, held = await self._known(key)
        await self._ledger.commit(key, now_us)
        await self._tell("Committed", key, held, order_id, now_us)
        return replace(_view(key, known, held, "committed"), order_id=order_id or None)

    async def release(self, key: str, order_id: str, now_us: int) -> ReservationView:
        """Give back what is reserved; nothing happens when its time is over. Raises Conflict."""
        known, held = await self._known(key)
        await self._ledger.release(key, now_us)
        if known.state == "open":
            await self._tell("Released", key, held, order_id, now_us)
        return _view(key, known, held, "released")

    async def return_(self, key: str, order_id: str, now_us: int) -> ReservationView:
        """Put back into stock what was sold: the order was cancelled or refunded.

        Raises Conflict when it was not committed, or an order has it by its redemption.
        """
        known, held = await self._known(key)
        order = (await self._ledger.balances([order_counter(key)]))[order_counter(key)]
        if order.leased or order.spent:
            raise Conflict(_OF_REDEMPTION)
        if known.state != "spent":
            raise Conflict(_NOT_SOLD)
        amounts = {name: amount for name, amount in known.spent.items() if amount}
        await self._ledger.refund(f"{key}:return", key, amounts, now_us)
        await self._tell("Returned", key, held, order_id, now_us)
        return _view(key, known, held, "returned")

    async def _known(self, key: str) -> tuple[Remembered, Held]:
        if is_reservation_id(key):
            known = (await self._ledger.recall([key])).get(key)
            held = held_of(known.asked) if known is not None else None
            if known is not None and held is not None and known.refused is None:
                return known, held
        raise NotFound(_NONE)

    async def _tell(
        self, verb: events.Verb, key: str, held: Held, order_id: str, now_us: int
    ) -> None:
        told = events.event(verb, key, held, order_id, now_us)
        (outcome,) = await self._event_log.append([told])
        if outcome.status == "conflict":
            raise Conflict(_OTHER)


def _state(known: Remembered, now_us: int) -> State:
    if known.state == "open":
        return "released" if now_us >= known.expires_at_us else "reserved"
    return "committed" if known.state == "spent" else "released"


def _view(key: str, known: Remembered, held: Held, state: State) -> ReservationView:
    return ReservationView(
        key,
        state,
        held.flash_sale_id,
        held.session,
        held.sku,
        held.quantity,
        held.price_minor,
        held.currency,
        held.customer_id,
        format_rfc3339(known.expires_at_us),
    )
