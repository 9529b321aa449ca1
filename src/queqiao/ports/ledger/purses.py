"""Purses in the ledger: what is in one is free, what orders hold is leased, the rest is spent.

The ledger gives limits and takes from them; what a purse holds comes and goes. So its counter is
opened with far more than it may ever hold, all of it spent at once (its *base*); what is put in is
given back from that spending, a payment spends it again. Each step has a key, so it is done once;
the base bounds what is put in in all; and when the ledger has forgotten the base's key (90 days
without a movement), another base is laid on top, which changes no balance.

Stored-value cards hold money in purses, points programmes points, advertisers what they paid in.
"""

from typing import NamedTuple

from queqiao.kernel.errors import Conflict, FieldError, InvalidInput, Message, NotFound
from queqiao.ports.ledger.base import Balance, Ledger, Take

BASE = 10**12
"""What may be put into a purse in all, under one base."""

_TOO_MUCH = Message(f"最多 {BASE}", f"at most {BASE}")


class Purse(NamedTuple):
    """A purse by the name of its counter, and what the keys of its bases begin with."""

    counter: str
    base_key: str


async def balance(ledger: Ledger, counter: str) -> Balance:
    """Return what is in a purse: ``free`` can be paid with, ``leased`` is held."""
    return (await ledger.balances([counter]))[counter]


async def put_on(ledger: Ledger, purse: Purse, amount: int, key: str, now_us: int) -> None:
    """Put something into a purse, once under the key. Raises InvalidInput: ``amount``."""
    bases = (await balance(ledger, purse.counter)).limit // BASE
    for base in range(max(bases - 1, 0), max(bases, 1) + 1):
        of_key = f"{purse.base_key}:{base}"
        if base >= bases:
            await ledger.spend(of_key, [Take(purse.counter, BASE, (base + 1) * BASE)], now_us)
        try:
            await ledger.refund(key, of_key, {purse.counter: amount}, now_us)
        except Conflict:  # done before, under an earlier base
            return
        except (NotFound, InvalidInput):  # the base is forgotten, or has not so much left
            continue
        return
    raise InvalidInput(FieldError("amount", _TOO_MUCH))
