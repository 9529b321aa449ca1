"""The keyed machines together: one event in, rows for each table out. Deterministic by the log."""

import sqlite3
from collections.abc import Callable
from typing import Any

import msgspec
import structlog

from queqiao.kernel.envelope import decode_envelope
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.process.attribution import NO_CLICK, Click, LastClicks
from queqiao.process.facts import (
    Context,
    Fact,
    Properties,
    minor_of,
    quantity_of,
    read_fact,
    text_of,
)
from queqiao.process.identity import Identity, Who
from queqiao.process.orders import KINDS, Booking, Order, Orders
from queqiao.process.sessions import Seen, Session, Sessions
from queqiao.process.state import StateFile

log = structlog.get_logger()

Row = tuple[Any, ...]

_OUR_DEFECT = FieldError("*", Message("本系统的缺陷，详见日志", "a defect of ours; see log"))

DEVICES_IN_MEMORY_MAX = 15_000
ORDERS_IN_MEMORY_MAX = 4_000
"""Keys held in memory, about 15 MB in all; the others are read from the file when they come."""


class Rows(msgspec.Struct):
    """The rows that a batch adds to each table, in the order of the table's columns."""

    events: list[Row] = []
    order_lines: list[Row] = []
    identities: list[Row] = []
    sessions: list[Row] = []
    unprocessed: list[Row] = []
    timestamp_us: int = 0
    received_at_us: int = 0

    def add(self, other: "Rows") -> None:
        """Add the rows of one event, whole."""
        self.events += other.events
        self.order_lines += other.order_lines
        self.identities += other.identities
        self.sessions += other.sessions
        self.unprocessed += other.unprocessed
        self.timestamp_us = max(self.timestamp_us, other.timestamp_us)
        self.received_at_us = max(self.received_at_us, other.received_at_us)

    def of(self, table: str) -> list[Row]:
        """Return the rows of a table by its name."""
        rows: list[Row] = getattr(self, table)
        return rows


Check = Callable[[Rows], object]
"""Raises for rows that the warehouse would not take."""


