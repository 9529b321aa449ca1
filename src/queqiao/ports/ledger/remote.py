"""The ledger of another role: every call goes over its Unix socket, retries included.

``methods`` is the table that the ledger's own process serves.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from queqiao.kernel.errors import Unavailable
from queqiao.ports.ledger.base import (
    NO_AMOUNTS,
    Ask,
    Balance,
    Granted,
    Ledger,
    Outcome,
    Proof,
    Refused,
    Remembered,
    Take,
)
from queqiao.ports.ledger.flights import Parties
from queqiao.ports.rpc import Method, RpcClient
from queqiao.ports.rpc.client import LATE

FLIGHTS, SEATS = 2, 512
"""Calls of ``reserve_many`` on their way at once: the ledger reads one while the disk has another.
What is asked meanwhile shares the next one, with its frame, its wake-ups and its sync: so many asks
take the ledger two milliseconds, in which it answers nobody else."""


class SetLimit(msgspec.Struct, array_like=True):
    """The arguments of ``set_limit``."""

    counter: str
    limit: int
    key: str
    now_us: int


class Reserve(msgspec.Struct, array_like=True):
    """The arguments of ``reserve``."""

    key: str
    takes: list[Take]
    expires_at_us: int
    now_us: int


class Commit(msgspec.Struct, array_like=True):
    """The arguments of ``commit``."""

    key: str
    now_us: int
    amounts: dict[str, int] | None


class Release(msgspec.Struct, array_like=True):
    """The arguments of ``release``."""

    key: str
    now_us: int


class Spend(msgspec.Struct, array_like=True):
    """The arguments of ``spend``."""

    key: str
    takes: list[Take]
    now_us: int


class Refund(msgspec.Struct, array_like=True):
    """The arguments of ``refund``."""

    key: str
    of_key: str
    amounts: dict[str, int]
    now_us: int


class Part(msgspec.Struct, array_like=True):
    """The arguments of ``part``."""

    key: str
    of_key: str
    spent: dict[str, int]
    now_us: int
    freed: dict[str, int]


class Find(msgspec.Struct, array_like=True):
    """The arguments of ``find``."""

    prefix: str
    limit: int


class ReserveMany(msgspec.Struct, array_like=True):
    """The arguments of ``reserve_many``."""

    asks: list[Ask]
    now_us: int


class Draw(msgspec.Struct, array_like=True):
    """The arguments of ``draw``."""

    counter: str
    count: int
    passed: int
    key: str
    now_us: int


Answer = Granted | Refused
Outcomes = list[Outcome]
Recalled = dict[str, Remembered]
Balances = dict[str, Balance]


def methods(ledger: Ledger) -> dict[str, Method]:
    """Return what the process that owns the ledger answers, by name."""

    def method(handler: Any, request_type: Any, response_type: Any) -> Method:
        async def call(request: Any) -> Any:
            return await handler(*msgspec.structs.astuple(request))

        is_struct = isinstance(request_type, type) and issubclass(request_type, msgspec.Struct)
        return Method(call if is_struct else handler, request_type, response_type)

    async def prove(_: None) -> Proof:
        return await ledger.prove()

    return {
        "ledger.set_limit": method(ledger.set_limit, SetLimit, Balance),
        "ledger.reserve": method(ledger.reserve, Reserve, Answer),
        "ledger.reserve_many": method(ledger.reserve_many, ReserveMany, Outcomes),
        "ledger.recall": method(ledger.recall, list[str], Recalled),
        "ledger.draw": method(ledger.draw, Draw, int),
        "ledger.commit": method(ledger.commit, Commit, Granted),
        "ledger.release": method(ledger.release, Release, None),
        "ledger.spend": method(ledger.spend, Spend, Answer),
        "ledger.part": method(ledger.part, Part, Granted),
        "ledger.refund": method(ledger.refund, Refund, Granted),
        "ledger.expire": method(ledger.expire, int, int),
        "ledger.balances": method(ledger.balances, list[str], Balances),
        "ledger.find": method(ledger.find, Find, Balances),
        "ledger.prove": method(prove, None, Proof),
    }


class RemoteLedger:
    """A Ledger that another process keeps. Raises Unavailable while that one cannot be reached."""

    def __init__(self, client: RpcClient) -> None:
        self._client = client
        self._parties = Parties(self._reserve_many, FLIGHTS, SEATS)

    async def set_limit(self, counter: str, limit: int, key: str, now_us: int) -> Balance:
        """Open a counter or change its limit; return its balance after that."""
        request = SetLimit(counter, limit, key, now_us)
        balance: Balance = await self._client.call("ledger.set_limit", request, Balance)
        return balance

    async def reserve(
        self, key: str, takes: Sequence[Take], expires_at_us: int, now_us: int
    ) -> Granted | Refused:
        """Lease the amounts until ``expires_at_us``, all or none."""
        request = Reserve(key, list(takes), expires_at_us, now_us)
        answer: Granted | Refused = await self._client.call("ledger.reserve", request, Answer)
        return answer

    async def commit(
        self, key: str, now_us: int, amounts: Mapping[str, int] | None = None
    ) -> Granted:
        """Spend what the key reserved, or the smaller ``amounts``; the rest becomes free."""
        request = Commit(key, now_us, None if amounts is None else dict(amounts))
        answer: Granted = await self._client.call("ledger.commit", request, Granted)
        return answer

    async def release(self, key: str, now_us: int) -> None:
        """Free what the key reserved."""
        await self._client.call("ledger.release", Release(key, now_us), None)

    async def spend(self, key: str, takes: Sequence[Take], now_us: int) -> Granted | Refused:
        """Reserve and commit in one step."""
        request = Spend(key, list(takes), now_us)
        answer: Granted | Refused = await self._client.call("ledger.spend", request, Answer)
        return answer

    async def refund(
        self, key: str, of_key: str, amounts: Mapping[str, int], now_us: int
    ) -> Granted:
        """Make spent amounts of ``of_key`` free again."""
        request = Refund(key, of_key, dict(amounts), now_us)
        answer: Granted = await self._client.call("ledger.refund", request, Granted)
        return answer

    async def part(
        self,
        key: str,
        of_key: str,
        spent: Mapping[str, int],
        now_us: int,
        freed: Mapping[str, int] = NO_AMOUNTS,
    ) -> Granted:
        """Take a part out of an open reservation."""
        request = Part(key, of_key, dict(spent), now_us, dict(freed))
        answer: Granted = await self._client.call("ledger.part", request, Granted)
        return answer

    async def reserve_many(self, asks: Sequence[Ask], now_us: int) -> list[Outcome]:
        """Lease what each ask wants, one after the other.

        Waiting for a call that is shared counts in the time of an answer.
        """
        try:
            async with asyncio.timeout(self._client.answer_within_s):
                return await self._parties.reserve(asks, now_us)
        except TimeoutError as error:
            raise Unavailable(LATE) from error

    async def _reserve_many(self, asks: Sequence[Ask], now_us: int) -> list[Outcome]:
        request = ReserveMany(list(asks), now_us)
        told: list[Outcome] = await self._client.call("ledger.reserve_many", request, Outcomes)
        return told

    async def recall(self, keys: Sequence[str]) -> dict[str, Remembered]:
        """Return what is remembered of the keys that reserved or spent."""
        found: Recalled = await self._client.call("ledger.recall", list(keys), Recalled)
        return found

    async def draw(self, counter: str, count: int, passed: int, key: str, now_us: int) -> int:
        """Draw the next numbers of a counter; return the last of them."""
        request = Draw(counter, count, passed, key, now_us)
        last: int = await self._client.call("ledger.draw", request, int)
        return last

    async def expire(self, now_us: int) -> int:
        """Free every reservation whose time is over; return how many."""
        count: int = await self._client.call("ledger.expire", now_us, int)
        return count

    async def balances(self, counters: Sequence[str]) -> dict[str, Balance]:
        """Return the balance of each counter asked for."""
        found: Balances = await self._client.call("ledger.balances", list(counters), Balances)
        return found

    async def find(self, prefix: str, limit: int) -> dict[str, Balance]:
        """Return up to ``limit`` counters whose names start with ``prefix``, in order of name."""
        found: Balances = await self._client.call("ledger.find", Find(prefix, limit), Balances)
        return found

    async def prove(self) -> Proof:
        """Recompute every balance from the entries on disk and compare."""
        proof: Proof = await self._client.call("ledger.prove", None, Proof)
        return proof
