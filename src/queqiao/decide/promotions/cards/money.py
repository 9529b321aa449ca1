"""The money of cards in the ledger: free is the balance, leased what orders hold, spent the rest.

The ledger gives limits and takes from them; a card's money comes and goes. So a card's counter is
opened with far more than it may ever hold, all of it spent at once (its *base*); money that is put
on the card is given back from that spending, a payment spends it again. Each step has a key, so it
is done once; the base bounds what is put on a card in all; and when the ledger has forgotten the
base's key (90 days without a movement), another base is laid on top, which changes no balance.

What leaves cards for good is counted by product too: captured, moved to another card, written off.
Then: put on = on cards + captured + moved + written off, which ``statistics`` compares with what
the records say was put on.
"""

from typing import Literal

import msgspec

from queqiao.decide.promotions.documents.bounds import AMOUNT_MAX
from queqiao.kernel.errors import Conflict, FieldError, InvalidInput, Message, NotFound
from queqiao.ports.ledger.base import AMOUNT_MAX as COUNTER_MAX
from queqiao.ports.ledger.base import Balance, Granted, Ledger, Take

BASE = AMOUNT_MAX
"""What may be put on a card in all, under one base."""

_TOO_MUCH = Message(f"最多 {BASE}", f"at most {BASE}")
Leaving = Literal["captured", "moved", "written_off"]


class CardAccount(msgspec.Struct, frozen=True):
    """A card's counters by name."""

    product_id: str
    number: int

    @property
    def money(self) -> str:
        """The counter of its money."""
        return f"card:{self.product_id}:{self.number}"

    def order(self, order_id: str) -> str:
        """The counter that an order's hold leases: by the second in which it ends."""
        return f"{self.money}:order:{order_id}"

    def order_money(self, order_id: str) -> str:
        """The counter of an order's money: leased while held, spent once captured."""
        return f"{self.money}:paid:{order_id}"

    def left(self, how: Leaving) -> str:
        """The counter of what has left all cards of the product in one way."""
        return f"cards:{self.product_id}:{how}"


async def balance(ledger: Ledger, account: CardAccount) -> Balance:
    """Return a card's balance: ``free`` can be paid with, ``leased`` is held."""
    return (await ledger.balances([account.money]))[account.money]


async def put_on(ledger: Ledger, account: CardAccount, amount: int, key: str, now_us: int) -> None:
    """Put money on a card, once under the key."""
    bases = (await balance(ledger, account)).limit // BASE
    for base in range(max(bases - 1, 0), max(bases, 1) + 1):
        if base >= bases:
            await _lay(ledger, account, base, now_us)
        try:
            await ledger.refund(key, _base_key(account, base), {account.money: amount}, now_us)
        except Conflict:  # done before, under an earlier base
            return
        except (NotFound, InvalidInput):  # the base is forgotten, or has not so much left
            continue
        return
    raise InvalidInput(FieldError("amount", _TOO_MUCH))


async def _lay(ledger: Ledger, account: CardAccount, base: int, now_us: int) -> None:
    take = Take(account.money, BASE, (base + 1) * BASE)
    await ledger.spend(_base_key(account, base), [take], now_us)


def _base_key(account: CardAccount, base: int) -> str:
    return f"card-base:{account.product_id}:{account.number}:{base}"


class TakeOff(msgspec.Struct, frozen=True):
    """Money that leaves a card for good, once under the key."""

    account: CardAccount
    amount: int
    how: Leaving
    key: str


async def take_off(ledger: Ledger, off: TakeOff, now_us: int) -> bool:
    """Take money off a card; False when it has not so much."""
    account, amount, how, key = off.account, off.amount, off.how, off.key
    takes = [Take(account.money, amount), Take(account.left(how), amount, COUNTER_MAX)]
    return isinstance(await ledger.spend(key, takes, now_us), Granted)
