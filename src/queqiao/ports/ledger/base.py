"""The contract of the ledger: one atomic step over several counters, then commit or release.

A counter is a named quantity of something scarce (a campaign's budget of a day in minor units, the
uses of a coupon code, pieces of stock). It has a limit; of it a part is *leased* (reserved, not yet
decided), a part is *spent*, and the rest is *free*.

Promises, of every adapter:

- **The law.** spent + leased + free = limit, for every counter, after every step; no part is ever
  negative. A counter that nobody opened has a limit of 0. Lowering a limit under what is leased
  and spent takes what is free now, and what becomes free later, until the new limit is met; until
  then ``Balance.limit`` says what is really bound.
- **All or nothing.** A step over several counters takes from all of them or from none.
- **Durable, then answered.** An answer is given after the step is on disk (``fdatasync``); what was
  answered survives ``kill -9`` and loss of power. What a read shows is on disk too. On a Redis
  server this is as its ``appendfsync`` says: ``always`` keeps it; ``everysec`` keeps it over
  ``kill -9`` in all but the rare moment when a write waits for a slow disk, and a loss of power
  takes about the last two seconds of answered steps, each of them whole.
- **Same key, same answer.** Each step has a key, unique over all kinds of steps. A step sent again
  under its key changes nothing and gets the first answer, a refusal included, also after a restart.
  The same key with other content raises Conflict. So every call may be retried freely.
  A reservation that was released or has expired still answers reserve with its first answer, and
  commit with Gone: to try anew, take a new key.
- **How long keys are remembered.** At least 90 days after the last step when something was spent or
  limited under the key; at least 2 days when it came to nothing (refused, released, expired).
  Counted in the latest ``now_us`` that any step brought, not in the machine's time, so a replayed
  past is remembered as long as the present. Open reservations are always remembered.
- **Counters** are kept for ever, about 300 bytes each.
- **Expiry.** A reservation is free again at the first step whose ``now_us`` is at or after its
  ``expires_at_us``; ``expire`` is a step that does only this. A commit at or after that moment
  raises Gone, whoever came first.
- **Many at once.** ``reserve_many`` takes asks, each a step of its own: in their order, each sees
  the ones before it, one that is refused or clashes leaves the others alone. They share the way to
  the disk, so they cost a fraction of single steps. Beside its amounts an ask has a *window*; a
  step outside it is refused under ``EARLY`` or ``LATE``, and that is remembered like any refusal.
  The window is looked at after the key: a retry gets the first answer though the window has closed.
  A counter that nobody opened stays so when its ask is refused; where it is open, the ask's limit
  holds from then on even so. When StorageFull or Unavailable is raised, each ask was done or not.
- **Parts.** ``part`` takes a part out of an open reservation under a key of its own: it spends some
  and frees some, and the rest stays leased until its end. So one reservation can stand for many
  small ones that are decided elsewhere. All parts together are never more than was reserved; a
  commit, a release and the expiry concern what is left.
- **Numbers drawn.** ``draw`` numbers things in their order, from 1: no number is given twice. The
  numbers are the counter's spent amount, so they are as durable as it.
- **Double entry.** Every step is a list of transfers between the books *budget*, *free*, *leased*
  and *spent* of a counter; the sum over the books is 0. ``prove`` recomputes them from the entries.

Amounts are integers from 0 to 2**53 - 1. Errors: InvalidInput for a wrong amount, NotFound for a
key that reserved nothing, Conflict and Gone as above, StorageFull when the disk is full (then
nothing of the step is done), Unavailable when the ledger cannot be reached (then the step may or
may not have been done: send it again under its key).
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Literal, Protocol

import msgspec

from queqiao.kernel.clock import DAY_US
from queqiao.kernel.money import MINOR_MAX

AMOUNT_MAX = MINOR_MAX
"""Bound of one amount and of one limit."""

SPENT_KEYS_KEPT_US = 90 * DAY_US
"""How long a key under which something was spent or limited is remembered, at least."""

IDLE_KEYS_KEPT_US = 2 * DAY_US
"""How long a key that came to nothing is remembered, at least."""


NO_AMOUNTS: Mapping[str, int] = MappingProxyType({})
"""Nothing of any counter."""

EARLY, LATE = "(early)", "(late)"
"""Stand for the counter in the refusal of a step outside its window; ``free`` is 0."""


class Take(msgspec.Struct, frozen=True, gc=False):
    """What a step wants of one counter.

    ``limit`` opens the counter with that limit, or gives it that limit from now on; it stays so
    even when the step is refused.
    """

    counter: str
    amount: int
    limit: int | None = None


class Granted(msgspec.Struct, frozen=True, tag="granted"):
    """The step was done: the amounts that it reserved, spent or gave back, by counter."""

    key: str
    amounts: dict[str, int]


class Refused(msgspec.Struct, frozen=True, gc=False, tag="refused"):
    """Nothing was taken: this counter, the first in the order of the takes, had too little free."""

    counter: str
    free: int


class Ask(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One reservation of many: what it wants by counter, until when, and its window.

    ``limits`` opens counters or changes their limits, as ``Take.limit`` does. The step is refused
    unless ``opens_us`` <= ``now_us`` < ``closes_us``.
    """

    key: str
    amounts: dict[str, int]
    limits: dict[str, int]
    expires_at_us: int
    opens_us: int = 0
    closes_us: int = AMOUNT_MAX


