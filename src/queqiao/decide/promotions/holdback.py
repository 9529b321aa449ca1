"""Who never gets a promotion, so that its effect can be measured: by a keyed, deterministic draw.

A customer is one number, made from the system's key and the customer's id; a promotion is another,
made from its id. The draw of a pair mixes the two. So the same customer stays on one side of a
promotion for ever, whatever its document becomes; sides of different promotions are independent;
and nobody who does not know the key can tell who is held back. Anonymous carts are never drawn.
"""

from collections.abc import Sequence
from decimal import Decimal
from hashlib import blake2b

import numpy as np
from msgspec import Struct

from queqiao.decide.promotions.documents.promotion import PromotionDocument

DEFAULT_PERCENT = Decimal(5)
"""Of a promotion that names none and needs neither a code nor an engagement: who was given a code
or has joined a group is not sent away by lot."""

_WORD = (1 << 64) - 1
_SCALE = 1 << 32
_FACTORS = (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53)
_EVERYTHING = "\x1f"
"""Stands for all promotions in the draw of the general holdout; no promotion has this id."""


class Draws(Struct, frozen=True):
    """The draws of one home. ``holdout_below`` is the part of customers who get no promotion."""

    key: bytes
    holdout_below: int = 0

    def customer(self, customer_id: str) -> int:
        """Return the number of a customer."""
        found = blake2b(customer_id.encode(), key=self.key[:64], digest_size=8, person=b"holdback")
        return int.from_bytes(found.digest())

    def is_held_out(self, customer: int) -> bool:
        """Say whether a customer gets no promotion at all."""
        return self.holdout_below > 0 and draw(customer, salt_of(_EVERYTHING)) < self.holdout_below


def draws(key: bytes, holdout_percent: Decimal = Decimal(0)) -> Draws:
    """Return the draws of a home that holds so many customers out of everything."""
    return Draws(key, below_of(holdout_percent))


def salt_of(promotion_id: str) -> int:
    """Return the number of a promotion."""
    return int.from_bytes(blake2b(promotion_id.encode(), digest_size=8).digest())


def below_of(percent: Decimal) -> int:
    """Return the bound below which a draw is within so many percent."""
    return int(percent * _SCALE / 100)


def percent_of(document: PromotionDocument) -> Decimal:
    """Return how many percent of the customers a promotion is held back from."""
    if document.holdback_percent is not None:
        return document.holdback_percent
    is_asked_for = document.code_batch is not None or document.mechanic is not None
    return Decimal(0) if is_asked_for else DEFAULT_PERCENT


FEW_MAX = 32
"""So many draws are made one by one as quickly as all at once."""


def draws_of(customer: int, promotions: Sequence[int]) -> Sequence[int]:
    """Return the draw of a customer with each promotion."""
    if len(promotions) <= FEW_MAX:
        return [draw(customer, promotion) for promotion in promotions]
    mixed = np.array(promotions, np.uint64) ^ np.uint64(customer)
    for factor in _FACTORS:
        mixed = (mixed ^ mixed >> np.uint64(33)) * np.uint64(factor)
    found: list[int] = ((mixed ^ mixed >> np.uint64(33)) >> np.uint64(32)).tolist()
    return found


def draw(customer: int, promotion: int) -> int:
    """Return the draw of a pair: 0 to 2**32 - 1, each as likely (the finalizer of MurmurHash3)."""
    mixed = customer ^ promotion
    for factor in _FACTORS:
        mixed = (mixed ^ mixed >> 33) * factor & _WORD
    return (mixed ^ mixed >> 33) >> 32
