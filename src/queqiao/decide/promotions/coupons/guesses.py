"""The guess budget: so many wrong codes of one customer, address or card in a while, then wait.

Wrong guesses are leases of the ledger until their window ends: so they are counted exactly over all
processes and machines, a restart forgets none, and each comes back by itself. A counter is named by
20 bits of a keyed hash, so their number has a bound, they name nobody, and nobody can aim at the
one of somebody else. The same wrong code again within a window is one guess.

A spent budget refuses right codes in the same way: the answer says nothing about the code.
"""

from collections.abc import Sequence
from hashlib import blake2b

from queqiao.kernel.clock import MINUTE_US, SECOND_US
from queqiao.kernel.errors import Message, TooManyRequests
from queqiao.ports.ledger.base import Balance, Ledger, Refused, Take

WINDOW_US = 15 * MINUTE_US
CUSTOMER_GUESSES_MAX = 10
"""Wrong codes of one customer in a window: more than anybody mistypes."""
ADDRESS_GUESSES_MAX = 100
"""Of one address, behind which a whole office may sit."""
CARD_GUESSES_MAX = 10
"""Of what is said to be one card, whoever says it: a PIN is short."""

_SLOT_BITS = 20
_WAIT = Message("错误券码过多，请稍后再试", "too many wrong codes; wait a while")


class GuessBudget:
    """What customers, addresses and cards may still guess. ``secret`` is the key of the codes."""

    def __init__(self, ledger: Ledger, secret: bytes) -> None:
        self._ledger = ledger
        self._key = blake2b(secret, digest_size=32, person=b"guess-budget").digest()

    def takes(self, customer_id: str, address: str, card: str = "") -> list[Take]:
        """Return what one wrong code costs. Empty is not known: then it costs nothing there.

        ``card`` is the code that a PIN is for; any text has a counter, so that none tells.
        """
        takes = []
        if customer_id:
            takes.append(Take(self._counter("customer", customer_id), 1, CUSTOMER_GUESSES_MAX))
        if address:
            takes.append(Take(self._counter("address", address), 1, ADDRESS_GUESSES_MAX))
        if card:
            takes.append(Take(self._counter("card", card), 1, CARD_GUESSES_MAX))
        return takes

    async def check(
        self,
        customer_id: str,
        address: str,
        now_us: int,
        *,
        card: str = "",
        also: Sequence[str] = (),
    ) -> dict[str, Balance]:
        """Raise TooManyRequests while nothing is left; return the balances ``also`` asked for.

        One look at the ledger answers both.
        """
        takes = self.takes(customer_id, address, card)
        counters = [*(take.counter for take in takes), *also]
        balances = await self._ledger.balances(counters)
        if _is_spent(takes, balances):
            await self._ledger.expire(now_us)
            balances = await self._ledger.balances(counters)
            if _is_spent(takes, balances):
                raise _wait(now_us)
        return balances

    async def count(
        self, customer_id: str, address: str, code: str, now_us: int, *, card: str = ""
    ) -> str:
        """Count a wrong code; return the key to ``give_back`` it. Raises TooManyRequests.

        A secret short enough to be tried is counted before it is looked at, and given back when it
        was right: so calls at once get no further than calls in turn.
        """
        window = now_us // WINDOW_US
        said = "\x1f".join((customer_id, address, code, str(window)))
        key = f"guess:{blake2b(said.encode(), key=self._key, digest_size=16).hexdigest()}"
        takes = self.takes(customer_id, address, card)
        if not takes:
            return key
        answer = await self._ledger.reserve(key, takes, (window + 1) * WINDOW_US, now_us)
        if isinstance(answer, Refused):
            raise _wait(now_us)
        return key

    async def give_back(self, key: str, now_us: int) -> None:
        """Take back a count: the secret was right. The same again in its window is free."""
        await self._ledger.release(key, now_us)

    def _counter(self, kind: str, name: str) -> str:
        digest = blake2b(f"{kind}\x1f{name}".encode(), key=self._key, digest_size=4).digest()
        slot = int.from_bytes(digest) >> (32 - _SLOT_BITS)
        return f"guess:{kind}:{slot:05x}"


def _wait(now_us: int) -> TooManyRequests:
    """Return the refusal: all guesses of a window come back at its end."""
    left_us = WINDOW_US - now_us % WINDOW_US
    return TooManyRequests(_WAIT, retry_after_s=-(-left_us // SECOND_US))


def _is_spent(takes: Sequence[Take], balances: dict[str, Balance]) -> bool:
    for take in takes:
        balance = balances[take.counter]
        if balance.limit and not balance.free:
            return True
    return False
