"""The ledger on a Redis or Valkey server: every step is one function call, whole or not at all.

Several processes step at once, on one machine or many: the server runs one function at a time, so
there is no single writer of ours. The functions are in ``redis_functions.lua``, loaded under a name
made of their text, so that two releases may use one server while the one replaces the other.

What this adapter says beyond the port's contract:

- **Durable, then answered** holds as the server's ``appendfsync`` does: with ``always`` the answer,
  a read's too, comes after the ``fsync``. With ``everysec`` a killed server loses at most what it
  had not yet written, almost always nothing; a loss of power loses about the last two seconds.
  Steps come or go whole in either: an entry half written at the end of the file is cut off. A
  failover to a replica may lose what had not reached it.
- **A full disk** with ``always`` ends the server (it refuses to go on), with ``everysec`` it
  refuses to write: nothing answered is lost, callers get Unavailable or StorageFull.
- **One slot.** All keys of a ledger have one hash tag, since a step may need any of its counters.
- **The log** keeps its newest ``entries_max`` entries; older ones are folded, a few with each step,
  into opening balances, as the embedded ledger's snapshots do.
- **Times** are from 0 to 2**53 - 1 microseconds, since Lua counts in doubles.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from importlib.resources import files
from typing import Any

import msgspec
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from queqiao.kernel.errors import (
    Broken,
    Conflict,
    FieldError,
    Gone,
    InvalidInput,
    Message,
    NotFound,
    QueqiaoError,
)
from queqiao.ports.ledger.base import (
    NO_AMOUNTS,
    NOTHING,
    Ask,
    Balance,
    Granted,
    Outcome,
    Proof,
    Refused,
    Remembered,
    Take,
)
from queqiao.ports.ledger.redis_asks import amounts_packed, outcomes, packed
from queqiao.ports.ledger.redis_calls import RETRY_FOR_S, RedisCalls
from queqiao.ports.ledger.redis_proof import prove
from queqiao.ports.ledger.redis_server import Place
from queqiao.ports.ledger.steps import (
    COMMITTED,
    ENDED,
    LATE,
    NO_RESERVATION,
    NOTHING_SPENT,
    OVER,
    SAME_KEY,
    check_amount,
    check_asks,
    check_count,
    check_name,
    sum_takes,
)

ENTRIES_MAX = 100_000
"""Entries of the log that the server keeps; about 150 bytes of its memory each."""
FORMAT = "1"
"""Of the data on the server; another one is not touched."""
KEYS = (
    "meta",
    "counters",
    "names",
    "holdings",
    "due",
    "log",
    "opening",
    "idle",
    "settled",
    "unnamed",
    "flights",
)
"""What the functions keep beside the ledger's place; see the head of their file."""
ASKS_AT_A_TIME = 64
"""How many asks of ``reserve_many`` one call holds, so that others get their turn in between."""

_SOURCE = files("queqiao.ports.ledger").joinpath("redis_functions.lua").read_text("utf-8")
LIBRARY = "queqiao_ledger_" + blake2b(_SOURCE.encode(), digest_size=4).hexdigest()
_CODE = f"#!lua name={LIBRARY}\n" + _SOURCE.replace("@", LIBRARY)
_MORE = [b"more"]
"""The answer of a step that only freed what was due: there is more of it."""
_pairs = msgspec.json.Decoder(list[tuple[str, str]])


