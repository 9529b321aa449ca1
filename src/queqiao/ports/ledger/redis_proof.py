"""The proof of a ledger on Redis: opening balances and log, added up again outside the server.

What is compared is read in one transaction, so it is of one moment; adding up is done here, by the
same books as everywhere, and not by the functions that are to be proven.
"""

from collections.abc import Iterator
from typing import Any

import msgspec
from redis.exceptions import RedisError

from queqiao.kernel.errors import Message, QueqiaoError, Unavailable
from queqiao.ports.ledger.base import Proof
from queqiao.ports.ledger.books import Book, Books, Transfer, opening
from queqiao.ports.ledger.redis_server import Place

_transfers = msgspec.msgpack.Decoder(list[Transfer])
_Counters = dict[str, list[int]]


class _Moment(msgspec.Struct):
    """Everything that the proof compares, as the server gave it."""

    counters: dict[bytes, bytes]
    opening: dict[bytes, bytes]
    log: list[tuple[bytes, dict[bytes, bytes]]]
    leases: list[bytes]


def prove(place: Place, leases: str) -> Proof:
    """Return what adding up every entry finds; ``leases`` is the function that adds reservations.

    Blocking. Raises Unavailable when the server does not answer.
    """
    try:
        moment = _read(place, leases)
    except (RedisError, OSError) as error:
        away = Message("账本服务器没有及时应答", "the ledger's server did not answer in time")
        raise Unavailable(away) from error
    return _compare(moment)


def _read(place: Place, leases: str) -> _Moment:
    with (
        place.blocking_client() as client,
        client.pipeline(transaction=True) as pipeline,
    ):
        pipeline.hgetall(place.key("counters"))
        pipeline.hgetall(place.key("opening"))
        pipeline.xrange(place.key("log"))
        pipeline.execute_command("FCALL_RO", leases, 1, place.root)
        return _Moment(*pipeline.execute())


def _compare(moment: _Moment) -> Proof:
    counters = {name.decode(): _books(row, skip=1) for name, row in moment.counters.items()}
    leased = _leased(moment.leases[1:])
    books, entries, faults = _added_up(moment)
    faults += _faults(counters, {name: row for name, _, row in opening(books.copy())}, leased)
    return Proof(
        balanced=not faults,
        counters=len(counters),
        reservations_open=int(moment.leases[0]),
        entries=entries,
        sum_over_books=sum(sum(row) for _, _, row in opening(books.copy())),
        faults=faults,
    )


def _added_up(moment: _Moment) -> tuple[Books, int, list[str]]:
    """Return the books after every entry, how many transfers that took, and what did not fit."""
    books, entries, faults = Books(), len(moment.opening), []
    for name, row in moment.opening.items():
        books.open(name.decode(), 0, _books(row, skip=0))
    for number, fields in moment.log:
        transfers = _transfers.decode(fields[b"moved"])
        entries += len(transfers)
        for counter in {transfer[0] for transfer in transfers}:
            if not books.is_open(counter):
                books.relimit(counter, 0)
        try:
            books.apply(transfers)
        except QueqiaoError as error:
            faults.append(f"entry {number.decode()}: {error.explain('en')}")
    return books, entries, faults


def _books(row: bytes, skip: int) -> list[int]:
    free, leased, spent = map(int, row.split()[skip:])
    return [-(free + leased + spent), free, leased, spent]


def _leased(rows: list[Any]) -> dict[str, int]:
    return {name.decode(): int(amount) for name, amount in zip(rows[::2], rows[1::2], strict=True)}


def _faults(counters: _Counters, entries: _Counters, leased: dict[str, int]) -> Iterator[str]:
    nothing = [0, 0, 0, 0]
    for name in sorted(counters.keys() | entries.keys()):
        found, added = counters.get(name, nothing), entries.get(name, nothing)
        if found != added:
            yield f"{name}: the counter says {found}, the entries say {added}"
        if min(found[1:]) < 0:
            yield f"{name}: the books {found} do not balance"
        if found[Book.LEASED] != leased.get(name, 0):
            yield f"{name}: {found[Book.LEASED]} leased, {leased.get(name, 0)} in open reservations"