class Machines:
    """Identity, sessions, attribution and orders over one state file.

    ``currency`` is the shop's: decimals of events that name no currency are read in it.
    """

    def __init__(self, file: StateFile, currency: str = "CNY") -> None:
        size = DEVICES_IN_MEMORY_MAX
        self._file = file
        self._currency = currency
        self._identity = Identity(file.keyed("user", str, size), file.keyed("device", str, size))
        self._sessions = Sessions(file.keyed("sessions", list[Session], size))
        self._clicks = LastClicks(file.keyed("clicks", list[Click], size))
        self._orders = Orders(
            file.keyed("sale", Order, ORDERS_IN_MEMORY_MAX),
            file.keyed("sale_sources", list[str], ORDERS_IN_MEMORY_MAX),
            currency,
        )

    def see(self, offset: int, body: bytes, rows: Rows, check: Check | None = None) -> None:
        """Add what one stored event means to ``rows``: all of it, or nothing but why not.

        An event that our own code fails on, or ``check`` refuses, is seen again without its
        properties, so that its row is there; if that fails too it is only named in unprocessed.
        What the machines remember of a failed try is taken back.
        """
        for attempt in (self._rows_of, self._bare_rows_of):
            self._file.keep()
            try:
                mine = attempt(offset, body)
                if check is not None:
                    check(mine)
            except (sqlite3.Error, OSError):  # a fault of the disk is not the event's
                raise
            except Exception:
                log.exception("an event could not be processed", offset=offset)
                self._file.undo()
            else:
                rows.add(mine)
                return
        rows.unprocessed.append(_unread(offset, _OUR_DEFECT))

    def _rows_of(self, offset: int, body: bytes) -> Rows:
        try:
            return self._understood(read_fact(offset, body))
        except InvalidInput as error:
            return Rows(unprocessed=[_unread(offset, field) for field in error.fields])

    def _bare_rows_of(self, offset: int, body: bytes) -> Rows:
        fact = Fact(offset, decode_envelope(body), Properties(), Context(), [_OUR_DEFECT])
        return self._understood(fact)

    def _understood(self, fact: Fact) -> Rows:
        """Run the machines over one event."""
        rows = Rows()
        envelope = fact.envelope
        who = self._identity.see(fact)
        at_us = envelope.timestamp_us
        seen = self._sessions.see(fact.offset, who.device, who.person_id, at_us, fact.channel)
        self._note(fact, who, seen, rows)
        booked = self._book(fact, who)
        if booked is not None:
            rows.order_lines += _line_rows(fact, who, seen.session_id, booked)
        rows.events.append(self._event_row(fact, who, seen.session_id, booked))
        rows.unprocessed += [_refused(fact, field) for field in _once(fact.problems)]
        rows.timestamp_us, rows.received_at_us = at_us, envelope.received_at_us
        return rows

    def _note(self, fact: Fact, who: Who, seen: Seen, rows: Rows) -> None:
        """Record logins, session versions and ad clicks."""
        if who.linked:
            self._clicks.linked(who)
            rows.identities.append(
                (fact.offset, who.anonymous_id, who.user_id, fact.envelope.timestamp_us)
            )
        if seen.closed is not None:
            rows.sessions.append(_session_row(fact.offset, seen.closed, closed=1))
        if seen.opened is not None:
            rows.sessions.append(_session_row(fact.offset, seen.opened, closed=0))
        if fact.envelope.event == "Ad Clicked":
            named = fact.properties
            click = Click(
                fact.envelope.timestamp_us,
                fact.offset,
                text_of(named.campaign_id),
                text_of(named.decision_id),
            )
            self._clicks.clicked(who, click)

    def _book(self, fact: Fact, who: Who) -> Booking | None:
        event = fact.envelope.event
        if event not in KINDS:
            return None
        if fact.problems:  # an order is booked whole or not at all
            return None
        click = NO_CLICK
        if KINDS[event] == "sale":
            click = self._clicks.before(who, fact.envelope.timestamp_us)
        try:
            booked = self._orders.book(event, fact.envelope.source, fact.properties, click)
        except InvalidInput as error:
            fact.problems += error.fields
            return None
        fact.problems += booked.beyond
        return booked

    def _event_row(self, fact: Fact, who: Who, session_id: str, booked: Booking | None) -> Row:
        envelope, named = fact.envelope, fact.properties
        return (
            fact.offset, envelope.message_id, envelope.source, envelope.type, envelope.event or "",
            who.anonymous_id, who.user_id, who.person_id, session_id,
            envelope.timestamp_us, envelope.received_at_us, fact.channel,
            text_of(named.sku) or text_of(named.product_id),
            text_of(named.product_id), named.category or "", text_of(named.order_id),
            text_of(named.campaign_id) or (booked.order.campaign_id if booked else ""),
            text_of(named.creative_id), text_of(named.placement_id),
            text_of(named.decision_id) or (booked.order.decision_id if booked else ""),
            text_of(named.promotion_id), named.coupon or "",
            booked.order.currency if booked else named.currency or "",
            _quantity(fact), self._value(fact, booked), named.cost_minor or 0,
            bytes(envelope.properties), bytes(envelope.traits), bytes(envelope.context),
        )  # fmt: skip

    def _value(self, fact: Fact, booked: Booking | None) -> int:
        """Return the order's total, else its lines' sum, else the price of the one product."""
        named = fact.properties
        currency = named.currency or self._currency
        try:
            total = minor_of(named.total_minor, named.total, currency, "properties.total")
            if total is not None:
                return total
            if booked is not None:
                return sum(line.amount_minor for line in booked.lines)
            return minor_of(named.price_minor, named.price, currency, "properties.price") or 0
        except InvalidInput as error:
            fact.problems += error.fields
            return 0


def _quantity(fact: Fact) -> int:
    """Return the units of the one product, 0 where the event is not about a number of units."""
    if fact.properties.quantity is None:
        return 0
    try:
        return quantity_of(fact.properties)
    except InvalidInput as error:
        fact.problems += error.fields
        return 0


def _session_row(offset: int, one: Session, closed: int) -> Row:
    return (
        offset, one.id, one.person_id, one.started_at_us, one.ended_at_us, one.events,
        one.channel, closed,
    )  # fmt: skip


def _line_rows(fact: Fact, who: Who, session_id: str, booked: Booking) -> list[Row]:
    envelope, order = fact.envelope, booked.order
    return [
        (
            fact.offset, number, booked.kind, booked.order_id, envelope.timestamp_us,
            who.person_id, who.user_id, who.anonymous_id, session_id, envelope.source,
            fact.channel, line.sku, line.product_id, line.category, line.quantity,
            line.list_minor, line.discount_minor, line.amount_minor, order.currency,
            order.campaign_id, order.decision_id, order.promotion_ids, line.coupon or order.coupon,
        )
        for number, line in enumerate(booked.lines)
    ]  # fmt: skip


def _once(problems: list[FieldError]) -> list[FieldError]:
    return list({field.path: field for field in problems}.values())


def _refused(fact: Fact, field: FieldError) -> Row:
    envelope = fact.envelope
    return (
        fact.offset, field.path, envelope.message_id, envelope.event or "",
        text_of(fact.properties.order_id), envelope.received_at_us, field.message.en,
    )  # fmt: skip


def _unread(offset: int, field: FieldError) -> Row:
    return (offset, field.path, "", "", "", 0, field.message.en)