class Leased(msgspec.Struct, frozen=True, gc=False, tag="leased"):
    """The ask was granted: until when, as its first answer said."""

    expires_at_us: int


class Clashed(msgspec.Struct, frozen=True, gc=False, tag="clashed"):
    """The key was used with other content; nothing was done. A single step raises Conflict."""


Outcome = Leased | Refused | Clashed


class Remembered(msgspec.Struct, frozen=True, tag="remembered"):
    """What a ledger remembers of a key that reserved or spent.

    ``state``: ``open`` is leased, ``freed`` was released or has expired. ``asked`` and ``spent``
    are amounts by counter; ``refused`` is the first answer where it was no. What was spent as a
    part stands under the part's key.
    """

    state: Literal["refused", "open", "spent", "freed"]
    asked: dict[str, int]
    spent: dict[str, int]
    expires_at_us: int
    refused: Refused | None = None


class Balance(msgspec.Struct, frozen=True):
    """One counter as it stands: ``limit`` = ``leased`` + ``spent`` + ``free``."""

    limit: int
    leased: int
    spent: int
    free: int


NOTHING = Balance(limit=0, leased=0, spent=0, free=0)
"""The balance of a counter that nobody opened."""


class Proof(msgspec.Struct, frozen=True):
    """What a recomputation of the books found.

    ``entries`` counts the transfers that were added up again (an opening balance is one);
    ``sum_over_books`` is 0 when every transfer took from one book what it gave another;
    ``faults`` names each counter that does not agree, and how. ``balanced`` is no faults.
    """

    balanced: bool
    counters: int
    reservations_open: int
    entries: int
    sum_over_books: int
    faults: list[str]


class Ledger(Protocol):
    """Counts scarce things. See the module's docstring for what all adapters promise."""

    async def set_limit(self, counter: str, limit: int, key: str, now_us: int) -> Balance:
        """Open a counter or change its limit; return its balance after that."""
        ...

    async def reserve(
        self, key: str, takes: Sequence[Take], expires_at_us: int, now_us: int
    ) -> Granted | Refused:
        """Lease the amounts until ``expires_at_us``, all or none."""
        ...

    async def commit(
        self, key: str, now_us: int, amounts: Mapping[str, int] | None = None
    ) -> Granted:
        """Spend what the key reserved, or the smaller ``amounts``; the rest becomes free.

        A counter absent from given ``amounts`` spends 0. A second commit gets the first answer.
        Raises NotFound for a key that reserved nothing, Gone when it was released or has expired,
        InvalidInput for more than was reserved.
        """
        ...

    async def release(self, key: str, now_us: int) -> None:
        """Free what the key reserved. Nothing happens when it holds nothing any more.

        Raises Conflict when it was committed: that is what ``refund`` is for.
        """
        ...

    async def part(
        self,
        key: str,
        of_key: str,
        spent: Mapping[str, int],
        now_us: int,
        freed: Mapping[str, int] = NO_AMOUNTS,
    ) -> Granted:
        """Take a part out of the open reservation ``of_key``: spend some of it, free some.

        What was spent stands under ``key`` and is given back from there by ``refund``; a part that
        spends nothing is remembered as one that came to nothing. Raises
        NotFound when ``of_key`` reserved nothing, Gone when it was released or has expired,
        Conflict when it was committed, InvalidInput for more than it still holds.
        """
        ...

    async def spend(self, key: str, takes: Sequence[Take], now_us: int) -> Granted | Refused:
        """Reserve and commit in one step."""
        ...

    async def refund(
        self, key: str, of_key: str, amounts: Mapping[str, int], now_us: int
    ) -> Granted:
        """Make spent amounts of ``of_key`` free again; in sum never more than it spent.

        Raises NotFound when ``of_key`` spent nothing, InvalidInput for more than is left of it.
        """
        ...

    async def reserve_many(self, asks: Sequence[Ask], now_us: int) -> list[Outcome]:
        """Lease what each ask wants, one after the other; outcomes in the order of the asks.

        Raises InvalidInput naming the ask when one of them is wrong; then none was done.
        """
        ...

    async def recall(self, keys: Sequence[str]) -> dict[str, Remembered]:
        """Return what is remembered of the keys that reserved or spent; unknown ones are absent.

        A reservation whose time is over may still show as ``open`` until a step has freed it.
        """
        ...

    async def draw(self, counter: str, count: int, passed: int, key: str, now_us: int) -> int:
        """Draw the next ``count`` numbers (at least 1) of a counter; return the last of them.

        Those up to ``passed`` are passed over. The same key gets the same numbers.
        """
        ...

    async def expire(self, now_us: int) -> int:
        """Free every reservation whose time is over; return how many."""
        ...

    async def balances(self, counters: Sequence[str]) -> dict[str, Balance]:
        """Return the balance of each counter asked for; all 0 where nobody opened it."""
        ...

    async def find(self, prefix: str, limit: int) -> dict[str, Balance]:
        """Return up to ``limit`` counters whose names start with ``prefix``, in order of name."""
        ...

    async def prove(self) -> Proof:
        """Recompute every balance from the entries on disk and compare."""
        ...
