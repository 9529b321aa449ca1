"""Which goods a draft endangers first: those in its scope that leave least after cost."""

from queqiao.catalog.contracts import Goods
from queqiao.decide.promotions.rehearsal.rulebook import Rulebook
from queqiao.decide.promotions.rehearsal.shelf import in_scope

THIN_MAX = 20
"""How many SKUs are looked at when nobody names any."""


def thin_skus(rules: Rulebook, currency: str) -> list[str]:
    """Return the SKUs of the drafts' goods with the thinnest margins, of all rules' without drafts.

    Goods of unknown cost come after those whose cost is known, the cheapest first.
    """
    scopes = [rules.documents[name].scope for name in rules.drafts or rules.documents]
    book = rules.shop.price_book
    goods = (book.goods(sku) for sku in book)
    meant = [
        one
        for one in goods
        if one is not None
        and one.currency == currency
        and one.price_minor
        and any(in_scope(scope, one) for scope in scopes)
    ]

    def margin(one: Goods) -> tuple[float, int, str]:
        cost = rules.costs.get(one.sku, 0)
        return 1 - cost / one.price_minor, one.price_minor, one.sku

    return [one.sku for one in sorted(meant, key=margin)[:THIN_MAX]]
