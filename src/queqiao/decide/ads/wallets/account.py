"""An advertiser's counters in the ledger, and what a click takes of them.

ads:wallet:{advertiser}                what was paid in and not spent: a purse
ads:billed:{advertiser}:{month}        what clicks of decisions of a business month cost the wallet
ads:on-credit:{advertiser}:{month}     the same of who pays after the month
ads:withdrawn:{advertiser}             what was paid back
ads:credited:{advertiser}              what the cost guarantee gave back

Each click takes its price from the campaign's budget, from the wallet and from the month's bill in
one step, so no two of them ever differ.
"""

from collections.abc import Iterable

from msgspec import Struct

from queqiao.decide.ads.wallets.contracts import Advertiser
from queqiao.ports.ledger.base import AMOUNT_MAX, Take
from queqiao.ports.ledger.purses import Purse


class Account(Struct, frozen=True):
    """Who pays, ready for decisions. ``bill_max_minor``: what a month may cost."""

    advertiser_id: str
    currency: str
    prepaid: bool
    bill_max_minor: int = AMOUNT_MAX

    def counters(self, day: str) -> tuple[str, ...]:
        """Return the names of what a click of a business day (``2026-11-30``) takes from."""
        return tuple(take.counter for take in self.takes(0, day))

    def takes(self, price_minor: int, day: str) -> list[Take]:
        """Return what a click of a business day takes beside the campaign's budget."""
        bill = bill_counter(self.advertiser_id, day[:7], prepaid=self.prepaid)
        billed = Take(bill, price_minor, self.bill_max_minor)
        if not self.prepaid:
            return [billed]
        return [Take(wallet_counter(self.advertiser_id), price_minor), billed]


def account_of(advertiser_id: str, document: Advertiser) -> Account:
    """Return the account of an advertiser's document."""
    credit = AMOUNT_MAX if document.credit_minor is None else document.credit_minor
    return Account(advertiser_id, document.currency, document.payment == "prepaid", credit)


def wallet_counter(advertiser_id: str) -> str:
    """Return the name of the counter of a wallet."""
    return f"ads:wallet:{advertiser_id}"


def bill_counter(advertiser_id: str, month: str, *, prepaid: bool) -> str:
    """Return the name of the counter of what a month (``2026-11``, or a prefix) costs."""
    return f"ads:{'billed' if prepaid else 'on-credit'}:{advertiser_id}:{month}"


def bill_among(counters: Iterable[str]) -> str | None:
    """Return the counter of a month's bill among others, None where nobody is billed."""
    bills = ("ads:billed:", "ads:on-credit:")
    return next((name for name in counters if name.startswith(bills)), None)


def withdrawn_counter(advertiser_id: str) -> str:
    """Return the name of the counter of what was paid back."""
    return f"ads:withdrawn:{advertiser_id}"


def credited_counter(advertiser_id: str) -> str:
    """Return the name of the counter of what the cost guarantee gave back."""
    return f"ads:credited:{advertiser_id}"


def purse(advertiser_id: str) -> Purse:
    """Return the wallet as a purse, which money can be put into."""
    return Purse(wallet_counter(advertiser_id), f"ads-wallet-base:{advertiser_id}")
