"""What pricing works on and what comes of it: placed offers, what each gave, why others did not."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct

from queqiao.decide.promotions.offers import Offer
from queqiao.decide.promotions.pricing.pieces import Piece
from queqiao.decide.promotions.reasons import Reason, ShortfallUnit
from queqiao.decide.promotions.requirement import Requirement


class Placed(Struct, frozen=True, gc=False):
    """An offer that matches, the lines in its scope (places in the basket), and its code.

    ``requirement`` is what its condition still asks when its turn comes.
    """

    offer: Offer
    lines: Sequence[int]
    code: str | None = None
    requirement: Requirement | None = None


class Applied(Struct, frozen=True, gc=False):
    """What one offer gave: ``amount`` in all, ``parts`` of it on ``lines`` (places in the basket).

    ``base``: what its goods cost when it was reckoned. ``quantity``: how many units they were,
    where its benefit reads that, else 0.
    """

    placed: Placed
    base: int
    amount: int
    lines: Sequence[int]
    parts: Sequence[int]
    quantity: int = 0


class Unmet(Struct, frozen=True, gc=False):
    """Why a placed offer gave nothing; ``shortfall`` is in minor units, or in units of goods.

    ``other``: the id of the offer in its way, where one is. ``left``: how many uses, or minor units
    of the budget, are left of what bounds it.
    """

    placed: Placed
    reason: Reason
    shortfall: int | None = None
    shortfall_unit: ShortfallUnit | None = None
    other: str | None = None
    left: int | None = None


class Priced(NamedTuple):
    """The outcome: ``running`` is what each line still costs.

    ``pieces``: of lines whose units no longer cost the same, the runs of equal units.
    """

    discount: int
    running: list[int]
    applied: list[Applied]
    unmet: list[Unmet]
    pieces: Mapping[int, Sequence[Piece]]
