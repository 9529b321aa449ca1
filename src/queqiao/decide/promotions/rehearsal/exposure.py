"""The most that a promotion's own bounds let it give away, in money: uses times a use, or a budget.

A bound of uses alone says nothing in money, and a bound per customer bounds nobody who makes
accounts. So the worst is reckoned: as often as limits and codes allow, the largest of the carts
that are tried, never more than a cap or a budget that stops.
"""

from collections.abc import Iterator
from typing import NamedTuple

from queqiao.catalog.contracts import Goods
from queqiao.decide.promotions.documents.benefit import Benefit, is_reducible
from queqiao.decide.promotions.documents.coupon_batch import CouponBatchDocument
from queqiao.decide.promotions.documents.promotion import PromotionDocument
from queqiao.decide.promotions.rehearsal.asks import conditions_of
from queqiao.decide.promotions.rehearsal.shelf import Shelf
from queqiao.decide.promotions.rehearsal.trials import Amounts
from queqiao.kernel.clock import DAY_US, parse_rfc3339
from queqiao.kernel.errors import Message

UNITS_MAX = 1_000
"""How many units the largest carts hold."""

WIDE = 50
"""How many different goods the widest cart holds."""


class Exposure(NamedTuple):
    """``uses`` and ``budget`` bound a promotion as far as they are given; ``a_use`` is the most
    that one use was found to give. All money is in minor units."""

    a_use: int
    uses: int | None
    budget: int | None

    @property
    def worst(self) -> int | None:
        """The most it gives away in all; None without a bound."""
        bounds = [self.budget] if self.budget is not None else []
        if self.uses is not None:
            bounds.append(self.uses * self.a_use)
        return min(bounds, default=None)

    def said(self, most: int) -> Message:
        """Return why this is more than ``most``, and the cure."""
        worst, how_zh, how_en = self.worst, "", ""
        if worst is None:
            return Message(
                f"没有金额上的上限（每人限次不算），请把预算设到 {most} 以内或申请批准",
                "without a bound in money (one per customer is none): set a budget of at most"
                f" {most}, or have it approved",
            )
        if self.budget is not None and worst == self.budget:
            how_zh, how_en = "按预算", "by its budget"
        else:
            how_zh = f"{self.uses} 次 × 每次最多 {self.a_use}"
            how_en = f"{self.uses} uses × at most {self.a_use} each"
        return Message(
            f"最多可让出 {worst}（{how_zh}），超过店铺的 {most}，"
            f"请把预算设到 {most} 以内或申请批准",
            f"its bounds let it give away {worst} ({how_en}), more than the shop's {most}: set a"
            f" budget of at most {most}, or have it approved",
        )


def exposure_of(
    document: PromotionDocument, batch: CouponBatchDocument | None, a_use: int, now_us: int
) -> Exposure:
    """Return what bounds a promotion from ``now_us`` on; ``batch`` is that of its codes."""
    limits = document.limits
    stops = limits.budget is not None and limits.budget_end != "go_on"
    uses = min([*_uses(document, now_us), *_uses_of_codes(batch)], default=None)
    cap = _cap(document.benefit)
    return Exposure(
        a_use if cap is None else min(a_use, cap), uses, limits.budget if stops else None
    )


def largest_carts(document: PromotionDocument, shelf: Shelf) -> Iterator[Amounts]:
    """Yield carts on which one use gives most: many of the dearest goods, then fewer of them.

    Also some of many goods, and as many as a condition allows at most.
    """
    dearest = shelf.dearest()
    if dearest is None:
        return
    wide = shelf.dearest_of(WIDE)
    if len(wide) > 1:
        each = UNITS_MAX // len(wide)
        yield tuple(sorted((one.sku, each) for one in wide))
    for quantity in sorted({*_ladder(), *_allowed(document, dearest)}, reverse=True):
        yield ((dearest.sku, quantity),)


def _ladder() -> Iterator[int]:
    quantity = UNITS_MAX
    while quantity:
        yield quantity
        quantity //= 2


def _allowed(document: PromotionDocument, goods: Goods) -> Iterator[int]:
    """Yield the largest quantities that conditions with an upper bound let through."""
    for one in conditions_of(document.condition):
        if one.quantity_at_most:
            yield min(one.quantity_at_most, UNITS_MAX)
        if one.subtotal_at_most and goods.price_minor:
            yield min(max(1, one.subtotal_at_most // goods.price_minor), UNITS_MAX)


def _uses(document: PromotionDocument, now_us: int) -> Iterator[int]:
    limits = document.limits
    if limits.total is not None:
        yield limits.total
    if limits.per_day is not None and document.ends_at is not None:
        starts = document.starts_at
        from_us = now_us if starts is None else max(now_us, parse_rfc3339(starts))
        until_us = parse_rfc3339(document.ends_at)
        days = -(-max(0, until_us - from_us) // DAY_US) + 1  # its first and last may be parts
        yield limits.per_day * days


def _uses_of_codes(batch: CouponBatchDocument | None) -> Iterator[int]:
    if batch is None:
        return
    codes = batch.count if batch.codes is None else len(batch.codes)
    if codes is not None:
        yield codes * batch.uses_per_code
    if batch.uses_total is not None:
        yield batch.uses_total


def _cap(benefit: Benefit) -> int | None:
    """Return the most money that one use gives, where the document says so."""
    cap: int | None = getattr(benefit, "cap", None) if is_reducible(benefit) else None
    return cap
