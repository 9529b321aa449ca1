"""What an engagement makes of a promotion in a quote: nothing, its benefit, or another price."""

from collections.abc import Mapping, Sequence

from msgspec import structs

from queqiao.decide.promotions.basket import Basket
from queqiao.decide.promotions.benefits.compiling import compile_benefit
from queqiao.decide.promotions.documents.benefit import FixedBenefit, FixedPriceBenefit, Pick
from queqiao.decide.promotions.documents.mechanic import Bargain, Presale
from queqiao.decide.promotions.engagements.stages import Engagement, Stage
from queqiao.decide.promotions.offers import Offer
from queqiao.decide.promotions.pricing.outcomes import Placed, Unmet
from queqiao.decide.promotions.reasons import Reason

_REASONS: dict[str, Reason] = {
    "expired": "engagement_expired",
    "forfeited": "engagement_expired",
    "deposit_paid": "balance_not_due",
}


def engage(
    placed: list[Placed],
    engagements: Mapping[str, Engagement],
    customer_id: str | None,
    now_us: int,
    basket: Basket,
) -> tuple[list[Placed], list[Unmet]]:
    """Return the offers as the cart's engagements make them, and those that give nothing so.

    A bargain is for the goods that it was begun for, whatever else is in the promotion's scope.
    """
    if all(item.offer.mechanic is None for item in placed):
        return placed, []
    kept: list[Placed] = []
    unmet: list[Unmet] = []
    for item in placed:
        if item.offer.mechanic is None:
            kept.append(item)
            continue
        engagement = engagements.get(item.offer.id)
        found = engaged(item.offer, engagement, customer_id, now_us)
        lines = _lines(item, engagement, basket)
        if not isinstance(found, Offer):
            unmet.append(Unmet(item, found))
        elif not lines:
            unmet.append(Unmet(item, "no_goods_in_scope"))
        else:
            kept.append(structs.replace(item, offer=found, lines=lines))
    return kept, unmet


def _lines(item: Placed, found: Engagement | None, basket: Basket) -> Sequence[int]:
    """Return the lines that the promotion is for."""
    rules = None if found is None else found.rules
    if not isinstance(rules, Bargain) or rules.sku is None:
        return item.lines
    return tuple([place for place in item.lines if basket.lines[place].sku == rules.sku])


def engaged(
    offer: Offer, found: Engagement | None, customer_id: str | None, now_us: int
) -> Offer | Reason:
    """Return the offer as the engagement makes it, or why it gives nothing."""
    if found is None or customer_id is None:
        return "engagement_missing"
    if not found.has(customer_id):
        return "engagement_of_another"
    stage = found.stage(now_us)
    return _REASONS[stage] if stage in _REASONS else _in_stage(offer, found, stage)


def _in_stage(offer: Offer, found: Engagement, stage: Stage) -> Offer | Reason:
    rules = found.rules
    if isinstance(rules, Bargain):
        if rules.must_reach_floor and stage != "reached":
            return "floor_not_reached"
        price = FixedPriceBenefit(found.now_costs, Pick("dearest", 1))
        return offer.giving(compile_benefit(price))
    if isinstance(rules, Presale):
        return offer.giving(compile_benefit(FixedBenefit(rules.deposit_worth)))
    return "group_not_full" if stage == "open" else offer
