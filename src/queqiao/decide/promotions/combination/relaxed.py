"""What the turns to come give at most, reckoned line by line.

The offers are made simpler in the shopper's favour: one with steps gives what it gives on what its
goods cost now, whatever is taken off them before; nothing that holds is left out; fractions are not
rounded. So made, goods that cost less before an offer never cost more after it, and no more is
given in all than was taken off before; therefore letting all give is the best, and what that gives
is a bound. Of offers that never give beside each other only the one that gives most counts. What
rounding may add is told apart.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from queqiao.decide.promotions.basket import Basket
from queqiao.decide.promotions.benefits.compiled import Compiled
from queqiao.decide.promotions.benefits.points import PointsPayment
from queqiao.decide.promotions.benefits.sums import Percent, Sum
from queqiao.decide.promotions.benefits.thresholds import PercentTiers
from queqiao.decide.promotions.combination.bounds import most
from queqiao.decide.promotions.combination.takers import SCALE
from queqiao.decide.promotions.combination.terms import ROUNDED_UP_BY
from queqiao.decide.promotions.documents.benefit import (
    FixedPriceBenefit,
    PriceListBenefit,
    ThresholdBenefit,
)
from queqiao.decide.promotions.documents.profile import Rounding
from queqiao.decide.promotions.pricing.outcomes import Placed
from queqiao.decide.promotions.pricing.till import Till
from queqiao.decide.promotions.rounding import up

_NO_CAP = 1 << 62

Reckon = Callable[[int, int], int]
"""What an offer gives at most, in thousandths, on goods that cost so much now (minor units), and so
much when all before it gave (thousandths)."""


class Part(NamedTuple):
    """One offer of a turn, or what several give at most together (``most``, minor units).

    ``rivals``: the number of those of which only one gives, this one among them. ``lines``: what
    it is taken off, in proportion to what they cost; none where it may be taken off otherwise.
    ``reckon``: what it gives, where a till is not asked. ``price``: what its one line costs at its
    prices, when no unit of it was treated otherwise before. ``rounded``: by how much its amount may
    be above what it would be unrounded, in thousandths.
    """

    bits: int
    rivals: int
    lines: Sequence[int]
    item: Placed | None = None
    quantity: int = 0
    reckon: Reckon | None = None
    price: int | None = None
    rounded: int = 0
    most: int = 0


class _Claim(NamedTuple):
    """Parts of which one gives, off the same ``lines``; without, of its ``rivals`` one gives."""

    rivals: int
    parts: Sequence[Part]
    lines: Sequence[int]
    rounded: int


class Relaxed:
    """Turns as parts, in their order.

    ``is_plain``: nothing bounds discounts, and they are reckoned on what goods still cost; else
    each is reckoned for itself.
    """

    def __init__(self, parts: Sequence[Sequence[Part]], *, is_plain: bool) -> None:
        self._claims = list(_claims(parts, is_plain=is_plain))
        self._lumped = {one.rivals for claims in self._claims for one in claims if not one.lines}
        self._is_plain = is_plain

    def bound(self, till: Till, place: int, barred: int) -> int:
        """Return what the turns from ``place`` on give at most.

        ``barred``: the bits of offers that may not give any more.
        """
        left, open_ = [cost * SCALE for cost in till.running], ~barred
        begun, slack = sum(left), 0
        together: dict[int, int] = {}
        for claims in self._claims[place:]:
            for rivals, parts, lines, rounded in claims:
                known = together.get(rivals, 0)
                if known and lines:
                    continue
                amount = 0
                for part in parts:
                    if part.bits & open_:
                        amount = max(amount, self._amount(part, till, left))
                if amount <= known:
                    continue
                together[rivals] = amount
                slack += rounded
                if len(lines) == 1:
                    left[lines[0]] -= amount
                elif lines:
                    slack += _take(left, lines, amount, till)
        lumps = sum([amount for rivals, amount in together.items() if rivals in self._lumped])
        return min(begun, begun - sum(left) + lumps + slack) // SCALE

    def _amount(self, part: Part, till: Till, left: Sequence[int]) -> int:
        """Return what a part gives at most, in thousandths."""
        item = part.item
        if item is None:
            return part.most * SCALE
        lines = item.lines
        now = till.reckoned_on(lines)
        if now < item.offer.subtotal_at_least:
            return 0
        if not self._is_plain:
            return _most_now(part, item, till, now) * SCALE
        worth = left[lines[0]] if len(lines) == 1 else sum([left[line] for line in lines])
        if part.reckon is not None:
            return part.reckon(now, worth)
        if part.price is not None and lines[0] not in till.pieces:
            return max(0, worth - part.price * SCALE)
        return min(worth, _most_now(part, item, till, now) * SCALE)


def _claims(parts: Sequence[Sequence[Part]], *, is_plain: bool) -> Iterator[list[_Claim]]:
    """Yield the claims of each turn.

    Where rivals follow each other and are taken off the same lines, each has a claim together with
    those after it.
    """
    flat = [part for turn in parts for part in turn]
    places: dict[int, list[int]] = {}
    for place, part in enumerate(flat):
        places.setdefault(part.rivals, []).append(place)
    left = iter(range(len(flat)))
    for turn in parts:
        yield [_claim(flat, next(left), places[part.rivals], is_plain=is_plain) for part in turn]


def _claim(flat: Sequence[Part], place: int, rivals: Sequence[int], *, is_plain: bool) -> _Claim:
    part = flat[place]
    follow = rivals[-1] - rivals[0] < len(rivals)
    lines = {tuple(flat[rival].lines) for rival in rivals}
    if is_plain and follow and len(lines) == 1 and part.lines:
        together = flat[place : rivals[-1] + 1]
        rounded = max([one.rounded for one in together])
        return _Claim(part.rivals, together, part.lines, rounded)
    return _Claim(part.rivals, (part,), (), part.rounded)


def _most_now(part: Part, item: Placed, till: Till, now: int) -> int:
    """Return what an offer gives at most on goods that cost so much now, and less later."""
    stated = item.offer.stated
    if isinstance(stated, FixedPriceBenefit | PriceListBenefit) and stated.pick is None:
        return till.allotted(item)
    return most(item, now, part.quantity, len(item.lines))


def _take(left: list[int], lines: Sequence[int], amount: int, till: Till) -> int:
    """Take an amount off lines in proportion, each rounded up: they cost no more than in truth.

    Return by how much more rounding may take off what it is spread over, in thousandths.
    """
    worth = sum([left[line] for line in lines])
    for line in lines:
        left[line] -= -(-left[line] * amount // worth)
    rows = sum([len(till.pieces[line]) if line in till.pieces else 1 for line in lines])
    return rows * SCALE // 2


def part_of(item: Placed, bit: int, rivals: int, basket: Basket, how: "How") -> Part:
    """Return the part of one offer."""
    lines = item.lines if how.spreads or len(item.lines) == 1 else ()
    quantity = sum([basket.quantities[line] for line in item.lines])
    rate, price = _rate(item.offer.benefit, quantity), None
    if len(item.lines) == 1 and how.is_even:
        price = _price(item, basket)
    reckon = _reckoner(item, quantity, rate)
    rounded = 0 if rate is None else ROUNDED_UP_BY[how.rounding]
    if price is not None:  # units differ by a minor unit: some may be above it
        rounded = (quantity - 1) * SCALE
    return Part(bit, rivals, lines, item, quantity, reckon, price, rounded)


class How(NamedTuple):
    """``spreads``: what the offer gives is spread over its lines; ``is_even``: all units of its
    lines were treated alike before.
    """

    spreads: bool
    is_even: bool
    rounding: Rounding


def _reckoner(item: Placed, quantity: int, rate: tuple[int, int] | None) -> Reckon | None:
    benefit = item.offer.benefit
    if rate is not None:
        numerator, denominator = rate
        cap = _NO_CAP if benefit.cap is None else benefit.cap * SCALE
        return lambda _, worth: min(cap, -(-worth * numerator // denominator))
    if not isinstance(benefit, Sum):
        return None
    discount = benefit.discount
    if len(item.lines) == 1 and not isinstance(benefit, PointsPayment):
        return _on_one_line(item, benefit, quantity)
    return lambda now, worth: min(worth, discount(now, quantity, up) * SCALE)


def _on_one_line(item: Placed, benefit: Sum, quantity: int) -> Reckon:
    """Return the reckoning of an offer that reads what one line costs.

    To reach a step that the line misses when all before it gave, something before it has to give
    less: of the step's discount only what is beyond that counts.
    """
    at_least, jumps = item.offer.subtotal_at_least, _jumps(item)

    def left_of(base: int) -> int:
        return base - (benefit.discount(base, quantity, up) if base >= at_least else 0)

    def reckon(now: int, worth: int) -> int:
        least = -(-worth // SCALE)
        bases = [least, *[jump for jump in jumps(least) if least < jump <= now]]
        return max(0, worth - min(map(left_of, bases)) * SCALE)

    return reckon


def _jumps(item: Placed) -> Callable[[int], Sequence[int]]:
    """Return the totals from which on an offer gives more, as far as they matter on so much."""
    stated, at_least = item.offer.stated, item.offer.subtotal_at_least
    if not isinstance(stated, ThresholdBenefit) or stated.measure != "amount":
        return lambda _: (at_least,)
    tiers = (at_least, *[tier.at_least for tier in stated.tiers])
    if not stated.repeat:
        return lambda _: tiers
    size = stated.tiers[0].at_least
    return lambda least: (at_least, (least // size + 1) * size)


def _rate(benefit: Compiled, quantity: int) -> tuple[int, int] | None:
    if isinstance(benefit, Percent):
        return benefit.rate
    return benefit.rate_of(quantity) if isinstance(benefit, PercentTiers) else None


def _price(item: Placed, basket: Basket) -> int | None:
    """Return what the one line of an offer costs at its prices; None where it names none."""
    line = basket.lines[item.lines[0]]
    match item.offer.stated:
        case FixedPriceBenefit(price=price, pick=None):
            return price * line.quantity
        case PriceListBenefit(prices=prices, pick=None) if line.sku in prices:
            return prices[line.sku] * line.quantity
        case _:
            return None
