"""The money of cards in the ledger: each is a purse; free is the balance, leased what orders hold.

What leaves cards for good is counted by product too: captured, moved to another card, written off.
Then: put on = on cards + captured + moved + written off, which ``statistics`` compares with what
the records say was put on.
"""

from typing import Literal

import msgspec

from queqiao.ports.ledger import purses
from queqiao.ports.ledger.base import AMOUNT_MAX as COUNTER_MAX
from queqiao.ports.ledger.base import Balance, Granted, Ledger, Take
from queqiao.ports.ledger.purses import Purse

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
    purse = Purse(account.money, f"card-base:{account.product_id}:{account.number}")
    await purses.put_on(ledger, purse, amount, key, now_us)


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
