"""The sales of this moment: compiled once, then read by every request without a wait."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import msgspec

from queqiao.decide.promotions.flash_sales.documents import (
    CustomerLimits,
    FlashSaleDocument,
    Item,
    Phase,
    Queue,
)
from queqiao.decide.promotions.flash_sales.sessions import Session, nearest, sessions_of
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
    )
