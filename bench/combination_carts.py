"""Random carts with promotions that compete for units: what best combinations are measured on.

A cart has 20 units on five to ten lines, and six to twelve promotions: bundles (any n for a price,
two items together, a price, an amount or a percentage less), percentages on units, buy so many and
get the cheapest free, 满减 with tiers, 每满, and coupons. A unit takes part in one promotion of the
line layer; the others read what is left.
"""

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from random import Random
from typing import NamedTuple

from queqiao.decide.promotions.documents.benefit import (
    Benefit,
    BundleBenefit,
    BundleItem,
    BuyGetBenefit,
    FixedBenefit,
    PercentBenefit,
    ThresholdBenefit,
    Tier,
)
from queqiao.decide.promotions.documents.profile import Profile
from queqiao.decide.promotions.documents.promotion import InlinePromotion
from queqiao.decide.promotions.documents.scope import Scope
from queqiao.decide.promotions.quote_types import Cart, CartLine, CatalogItem, Options, QuoteRequest

PROFILE = Profile(selection="best_combination", one_per_unit=("line",))
CATEGORIES = "xyz"
PRICES = range(1_000, 30_000)


class Size(NamedTuple):
    """How large a cart is: units, lines from to, promotions from to."""

    units: int = 20
    lines: tuple[int, int] = (5, 10)
    promotions: tuple[int, int] = (6, 12)


USUAL = Size()


def cart(seed: int, size: Size = USUAL) -> QuoteRequest:
    """Return the question of one seed."""
    random = Random(seed)
    units, count = size.units, min(random.randint(*size.lines), size.units)
    cuts = [0, *sorted(random.sample(range(1, units), count - 1)), units]
    quantities = [after - before for before, after in pairwise(cuts)]
    step = random.choice((1, 10, 100))
    catalog = [
        CatalogItem(f"s{n:02}", random.randrange(PRICES.start, PRICES.stop, step),
                    categories=(random.choice(CATEGORIES),))
        for n in range(count)
    ]  # fmt: skip
    total = sum(item.price * n for item, n in zip(catalog, quantities, strict=True))
    number = random.randint(*size.promotions)
    made = [_promotion(random, f"p{n:02}", catalog, total, step) for n in range(number)]
    return QuoteRequest(
        cart=Cart(
            tuple(
                CartLine(item.sku, n, item.sku) for item, n in zip(catalog, quantities, strict=True)
            )
        ),
        profile=PROFILE,
        catalog=tuple(catalog),
        promotions=tuple(made),
        options=Options(explain=False),
    )


def _promotion(
    random: Random, name: str, goods: Sequence[CatalogItem], total: int, step: int
) -> InlinePromotion:
    kind = random.random()
    scope = _scope(random, goods)
    benefit: Benefit
    if kind < 0.3:
        benefit = _bundle(random, goods, step)
        scope = scope if len(benefit.items) == 1 else Scope()
    elif kind < 0.55:
        percent = Decimal(random.choice((5, 10, 12, 15, 20, 30)))
        benefit = PercentBenefit(percent, level=random.choice(("line", "unit")))
    elif kind < 0.75:
        percent = Decimal(random.choice((100, 50)))
        benefit = BuyGetBenefit(random.randint(1, 3), 1, percent)
    else:
        benefit, scope = _of_the_order(random, total), Scope()
    return InlinePromotion(
        id=name, name="promotion", benefit=benefit, scope=scope,
        priority=random.randrange(3),
    )  # fmt: skip


def _scope(random: Random, goods: Sequence[CatalogItem]) -> Scope:
    kind = random.random()
    if kind < 0.25:
        return Scope()
    if kind < 0.6:
        return Scope(categories=(random.choice(CATEGORIES),))
    some = random.sample(goods, random.randint(1, min(5, len(goods))))
    return Scope(skus=tuple(item.sku for item in some))


def _bundle(random: Random, goods: Sequence[CatalogItem], step: int) -> BundleBenefit:
    """Return a bundle that saves on any units."""
    items: tuple[BundleItem, ...] = (BundleItem(quantity=random.randint(2, 4)),)
    if random.random() < 0.5:
        items = tuple(
            BundleItem(
                Scope(skus=tuple(i.sku for i in random.sample(goods, random.randint(1, 3)))),
                random.randint(1, 2),
            )
            for _ in range(2)
        )
    size = sum(item.quantity for item in items)
    cheapest = min(item.price for item in goods)
    kind = random.randrange(3)
    if kind == 0:
        return BundleBenefit(
            items, price=int(size * cheapest * random.uniform(0.5, 1)) // 100 * 100
        )
    if kind == 1 and step > 1:
        return BundleBenefit(items, percent=Decimal(random.choice((10, 20, 30))))
    return BundleBenefit(items, amount=random.randrange(200, 1_900, 100))


def _of_the_order(random: Random, total: int) -> Benefit:
    kind = random.random()
    step = int(total * random.uniform(0.3, 1.0)) // 100 * 100
    if kind < 0.6:
        low = Tier(step, max(1, step // random.choice((8, 10, 20))))
        return ThresholdBenefit((low, Tier(int(step * 1.5), int(step * 1.5) // 6)))
    if kind < 0.8:
        return ThresholdBenefit((Tier(20_000, 2_000),), repeat=True)
    if kind < 0.9:
        return PercentBenefit(Decimal(random.choice((3, 5, 8))))
    return FixedBenefit(random.randrange(300, 3_000, 100))
