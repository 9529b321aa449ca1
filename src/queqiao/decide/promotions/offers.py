"""A promotion document made ready for matching and pricing."""

from hashlib import blake2b
from typing import Any

import msgspec
from msgspec.structs import replace

from queqiao.decide.promotions.benefits.compiled import Compiled
from queqiao.decide.promotions.benefits.compiling import compile_benefit
from queqiao.decide.promotions.benefits.sums import Nothing, Sum
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
from queqiao.decide.promotions.totals.funding import parties_of
from queqiao.kernel import json
from queqiao.kernel.clock import DEFAULT_ZONE, parse_rfc3339
from queqiao.kernel.money import DEFAULT_CURRENCY

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
    ``home_currency`` is the shop's: a budget is in it where the document names no currency.
    What every quote reads stands first: hundreds of offers hold for a cart, and each is somewhere
    else in memory.
    """

    benefit: Compiled
    is_short: bool
    """Its benefit reads the sum that its goods cost; no count of units and nothing beside it."""
    subtotal_at_least: int
    id: str
    name: str
    funding: tuple[int, int, int]
    quantity_at_least: int
    asks: bool
    """What stands beside it matters: it is exclusive, or names what it stands with or without."""
    mechanic: Any
    reward: Reward | None
    code_batch: str | None
    holdback_below: int
    holdback_salt: int
    exclusive: bool
    layer: Layer
    group: str | None
    order: tuple[int, int, str]
    priority: int
    stated: Benefit
    scope: Scope
    tree: Node | None
    plan: Plan
    currency: str | None
    batches: tuple[str, ...]
    starts_us: int
    ends_us: int
    limits: Limits
    digest: int
    home_currency: str
    bounded: bool
    """Uses or money of it are limited, so an order may be refused it."""
    reducible: Any
    """The benefit as written, where the last use gets what is left of the budget."""
    combines_with: frozenset[str] | None
    excludes: frozenset[str]

    def giving(self, benefit: Compiled) -> "Offer":
        """Return the offer with another benefit."""
        is_short = _is_short(benefit, self.quantity_at_least, asks=self.asks)
        return replace(self, benefit=benefit, is_short=is_short)


def _is_short(benefit: Compiled, quantity_at_least: int, *, asks: bool) -> bool:
    is_on_sum = isinstance(benefit, Sum) and not benefit.reads_quantity
    return is_on_sum and not quantity_at_least and not asks


def compile_offer(
    promotion_id: str,
    document: PromotionDocument,
    zone: str = DEFAULT_ZONE,
    currency: str = DEFAULT_CURRENCY,
) -> Offer:
    """Return the offer of a document that has passed its check; zone and currency are the shop's.

    A promotion with a budget is in one currency, so that its money adds up.
    """
    condition, funding = document.condition, document.funding
    own = condition.goods is None
    tree, layer = _tree(document, zone), layer_of(document)
    own_batch = () if document.code_batch is None else (document.code_batch,)
    reward, combines = compile_reward(document.benefit), document.combines_with
    benefit = compile_benefit(document.benefit) if reward is None else NOTHING
    quantity_at_least = (own and condition.quantity_at_least) or 0
    asks = document.exclusive or combines is not None or bool(document.excludes)
    return Offer(
        id=promotion_id,
        name=document.name,
        order=(_LAYERS[layer], -document.priority, promotion_id),
        layer=layer,
        priority=document.priority,
        exclusive=document.exclusive,
        benefit=benefit,
        is_short=_is_short(benefit, quantity_at_least, asks=asks),
        stated=document.benefit,
        subtotal_at_least=(own and condition.reads is None and condition.subtotal_at_least) or 0,
        quantity_at_least=quantity_at_least,
        scope=document.scope,
        tree=tree,
        plan=plan(tree),
        currency=document.currency or (currency if document.limits.budget else None),
        code_batch=document.code_batch,
        batches=tuple(dict.fromkeys((*own_batch, *named_batches(condition)))),
        starts_us=0 if document.starts_at is None else parse_rfc3339(document.starts_at),
        ends_us=FOREVER_US if document.ends_at is None else parse_rfc3339(document.ends_at),
        limits=document.limits,
        funding=parties_of(funding.platform, funding.shop, funding.brand),
        digest=digest(promotion_id, document),
        home_currency=currency,
        bounded=_is_bounded(document.limits),
        reward=reward,
        mechanic=document.mechanic,
        holdback_below=below_of(percent_of(document)),
        holdback_salt=salt_of(promotion_id),
        reducible=document.benefit if document.limits.budget_end == "reduce" else None,
        group=document.group,
        combines_with=None if combines is None else frozenset(combines),
        excludes=frozenset(document.excludes),
        asks=asks,
    )


def _is_bounded(limits: Limits) -> bool:
    uses = (
        limits.total,
        limits.per_day,
        limits.per_customer,
        limits.per_customer_per_day,
        limits.per_device,
    )
    has_budget = limits.budget is not None and limits.budget_end != "go_on"
    return has_budget or any(use is not None for use in uses)


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
