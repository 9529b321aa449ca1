"""A promotion document made ready for matching and pricing."""

import msgspec

from queqiao.catalog.contracts import Facts
from queqiao.decide.promotions.benefits.compiled import Compiled
from queqiao.decide.promotions.benefits.compiling import compile_benefit
from queqiao.decide.promotions.benefits.sums import Nothing
from queqiao.decide.promotions.documents.profile import Layer
from queqiao.decide.promotions.documents.promotion import Limits, PromotionDocument
from queqiao.decide.promotions.documents.scope import Scope
from queqiao.decide.promotions.layers import layer_of
from queqiao.decide.promotions.totals.compiled import Reward, compile_reward
from queqiao.kernel.clock import parse_rfc3339

NOTHING = Nothing()
FOREVER_US = 2**62
"""The end of a promotion that names none."""


class Offer(msgspec.Struct, frozen=True, gc=False):
    """One promotion, ready to compute. Times are UTC microseconds, amounts minor units."""

    id: str
    name: str
    layer: Layer
    priority: int
    exclusive: bool
    benefit: Compiled
    subtotal_at_least: int
    quantity_at_least: int
    scope: Scope
    segments: tuple[str, ...]
    channels: tuple[str, ...]
    currency: str | None
    code_batch: str | None
    starts_us: int
    ends_us: int
    limits: Limits
    funding: tuple[int, int, int]
    reward: Reward | None = None


def compile_offer(promotion_id: str, document: PromotionDocument) -> Offer:
    """Return the offer of a document that has passed its check."""
    condition, funding = document.condition, document.funding
    reward = compile_reward(document.benefit)
    return Offer(
        id=promotion_id,
        name=document.name,
        layer=layer_of(document),
        priority=document.priority,
        exclusive=document.exclusive,
        benefit=compile_benefit(document.benefit) if reward is None else NOTHING,
        subtotal_at_least=condition.subtotal_at_least or 0,
        quantity_at_least=condition.quantity_at_least or 0,
        scope=document.scope,
        segments=condition.segments_any,
        channels=condition.channels_any,
        currency=document.currency,
        code_batch=document.code_batch,
        starts_us=0 if document.starts_at is None else parse_rfc3339(document.starts_at),
        ends_us=FOREVER_US if document.ends_at is None else parse_rfc3339(document.ends_at),
        limits=document.limits,
        funding=(funding.platform, funding.shop, funding.brand),
        reward=reward,
    )


def in_scope(scope: Scope, sku: str, facts: Facts) -> bool:
    """Say whether goods are in a scope: any list names them, or all lists are empty."""
    if not (scope.skus or scope.categories or scope.brands or scope.shops or scope.tags):
        return True
    return (
        sku in scope.skus
        or facts.brand in scope.brands
        or facts.shop in scope.shops
        or not set(scope.categories).isdisjoint(facts.categories)
        or not set(scope.tags).isdisjoint(facts.tags)
    )
