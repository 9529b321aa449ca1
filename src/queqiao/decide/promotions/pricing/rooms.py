"""How much may still be taken: floors of units, caps of lines, caps of the order."""

from collections.abc import Sequence
from decimal import Decimal

from queqiao.decide.promotions.basket import Basket
from queqiao.decide.promotions.documents.profile import Profile
from queqiao.decide.promotions.pricing.pieces import Group, Share
from queqiao.decide.promotions.sharing import spread, spread_within


class Rooms:
    """The bounds of one basket under one profile, and what they leave of a discount."""

    __slots__ = ("_basket", "_line_caps", "_order_cap", "_profile", "has_caps")

    def __init__(self, basket: Basket, profile: Profile) -> None:
        self._basket = basket
        self._profile = profile
        self._line_caps: Sequence[int] | None = None
        if profile.line_cap_percent is not None:
            percent = profile.line_cap_percent
            self._line_caps = [_share(total, percent) for total in basket.totals]
        self._order_cap = _order_cap(basket, profile)
        self.has_caps = self._line_caps is not None or self._order_cap is not None

    def fit(
        self, groups: Sequence[Group], cap: int | None, running: Sequence[int]
    ) -> list[tuple[Share, int]]:
        """Return what each share gives: the groups' amounts spread, within all bounds.

        ``cap`` bounds this discount in all; ``running`` is what each line still costs.
        """
        amounts = [group.amount for group in groups]
        limit = self._limit(cap, running)
        if limit is not None and sum(amounts) > limit:
            amounts = spread(limit, amounts, self._profile.remainder)
        given: list[tuple[Share, int]] = []
        left = self._left_by_line(running)
        for amount, group in zip(amounts, groups, strict=True):
            parts = self._fit_group(amount, group.shares, left)
            given += zip(group.shares, parts, strict=True)
            if left is not None:
                for share, part in zip(group.shares, parts, strict=True):
                    left[share.line] -= part
        return given

    def _limit(self, cap: int | None, running: Sequence[int]) -> int | None:
        if self._order_cap is None:
            return cap
        left = self._order_cap - (self._basket.subtotal - sum(running))
        return left if cap is None else min(left, cap)

    def _left_by_line(self, running: Sequence[int]) -> list[int] | None:
        """Return what the caps of lines leave of each; None where there are no such caps."""
        if self._line_caps is None:
            return None
        totals = self._basket.totals
        return [
            cap - (total - cost)
            for cap, total, cost in zip(self._line_caps, totals, running, strict=True)
        ]

    def _fit_group(
        self, amount: int, shares: Sequence[Share], left: Sequence[int] | None
    ) -> list[int]:
        if not amount:
            return [0] * len(shares)
        rooms = self._rooms(shares, left)
        if len(shares) == 1:
            return [min(amount, rooms[0])]
        weights, remainder = [share.basis for share in shares], self._profile.remainder
        if self._profile.minimum_price == "redistribute":
            return spread_within(min(amount, sum(rooms)), weights, rooms, remainder)
        parts = spread(amount, weights, remainder)
        return [min(pair) for pair in zip(parts, rooms, strict=True)]

    def _rooms(self, shares: Sequence[Share], left: Sequence[int] | None) -> list[int]:
        floors = self._basket.floors
        if floors is None:
            rooms = [share.cost for share in shares]
        else:
            quantities = self._basket.quantities
            rooms = [
                share.cost - floors[share.line] // quantities[share.line] * share.count
                for share in shares
            ]
        return rooms if left is None else self._within_lines(shares, rooms, left)

    def _within_lines(
        self, shares: Sequence[Share], rooms: list[int], left: Sequence[int]
    ) -> list[int]:
        """Narrow the rooms of shares so that together they do not exceed what their line has."""
        places: dict[int, list[int]] = {}
        for place, share in enumerate(shares):
            places.setdefault(share.line, []).append(place)
        for line, mine in places.items():
            within = [rooms[place] for place in mine]
            if sum(within) > left[line]:
                narrowed = spread(left[line], within, self._profile.remainder)
                for place, room in zip(mine, narrowed, strict=True):
                    rooms[place] = room
        return rooms


def _order_cap(basket: Basket, profile: Profile) -> int | None:
    caps = [] if profile.order_cap is None else [profile.order_cap]
    if profile.order_cap_percent is not None:
        caps.append(_share(basket.subtotal, profile.order_cap_percent))
    return min(caps, default=None)


def _share(amount: int, percent: Decimal) -> int:
    """Return a percentage of an amount, cut to whole minor units."""
    numerator, denominator = (percent / 100).as_integer_ratio()
    return amount * numerator // denominator
