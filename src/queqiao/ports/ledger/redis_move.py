"""Carries an embedded ledger over to a server: balances, and what is remembered of every key."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from operator import itemgetter
from typing import Any, TypeVar

import msgspec
from redis import Redis
from redis.exceptions import RedisError
from xxhash import xxh3_128_hexdigest

from queqiao.kernel.errors import Conflict, Message
from queqiao.ports.ledger.books import Book
from queqiao.ports.ledger.redis import FORMAT, KEYS
from queqiao.ports.ledger.redis_server import Place, unreachable
from queqiao.ports.ledger.snapshot import Copy, Counter
from queqiao.ports.ledger.steps import Holding

T = TypeVar("T")

ROWS_AT_A_TIME = 1_000
MOVING = "moving"
"""The format of a ledger that is half carried over: no process takes it for its own."""

_QUEUES = {"refused": "idle", "freed": "idle", "spent": "settled", "done": "settled"}


def move(copy: Copy, url: str) -> int:
    """Write a copy to a server that has no ledger yet; return how many keys are remembered there.

    Blocking; nothing may step meanwhile. What an interrupted move left is written anew; a server
    that was given this very copy is left as it is. Raises Conflict when the server has another
    ledger, Unavailable when it does not answer.
    """
    place, digest = Place.of(url), _digest(copy)
    try:
        with place.blocking_client() as client:
            if _claim(client, place, digest):
                _write_counters(client, place, copy.counters())
                _write_holdings(client, place, copy.holdings)
                done = {"format": FORMAT, "latest": copy.latest_us, "seq": 0, "copy": digest}
                client.hset(place.key("meta"), mapping=done)
    except (RedisError, OSError) as error:
        raise unreachable(place, error) from error
    return len(copy.holdings)


def _claim(client: "Redis", place: Place, digest: str) -> bool:
    """Begin, unless there is a ledger; remove what an interrupted move left.

    Returns whether there is anything to write.
    """
    found, copied = client.hmget(place.key("meta"), ["format", "copy"])
    if found == FORMAT.encode() and copied == digest.encode():
        return False
    if found is not None and found != MOVING.encode():
        raise Conflict(_TAKEN)
    client.delete(*(place.key(name) for name in KEYS))
    client.hset(place.key("meta"), "format", MOVING)
    return True


def _digest(copy: Copy) -> str:
    """Return what a copy is known by."""
    rows = copy.latest_us, sorted(copy.counters()), sorted(copy.holdings, key=itemgetter(0))
    return xxh3_128_hexdigest(msgspec.msgpack.encode(rows))


def _write_counters(client: "Redis", place: Place, counters: Iterable[Counter]) -> None:
    for some in _chunks(counters):
        balances: dict[Any, Any] = {name: _parts(books) for name, _, books in some}
        wanted: dict[Any, Any] = {name: f"{limit} {balances[name]}" for name, limit, _ in some}
        client.hset(place.key("opening"), mapping=balances)
        client.hset(place.key("counters"), mapping=wanted)
        client.zadd(place.key("names"), dict.fromkeys(balances, 0))


def _parts(books: list[int]) -> str:
    return f"{books[Book.FREE]} {books[Book.LEASED]} {books[Book.SPENT]}"


def _write_holdings(client: "Redis", place: Place, holdings: list[tuple[str, Holding]]) -> None:
    """Write in order of time, as the queues of what may be forgotten are read."""
    for some in _chunks(sorted(holdings, key=lambda row: row[1].at_us)):
        packed: dict[Any, Any] = {key: msgspec.msgpack.encode(_row(held)) for key, held in some}
        client.hset(place.key("holdings"), mapping=packed)
        due = {key: held.expires_at_us for key, held in some if held.state == "open"}
        if due:
            client.zadd(place.key("due"), due)
        for state_queue in ("idle", "settled"):
            queued = [
                f"{held.at_us} {key}"
                for key, held in some
                if _QUEUES.get(held.state) == state_queue
            ]
            if queued:
                client.rpush(place.key(state_queue), *queued)


def _row(held: Holding) -> list[Any]:
    """Return what the functions remember of a key, in their order."""
    return [
        held.kind,
        held.state,
        held.at_us,
        _amounts(held.asked),
        held.expires_at_us,
        _amounts(held.spent) if held.state == "spent" else "",
        _amounts(held.refunded) if held.refunded else "",
        _answer(held),
        held.of_key,
        *_of_parts(held),
    ]


def _of_parts(held: Holding) -> list[str]:
    """Return what is remembered beyond that of who was parted, or is a part."""
    if not held.first and held.kind != "part":
        return []
    return [_amounts(held.first) if held.first else "", _amounts(held.freed)]


def _amounts(amounts: Mapping[str, int]) -> str:
    return msgspec.json.encode([(name, str(amounts[name])) for name in sorted(amounts)]).decode()


def _answer(held: Holding) -> list[str]:
    if held.refused is not None:
        return ["refused", held.refused.counter, str(held.refused.free)]
    if held.balance is not None:
        parts = (held.balance.limit, held.balance.leased, held.balance.spent, held.balance.free)
        return ["balance", *map(str, parts)]
    return []


def _chunks(rows: Iterable[T]) -> Iterator[list[T]]:
    iterator = iter(rows)
    while some := list(islice(iterator, ROWS_AT_A_TIME)):
        yield some


_TAKEN = Message(
    "服务器上已有一本账；换一个前缀（?prefix=），或先删除它",
    "the server has a ledger already; choose another ?prefix=, or remove that one first",
)
