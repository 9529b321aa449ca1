"""Who pays a discount: platform, shop and brand, and of which shop, in parts that add up."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from queqiao.decide.promotions.sharing import spread

Parties = tuple[int, int, int]
"""Platform, shop, brand: whole percent, or minor units."""

PLATFORM_ONLY: Parties = (100, 0, 0)
"""The usual funding: then there is nothing to split. One object, so that it is known by sight."""


def parties_of(platform: int, shop: int, brand: int) -> Parties:
    """Return the shares of the parties in whole percent."""
    parties = platform, shop, brand
    return PLATFORM_ONLY if parties == PLATFORM_ONLY else parties


class ShopPart(NamedTuple):
    """What is given on the goods of one shop, and who pays it. ``shop`` None: goods of no shop."""

    shop: str | None
    parties: Parties


def split(amount: int, percents: Parties) -> Parties:
    """Split an amount by the shares of the parties; they sum to it."""
    if percents == PLATFORM_ONLY:
        return amount, 0, 0
    platform, shop, brand = spread(amount, percents, "largest_fraction")
    return platform, shop, brand


def split_by_shop(amounts: Mapping[str | None, int], percents: Parties) -> list[ShopPart]:
    """Split the amounts given on the goods of each shop.

    Each row sums to its shop's amount, and each column to ``split`` of the sum of all amounts:
    every cell gets its share cut to a whole, and what is left of a row goes to parties whose
    columns are not full.
    """
    columns = split(sum(amounts.values()), percents)
    cut = {
        shop: [amount * percent // 100 for percent in percents] for shop, amount in amounts.items()
    }
    lacking = [
        column - sum(cells[party] for cells in cut.values()) for party, column in enumerate(columns)
    ]
    return [
        ShopPart(shop, _filled(cut[shop], amount, percents, lacking))
        for shop, amount in amounts.items()
    ]


def _filled(cells: list[int], amount: int, percents: Parties, lacking: list[int]) -> Parties:
    """Give what is left of a row to parties that lack, those of the largest fraction first."""
    for _ in range(amount - sum(cells)):
        wanting = (party for party in range(3) if lacking[party])
        party = max(wanting, key=lambda place: amount * percents[place] - cells[place] * 100)
        cells[party] += 1
        lacking[party] -= 1
    platform, shop, brand = cells
    return platform, shop, brand


def by_shop(
    shops: Sequence[str | None], lines: Sequence[int], parts: Sequence[int]
) -> Mapping[str | None, int]:
    """Return what was given on the goods of each shop; ``lines`` are places in ``shops``."""
    amounts: dict[str | None, int] = {}
    for line, part in zip(lines, parts, strict=True):
        if part:
            amounts[shops[line]] = amounts.get(shops[line], 0) + part
    return amounts
