"""A sale at this moment: stock, queue, and how fast it sells."""

from collections import deque

from queqiao.decide.promotions.flash_sales.counters import queue_counter, stock_counter
from queqiao.decide.promotions.flash_sales.messages import (
    ItemState,
    QueueState,
    SaleState,
    SessionView,
)
from queqiao.decide.promotions.flash_sales.queue import now_serving
from queqiao.decide.promotions.flash_sales.sessions import Session
from queqiao.decide.promotions.flash_sales.snapshot import Sale
from queqiao.kernel.clock import SECOND_US, format_rfc3339
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.ports.ledger.base import Balance, Ledger

WINDOW_US = 10 * SECOND_US
"""Rates are over what was seen within so long."""
STEP_US = SECOND_US // 2
"""Two looks closer than that are one."""
SALES_SEEN_MAX = 1_000


class Speeds:
    """Remembers the sums of the last looks at each session, and so how fast they grow."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], deque[tuple[int, int, int]]] = {}

    def rates(
        self, place: tuple[str, str], taken: int, sold: int, now_us: int
    ) -> tuple[float | None, float | None]:
        """Return pieces taken and sold each second; None until there are two looks.

        ``taken`` counts what is reserved or sold. A count that fell (stock came back) is a rate
        of 0, not below.
        """
        looks = self._seen.setdefault(place, deque())
        while looks and (looks[0][0] < now_us - WINDOW_US or looks[0][0] > now_us):
            looks.popleft()
        if not looks or now_us - looks[-1][0] >= STEP_US:
            looks.append((now_us, taken, sold))
        if len(self._seen) > SALES_SEEN_MAX:
            self._seen.pop(next(iter(self._seen)))
        first_us, first_taken, first_sold = looks[0]
        seconds = (now_us - first_us) / SECOND_US
        if seconds <= 0:
            return None, None
        taken_rate, sold_rate = (taken - first_taken) / seconds, (sold - first_sold) / seconds
        return round(max(0.0, taken_rate), 2), round(max(0.0, sold_rate), 2)


def session_of(sale: Sale, named: str | None, now_us: int) -> Session:
    """Return the named session, or that of now. Raises InvalidInput."""
    if named is None:
        return sale.nearest(now_us)
    found = sale.session_ids.get(named)
    if found is None:
        message = Message("没有这个场次", "there is no such session")
        raise InvalidInput(FieldError("session", message))
    return found


async def state_of(
    sale: Sale, session: Session, ledger: Ledger, speeds: Speeds, now_us: int
) -> SaleState:
    """Return a session of a sale as the ledger counts it now."""
    counters = {sku: stock_counter(sale.id, session.id, sku) for sku in sale.items}
    queue_name = queue_counter(sale.id, session.id)
    found = await ledger.balances([*counters.values(), queue_name])
    items = [_item(sale, sku, found[counter]) for sku, counter in counters.items()]
    reserved, sold = sum(item.reserved for item in items), sum(item.sold for item in items)
    rates = speeds.rates((sale.id, session.id), reserved + sold, sold, now_us)
    times = format_rfc3339(session.starts_us), format_rfc3339(session.ends_us)
    return SaleState(
        sale.id,
        sale.name,
        sale.phase(now_us),
        format_rfc3339(now_us),
        sale.currency,
        SessionView(session.id, *times),
        items,
        _queue(sale, session, found[queue_name], now_us),
        sold,
        reserved,
        *rates,
    )


def _item(sale: Sale, sku: str, balance: Balance) -> ItemState:
    """Return an item's counts. What nobody asked for yet has its whole stock left."""
    item = sale.items[sku]
    used = balance.leased + balance.spent
    left = max(0, item.stock - used)
    return ItemState(
        sku,
        item.price_minor,
        left + used,
        left,
        balance.leased,
        balance.spent,
        item.limit_per_customer,
    )


def _queue(sale: Sale, session: Session, drawn: Balance, now_us: int) -> QueueState | None:
    if sale.queue is None:
        return None
    serving = now_serving(sale.queue, session, now_us)
    waiting = max(0, drawn.spent - serving)
    return QueueState(drawn.spent, serving, waiting, sale.queue.admissions_per_s)
