"""Independent parts: promotions that share no goods, so that each part is settled alone."""

from collections.abc import Iterator, Sequence

from queqiao.decide.promotions.basket import Basket
from queqiao.decide.promotions.documents.benefit import BuyGetBenefit
from queqiao.decide.promotions.matching.goods_test import GoodsTest
from queqiao.decide.promotions.pricing.outcomes import Placed


def independent_parts(items: Sequence[Placed], basket: Basket) -> list[list[Placed]]:
    """Return promotions parted so that no two parts touch or read one line; order is kept."""
    lines_of = [_touched(item, basket) for item in items]
    parts = list(_joined(lines_of))
    return [[items[place] for place in sorted(part)] for part in parts]


def _joined(lines_of: Sequence[int]) -> Iterator[set[int]]:
    open_ = dict(enumerate(lines_of))
    while open_:
        first = min(open_)
        part, lines = {first}, open_.pop(first)
        while joining := [place for place, mine in open_.items() if mine & lines]:
            for place in joining:
                part.add(place)
                lines |= open_.pop(place)
        yield part


def _touched(item: Placed, basket: Basket) -> int:
    """Return the bits of the lines that a promotion discounts or reads."""
    everything = (1 << len(basket.lines)) - 1
    if item.requirement is not None:
        return everything
    bits = sum(1 << line for line in item.lines)
    stated = item.offer.stated
    if isinstance(stated, BuyGetBenefit) and stated.get_goods is not None:
        bits |= sum(1 << line for line in GoodsTest(stated.get_goods).lines(basket))
    return bits
