"""What referrals are called: members' codes, ids, and digests of devices and addresses.

referral:{programme}:{number}:day:{day}      newcomers who used a member's code on a day
referral:{programme}:{number}:month:{month}  rewards of a member in a month of the shop's calendar
referral:{programme}:{number}:total          rewards of a member
referral:{programme}:rewards                 rewards of all members
"""

from collections.abc import Iterable
from hashlib import blake2b

from queqiao.decide.promotions.coupons.codes import CodeSpace, normal, tag_of


def daily_counter(programme_id: str, number: int, day: str) -> str:
    """Return the counter of newcomers who used a member's code on a day."""
    return f"referral:{programme_id}:{number}:day:{day}"


def monthly_counter(programme_id: str, number: int, month: str) -> str:
    """Return the counter of a member's rewards in a month."""
    return f"referral:{programme_id}:{number}:month:{month}"


def total_counter(programme_id: str, number: int) -> str:
    """Return the counter of a member's rewards."""
    return f"referral:{programme_id}:{number}:total"


def programme_counter(programme_id: str) -> str:
    """Return the counter of all members' rewards."""
    return f"referral:{programme_id}:rewards"


class ReferralNames:
    """Names under a key of the system: a code cannot be guessed, a digest tells nobody."""

    def __init__(self, secret: bytes) -> None:
        self._space = CodeSpace(secret, "referral")
        self._key = blake2b(secret, digest_size=32, person=b"referral").digest()

    def code(self, programme_id: str, number: int) -> str:
        """Return a member's code: twelve characters."""
        return self._space.body(tag_of(programme_id), number)

    def read(self, code: str, programme_ids: Iterable[str]) -> tuple[str, int] | None:
        """Return the programme and the number of a code, by the same work for any text."""
        tag, number = self._space.read(normal(code))
        known = {tag_of(name): name for name in programme_ids}
        return (known[tag], number) if tag in known else None

    def referral(self, programme_id: str, newcomer_id: str) -> str:
        """Return the id of what a newcomer is in a programme: one for each."""
        return self._digest("newcomer", f"{programme_id}\x1f{newcomer_id}")

    def device(self, said: str) -> str:
        """Return what stands for a device; empty where it is not known."""
        return self._digest("device", said) if said else ""

    def address(self, said: str) -> str:
        """Return what stands for an address; empty where it is not known."""
        return self._digest("address", said) if said else ""

    def _digest(self, kind: str, said: str) -> str:
        text = f"{kind}\x1f{said}".encode()
        return blake2b(text, key=self._key, digest_size=16).hexdigest()
