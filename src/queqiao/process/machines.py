"""The keyed machines together: one event in, rows for each table out. Deterministic by the log."""

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import structlog

from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.vocabulary import ADS_SOURCE
from queqiao.ports.event_log.base import StoredEvent
from queqiao.process.attribution import (
    NO_TOUCH,
    TAKEN_BACK,
    TOLD,
    LastTouches,
    Touch,
    touch_of,
)
from queqiao.process.consent import ADVERTISING, Consents
from queqiao.process.corrections import Correction, correction
from queqiao.process.enrichment.enricher import Enricher, campaign_of
from queqiao.process.event_rows import EventRows, Head, goods_of_order
from queqiao.process.facts import Fact, FactReader, bare_fact
from queqiao.process.goods import Goods
from queqiao.process.identity import Identity, Who
from queqiao.process.orders import KINDS, Booking, Order, Orders
from queqiao.process.promotion_rows import exposure_rows, is_told, use_rows
from queqiao.process.sessions import DEFAULT_RULES, Seen, Session, SessionRules, Sessions
from queqiao.process.state import StateFile
from queqiao.process.stitching import Stitch
from queqiao.process.stitching_events import People, is_order, stitch_rows
from queqiao.process.veil import Forgotten, Veil, cleared_goods

log = structlog.get_logger()

Row = tuple[Any, ...]
"""A row of any table but ``events``, in the order of its columns."""

_OUR_DEFECT = FieldError("*", Message("本系统的缺陷，详见日志", "a defect of ours; see log"))

DEVICES_IN_MEMORY_MAX = 15_000
ORDERS_IN_MEMORY_MAX = 4_000
"""Keys held in memory, about 15 MB in all; the others are read from the file when they come."""


class Visit(msgspec.Struct, frozen=True, gc=False):
    """In which session an event is, the number of its person, and the channel they came by."""

    session_id: str
    person: int
    channel: str


class Rows(msgspec.Struct):
    """The rows that a batch adds to each table, in the order of the table's columns."""

    events: EventRows = msgspec.field(default_factory=EventRows)
    order_lines: list[Row] = []
    promotion_uses: list[Row] = []
    promotion_exposures: list[Row] = []
    identities: list[Row] = []
    stitches: list[Row] = []
    sessions: list[Row] = []
    corrections: list[Row] = []
    unprocessed: list[Row] = []
    timestamp_us: int = 0
    received_at_us: int = 0

    def add(self, other: "Rows") -> None:
        """Add the rows of one event, whole."""
        self.events.extend(other.events)
        self.order_lines += other.order_lines
        self.promotion_uses += other.promotion_uses
        self.promotion_exposures += other.promotion_exposures
        self.identities += other.identities
        self.stitches += other.stitches
        self.sessions += other.sessions
        self.corrections += other.corrections
        self.unprocessed += other.unprocessed
        self.reach(other.timestamp_us, other.received_at_us)

    def reach(self, timestamp_us: int, received_at_us: int) -> None:
        """Note the times of an event: the latest ones are the watermark's."""
        self.timestamp_us = max(self.timestamp_us, timestamp_us)
        self.received_at_us = max(self.received_at_us, received_at_us)

    def of(self, table: str) -> list[Row]:
        """Return the rows of a table by its name; those of ``events`` are of another kind."""
        rows: list[Row] = getattr(self, table)
        return rows


Check = Callable[[Rows], object]
"""Raises for rows that the warehouse would not take."""


