"""The till: what each line still costs, and how an offer's discount is taken from it."""

from collections.abc import Mapping, Sequence
from copy import copy
from operator import sub
from typing import Any

from queqiao.decide.promotions.basket import Basket
from queqiao.decide.promotions.benefits.compiled import Goods, Missing
from queqiao.decide.promotions.benefits.sums import Sum
from queqiao.decide.promotions.documents.profile import Layer, Profile
from queqiao.decide.promotions.offers import Offer
from queqiao.decide.promotions.pricing.outcomes import Applied, Placed, Unmet
from queqiao.decide.promotions.pricing.pieces import Piece, Share, equal_units, split
from queqiao.decide.promotions.pricing.rooms import Rooms
from queqiao.decide.promotions.reasons import Reason
from queqiao.decide.promotions.rounding import divider
from queqiao.decide.promotions.sharing import spread, spread_of, spread_within

Pool = Mapping[int, int]
"""How many units of each line an offer may use: an allocation other than its own choice."""

Units = Mapping[tuple[int, int], int]
"""So many units of a line (its place) that cost so much each."""

Given = list[tuple[Share, int]]
"""What is taken off which units."""


class Till:
    """What each line still costs, and its pieces where its units no longer cost the same.

    Discounts on sums go a short way: where no line has pieces, no unit is looked at. ``is_plain``:
    nothing bounds them but what the lines still cost, which they are reckoned on. ``divide`` rounds
    as the profile says.
    """

    __slots__ = (
        "_basis",
        "_basket",
        "_by_line",
        "_profile",
        "_rooms",
        "divide",
        "is_plain",
        "pieces",
        "running",
    )

    def __init__(self, basket: Basket, profile: Profile) -> None:
        self.running = list(basket.totals)
        self.pieces: dict[int, list[Piece]] = {}
        runs = profile.base == "running"
        self._basket = basket
        self._basis: Sequence[int] = self.running if runs else basket.totals
        self._rooms = Rooms(basket, profile)
        self._by_line = not self._rooms.has_caps and not profile.one_per_unit
        self.is_plain = self._by_line and runs and basket.floors is None
        self.divide = divider(profile.rounding)
        self._profile = profile

    def take(  # noqa: PLR0911  # the hottest path, in one piece
        self, item: Placed, pool: Pool | None = None
    ) -> Applied | Unmet:
        """Take one offer's discount, or say why it gives none.

        ``pool`` narrows the units that the offer may use, within its scope.
        """
        if item.requirement is not None and (unmet := item.requirement.unmet(self)) is not None:
            return Unmet(item, *unmet)
        offer, lines, basis = item.offer, item.lines, self._basis
        if len(lines) == 1:
            weights: Sequence[int] = ()
            base = basis[lines[0]]
        else:
            weights = basis if len(lines) == len(basis) else [basis[index] for index in lines]
            base = sum(weights)
        if base < offer.subtotal_at_least:
            return Unmet(item, "subtotal_below", offer.subtotal_at_least - base, "minor")
        if offer.quantity_at_least and (missing := self._missing(item)) > 0:
            return Unmet(item, "quantity_below", missing, "unit")
        benefit = offer.benefit
        if not self._by_line or pool is not None or not isinstance(benefit, Sum):
            return self._take_by_units(item, pool)
        if self.pieces and not self.pieces.keys().isdisjoint(lines):
            return self._take_by_units(item, None)
        quantity = self._quantity(item) if benefit.reads_quantity else 0
        amount = benefit.discount(base, quantity, self.divide)
        if not amount:
            return nothing(item, benefit.next_step(base, quantity) if base else None)
        if not self.is_plain:
            return self._take_in_rooms(item, base, amount, weights or (base,), quantity)
        if len(lines) == 1:
            self.running[lines[0]] -= amount
            return Applied(item, base, amount, lines, (amount,), quantity)
        parts = self._spread(lines, amount, weights, base)
        return Applied(item, base, amount, lines, parts, quantity)

    def take_sum(self, item: Placed) -> Applied | Unmet:
        """Take the discount of an offer that is short where the till is plain and has no pieces."""
        offer, lines, running = item.offer, item.lines, self.running
        weights = running if len(lines) == len(running) else [running[index] for index in lines]
        base = sum(weights)
        if base < offer.subtotal_at_least:
            return Unmet(item, "subtotal_below", offer.subtotal_at_least - base, "minor")
        benefit: Any = offer.benefit
        if amount := benefit.discount(base, 0, self.divide):
            return Applied(item, base, amount, lines, self._spread(lines, amount, weights, base))
        return nothing(item, benefit.next_step(base, 0) if base else None)

    def _spread(
        self, lines: Sequence[int], amount: int, weights: Sequence[int], base: int
    ) -> list[int]:
        """Take an amount off lines that cost ``base``, in proportion; return what each gave."""
        running = self.running
        parts = spread_of(amount, weights, base, self._profile.remainder)
        if weights is running:
            running[:] = map(sub, running, parts)
            return parts
        for index, part in zip(lines, parts, strict=True):
            running[index] -= part
        return parts

    def take_each(self, item: Placed, pools: Sequence[Units]) -> Applied | Unmet:
        """Take one offer's discount on each of the pools alone, as if nothing else were there.

        A unit is in one pool at most.
        """
        if item.requirement is not None and (unmet := item.requirement.unmet(self)) is not None:
            return Unmet(item, *unmet)
        base = sum([self._basis[line] for line in item.lines])
        if base < item.offer.subtotal_at_least or self._missing(item) > 0:
            return self.take(item)
        return self._take_goods(item, self._pooled(item, pools), is_whole=False)

    def _take_in_rooms(
        self, item: Placed, base: int, amount: int, weights: Sequence[int], quantity: int
    ) -> Applied | Unmet:
        """Take a sum where lines have floors, or where discounts read original prices."""
        running, remainder = self.running, self._profile.remainder
        floors = self._basket.floors
        rooms = [running[index] - (floors[index] if floors else 0) for index in item.lines]
        if self._profile.minimum_price == "redistribute":
            parts = spread_within(min(amount, sum(rooms)), weights, rooms, remainder)
        else:
            parts = [
                min(room, part)
                for part, room in zip(spread(amount, weights, remainder), rooms, strict=True)
            ]
        for index, part in zip(item.lines, parts, strict=True):
            running[index] -= part
        given = sum(parts)
        if not given:
            return Unmet(item, "nothing_left")
        return Applied(item, base, given, item.lines, parts, quantity)

    def copy(self) -> "Till":
        """Return a till of its own that stands where this one stands."""
        other = Till(self._basket, self._profile)
        other.running[:] = self.running
        other.pieces = {line: list(pieces) for line, pieces in self.pieces.items()}
        other.divide = copy(self.divide)
        return other

    def tried(self, item: Placed, pool: Pool | None = None) -> Applied | Unmet:
        """Return what would come of taking an offer here, and take nothing."""
        return self.copy().take(item, pool)

    def quantity(self, line: int) -> int:
        """Return how many units a line has."""
        return self._basket.quantities[line]

    def still_costs(self, lines: Sequence[int]) -> int:
        """Return what these lines cost in all just now."""
        running = self.running
        return sum([running[index] for index in lines])

    @property
    def reads_running(self) -> bool:
        """Say whether discounts are reckoned on what goods still cost."""
        return self._basis is self.running

    def reckoned_on(self, lines: Sequence[int]) -> int:
        """Return what discounts on these lines are reckoned on just now."""
        basis = self._basis
        return sum([basis[index] for index in lines])

    def allotted(self, item: Placed) -> int:
        """Return what an offer's rule comes to just now, whatever bounds or forbids it."""
        groups = item.offer.benefit.allot(self._goods(item, None), copy(self.divide))
        return sum([group.amount for group in groups])

    def _quantity(self, item: Placed) -> int:
        return sum([self._basket.quantities[index] for index in item.lines])

    def _missing(self, item: Placed) -> int:
        return item.offer.quantity_at_least - self._quantity(item)

    def _take_by_units(self, item: Placed, pool: Pool | None) -> Applied | Unmet:
        return self._take_goods(item, [self._goods(item, pool)], is_whole=pool is None)

    def _take_goods(
        self, item: Placed, pools: Sequence[Goods], *, is_whole: bool
    ) -> Applied | Unmet:
        given = self._given(item.offer, pools)
        if given is None:
            goods = pools[0]
            return nothing(item, item.offer.benefit.missing(goods) if goods.base else None)
        amounts: dict[int, int] = {}
        for share, part in given:
            if part:
                amounts[share.line] = amounts.get(share.line, 0) + part
        if not amounts:
            return Unmet(item, "nothing_left")
        layer = self._taken_in(item.offer)
        if layer is None and is_whole:
            self._pay_whole(given)
        else:
            self._pay(given, layer)
        lines = sorted(amounts)
        parts = [amounts[line] for line in lines]
        reads_quantity = item.offer.benefit.reads_quantity
        quantity = sum([goods.quantity for goods in pools]) if reads_quantity else 0
        base = sum([goods.base for goods in pools])
        return Applied(item, base, sum(parts), lines, parts, quantity)

    def _given(self, offer: Offer, pools: Sequence[Goods]) -> Given | None:
        groups = [group for goods in pools for group in offer.benefit.allot(goods, self.divide)]
        if not any(group.amount for group in groups):
            return None
        return self._rooms.fit(groups, offer.benefit.cap, self.running)

    def _taken_in(self, offer: Offer) -> Layer | None:
        """Return the layer in which the offer takes units; None where it takes none."""
        takes = offer.benefit.takes_units or offer.layer in self._profile.one_per_unit
        return offer.layer if takes else None

    def _goods(self, item: Placed, pool: Pool | None) -> Goods:
        layer = self._taken_in(item.offer)

        def others(lines: Sequence[int]) -> list[Share]:
            return self._shares(lines, layer, pool)

        return Goods(self._basket, others(item.lines), others)

    def units(self) -> list[Share]:
        """Return all units of the basket as shares of equal ones."""
        return list(equal_units(self._shares(range(len(self.running)), None, None)))

    def _pooled(self, item: Placed, pools: Sequence[Units]) -> list[Goods]:
        lines = sorted({line for pool in pools for line, _ in pool})
        free = list(equal_units(self._shares(lines, self._taken_in(item.offer), None)))
        found = []
        for pool in pools:
            shares, free = _parted(free, pool)
            found.append(_goods_of(self._basket, item, shares))
        return found

    def _shares(self, lines: Sequence[int], layer: Layer | None, pool: Pool | None) -> list[Share]:
        """Return the units of the lines that are free in the layer."""
        shares: list[Share] = []
        for line in lines:
            pieces = self.pieces.get(line)
            if pieces is None:
                whole = self._basket.quantities[line]
                shares.append(Share(line, 0, whole, self.running[line], self._basis[line]))
                continue
            for place, piece in enumerate(pieces):
                if layer is None or piece.taken != layer:
                    shares.append(self._share(line, place, piece))
        return shares if pool is None else _within(shares, pool)

    def _share(self, line: int, place: int, piece: Piece) -> Share:
        basis = piece.cost
        if self._profile.base == "original":
            basis = self._basket.lines[line].price * piece.quantity
        return Share(line, place, piece.quantity, piece.cost, basis)

    def _pay_whole(self, given: Given) -> None:
        """Take from shares that are whole pieces, of an offer that takes no units."""
        for share, part in given:
            self.running[share.line] -= part
            pieces = self.pieces.get(share.line)
            if pieces is not None:
                taken = pieces[share.piece].taken
                pieces[share.piece] = Piece(share.count, share.cost - part, taken)

    def _pay(self, given: Given, layer: Layer | None) -> None:
        lines: dict[int, Given] = {}
        for share, part in given:
            self.running[share.line] -= part
            lines.setdefault(share.line, []).append((share, part))
        for line, shares in lines.items():
            if layer is not None or line in self.pieces:
                before = self.pieces.get(line) or [self._whole(line, shares)]
                self.pieces[line] = split(before, shares, layer)

    def _whole(self, line: int, shares: Given) -> Piece:
        """Return a line's only piece as it was before these shares gave."""
        cost = self.running[line] + sum(part for _, part in shares)
        return Piece(self._basket.quantities[line], cost)


