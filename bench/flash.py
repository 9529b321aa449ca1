"""Flash sales: durable reservations each second against a Redis script that does as much.

The peer is ``redis-benchmark`` (50 clients, one call each at a time) on an equal script: window of
time, limit of the user, stock, ``XADD``, with ``appendfsync always``; it has no request ids, no
expiry and no books. Ours are the embedded ledger in this process, the system over HTTP, and the
ledger on the same Redis. Peer and ours take turns on the same machine in the same run, against HTTP
in short ones: where others work too, a minute is another machine than the next. The ratio is of the
best of each.

What was learned: a reservation alone costs its journey (futures, frames, an ``fdatasync``), so all
that are asked at the same moment share one group, one frame and one sync. Looking each counter up
once and opening it in its taken state, one msgpack row instead of a step and its transfers, and
names that stand in the group once took a reservation from 40 to 5 µs in the embedded ledger.

On Redis the server is one thread, and most of its time went into Lua making tables and text. What
a caller can make (what is remembered of an ask, the row and the transfers of a new counter) comes
ready; reads of a group are two commands; one entry expires a group; names are sorted when somebody
looks for them; the answer is one text, since the client reads each reply of a list by itself. In
runs of 30,000 a reservation costs the server 21 µs of CPU where it was 36 to 41, and the ratio went
from .8 - .9 to 1.3 - 1.4; in the 120,000 of the table, the last of which also fold the log, it is
26 where it was 44, and .8 where it was .3 - .4 (other work on both cores, load 11 - 45). An entry
of the log that is folded asks for its counters in one command, not in one each: 21 µs where it was
22.5 when every call folds. Where a sync takes milliseconds, the adapter has eight calls in one and
the peer fifty: .65 - 1.5 in single runs of minutes apart, load 13 - 15.

Over HTTP the owner of the public port was the narrow place, and the price token's signature most of
it: the library's HMAC of a hash given as an object took 6 µs, from states of the key made once .8.
Of what is left of a batch of 64, a quarter of the owner's time is writing to sockets. So batches
that wait at the same moment share a call to the ledger, with its frame and its sync; an ask takes
its counters as it looks at them and gives back where one is short; all that end at one moment are
one entry of the heap; hashes of sale and purpose are begun once. In CPU a reservation of a batch
costs 15 µs, client and all roles, where it cost 18.9 in the same minutes (the peer: 20 of its
server and 15 of its client a call). In wall time the ratio says how the two cores and the disk are
shared with others: in turns of a third of a second, at load 10 - 20, medians of 1.2 to 4.6 of the
peer in single runs, about 2 in most, for the code before 1.9 and 2.8; where files are in memory (no
sync), 1.9 - 2.2 by the best of each. Both do nothing while the disk does not answer (a sync took 2
- 4 ms by its median there, .2 ms alone): then it matters that a flight takes 512 with it. Sixteen
connections are no quicker than eight.

In a batch of 64 the owner of the port takes 5.4 µs of computing a reservation, warm (its price
token 1.5, the rest of its answer 1.4, its ask 1.3, the question .8), and about as much again for
sockets and cold caches; the ledger 3.4 of its 6.5. To look through a body for escapes by a
regular expression took 40 µs a batch, where to parse it takes 17, and each wish was checked in five
calls: without, and with a caller's key hashed once, the owner takes 8.5 µs where it took 9.4, and
61 where it took 66 for one a request (old and new in turns, at load 8 - 9). In 15 short turns of
old, new and peer at load 11 the best of the new is 1.11 of the best of the old, and 3.8 of the
peer's. Of the 61 all that is ours from headers to body is 16: the rest is parser, system calls and
loop. Tried and no better: to let a landed flight answer before the next one leaves, so that it is
fuller.
"""

import asyncio
import gc
import shutil
import socket
import subprocess
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, sleep
from typing import Any

import httpx
import uvloop

from bench import callers
from bench.harness import System, row, running_system
from bench.processes import cpu_s
from queqiao.kernel import json
from queqiao.ports.ledger.base import Ask, Leased, Ledger, Outcome
from queqiao.ports.ledger.embedded import EmbeddedLedger
from queqiao.ports.ledger.flights import Flights
from queqiao.wiring.supervisor import statuses

TURNS, SHORT_TURNS = 3, 5
PEER_CALLS, IN_PROCESS, ON_REDIS = 40_000, 200_000, 120_000
BATCH, BATCHES_AT_ONCE = 64, 8
ONE_AT_ONCE = 50
HTTP_BATCHES, HTTP_CONNECTIONS = 400, 8
HTTP_SINGLES, SINGLE_CONNECTIONS = 15_000, 32
NOW_US, END_US = 1_780_000_000_000_000, 1_790_000_000_000_000
SCRIPT = """
if tonumber(ARGV[1]) < tonumber(ARGV[2]) or tonumber(ARGV[1]) >= tonumber(ARGV[3]) then
  return 'closed'
end
if tonumber(redis.call('HGET', KEYS[2], ARGV[4]) or '0') >= tonumber(ARGV[5]) then
  return 'limit'
end
if tonumber(redis.call('GET', KEYS[1])) <= 0 then
  return 'sold_out'
end
redis.call('DECR', KEYS[1])
redis.call('HINCRBY', KEYS[2], ARGV[4], 1)
redis.call('XADD', KEYS[3], '*', 'user', ARGV[4], 'at', ARGV[1])
return 'reserved'
"""
Row = dict[str, Any]