class Machines:
    """Identity, sessions, attribution and orders over one state file.

    ``currency`` is the shop's: decimals of events that name no currency are read in it. ``zone`` is
    the shop's too: its business days close by it. ``enricher`` reads events further; ``sessions``
    says what ends a session; ``veil`` knows who was erased from events that are read again.
    """

    def __init__(
        self,
        file: StateFile,
        currency: str = "CNY",
        zone: str = "Asia/Shanghai",
        enricher: Enricher | None = None,
        sessions: SessionRules = DEFAULT_RULES,
        *,
        veil: Veil | None = None,
    ) -> None:
        enricher = enricher or Enricher()
        self._reader = FactReader(enricher, currency)
        size = DEVICES_IN_MEMORY_MAX
        self._file = file
        self._veil = veil or Veil({}, str.encode)
        self._currency = currency
        self._zone = zone
        self._users = file.keyed("user", str, size)
        self._persons = file.keyed("person", int, size)
        self._visits = file.keyed("sessions", list[Session], size)
        self._identity = Identity(self._users, file.keyed("device", str, size))
        self._people = People(file, self._persons, size)
        self._by_campaign = sessions.ends_with_campaign
        self._sessions = Sessions(self._visits, msgspec.structs.replace(sessions, zone=zone))
        self._said = file.keyed("consent", int, size)
        self._consents = Consents(self._said, enricher.default_consent)
        self._touches = LastTouches(file.keyed("clicks", list[Touch], size))
        self._orders = Orders(
            file.keyed("sale", Order, ORDERS_IN_MEMORY_MAX),
            file.keyed("sale_sources", list[str], ORDERS_IN_MEMORY_MAX),
            currency,
        )

    def see_all(
        self, events: Sequence[StoredEvent], rows: Rows, check: Check | None = None
    ) -> None:
        """Add what stored events mean, in order; see ``see``. One question reads their state."""
        facts = [(event, self._fact_of(event)) for event in events]
        self._fetch([fact for _, fact in facts if isinstance(fact, Fact)])
        for event, fact in facts:
            if isinstance(fact, InvalidInput):
                rows.unprocessed += [_unread(event.offset, field) for field in fact.fields]
            else:
                self._see(event, fact, rows, check)

    def see(self, offset: int, body: bytes, rows: Rows, check: Check | None = None) -> None:
        """Add what one stored event means to ``rows``: all of it, or nothing but why not.

        An event that our own code fails on, or ``check`` refuses, is seen again without its
        properties, so that its row is there; if that fails too it is only named in unprocessed.
        What the machines remember of a failed try is taken back.
        """
        self.see_all([StoredEvent(offset, body)], rows, check)

    def _fact_of(self, event: StoredEvent) -> Fact | InvalidInput | None:
        """Return the event typed, or what is wrong with it; None where our own code fails."""
        try:
            return self._veil.put_over(self._reader.read(event))
        except InvalidInput as error:
            return error
        except Exception:
            log.exception("an event could not be read", offset=event.offset)
            return None

    def _fetch(self, facts: Sequence[Fact]) -> None:
        ids = {fact.envelope.anonymous_id for fact in facts if fact.envelope.anonymous_id}
        devices = [f"a:{one}" for one in ids]
        self._users.fetch(ids)
        self._visits.fetch(devices)
        self._said.fetch(devices)
        people = {self._users.get(one) or one for one in ids}
        users = {fact.envelope.user_id for fact in facts if fact.envelope.user_id}
        self._persons.fetch(people | users)

    def _see(self, event: StoredEvent, fact: Fact | None, rows: Rows, check: Check | None) -> None:
        for attempt in (fact, None):
            self._file.keep()
            mine = rows if check is None else Rows()
            try:
                self._understood(attempt or self._bare(event), mine)
                if check is not None:
                    check(mine)
                    rows.add(mine)
            except (sqlite3.Error, OSError):  # a fault of the disk is not the event's
                raise
            except Exception:
                log.exception("an event could not be processed", offset=event.offset)
                self._file.undo()
            else:
                return
        rows.unprocessed.append(_unread(event.offset, _OUR_DEFECT))

    def _bare(self, event: StoredEvent) -> Fact:
        return self._veil.put_over(bare_fact(event, [_OUR_DEFECT]))

    def _understood(self, fact: Fact, rows: Rows) -> None:
        """Run the machines over one event. Adds to ``rows`` only when nothing can fail any more."""
        envelope = fact.envelope
        if is_order(envelope):
            self._obey(fact, rows)
            return
        who = self._identity.see(fact)
        fact.consent = self._consents.see(who.device, fact.said)
        at_us, taken_us, channel = envelope.timestamp_us, envelope.received_at_us, fact.channel
        campaign = campaign_of(fact.circumstances) if self._by_campaign else ""
        seen = self._sessions.see(
            fact.offset, who.device, who.person_id, at_us, channel, campaign=campaign
        )
        visit = Visit(seen.session_id, self._number_of(who.person_id, fact.offset), channel)
        if who.linked or envelope.event in TOLD:
            self._note(fact, who)
        booked = self._book(fact, who) if envelope.event in KINDS else None
        goods = self._goods(fact, booked)
        changes = self._people.see(fact, who)
        stitches = self._stitches(fact, changes) if changes else ()
        if self._veil.is_over(who):
            who, goods = (
                self._veil.clear(fact, who, visit.person),
                cleared_goods(goods, envelope.source),
            )
        row = (_head(fact, who, visit), goods, fact.circumstances)
        late = correction(fact, booked, goods.currency, self._zone)
        if booked is not None:
            rows.order_lines += _line_rows(fact, who, visit, booked)
        if is_told(envelope):
            is_named = bool(envelope.user_id)
            rows.promotion_uses += use_rows(fact, who.person_id, visit.person, is_named=is_named)
            rows.promotion_exposures += exposure_rows(fact, who.person_id, visit.person)
        rows.events.rows.append(row)
        rows.stitches += stitches
        self._add_rare(rows, fact, who, seen, late)
        rows.reach(at_us, taken_us)

    @staticmethod
    def _goods(fact: Fact, booked: Booking | None) -> Goods:
        """Return the columns of what the event names; what does not fit them is a problem."""
        if booked is None:
            fact.problems += fact.named.faults
            return fact.named.goods
        goods, faults = goods_of_order(fact.named, booked)
        fact.problems += faults
        return goods

    def _obey(self, fact: Fact, rows: Rows) -> None:
        """Carry out an operator's order about people. It is nobody's event: it has no row."""
        try:
            rows.stitches += self._stitches(fact, self._people.obey(fact))
        except InvalidInput as error:
            rows.unprocessed += [_refused(fact, field) for field in error.fields]
        rows.reach(fact.envelope.timestamp_us, fact.envelope.received_at_us)

    def _stitches(self, fact: Fact, changes: Sequence[Stitch]) -> list[Row]:
        veil = self._veil
        return [
            (offset, veil.person(one, number), number, veil.other(into), *rest)
            for offset, one, number, into, *rest in stitch_rows(fact, changes, self._persons)
        ]

    def _add_rare(
        self, rows: Rows, fact: Fact, who: Who, seen: Seen, late: Correction | None
    ) -> None:
        """Add logins, session versions, corrections and problems: most events have none of them."""
        offset = fact.offset
        if who.linked:
            login = (offset, who.anonymous_id, who.user_id, fact.envelope.timestamp_us)
            rows.identities.append(login)
        if seen.closed is not None:
            rows.sessions.append(self._session_row(offset, seen.closed, closed=1))
        if seen.opened is not None:
            rows.sessions.append(self._session_row(offset, seen.opened, closed=0))
        if late is not None:
            rows.corrections.append(late)
        if fact.problems:
            rows.unprocessed += [_refused(fact, field) for field in _once(fact.problems)]

    def _session_row(self, offset: int, one: Session, closed: int) -> Row:
        person_id = self._veil.person(one.person_id, self._persons.get(one.person_id) or 0)
        return (
            offset, one.id, person_id, one.started_at_us, one.ended_at_us, one.events,
            one.channel, closed,
        )  # fmt: skip

    def _number_of(self, person_id: str, offset: int) -> int:
        """Return the number of a person: the offset of their first event, 0 for nobody.

        Numbers count people (as bitmaps) where ids would have to be kept; they say nothing of who.
        """
        if not person_id:
            return 0
        known = self._persons.get(person_id)
        if known is None:
            self._persons.put(person_id, known := offset)
        return known

    def numbers_of(self, ids: Sequence[str]) -> dict[str, int]:
        """Return the numbers of people by their ids, 0 for one that never was a person."""
        return {one: self._persons.get(one) or 0 for one in ids}

    def identifiers_of(self, ids: Sequence[str]) -> list[str]:
        """Return the identifiers that people hold, each once. Only between commits."""
        return self._people.identifiers_of(ids)

    def known_ids(self) -> tuple[set[str], set[str]]:
        """Return all users and all other people and devices that are remembered."""
        users = set(self._file.keys("device"))
        return users, {*self._file.keys("person"), *self._file.keys("user")} - users

    def forget_people(self, names: Forgotten) -> None:
        """Forget people, in memory and on disk: whoever comes with an id of them is somebody new.

        Others who hold an identifier of theirs hold it no more, until they say it again.
        """
        self._people.forget(names.identifiers)
        self._file.commit(self._file.checkpoint())
        self._file.erase([*names.ids, *names.identifiers])

    def _note(self, fact: Fact, who: Who) -> None:
        """Remember ads clicked and seen, and whose a device's earlier ones are after a login."""
        if who.linked:
            self._touches.linked(who)
        envelope = fact.envelope
        if envelope.event == TAKEN_BACK and envelope.source == ADS_SOURCE:
            self._touches.taken_back(who, fact.named.goods.decision_id)
        touch = touch_of(fact) if fact.consent & ADVERTISING else NO_TOUCH
        if touch.by:
            self._touches.touched(who, touch)

    def _book(self, fact: Fact, who: Who) -> Booking | None:
        event = fact.envelope.event or ""
        if fact.problems:  # an order is booked whole or not at all
            return None
        touch, at_us = NO_TOUCH, fact.envelope.timestamp_us
        if KINDS[event] == "sale" and fact.consent & ADVERTISING:
            touch = self._touches.before(who, at_us)
        try:
            booked = self._orders.book(
                event, fact.envelope.source, fact.named.properties, touch, at_us
            )
        except InvalidInput as error:
            fact.problems += error.fields
            return None
        fact.problems += booked.beyond
        return booked


