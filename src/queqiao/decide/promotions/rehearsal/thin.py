"""Which goods a draft endangers first: those in its scope that leave least after cost."""

from itertools import islice

from queqiao.decide.promotions.rehearsal.rulebook import Rulebook
from queqiao.decide.promotions.rehearsal.shelf import is_meant

THIN_MAX = 20
"""How many SKUs are looked at when nobody names any."""


def thin_skus(rules: Rulebook, currency: str) -> list[str]:
    """Return the SKUs of the drafts' goods with the thinnest margins, of all rules' without drafts.

    Goods of unknown cost come after those whose cost is known, the cheapest first.
    """
    meant_by = [rules.documents[name] for name in rules.drafts or rules.looked_at()]
    meant = (
        one.sku
        for one in rules.goods(currency)
        if one.price_minor and any(is_meant(rule, one) for rule in meant_by)
    )
    return list(islice(meant, THIN_MAX))
