"""The sales of this moment: compiled once, then read by every request without a wait."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import msgspec

from queqiao.decide.promotions.documents.profile import Layer
from queqiao.decide.promotions.flash_sales.counters import customer_prefix, ids_of, stock_counter
from queqiao.decide.promotions.flash_sales.documents import (
    CustomerLimits,
    FlashSaleDocument,
    Item,
    Phase,
    Queue,
    StockReturn,
)
from queqiao.decide.promotions.flash_sales.sessions import Session, nearest, sessions_of
from queqiao.decide.promotions.flash_sales.shelves import Shelf
from queqiao.kernel.clock import SECOND_US


class Sale(msgspec.Struct, frozen=True):
    """One sale, ready to be asked."""

    id: str
    name: str
    is_live: bool
    currency: str
    items: Mapping[str, Item]
    sessions: list[Session]
    session_ids: Mapping[str, Session]
    limits: CustomerLimits
    queue: Queue | None
    expires_after_us: int
    warm_up_us: int
    stacks_with: frozenset[Layer] = frozenset()
    returns_stock: StockReturn = "cancelled"
    shelves: dict[str, "Shelves"] = {}
    """By session, those that were asked for."""

    def shelf(self, session: Session, sku: str) -> Shelf:
        """Return an item's shelf in a session."""
        return self.shelves_in(session)[sku]

    def shelves_in(self, session: Session) -> "Shelves":
        """Return the shelves of a session by SKU."""
        found = self.shelves.get(session.id)
        if found is None:
            found = self.shelves[session.id] = Shelves(self, session)
        return found

    def make_shelf(self, session: Session, sku: str) -> Shelf:
        """Make an item's shelf in a session."""
        item, limits = self.items[sku], self.limits
        limited = (
            (f"flash:session:{self.id}:{session.id}:", limits.per_session),
            (f"flash:sale:{self.id}:", limits.per_sale),
        )
        most = item.stock if item.limit_per_customer is None else item.limit_per_customer
        opens_us, closes_us = (session.starts_us, session.ends_us) if self.is_live else (0, 0)
        return Shelf(
            ids_of(self.id),
            self.id,
            session.id,
            sku,
            item.price_minor,
            self.currency,
            stock_counter(self.id, session.id, sku),
            item.stock,
            customer_prefix(self.id, session.id, sku),
            most,
            f"flash:price:{self.currency}:{item.price_minor}",
            opens_us,
            closes_us,
            self.expires_after_us,
            tuple([(counter, limit) for counter, limit in limited if limit is not None]),
        )

    def nearest(self, now_us: int) -> Session:
        """Return the session of now, else the next one, else the last one."""
        return nearest(self.sessions, now_us)

    def phase(self, now_us: int) -> Phase:
        """Return where the sale stands."""
        session = self.nearest(now_us)
        if not self.is_live:
            return "paused"
        if now_us >= session.ends_us:
            return "ended"
        if now_us >= session.starts_us:
            return "running"
        if now_us >= session.starts_us - self.warm_up_us:
            return "warming_up"
        return "coming" if session is self.sessions[0] else "between"


class Shelves(dict[str, Shelf]):
    """The shelves of one session by SKU, each made when it is first asked for."""

    def __init__(self, sale: Sale, session: Session) -> None:
        super().__init__()
        self._sale = sale
        self._session = session

    def __missing__(self, sku: str) -> Shelf:
        """Make an item's shelf. Raises KeyError for what the sale does not sell."""
        shelf = self[sku] = self._sale.make_shelf(self._session, sku)
        return shelf


Sales = Mapping[str, Sale]
"""Sales by id; those that are paused are known, so that a retry gets its first answer."""

NONE: Sales = MappingProxyType({})


def compile_sales(documents: Iterable[tuple[str, FlashSaleDocument, bool]]) -> Sales:
    """Return the sales by id; each comes with whether it is live (else it is paused)."""
    return {id_: compile_sale(id_, document, is_live) for id_, document, is_live in documents}


def compile_sale(id_: str, document: FlashSaleDocument, is_live: bool = True) -> Sale:
    """Return one sale, ready to be asked."""
    sessions = sessions_of(document)
    return Sale(
        id=id_,
        name=document.name,
        is_live=is_live,
        currency=document.currency,
        items={item.sku: item for item in document.items},
        sessions=sessions,
        session_ids={session.id: session for session in sessions},
        limits=document.customer_limits,
        queue=document.queue,
        expires_after_us=document.reservation_expires_after_s * SECOND_US,
        warm_up_us=document.warm_up_s * SECOND_US,
        stacks_with=frozenset(document.stacks_with),
        returns_stock=document.returns_stock,
    )
