"""What promotions give around the goods: off delivery, gifts, points and cashback.

They are reckoned when the goods have their prices. Points and cashback are of what is paid for the
goods in scope. Conditions read what the goods cost then, a gift's what they cost in its place of
the sequence; the original prices where the profile's base is ``original``.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct

from queqiao.decide.promotions.basket import Basket
from queqiao.decide.promotions.documents.profile import Among, Profile
from queqiao.decide.promotions.pricing.contests import ContestName, contest_of
from queqiao.decide.promotions.pricing.outcomes import Placed, Priced, Unmet
from queqiao.decide.promotions.pricing.stacking import in_the_way
from queqiao.decide.promotions.reasons import Reason
from queqiao.decide.promotions.rounding import divider
from queqiao.decide.promotions.totals.gifts import Choice, GiftRule, Given, Shelf
from queqiao.decide.promotions.totals.points import Cashback, PointsEarned
from queqiao.decide.promotions.totals.shipping import ShippingOff


class Rewarded(Struct, frozen=True, gc=False):
    """What one offer gave: ``off_shipping`` and ``cashback`` in minor units, points, gifts."""

    placed: Placed
    off_shipping: int = 0
    cashback: int = 0
    points: int = 0
    gifts: Sequence[Given] = ()
    choice: Choice | None = None

    @property
    def value(self) -> int:
        """Return what it costs beside the price: the gifts at the shelf, and the cashback."""
        return self.cashback + sum(gift.value * gift.quantity for gift in self.gifts)


class Rewards(NamedTuple):
    """All that is given around the goods; ``shipping_discount`` is the sum of ``off_shipping``."""

    shipping_discount: int
    given: list[Rewarded]
    unmet: list[Unmet]


NO_REWARDS = Rewards(0, [], [])


class _Costs:
    """What lines cost at one moment, as a requirement reads it."""

    __slots__ = ("_running",)

    def __init__(self, running: Sequence[int]) -> None:
        self._running = running

    def still_costs(self, lines: Sequence[int]) -> int:
        """Return what these lines cost in all."""
        return sum([self._running[line] for line in lines])


class Desk:
    """Gives rewards one after the other for one priced basket.

    ``earn_percent``: of the points that promotions give, by the customer's tier; whole points only.
    """

    def __init__(  # noqa: PLR0917  # what one cart is made of
        self,
        basket: Basket,
        priced: Priced,
        profile: Profile,
        shipping: int,
        shelf: Shelf,
        chosen: Mapping[str, Sequence[str]],
    ) -> None:
        self._basket, self._priced, self.profile = basket, priced, profile
        self._divide = divider(profile.rounding)
        self.shipping_left = shipping
        self.earn_percent = 100
        self._shelf, self._chosen = shelf, chosen
        self._beside = [item.placed.offer for item in priced.applied]
        self.given: list[Rewarded] = []

    def give(self, item: Placed) -> Rewarded | Unmet:
        """Give one offer's reward, or say why there is none."""
        given = self._in_the_way(item) or self._unmet(item) or self._reward(item)
        if isinstance(given, Rewarded):
            self.given.append(given)
            self._beside.append(item.offer)
        return given

    def _in_the_way(self, item: Placed) -> Unmet | None:
        return in_the_way(item, self._beside, self.profile)

    def weigh(self, item: Placed) -> int:
        """Return what an offer would give now, in minor units or in points, and give nothing."""
        if self._in_the_way(item) or self._unmet(item):
            return 0
        shelf, shipping_left = self._shelf, self.shipping_left
        self._shelf = shelf.copy()
        given = self._reward(item)
        self._shelf, self.shipping_left = shelf, shipping_left
        return 0 if isinstance(given, Unmet) else given.off_shipping + given.value + given.points

    def won_on_goods(self) -> dict[ContestName, str]:
        """Return the contests that an offer on goods has won, with its id."""
        won: dict[ContestName, str] = {}
        for offer in self._beside:
            name, among = contest_of(offer, self.profile)
            if among != "all":
                won[name] = offer.id
        return won

    def _unmet(self, item: Placed) -> Unmet | None:
        offer = item.offer
        if item.requirement is not None:
            missing_of = item.requirement.unmet(_Costs(self._running_for(item)))
            if missing_of is not None:
                return Unmet(item, *missing_of)
        missing = offer.subtotal_at_least - self._costs(item)
        if missing > 0:
            return Unmet(item, "subtotal_below", missing, "minor")
        missing = offer.quantity_at_least - self._quantity(item)
        return Unmet(item, "quantity_below", missing, "unit") if missing > 0 else None

    def _reward(self, item: Placed) -> Rewarded | Unmet:
        match item.offer.reward:
            case ShippingOff() as reward:
                return self._off_shipping(item, reward)
            case GiftRule() as reward:
                return self._gifts(item, reward)
            case PointsEarned() as reward:
                points = reward.earned(self._paid(item)) * self.earn_percent // 100
                return Rewarded(item, points=points) if points else Unmet(item, "nothing_left")
            case Cashback() as reward:
                back = reward.back(self._paid(item), self._divide)
                return Rewarded(item, cashback=back) if back else Unmet(item, "nothing_left")
            case _:
                raise TypeError(item.offer.id)

    def _off_shipping(self, item: Placed, reward: ShippingOff) -> Rewarded | Unmet:
        off = reward.discount(self.shipping_left, self._divide)
        if not off:
            return Unmet(item, "nothing_left")
        self.shipping_left -= off
        return Rewarded(item, off_shipping=off)

    def _gifts(self, item: Placed, reward: GiftRule) -> Rewarded | Unmet:
        amount, quantity = self._costs(item), self._quantity(item)
        times = reward.times(amount, quantity)
        if not times:
            missing = reward.missing(amount, quantity)
            if reward.benefit.every_amount is not None:
                return Unmet(item, "subtotal_below", missing, "minor")
            return Unmet(item, "quantity_below", missing, "unit")
        gifts = reward.give(times, self._chosen.get(item.offer.id, ()), self._shelf)
        if gifts.out_of_stock:
            return Unmet(item, "gift_out_of_stock")
        return Rewarded(item, gifts=gifts.given, choice=gifts.choice)

    def _quantity(self, item: Placed) -> int:
        return sum([self._basket.quantities[line] for line in item.lines])

    def _paid(self, item: Placed) -> int:
        return sum([self._priced.running[line] for line in item.lines])

    def _costs(self, item: Placed) -> int:
        """Return what conditions read of the goods in scope."""
        if self.profile.base == "original":
            return sum([self._basket.totals[line] for line in item.lines])
        running = self._running_for(item)
        return sum([running[line] for line in item.lines])

    def _running_for(self, item: Placed) -> Sequence[int]:
        """Return what each line costs when the offer's condition is asked."""
        is_gift = isinstance(item.offer.reward, GiftRule)
        return self._running_before(item) if is_gift else self._priced.running

    def _running_before(self, item: Placed) -> Sequence[int]:
        """Return what each line cost when the offer's turn came in the sequence."""
        running = list(self._basket.totals)
        for applied in self._priced.applied:
            if self._place(applied.placed) < self._place(item):
                for line, part in zip(applied.lines, applied.parts, strict=True):
                    running[line] -= part
        return running

    def _place(self, item: Placed) -> tuple[int, int, str]:
        profile, offer = self.profile, item.offer
        sign = -1 if profile.priority == "high_first" else 1
        return profile.layers.index(offer.layer), sign * offer.priority, offer.id


