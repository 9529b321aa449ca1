"""What an engagement makes of a promotion in a quote: nothing, its benefit, or another price."""

from collections.abc import Mapping

from msgspec import structs

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
) -> tuple[list[Placed], list[Unmet]]:
    """Return the offers as the cart's engagements make them, and those that give nothing so."""
    if all(item.offer.mechanic is None for item in placed):
        return placed, []
    kept: list[Placed] = []
    unmet: list[Unmet] = []
    for item in placed:
        if item.offer.mechanic is None:
            kept.append(item)
            continue
        found = engaged(item.offer, engagements.get(item.offer.id), customer_id, now_us)
        if isinstance(found, Offer):
            kept.append(structs.replace(item, offer=found))
        else:
            unmet.append(Unmet(item, found))
    return kept, unmet


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
        return structs.replace(offer, benefit=compile_benefit(price))
    if isinstance(rules, Presale):
        return structs.replace(offer, benefit=compile_benefit(FixedBenefit(rules.deposit_worth)))
    return "group_not_full" if stage == "open" else offer