def run() -> list[Row]:
    """Measure and return the rows of the table; without Redis, ours alone."""
    peers, ours = [0.0], {"batch": [0.0], "single": [0.0], "redis": [0.0], "http": [0.0]}
    with TemporaryDirectory() as folder, running_system() as system:
        _sell(system)
        http, singles = _Http(system), [_Single(0, 0)]
        for turn in range(TURNS):
            # A fresh server: one that has run for long writes its log anew meanwhile.
            with _redis_or_none(Path(folder) / f"redis{turn}") as port:
                if port:
                    peers.append(_peer(port))
                    ours["redis"].append(uvloop.run(_on_redis(port)))
            with _redis_or_none(Path(folder) / f"peer{turn}") as port:
                for _ in range(SHORT_TURNS):
                    peers.append(_peer(port) if port else 0.0)
                    ours["http"].append(http.batches())
            batch, single = uvloop.run(_embedded(Path(folder) / f"ledger{turn}"))
            ours["batch"].append(batch)
            ours["single"].append(single)
            singles.append(http.singles())
    best = min(singles[1:], key=lambda one: one.cpu_us)
    return _rows(max(peers) or None, {name: max(found) for name, found in ours.items()}, best)


class _Single:
    """What one reservation a request costs in all roles, and how long it takes."""

    def __init__(self, cpu_us: float, p99_ms: float) -> None:
        self.cpu_us = cpu_us
        self.p99_ms = p99_ms


def _rows(peer: float | None, ours: dict[str, float], single: _Single) -> list[Row]:
    def rate(figure: str, found: float, ratio: float | None) -> Row:
        goal = None if peer is None or ratio is None else round(peer * ratio)
        told = None if peer is None else round(peer)
        name = "redis-benchmark EVALSHA, always"
        return row(
            "flash",
            figure,
            "reservations/s",
            "higher",
            round(found),
            goal=goal,
            peer=told,
            peer_name=name,
        )

    return [
        rate(f"embedded in process, {BATCH} a call (goal: 3 x peer)", ours["batch"], 3),
        rate(f"embedded in process, {ONE_AT_ONCE} callers of one each", ours["single"], None),
        rate(f"over HTTP, {BATCH} a request (goal: 2 x peer)", ours["http"], 2),
        rate(f"ledger on Redis, {BATCH} a call (goal: .8 x peer)", ours["redis"], 0.8),
        row(
            "flash",
            "one a request, CPU of all roles",
            "us",
            "lower",
            round(single.cpu_us, 1),
            goal=70,
        ),
        row("flash", "one a request, p99", "ms", "lower", round(single.p99_ms, 2), goal=5),
    ]


# The peer.


@contextmanager
def _redis_or_none(folder: Path) -> Iterator[int | None]:
    if shutil.which("redis-server") is None:
        yield None
    else:
        folder.mkdir()
        with _redis(folder) as port:
            yield port


@contextmanager
def _redis(folder: Path) -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)]
    command += ["--appendonly", "yes", "--appendfsync", "always", "--save", ""]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        try:
            _until_ready(port)
            yield port
        finally:
            server.terminate()


def _until_ready(port: int) -> None:
    for _ in range(200):
        if "PONG" in _cli(port, "PING"):
            return
        sleep(0.02)
    raise RuntimeError("the server does not answer")


def _cli(port: int, *command: str) -> str:
    done = subprocess.run(
        ["redis-cli", "-p", str(port), *command], capture_output=True, text=True, check=False
    )
    return done.stdout.strip()


def _peer(port: int) -> float:
    """Return how many calls of the script ``redis-benchmark`` does in a second."""
    _cli(port, "DEL", "log", "users")
    _cli(port, "SET", "stock", str(10**9))
    sha = _cli(port, "SCRIPT", "LOAD", SCRIPT)
    call = ["EVALSHA", sha, "3", "stock", "users", "log"]
    call += [str(NOW_US), "0", str(END_US), "user:__rand_int__", "1000000"]
    command = ["redis-benchmark", "-p", str(port), "-c", "50", "-P", "1", "--csv"]
    command += ["-n", str(PEER_CALLS), "-r", "1000000000", *call]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    done = PEER_CALLS - int(_cli(port, "GET", "stock") == "")
    if int(_cli(port, "XLEN", "log")) != done:
        raise RuntimeError("the script did not reserve each time")
    return float(told.strip().splitlines()[-1].split('","')[1])


# Ours: the ledger alone.