def _head(fact: Fact, who: Who, visit: Visit) -> Head:
    envelope = fact.envelope
    return (
        fact.offset, envelope.message_id, envelope.source, envelope.type, envelope.event or "",
        who.anonymous_id, who.user_id, who.person_id, visit.person, visit.session_id,
        envelope.timestamp_us, envelope.received_at_us, visit.channel, bytes(envelope.traits),
        bytes(envelope.context), fact.consent, fact.clock_skew_us, envelope.schema_fault or "",
        envelope.schema_version,
    )  # fmt: skip


def _line_rows(fact: Fact, who: Who, visit: Visit, booked: Booking) -> list[Row]:
    envelope, order = fact.envelope, booked.order
    return [
        (
            fact.offset, number, booked.kind, booked.order_id, envelope.timestamp_us,
            who.person_id, who.user_id, who.anonymous_id, visit.session_id, envelope.source,
            visit.channel, line.sku, line.product_id, line.category, line.quantity,
            line.list_minor, line.discount_minor, line.amount_minor, order.currency,
            order.campaign_id, order.decision_id, order.promotion_ids, line.coupon or order.coupon,
            fact.consent, order.attributed_by, order.attribution_age_s,
        )
        for number, line in enumerate(booked.lines)
    ]  # fmt: skip


def _once(problems: list[FieldError]) -> list[FieldError]:
    return list({field.path: field for field in problems}.values())


def _refused(fact: Fact, field: FieldError) -> Row:
    envelope = fact.envelope
    return (
        fact.offset, field.path, envelope.message_id, envelope.event or "",
        fact.named.goods.order_id, envelope.received_at_us, field.message.en,
    )  # fmt: skip


def _unread(offset: int, field: FieldError) -> Row:
    return (offset, field.path, "", "", "", 0, field.message.en)
