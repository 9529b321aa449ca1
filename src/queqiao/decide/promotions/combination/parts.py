"""Independent parts: promotions that share no goods, so that each part is settled alone."""

from collections.abc import Iterator, Sequence

from queqiao.decide.promotions.basket import Basket
from queqiao.decide.promotions.combination.fillable import lines_in
from queqiao.decide.promotions.documents.benefit import BundleBenefit, BuyGetBenefit
from queqiao.decide.promotions.pricing.outcomes import Placed


def independent_parts(
    items: Sequence[Placed], basket: Basket, forbidden: Sequence[int]
) -> list[list[int]]:
    """Return the places of promotions, parted so that no two parts touch or read one line, and
    none forbids one of another part.

    ``forbidden``: the bits of those that never give beside each.
    """
    lines = len(basket.lines)
    bound = [
        touched(item, basket) | (rivals | bool(rivals) << place) << lines
        for place, (item, rivals) in enumerate(zip(items, forbidden, strict=True))
    ]
    return [sorted(part) for part in joined(bound)]


def joined(lines_of: Sequence[int]) -> Iterator[set[int]]:
    """Yield the places of bit sets that hang together, over others perhaps."""
    open_ = dict(enumerate(lines_of))
    while open_:
        first = min(open_)
        part, lines = {first}, open_.pop(first)
        while joining := [place for place, mine in open_.items() if mine & lines]:
            for place in joining:
                part.add(place)
                lines |= open_.pop(place)
        yield part


def touched(item: Placed, basket: Basket) -> int:
    """Return the bits of the lines that a promotion discounts or reads."""
    everything = (1 << len(basket.lines)) - 1
    if item.requirement is not None:
        return everything
    stated = item.offer.stated
    lines = set(item.lines)
    if isinstance(stated, BundleBenefit) and not item.offer.subtotal_at_least:
        lines &= {line for place in stated.items for line in lines_in(place.goods, basket)}
    if isinstance(stated, BuyGetBenefit) and stated.get_goods is not None:
        lines |= set(lines_in(stated.get_goods, basket))
    return sum(1 << line for line in lines)
