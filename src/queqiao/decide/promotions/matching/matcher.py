"""Which promotions does a cart reach, and why not the others? For one question and its carts."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from queqiao.decide.promotions.basket import Basket
from queqiao.decide.promotions.documents.profile import LAYERS, Profile
from queqiao.decide.promotions.matching.bits import lines_by_place, places
from queqiao.decide.promotions.matching.given_codes import GivenCodes
from queqiao.decide.promotions.matching.goods_test import GoodsTest
from queqiao.decide.promotions.matching.situation import Situation
from queqiao.decide.promotions.matching.tree import Asking
from queqiao.decide.promotions.offers import Offer
from queqiao.decide.promotions.pricing.outcomes import Placed, Unmet
from queqiao.decide.promotions.reasons import Reason, ShortfallUnit
from queqiao.decide.promotions.requirement import Missing
from queqiao.decide.promotions.snapshot import PromotionsSnapshot

EXPLAINED_MAX = 5_000
"""Of so many offers one answer says why they do not reach it: a tenth of a second of work."""


class Away(NamedTuple):
    """An offer that does not reach the basket, why, and how much is missing."""

    offer: Offer
    reason: Reason
    shortfall: int | None = None
    unit: ShortfallUnit | None = None


class Matcher:
    """Matches carts in one situation: what does not depend on the cart is found once."""

    def __init__(
        self,
        promotions: PromotionsSnapshot,
        situation: Situation,
        codes: GivenCodes,
        profile: Profile,
    ) -> None:
        self.promotions = promotions
        self.situation = situation
        self.codes = codes
        self._runs = profile.base == "running"
        self._order = _order(profile)
        self._layers = frozenset(profile.layers)
        self._failing = promotions.index.failing(situation)

    def match(self, basket: Basket) -> list[Placed]:
        """Return the offers whose conditions hold, in the profile's order.

        What prices must answer is left to each offer's requirement.
        """
        promotions = self.promotions
        named, holding = promotions.index.reached(basket, self._failing)
        own = holding & (promotions.index.asking | promotions.coded)
        by_place, every_line = promotions.by_place, tuple(range(len(named)))
        found = self._in_order(*lines_by_place(named, holding))
        if basket.has_tokens:
            found = self._open(found, basket)
        if own:
            placed = self._asked(found, set(places(own)), basket)
        else:
            placed = [
                Placed(offer, lines or every_line)
                for place, lines in found
                if (offer := by_place[place]) is not None
            ]
        if self._order is not None:
            placed.sort(key=self._order)
        return placed

    def _open(
        self, found: Iterable[tuple[int, Sequence[int]]], basket: Basket
    ) -> Iterator[tuple[int, Sequence[int]]]:
        """Yield the places of offers that may give on some line, and those lines."""
        every_line = tuple(range(len(basket.lines)))
        for place, lines in found:
            offer = self.promotions.by_place[place]
            mine = () if offer is None else basket.open_to(offer.layer, lines or every_line)
            if mine:
                yield place, mine

    def nearly(self, basket: Basket) -> Iterator[Unmet]:
        """Yield the offers that only miss so many goods, units or kinds of their condition."""
        named, holding = self.promotions.index.reached(basket, self._failing)
        by_place, every_line = self.promotions.by_place, tuple(range(len(named)))
        for place, lines in zip(*lines_by_place(named, holding), strict=True):
            offer = by_place[place]
            if offer is not None and offer.plan.asks and offer.tree is not None:
                mine = basket.open_to(offer.layer, lines or every_line)
                bound = offer.tree.bind(Asking(self.situation, basket, mine, self._runs))
                if isinstance(bound, Missing):
                    yield Unmet(Placed(offer, mine), *bound)

    def _in_order(
        self, found: Sequence[int], lines: Sequence[Sequence[int]]
    ) -> Iterable[tuple[int, Sequence[int]]]:
        """Return places with their lines in the default order, where that is what is wanted."""
        ranks, pairs = self.promotions.ranks, zip(found, lines, strict=True)
        if ranks is None or self._order is not None:
            return pairs
        return sorted(pairs, key=lambda pair: ranks[pair[0]])

    def _asked(
        self, found: Iterable[tuple[int, Sequence[int]]], own: Collection[int], basket: Basket
    ) -> list[Placed]:
        """Return the offers found, but of those at places of ``own`` only whose own tree holds."""
        by_place, every_line = self.promotions.by_place, tuple(range(len(basket.lines)))
        placed: list[Placed] = []
        for place, lines in found:
            offer = by_place[place]
            if offer is None:
                continue
            if place in own:
                placed += self._place(offer, lines or every_line, basket)
            else:
                placed.append(Placed(offer, lines or every_line))
        return placed

    def _place(self, offer: Offer, lines: Sequence[int], basket: Basket) -> list[Placed]:
        """Return an offer with its code and what its tree leaves open; none where that fails."""
        code = self._code_of(offer) if offer.batches else None
        if not offer.plan.asks or offer.tree is None:
            return [Placed(offer, lines, code)]
        bound = offer.tree.bind(Asking(self.situation, basket, lines, self._runs))
        return [] if isinstance(bound, Missing) else [Placed(offer, lines, code, bound)]

    def _code_of(self, offer: Offer) -> str | None:
        """Return the code that was given for an offer."""
        given = self.codes.of_batch
        return next((given[batch] for batch in offer.batches if batch in given), None)

    def away(
        self, basket: Basket, placed: Iterable[Placed], *, everything: bool = False
    ) -> Iterator[Away]:
        """Explain the offers that do not reach the basket.

        All of them where they came with the question, or for ``everything`` (at most so many);
        else those that a given code would unlock.
        """
        candidates = list(islice(self._candidates(everything=everything), EXPLAINED_MAX))
        here = {item.offer.id for item in placed} if candidates else ()
        for offer in candidates:
            reason = None if offer.id in here else self._why(offer, basket)
            if reason is not None:
                yield reason

    def _candidates(self, *, everything: bool) -> Iterable[Offer]:
        if everything or self.promotions.inline:
            return self.promotions.offers
        batches = self.codes.of_batch
        found = (offer for batch in batches for offer in self.promotions.unlocked_by(batch))
        return {offer.id: offer for offer in found}.values()

    def _why(self, offer: Offer, basket: Basket) -> Away | None:
        """Say what keeps an offer away from the basket; None when nothing does."""
        now_us = self.situation.now_us
        lines: Sequence[int] = GoodsTest(offer.scope).lines(basket)
        if not lines:
            return Away(offer, "no_goods_in_scope")
        lines = basket.open_to(offer.layer, lines)
        if not lines:
            return Away(offer, "flash_price_alone")
        if not offer.starts_us <= now_us < offer.ends_us:
            return Away(offer, "not_started" if now_us < offer.starts_us else "ended")
        if offer.currency not in {None, self.situation.currency}:
            return Away(offer, "currency_differs")
        missing = self._missing(offer, basket, lines)
        return None if missing is None else Away(offer, *missing)

    def _missing(self, offer: Offer, basket: Basket, lines: Sequence[int]) -> Missing | None:
        if offer.tree is None:
            return None
        bound = offer.tree.bind(Asking(self.situation, basket, lines, self._runs))
        if bound is None or isinstance(bound, Missing):
            return bound
        return bound.unmet(_Shelf(basket))


class _Shelf:
    """A till at which nothing was taken off yet."""

    def __init__(self, basket: Basket) -> None:
        self._totals = basket.totals

    def still_costs(self, lines: Sequence[int]) -> int:
        return sum([self._totals[line] for line in lines])


def _order(profile: Profile) -> Callable[[Placed], tuple[int, int, str]] | None:
    """Return by what offers are sorted under a profile; None for the default order."""
    if profile.priority == "high_first" and profile.layers == LAYERS:
        return None
    sign = -1 if profile.priority == "high_first" else 1
    layers = {layer: place for place, layer in enumerate(profile.layers)}

    def key(item: Placed) -> tuple[int, int, str]:
        return layers[item.offer.layer], sign * item.offer.priority, item.offer.id

    return key