class _Turn(NamedTuple):
    """Offers of which one gives, by its contest; or one offer that competes with none."""

    contest: ContestName | None
    among: Among
    items: list[Placed]


def give_rewards(desk: Desk, items: Sequence[Placed]) -> Rewards:
    """Give the rewards of all items, those off delivery first, then gifts, points and cashback.

    Of those that compete one gives; where one on goods has won, none.
    """
    before = desk.shipping_left
    unmet: list[Unmet] = []
    won = desk.won_on_goods()
    for turn in _turns(sorted(items, key=_kind), desk.profile):
        winner = None if turn.contest is None else won.get(turn.contest)
        rivals = turn.items
        if turn.among in ("best", "least"):
            rivals = sorted(rivals, key=desk.weigh, reverse=turn.among == "best")
        for item in rivals:
            given = desk.give(item) if winner is None else _beaten(item, winner, turn.among)
            if isinstance(given, Unmet):
                unmet.append(given)
            elif turn.contest is not None:
                winner = item.offer.id
    return Rewards(before - desk.shipping_left, desk.given, unmet)


def _turns(items: Sequence[Placed], profile: Profile) -> list[_Turn]:
    turns: list[_Turn] = []
    known: dict[ContestName, _Turn] = {}
    for item in items:
        name, among = contest_of(item.offer, profile)
        if among != "all" and name in known:
            known[name].items.append(item)
            continue
        turns.append(_Turn(None if among == "all" else name, among, [item]))
        known[name] = turns[-1]
    return turns


def _beaten(item: Placed, winner: str, among: Among) -> Unmet:
    reasons: dict[Among, Reason] = {"best": "other_gives_more", "least": "other_gives_less"}
    return Unmet(item, reasons.get(among, "other_gave_first"), other=winner)


_KINDS = (ShippingOff, GiftRule, PointsEarned, Cashback)


def _kind(item: Placed) -> int:
    return _KINDS.index(type(item.offer.reward))