class RedisLedger:
    """A Ledger on a server. Bound to the event loop of its first call; open it after a fork."""

    def __init__(
        self, url: str, *, entries_max: int = ENTRIES_MAX, retry_for_s: float = RETRY_FOR_S
    ) -> None:
        self._place = Place.of(url)
        self._entries_max = str(entries_max)
        self._calls = RedisCalls(self._place, self._load, retry_for_s)
        self.broken: QueqiaoError | None = None
        """Never set: a server's fault passes when the server is back."""

    async def close(self) -> None:
        """Drop the connections."""
        await self._calls.close()

    async def set_limit(self, counter: str, limit: int, key: str, now_us: int) -> Balance:
        """Open a counter or change its limit; return its balance after that."""
        check_name(counter, "counter")
        check_amount(limit, "limit")
        asked = amounts_packed({counter: limit})
        answer = await self._step("set_limit", key, now_us, asked, counter, str(limit))
        return Balance(*map(int, answer[1:]))

    async def reserve(
        self, key: str, takes: Sequence[Take], expires_at_us: int, now_us: int
    ) -> Granted | Refused:
        """Lease the amounts until ``expires_at_us``, all or none."""
        check_amount(expires_at_us, "expires_at_us")
        return await self._take("reserve", key, takes, expires_at_us, now_us)

    async def spend(self, key: str, takes: Sequence[Take], now_us: int) -> Granted | Refused:
        """Reserve and commit in one step."""
        return await self._take("spend", key, takes, 0, now_us)

    async def _take(
        self, kind: str, key: str, takes: Sequence[Take], expires_at_us: int, now_us: int
    ) -> Granted | Refused:
        amounts, limits = sum_takes(takes)
        rows = [(name, str(amount), str(limits.get(name, ""))) for name, amount in amounts.items()]
        asked, packed_rows = amounts_packed(amounts), msgspec.json.encode(rows)
        answer = await self._step(kind, key, now_us, asked, str(expires_at_us), packed_rows)
        if answer[0] == b"refused":
            return Refused(answer[1].decode(), int(answer[2]))
        return Granted(key, _amounts(answer[1]))

    async def reserve_many(self, asks: Sequence[Ask], now_us: int) -> list[Outcome]:
        """Lease what each ask wants; ``ASKS_AT_A_TIME`` are one call, whole or not at all."""
        check_asks(asks, now_us)
        check_amount(now_us, "now_us")
        parts = [asks[at : at + ASKS_AT_A_TIME] for at in range(0, len(asks), ASKS_AT_A_TIME)]
        told: list[Outcome] = []
        for part in parts:
            answer = await self._stepped("reserve_many", now_us, packed(part))
            told += outcomes(part, answer)
        return told

    async def recall(self, keys: Sequence[str]) -> dict[str, Remembered]:
        """Return what is remembered of the keys that reserved or spent."""
        if not keys:
            return {}
        found = await self._calls.call("HMGET", self._place.key("holdings"), *keys)
        told = {key: _remembered(row) for key, row in zip(keys, found, strict=True)}
        return {key: one for key, one in told.items() if one is not None}

    async def draw(self, counter: str, count: int, passed: int, key: str, now_us: int) -> int:
        """Draw the next numbers of a counter; return the last of them."""
        check_name(counter, "counter")
        check_count(count)
        check_amount(count, "count")
        check_amount(passed, "passed")
        asked = amounts_packed({counter: count})
        answer = await self._step("draw", key, now_us, asked, counter, str(count), str(passed))
        return int(answer[3])

    async def commit(
        self, key: str, now_us: int, amounts: Mapping[str, int] | None = None
    ) -> Granted:
        """Spend what the key reserved, or the smaller ``amounts``; the rest becomes free."""
        part = b"" if amounts is None else _checked(amounts)
        answer = await self._step("commit", key, now_us, part)
        return Granted(key, _amounts(answer[1]))

    async def release(self, key: str, now_us: int) -> None:
        """Free what the key reserved."""
        await self._step("release", key, now_us)

    async def refund(
        self, key: str, of_key: str, amounts: Mapping[str, int], now_us: int
    ) -> Granted:
        """Make spent amounts of ``of_key`` free again."""
        await self._step("refund", key, now_us, _checked(amounts), of_key)
        return Granted(key, dict(amounts))

    async def part(
        self,
        key: str,
        of_key: str,
        spent: Mapping[str, int],
        now_us: int,
        freed: Mapping[str, int] = NO_AMOUNTS,
    ) -> Granted:
        """Take a part out of an open reservation."""
        await self._step("part", key, now_us, _checked(spent), of_key, _checked(freed))
        return Granted(key, dict(spent))

    async def expire(self, now_us: int) -> int:
        """Free every reservation whose time is over; return how many."""
        check_amount(now_us, "now_us")
        count = 0
        while True:
            freed, more = await self._function("expire", self._entries_max, str(now_us))
            count += int(freed)
            if not more:
                return count

    async def balances(self, counters: Sequence[str]) -> dict[str, Balance]:
        """Return the balance of each counter asked for."""
        if not counters:
            return {}
        found = await self._calls.call("HMGET", self._place.key("counters"), *counters)
        return {name: _balance(row) for name, row in zip(counters, found, strict=True)}

    async def find(self, prefix: str, limit: int) -> dict[str, Balance]:
        """Return up to ``limit`` counters whose names start with ``prefix``, in order of name."""
        while await self._function("name_some"):
            pass
        first, last = (b"[" + prefix.encode(), b"[" + prefix.encode() + b"\xff")
        names = await self._calls.call(
            "ZRANGEBYLEX", self._place.key("names"), first, last, "LIMIT", "0", str(limit)
        )
        return await self.balances([name.decode() for name in names])

    async def prove(self) -> Proof:
        """Recompute every balance from the entries and compare, as of one moment."""
        await self._function_ro("leases")  # the library is there when the proof asks by itself
        return await asyncio.to_thread(prove, self._place, f"{LIBRARY}_leases")

    async def erase(self) -> None:
        """Remove the whole ledger from the server: for a place that was made to be tried."""
        await self._calls.call("DEL", *(self._place.key(name) for name in KEYS))

    async def _step(self, name: str, key: str, now_us: int, *rest: bytes | str) -> list[bytes]:
        """Call a step's function. Raises what its answer says."""
        check_name(key, "key")
        check_amount(now_us, "now_us")
        answer = await self._stepped(name, now_us, key, *rest)
        error = _ERRORS.get(answer[0])
        if error is not None:
            raise error()
        steps: list[bytes] = answer
        return steps

    async def _stepped(self, name: str, now_us: int, *rest: bytes | str) -> Any:
        """Call a step's function until all that is due was freed, some with each call."""
        while True:
            answer = await self._function(name, self._entries_max, str(now_us), *rest)
            if answer != _MORE:
                return answer

    async def _function(self, name: str, *arguments: bytes | str) -> Any:
        function = f"{LIBRARY}_{name}"
        return await self._calls.call("FCALL", function, "1", self._place.root, *arguments)

    async def _function_ro(self, name: str) -> Any:
        function = f"{LIBRARY}_{name}"
        return await self._calls.call("FCALL_RO", function, "1", self._place.root)

    async def _load(self, client: "Redis") -> None:
        """Give the server our functions. Raises Broken when its data are of another format."""
        meta = self._place.key("meta")
        await client.hsetnx(meta, "format", FORMAT)
        if (await client.hget(meta, "format")) != FORMAT.encode():
            raise Broken(_FORMAT)
        try:
            await client.function_load(_CODE)
        except ResponseError as error:
            if "already exists" not in str(error):  # another process was quicker
                raise