def _ask(number: int) -> Ask:
    """Return what the desk asks for one piece of one customer."""
    place = "618:20260618T020000Z:TEA-1"
    stock, mine = f"flash:stock:{place}", f"flash:customer:{place}:user:{number}"
    amounts = {mine: 1, stock: 1, "flash:price:CNY:9900": 0}
    return Ask(f"rsv_{number:032x}", amounts, {mine: 1, stock: 10**9}, END_US, 0, END_US)


async def _embedded(folder: Path) -> tuple[float, float]:
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)  # as the role does
    ledger = EmbeddedLedger.open(folder)
    batch = await _rate(_in_batches(ledger, 0), IN_PROCESS, BATCHES_AT_ONCE, BATCH)
    flights = Flights(ledger)

    async def one(number: int) -> None:
        _must_be_leased([await flights.reserve(_ask(IN_PROCESS + number), NOW_US)])

    single = await _rate(one, IN_PROCESS // 2, ONE_AT_ONCE, 1)
    if not (await ledger.prove()).balanced:
        raise RuntimeError("the books do not balance")
    await ledger.close()
    gc.unfreeze()
    return batch, single


async def _on_redis(port: int) -> float:
    from queqiao.ports.ledger.redis import RedisLedger  # noqa: PLC0415  # an extra

    ledger = RedisLedger(f"redis://127.0.0.1:{port}")
    await ledger.expire(NOW_US)
    rate = await _rate(_in_batches(ledger, 0), ON_REDIS, BATCHES_AT_ONCE, BATCH)
    await ledger.close()
    return rate


def _in_batches(ledger: Ledger, base: int) -> Callable[[int], Awaitable[None]]:
    async def some(first: int) -> None:
        asks = [_ask(base + number) for number in range(first, first + BATCH)]
        _must_be_leased(await ledger.reserve_many(asks, NOW_US))

    return some


def _must_be_leased(told: Sequence[Outcome]) -> None:
    if not all(isinstance(one, Leased) for one in told):
        raise RuntimeError("a reservation was refused")


async def _rate(
    one: Callable[[int], Awaitable[None]], count: int, at_once: int, step: int
) -> float:
    numbers = iter(range(0, count, step))

    async def caller() -> None:
        for number in numbers:
            await one(number)

    since = perf_counter()
    await asyncio.gather(*(caller() for _ in range(at_once)))
    return count / (perf_counter() - since)


# Ours: the whole system.


def _sell(system: System) -> None:
    """Publish a sale that goes on for a long while."""
    item = {"sku": "TEA-1", "price_minor": 9_900, "stock": 10**9}
    times = {"starts_at": "2020-01-01T00:00:00Z", "ends_at": "2100-01-01T00:00:00Z"}
    document = {"name": "bench", "items": [item], "sessions": [times]}
    headers = {"authorization": f"Bearer {system.admin_key}"}
    with httpx.Client(base_url=system.base_url, headers=headers) as client:
        body = {"id": "bench", "document": document}
        client.post("/api/v1/flash-sales", json=body).raise_for_status()
        client.post("/api/v1/flash-sales/bench/publish").raise_for_status()
        for _ in range(100):
            if client.get("/api/v1/flash-sales/bench/state").is_success:
                return
            sleep(0.05)
    raise RuntimeError("the sale is not live")


class _Http:
    """Asks over the public port, each request id once."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._serial = 0

    def batches(self) -> float:
        """Return reservations a second, 64 a request."""
        path = "/api/v1/flash-sales/bench/reserve/batch"
        questions = [
            callers.Question(path, json.encode({"reservations": self._wishes(BATCH)}))
            for _ in range(HTTP_BATCHES)
        ]
        called = self._call(questions, HTTP_CONNECTIONS)
        return HTTP_BATCHES * BATCH / called.took_s

    def singles(self) -> _Single:
        """Return what one reservation a request costs."""
        path = "/api/v1/flash-sales/bench/reserve"
        questions = [
            callers.Question(path, json.encode(wish)) for wish in self._wishes(HTTP_SINGLES)
        ]
        before = self._cpu_s()
        called = self._call(questions, SINGLE_CONNECTIONS)
        cpu_us = (self._cpu_s() - before) / HTTP_SINGLES * 1e6
        late = sorted(called.late_ms)
        return _Single(cpu_us, late[len(late) * 99 // 100])

    def _wishes(self, count: int) -> list[dict[str, Any]]:
        self._serial += count
        return [
            {"request_id": f"request-{n}", "customer_id": f"user:{n}", "sku": "TEA-1"}
            for n in range(self._serial - count, self._serial)
        ]

    def _call(self, questions: list[callers.Question], connections: int) -> callers.Called:
        system = self._system
        return callers.call(
            system.base_url, system.decide_key, questions, len(questions), connections
        )

    def _cpu_s(self) -> float:
        """Return the CPU seconds of the roles that take part."""
        taking_part = ("intake", "ledger", "decide")
        found = statuses(self._system.home)
        return sum(cpu_s(status.pid) for status in found if status.name.startswith(taking_part))
