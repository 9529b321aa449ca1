"""What accounts and their counters are called: by a keyed digest, so no name tells whose they are.

points:{account}            the purse: free can be used, leased is held by orders
points:{account}:due        its limit is the second at which the account changes by the clock
points:{account}:score      its limit is what the tier is reckoned from
points-of:{programme}:{way} points that went one way, of all accounts
"""

from collections.abc import Iterable
from hashlib import blake2b
from typing import Literal, NamedTuple

from queqiao.ports.ledger.purses import Purse

Way = Literal["earned", "spent", "taken_off"]
PREFIX = "points"
"""Every counter of points begins with it."""
_OF_PROGRAMMES = f"{PREFIX}-of:"


class Counters(NamedTuple):
    """The counters of one account."""

    account: str

    @property
    def purse(self) -> Purse:
        """The points that can be used."""
        return Purse(f"{PREFIX}:{self.account}", f"points-base:{self.account}")

    @property
    def due(self) -> str:
        """The counter whose limit is the second of the next change by the clock, 0: none."""
        return f"{PREFIX}:{self.account}:due"

    @property
    def score(self) -> str:
        """The counter whose limit is the score of the tier."""
        return f"{PREFIX}:{self.account}:score"


class Names:
    """Names accounts under a key of the system."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def account(self, programme_id: str, customer_id: str) -> str:
        """Return the account of a customer in a programme."""
        said = f"{programme_id}\x1f{customer_id}".encode()
        return blake2b(said, key=self._secret, digest_size=16, person=b"points").hexdigest()


def way_counter(programme_id: str, way: Way) -> str:
    """Return the counter of what went one way in a programme."""
    return f"{_OF_PROGRAMMES}{programme_id}:{way}"


def taken_from(counters: Iterable[str]) -> tuple[str, str] | None:
    """Return the programme and the account that counters of an order belong to; None for none.

    They name nobody, so they stay when the customer of an order is erased.
    """
    programme = account = ""
    for counter in counters:
        if counter.startswith(_OF_PROGRAMMES):
            programme = counter.removeprefix(_OF_PROGRAMMES).rpartition(":")[0]
        elif counter.startswith(f"{PREFIX}:"):
            account = counter.removeprefix(f"{PREFIX}:")
    return (programme, account) if programme and account else None


def move_id(*parts: object) -> str:
    """Return the id of a movement: the same of what it is made of."""
    return blake2b("\x1f".join(map(str, parts)).encode(), digest_size=16).hexdigest()
