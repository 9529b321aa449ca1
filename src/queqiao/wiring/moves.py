"""How each port's data go from the home to a server: looked at first, then carried over."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from queqiao.catalog import tables as catalog_tables
from queqiao.decide.ads.wallets import tables as wallet_tables
from queqiao.decide.promotions.cards import tables as card_tables
from queqiao.decide.promotions.coupons import tables as coupon_tables
from queqiao.decide.promotions.engagements import tables as engagement_tables
from queqiao.decide.promotions.loyalty import tables as loyalty_tables
from queqiao.decide.promotions.referrals import tables as referral_tables
from queqiao.operate import tables as operate_tables
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.ports.lake.move import LakeMove, held
from queqiao.ports.lake.parquet_folder import ParquetFolder
from queqiao.ports.ledger.embedded import EmbeddedLedger
from queqiao.ports.ledger.snapshot import Copy
from queqiao.ports.records.sqlite import SqliteRecords
from queqiao.reach import tables as reach_tables
from queqiao.wiring import adapters, doctor_lake, doctor_servers, lakes
from queqiao.wiring.extras import extra
from queqiao.wiring.settings import Settings
from queqiao.wiring.supervisor import is_held

TABLES_OF = (
    catalog_tables,
    card_tables,
    coupon_tables,
    engagement_tables,
    loyalty_tables,
    referral_tables,
    operate_tables,
    reach_tables,
    wallet_tables,
)
"""Imported, so that the records' metadata know the tables of every stage."""
LAKE_BOOK = "lake_copied.json"

Counts = dict[str, int]
"""What was carried over, or is to be, by its name."""
Told = Callable[[int, int], None]
"""Told how much is done, and of how much."""


class Order(NamedTuple):
    """What to carry over: ``there`` are the settings as they will be, ``source`` is the place of
    the embedded engine. ``begin_empty``: leave it behind instead."""

    there: Settings
    source: Path
    ahead: bool = False
    anew: bool = False
    begin_empty: bool = False


def _tell_nobody(_order: Order) -> None:
    """Most ports have nobody to tell."""


class Move(NamedTuple):
    """A port's move. ``look`` sees whether the server will do and counts what is here, and writes
    nothing that stays; ``carry`` does it; ``tell`` tells others of it, as often as one likes.
    ``can_be_ahead``: while the system runs, too. ``can_be_anew``: what an earlier copy left can be
    deleted for another."""

    look: Callable[[Order], Counts]
    carry: Callable[[Order, Told], Counts]
    tell: Callable[[Order], None] = _tell_nobody
    can_be_ahead: bool = False
    can_be_anew: bool = False


def _look_at_log(order: Order) -> Counts:
    adapters.check_event_log(order.there, make=False)
    reader = EmbeddedEventLogReader(order.source)
    try:
        return {"events": reader.end()}
    finally:
        reader.close()


def _carry_log(order: Order, told: Told) -> Counts:
    with extra("ports.event_log", "kafka"):
        from queqiao.ports.event_log.kafka import move  # noqa: PLC0415  # only when named
    place = adapters.kafka_place(order.there)
    assert place is not None
    folder = order.there.home / adapters.KAFKA_FOLDER
    if order.anew:
        move.forget(place, folder)
    going = move.move(order.source, place, folder, ahead=order.ahead, told=told)
    sent = asyncio.run(going)
    return {"events": sent.last, "sent": sent.events}


def _look_at_records(order: Order) -> Counts:
    from queqiao.ports.records.move import counts  # noqa: PLC0415  # needs PostgreSQL's client

    doctor_servers.records_report(order.there.ports.records)
    source = SqliteRecords(order.source)
    try:
        return {"rows": sum(counts(source).values())}
    finally:
        source.close()


def _carry_records(order: Order, told: Told) -> Counts:
    from queqiao.ports.records.move import move  # noqa: PLC0415  # likewise
    from queqiao.ports.records.postgresql import PostgresqlRecords  # noqa: PLC0415  # likewise

    doctor_servers.records_report(order.there.ports.records)
    source, target = SqliteRecords(order.source), PostgresqlRecords(order.there.ports.records)
    try:
        moved = move(source, target, told)
    finally:
        target.close()
        source.close()
    return {"rows": sum(moved.values()), "tables": len(moved)}


def _look_at_ledger(order: Order) -> Counts:
    doctor_servers.ledger_report(order.there.ports.ledger)
    if is_held(order.there.home):  # a running system has it open, and nobody else can
        return {}
    return _counts_of(_copy_of_ledger(order.source))


def _carry_ledger(order: Order, _told: Told) -> Counts:
    with extra("ports.ledger", "redis"):
        from queqiao.ports.ledger.redis_move import move  # noqa: PLC0415  # only when named
    doctor_servers.ledger_report(order.there.ports.ledger)
    copy = _copy_of_ledger(order.source)
    move(copy, order.there.ports.ledger)
    return _counts_of(copy)


def _copy_of_ledger(source: Path) -> Copy:
    opened = EmbeddedLedger.open(source)
    try:
        return opened.copy()
    finally:
        asyncio.run(opened.close())


def _counts_of(copy: Copy) -> Counts:
    return {"counters": len(copy.standings), "keys": len(copy.holdings)}


def _look_at_lake(order: Order) -> Counts:
    doctor_lake.lake(order.there)
    return {"partitions": len(held(ParquetFolder(order.source), lakes.TABLES))}


def _carry_lake(order: Order, told: Told) -> Counts:
    target = lakes.bare(order.there)
    book = order.there.home / LAKE_BOOK
    moving = LakeMove(ParquetFolder(order.source), target, lakes.TABLES, book)
    moving.begin(order.there.ports.lake)
    carried = moving.run(told)
    copied, kept = carried.copied, carried.kept
    return {"partitions": copied + kept, "copied": copied, "removed": carried.removed}


def _tell_catalogue(order: Order) -> None:
    catalogued = lakes.catalogued(order.there)
    if catalogued is not None:
        catalogued.catch_up()


MOVES = {
    "event_log": Move(_look_at_log, _carry_log, can_be_ahead=True, can_be_anew=True),
    "records": Move(_look_at_records, _carry_records),
    "ledger": Move(_look_at_ledger, _carry_ledger),
    "lake": Move(_look_at_lake, _carry_lake, _tell_catalogue, can_be_ahead=True),
}
"""Each port's move, by the port's name."""
