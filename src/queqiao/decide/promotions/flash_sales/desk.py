"""Reserving: from wishes to one atomic step each, and from what the ledger says to an answer."""

from collections.abc import Callable, Sequence
from functools import lru_cache

from msgspec import Struct

from queqiao.decide.promotions.flash_sales.counters import (
    Held,
    held_of,
    reason_of,
    reservation_id,
)
from queqiao.decide.promotions.flash_sales.messages import Declined, Reserved, Told, Wish
from queqiao.decide.promotions.flash_sales.prices import HeldPrice, HeldPrices
from queqiao.decide.promotions.flash_sales.queue import Admissions
from queqiao.decide.promotions.flash_sales.sessions import Session
from queqiao.decide.promotions.flash_sales.shelves import Shelf
from queqiao.decide.promotions.flash_sales.snapshot import Sale, Sales
from queqiao.decide.promotions.flash_sales.tally import Tally
from queqiao.kernel.clock import format_rfc3339
from queqiao.kernel.errors import Conflict, Message, NotFound
from queqiao.ports.ledger.base import Ask, Clashed, Leased, Ledger, Outcome, Remembered
from queqiao.ports.ledger.base import Refused as Short
from queqiao.ports.ledger.flights import Flights

NO_SALE = Message("没有进行中的此场秒杀", "no such flash sale is live")
_OTHER = Message("同一个 request_id，内容不同", "the same request_id with other content")


