"""Which goods a draft would bring below the shop's floor, a share of what they cost."""

from queqiao.decide.promotions.rehearsal.lowest_price import Lowest, Terms, lowest_prices
from queqiao.decide.promotions.rehearsal.rulebook import Rulebook
from queqiao.decide.promotions.rehearsal.thin import thin_skus
from queqiao.kernel.errors import FieldError, Message

QUOTES_MAX = 1_000
"""Carts priced before one promotion goes live: well under a second."""


def floor_dangers(rules: Rulebook, terms: Terms, percent_of_cost: int) -> list[FieldError]:
    """Return a danger where the lowest price found of the drafts' thinnest goods is too low.

    The floor is ``percent_of_cost`` of the catalogue's cost; goods of unknown cost have none.
    """
    skus = [sku for sku in thin_skus(rules, terms.currency) if sku in rules.costs]
    found, _ = lowest_prices(rules, skus, terms, QUOTES_MAX)
    under = [one for one in found if _is_under(one, rules, percent_of_cost)]
    if not under:
        return []
    names = ", ".join(one.goods.sku for one in under[:5])
    message = Message(
        f"与线上规则叠加后，{len(under)} 个单品可能低于底线（成本的 {percent_of_cost}%）：{names}",
        f"beside the live rules, SKUs could sell below {percent_of_cost} % of their cost:"
        f" {names} ({len(under)} in all)",
    )
    return [FieldError("benefit", message)]


def _is_under(one: Lowest, rules: Rulebook, percent_of_cost: int) -> bool:
    return one.price_minor * 100 < rules.costs[one.goods.sku] * percent_of_cost
