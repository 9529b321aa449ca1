"""A promotion document made ready for matching and pricing."""

from hashlib import blake2b
from typing import Any

import msgspec

from queqiao.decide.promotions.benefits.compiled import Compiled
from queqiao.decide.promotions.benefits.compiling import compile_benefit
from queqiao.decide.promotions.benefits.sums import Nothing
from queqiao.decide.promotions.documents.benefit import Benefit
from queqiao.decide.promotions.documents.coupon_batch import CouponBatchDocument
from queqiao.decide.promotions.documents.profile import LAYERS, Layer
from queqiao.decide.promotions.documents.promotion import Limits, PromotionDocument
from queqiao.decide.promotions.documents.scope import Scope
from queqiao.decide.promotions.holdback import below_of, percent_of, salt_of
from queqiao.decide.promotions.layers import layer_of
from queqiao.decide.promotions.matching.clauses import Plan, plan
from queqiao.decide.promotions.matching.compiling import (
    compile_condition,
    named_batches,
    without_own_bounds,
)
from queqiao.decide.promotions.matching.fact_leaves import NamesLeaf
from queqiao.decide.promotions.matching.goods_test import in_scope
from queqiao.decide.promotions.matching.index import FOREVER_US
from queqiao.decide.promotions.matching.tree import Node, all_of
from queqiao.decide.promotions.totals.compiled import Reward, compile_reward
from queqiao.kernel import json
from queqiao.kernel.clock import DEFAULT_ZONE, parse_rfc3339

__all__ = ["DIGEST_BYTES", "FOREVER_US", "Offer", "compile_offer", "digest", "in_scope"]

NOTHING = Nothing()
DIGEST_BYTES = 12
_LAYERS: dict[Layer, int] = {layer: place for place, layer in enumerate(LAYERS)}


class Offer(msgspec.Struct, frozen=True, gc=False):
    """One promotion, ready to compute. Times are UTC microseconds, amounts minor units.

    ``stated``: the benefit as the document says it; ``benefit``: as it is computed.
    ``subtotal_at_least`` and ``quantity_at_least`` are of the goods in scope, the former as the
    profile reads it. ``tree`` is the rest of the condition, its code among it; ``plan`` says what
    of it bits answer. ``order`` sorts offers in the default way: by layer, higher priority, id.
    ``batches`` are the coupon batches that it names, its own first; ``digest`` is of its document.
    """

    id: str
    name: str
    order: tuple[int, int, str]
    layer: Layer
    priority: int
    exclusive: bool
    benefit: Compiled
    stated: Benefit
    subtotal_at_least: int
    quantity_at_least: int
    scope: Scope
    tree: Node | None
    plan: Plan
    currency: str | None
    code_batch: str | None
    batches: tuple[str, ...]
    starts_us: int
    ends_us: int
    limits: Limits
    funding: tuple[int, int, int]
    digest: int
    reward: Reward | None = None
    mechanic: Any = None
    holdback_below: int = 0
    holdback_salt: int = 0
    reducible: Any = None
    """The benefit as written, where the last use gets what is left of the budget."""
    group: str | None = None
    combines_with: frozenset[str] | None = None
    excludes: frozenset[str] = frozenset()
    asks: bool = False
    """What stands beside it matters: it is exclusive, or names what it stands with or without."""


def compile_offer(
    promotion_id: str, document: PromotionDocument, zone: str = DEFAULT_ZONE
) -> Offer:
    """Return the offer of a document that has passed its check; ``zone`` is the shop's."""
    condition, funding = document.condition, document.funding
    own = condition.goods is None
    tree, layer = _tree(document, zone), layer_of(document)
    own_batch = () if document.code_batch is None else (document.code_batch,)
    reward, combines = compile_reward(document.benefit), document.combines_with
    return Offer(
        id=promotion_id,
        name=document.name,
        order=(_LAYERS[layer], -document.priority, promotion_id),
        layer=layer,
        priority=document.priority,
        exclusive=document.exclusive,
        benefit=compile_benefit(document.benefit) if reward is None else NOTHING,
        stated=document.benefit,
        subtotal_at_least=(own and condition.reads is None and condition.subtotal_at_least) or 0,
        quantity_at_least=(own and condition.quantity_at_least) or 0,
        scope=document.scope,
        tree=tree,
        plan=plan(tree),
        currency=document.currency,
        code_batch=document.code_batch,
        batches=tuple(dict.fromkeys((*own_batch, *named_batches(condition)))),
        starts_us=0 if document.starts_at is None else parse_rfc3339(document.starts_at),
        ends_us=FOREVER_US if document.ends_at is None else parse_rfc3339(document.ends_at),
        limits=document.limits,
        funding=(funding.platform, funding.shop, funding.brand),
        digest=digest(promotion_id, document),
        reward=reward,
        mechanic=document.mechanic,
        holdback_below=below_of(percent_of(document)),
        holdback_salt=salt_of(promotion_id),
        reducible=document.benefit if document.limits.budget_end == "reduce" else None,
        group=document.group,
        combines_with=None if combines is None else frozenset(combines),
        excludes=frozenset(document.excludes),
        asks=document.exclusive or combines is not None or bool(document.excludes),
    )


def digest(name: str, document: PromotionDocument | CouponBatchDocument) -> int:
    """Return the digest of a document under its id.

    That of rules is the sum of them, so that a change takes one away and adds another, and the
    order of the documents does not matter.
    """
    found = blake2b(json.encode((name, document)), digest_size=DIGEST_BYTES).digest()
    return int.from_bytes(found, "big")


def _tree(document: PromotionDocument, zone: str) -> Node | None:
    tree = compile_condition(without_own_bounds(document.condition), zone)
    if document.code_batch is None:
        return tree
    code = NamesLeaf("code", frozenset((document.code_batch,)))
    return code if tree is None else all_of((tree, code))