_FORMAT = Message(
    "服务器上的账本是另一个版本写的；请用那个版本，或换一个前缀（?prefix=）",
    "the ledger on the server was written by another release; use that one, or another ?prefix=",
)
_ERRORS: dict[bytes, Callable[[], QueqiaoError]] = {
    b"conflict": lambda: Conflict(SAME_KEY),
    b"committed": lambda: Conflict(COMMITTED),
    b"not_found": lambda: NotFound(NO_RESERVATION),
    b"not_spent": lambda: NotFound(NOTHING_SPENT),
    b"gone": lambda: Gone(ENDED),
    b"too_many": lambda: InvalidInput(FieldError("passed", OVER)),
    b"over": lambda: InvalidInput(FieldError("amounts", OVER)),
    b"late": lambda: InvalidInput(FieldError("expires_at_us", LATE)),
}


def _remembered(row: bytes | None) -> Remembered | None:
    """Return what the functions remember of a key; see ``hold`` in their file."""
    if row is None:
        return None
    kind, state, _, asked, expires, spent, _, answer, _, *first = msgspec.msgpack.decode(row)
    if kind not in ("reserve", "spend", "part"):
        return None
    refused = Refused(answer[1], int(answer[2])) if state == "refused" else None
    asked = first[0] if first and first[0] else asked
    return Remembered(
        state, _amounts(asked), _amounts(spent) if spent else {}, int(expires), refused
    )


def _checked(amounts: Mapping[str, int]) -> bytes:
    for amount in amounts.values():
        check_amount(amount, "amounts")
    return amounts_packed(amounts)


def _amounts(packed: bytes | str) -> dict[str, int]:
    return {name: int(amount) for name, amount in _pairs.decode(packed)}


def _balance(row: bytes | None) -> Balance:
    if row is None:
        return NOTHING
    _, free, leased, spent = map(int, row.split())
    return Balance(free + leased + spent, leased, spent, free)