def _within(shares: Sequence[Share], pool: Pool) -> list[Share]:
    """Return the shares cut to so many units of each line."""
    left = dict(pool)
    cut: list[Share] = []
    for run in equal_units(shares):
        count = min(run.count, left.get(run.line, 0))
        if count:
            cut.append(run.part(count))
            left[run.line] -= count
    return cut


def _goods_of(basket: Basket, item: Placed, shares: Sequence[Share]) -> Goods:
    """Return goods of which there are no more units than these."""

    def of_lines(lines: Sequence[int]) -> list[Share]:
        return [share for share in shares if share.line in lines]

    return Goods(basket, of_lines(item.lines), of_lines)


def _parted(runs: Sequence[Share], pool: Units) -> tuple[list[Share], list[Share]]:
    """Part runs of equal units into those of a pool and those that stay."""
    wanted = dict(pool)
    inside: list[Share] = []
    outside: list[Share] = []
    for run in runs:
        kind = run.line, run.cost // run.count
        count = min(run.count, wanted.get(kind, 0))
        if count:
            inside.append(run.part(count))
            wanted[kind] -= count
        if count < run.count:
            outside.append(run.part(run.count - count))
    return inside, outside


def nothing(item: Placed, step: Missing | None) -> Unmet:
    """Say why a benefit gives nothing: a step is not reached, or nothing is left."""
    if step is None:
        return Unmet(item, "nothing_left")
    reason: Reason = "subtotal_below" if step.unit == "minor" else "quantity_below"
    return Unmet(item, reason, step.shortfall, step.unit)