class Desk:
    """Reserves for the sales of the moment. Every call may be retried."""

    def __init__(
        self,
        sales: Callable[[], Sales],
        ledger: Ledger,
        prices: HeldPrices,
        admissions: Admissions,
        tally: Tally | None = None,
    ) -> None:
        self._tally = Tally() if tally is None else tally
        self._sales = sales
        self._ledger = ledger
        self._flights = Flights(ledger)
        self.prices = prices
        self._admissions = admissions

    def sale(self, sale_id: str) -> Sale:
        """Return a live or paused sale. Raises NotFound."""
        sale = self._sales().get(sale_id)
        if sale is None:
            raise NotFound(NO_SALE)
        return sale

    def knows(self, sale_id: str) -> bool:
        """Say whether there is such a sale, live or paused."""
        return sale_id in self._sales()

    async def reserve(self, sale_id: str, wish: Wish, now_us: int) -> Told:
        """Reserve for one. Raises NotFound for the sale, Conflict for a request with a new content.

        What is asked at the same moment shares the way to the ledger.
        """
        sale = self.sale(sale_id)
        wanted = self._wanted(sale, wish, now_us)
        told: Told | Clashed
        if isinstance(wanted, Declined):
            told = wanted
        else:
            try:
                outcome: Outcome = await self._flights.reserve(wanted.ask, now_us)
            except Conflict:
                outcome = Clashed()
            told = self._told(sale, wish, wanted, outcome)
        if isinstance(told, Clashed) or told is wanted:
            (told,) = await self._first_answers(sale, [wish], [told])
        if isinstance(told, Clashed):
            raise Conflict(_OTHER)
        return told

    async def reserve_many(self, sale_id: str, wishes: Sequence[Wish], now_us: int) -> list[Told]:
        """Reserve for several, each its own step; a clash is an answer here."""
        sale = self.sale(sale_id)
        items = {} if sale.queue is not None else sale.items
        usual = sale.shelves_in(sale.nearest(now_us))
        wanted = [
            _wanted(usual[wish.sku], wish, now_us)
            if wish.session is None and wish.sku in items
            else self._wanted(sale, wish, now_us)
            for wish in wishes
        ]
        asks = [one.ask for one in wanted if not isinstance(one, Declined)]
        outcomes = iter(await self._ledger.reserve_many(asks, now_us))
        told = [
            one if isinstance(one, Declined) else self._told(sale, wish, one, next(outcomes))
            for wish, one in zip(wishes, wanted, strict=True)
        ]
        if len(asks) < len(wanted) or any(isinstance(one, Clashed) for one in told):
            told = await self._first_answers(sale, wishes, told)
        return [
            Declined(wish.request_id, "conflict") if isinstance(one, Clashed) else one
            for wish, one in zip(wishes, told, strict=True)
        ]

    def _wanted(self, sale: Sale, wish: Wish, now_us: int) -> "_Wanted | Declined":
        """Return the step of a wish, or why there is none to take."""
        if wish.sku not in sale.items:
            return self._decline(sale, wish, "not_in_sale", now_us)
        session: Session | None
        if sale.queue is None:
            session = self._session(sale, wish.session, now_us)
        else:
            reason, session = self._admissions.admitted(sale, wish, now_us)
            if reason is not None:
                return self._decline(sale, wish, reason, now_us)
        if session is None:
            return self._decline(sale, wish, "no_such_session", now_us)
        return _wanted(sale.shelf(session, wish.sku), wish, now_us)

    def _decline(self, sale: Sale, wish: Wish, reason: str, now_us: int) -> Declined:
        self._tally.refused(sale.id, sale.nearest(now_us).id, reason)
        return Declined(wish.request_id, reason)

    def _session(self, sale: Sale, named: str | None, now_us: int) -> Session | None:
        return sale.nearest(now_us) if named is None else sale.session_ids.get(named)

    def _told(self, sale: Sale, wish: Wish, wanted: "_Wanted", outcome: Outcome) -> Told | Clashed:
        shelf, ask = wanted.shelf, wanted.ask
        if not isinstance(outcome, Leased):
            return self._not_leased(sale, wish, shelf, outcome)
        ends_us, quantity = outcome.expires_at_us, wish.quantity
        if ends_us == ask.expires_at_us:  # a retry has the end of the first
            self._tally.reserved(shelf.sale_id, shelf.session_id, quantity)
        held = HeldPrice(
            ask.key,
            shelf.sale_id,
            shelf.session_id,
            shelf.sku,
            quantity,
            shelf.price_minor,
            shelf.currency,
            wish.customer_id,
            ends_us,
        )
        return Reserved(
            wish.request_id,
            ask.key,
            shelf.session_id,
            shelf.sku,
            quantity,
            shelf.price_minor,
            shelf.currency,
            _shown(ends_us),
            self.prices.token(held),
        )

    def _not_leased(
        self, sale: Sale, wish: Wish, shelf: Shelf, outcome: Short | Clashed
    ) -> Declined | Clashed:
        if isinstance(outcome, Clashed):
            return outcome
        declined = _declined(sale, wish, outcome)
        self._tally.refused(shelf.sale_id, shelf.session_id, declined.reason)
        return declined

    def _reserved(self, request_id: str, held: HeldPrice) -> Reserved:
        return Reserved(
            request_id,
            held.reservation_id,
            held.session,
            held.sku,
            held.quantity,
            held.price_minor,
            held.currency,
            _shown(held.expires_at_us),
            self.prices.token(held),
        )

    async def _first_answers(
        self, sale: Sale, wishes: Sequence[Wish], told: Sequence[Told | Clashed]
    ) -> list[Told | Clashed]:
        """Put the first answer of a known request in the place of a clash or a refusal of today.

        A retry may come when the session, the price or the admission of then are no more.
        """
        keys = [reservation_id(sale.id, wish.request_id) for wish in wishes]
        known = await self._ledger.recall(keys)
        return [
            one if isinstance(one, Reserved) else self._first(sale, wish, key, known.get(key), one)
            for wish, key, one in zip(wishes, keys, told, strict=True)
        ]

    def _first(
        self, sale: Sale, wish: Wish, key: str, known: Remembered | None, told: Told | Clashed
    ) -> Told | Clashed:
        held = held_of(known.asked) if known is not None else None
        if known is None or held is None:
            return told
        if not _is_same(held, wish):
            return Clashed()
        if known.refused is not None:
            return _declined(sale, wish, known.refused)
        return self._reserved(wish.request_id, held_price(key, held, known.expires_at_us))


class _Wanted(Struct, frozen=True, gc=False):
    """The step of a wish, and the shelf that it takes from."""

    shelf: Shelf
    ask: Ask


def _wanted(shelf: Shelf, wish: Wish, now_us: int) -> _Wanted:
    return _Wanted(shelf, shelf.ask(wish, now_us))


_shown = lru_cache(1_024)(format_rfc3339)
"""Reservations of one moment end at one moment."""


def held_price(key: str, held: Held, expires_at_us: int) -> HeldPrice:
    """Return the price that a reservation of the ledger holds."""
    return HeldPrice(
        key,
        held.flash_sale_id,
        held.session,
        held.sku,
        held.quantity,
        held.price_minor,
        held.currency,
        held.customer_id,
        expires_at_us,
    )


def _is_same(held: Held, wish: Wish) -> bool:
    """Say whether a wish asks what was asked first, whatever session and price were then."""
    return (
        (held.sku, held.quantity, held.customer_id)
        == (wish.sku, wish.quantity, wish.customer_id)
        and wish.session in (None, held.session)
    )  # fmt: skip


def _declined(sale: Sale, wish: Wish, short: Short) -> Declined:
    reason = reason_of(short.counter)
    if reason == "ended" and not sale.is_live:
        return Declined(wish.request_id, "paused")
    return Declined(wish.request_id, reason, None if short.counter.startswith("(") else short.free)
