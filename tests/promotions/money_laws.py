"""The laws of money as one function: what is wrong with an answer. Nothing ever may be."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from queqiao.decide.promotions.documents.profile import Profile
from queqiao.decide.promotions.quote_types import AppliedPromotion, Quote, QuotedLine


class Bounds(NamedTuple):
    """What bounds discounts beside the profile: minimum prices by SKU, caps by promotion."""

    minimum: Mapping[str, int]
    caps: Mapping[str, int]


def violations(answer: Quote, profile: Profile, bounds: Bounds) -> Iterator[str]:
    """Yield the name of each law that an answer breaks."""
    for line in answer.lines:
        yield from _of_line(line, profile, bounds.minimum.get(line.sku, 0))
    totals = answer.totals
    if sum(line.discount for line in answer.lines) != totals.discount:
        yield "lines add up to the discount"
    if sum(line.total for line in answer.lines) != totals.items - totals.discount:
        yield "lines add up to the total"
    if sum(item.amount for item in answer.applied if item.kind == "items") != totals.discount:
        yield "promotions add up to the discount"
    if any(item.amount <= 0 for item in answer.applied if item.kind == "items"):
        yield "what is applied gives something"
    if any(
        item.amount > bounds.caps.get(item.promotion_id, item.amount) for item in answer.applied
    ):
        yield "no promotion gives more than its cap"
    for item in answer.applied:
        funding = item.funding
        if funding.platform + funding.shop + funding.brand != item.amount + item.value:
            yield "who pays adds up"
        yield from _by_shop(item)
    yield from _around(answer, profile)
    yield from _caps(answer, profile)


def _by_shop(item: AppliedPromotion) -> Iterator[str]:
    rows, funding = item.funding_by_shop, item.funding
    for name in ("platform", "shop", "brand") if rows else ():
        if sum(getattr(row, name) for row in rows) != getattr(funding, name):
            yield "who pays adds up over the shops"
    if any(min(row.platform, row.shop, row.brand) < 0 for row in rows):
        yield "no shop pays less than nothing"


def _around(answer: Quote, profile: Profile) -> Iterator[str]:
    """Yield the laws of delivery, taxes, points and cards that an answer breaks."""
    totals, shipping = answer.totals, answer.shipping
    if sum(item.amount for item in answer.applied if item.kind == "shipping") != shipping.discount:
        yield "promotions add up to the discount on delivery"
    if not 0 <= shipping.discount <= shipping.amount:
        yield "delivery costs from nothing to its price"
    taxes = sum(line.tax for line in answer.lines) + shipping.tax
    if taxes != totals.tax or sum(row.tax for row in answer.taxes) != totals.tax:
        yield "taxes add up"
    if any(sum(unit.tax for unit in line.units) != line.tax for line in answer.lines):
        yield "taxes of units add up to the line's"
    on_top = totals.tax if profile.tax == "exclusive" else 0
    if totals.total != totals.items - totals.discount + shipping.total + on_top:
        yield "the total is the sum of its parts"
    if sum(payment.amount for payment in answer.payments) + totals.due != totals.total:
        yield "cards and what is due are the total"
    if answer.points.earned != sum(item.points for item in answer.applied):
        yield "points add up"


def _of_line(line: QuotedLine, profile: Profile, minimum: int) -> Iterator[str]:
    if len(line.units) != line.quantity:
        yield "every unit is there"
    if sum(unit.discount for unit in line.units) != line.discount:
        yield "discounts of units add up to the line's"
    if sum(unit.total for unit in line.units) != line.total:
        yield "units add up to the line"
    if line.discount + line.total != line.unit_price * line.quantity:
        yield "discount and total are the price"
    if sum(share.amount for share in line.applied) != line.discount:
        yield "promotions add up to the line's discount"
    floor = min(minimum, line.unit_price)
    if any(not floor <= unit.total <= line.unit_price for unit in line.units):
        yield "no unit below its minimum price or 0, none above its price"
    if profile.line_cap_percent is not None:
        whole = line.unit_price * line.quantity
        if line.discount * 100 > whole * profile.line_cap_percent:
            yield "no line gives more than its cap"


def _caps(answer: Quote, profile: Profile) -> Iterator[str]:
    discount, items = answer.totals.discount, answer.totals.items
    if profile.order_cap is not None and discount > profile.order_cap:
        yield "the order gives no more than its cap"
    percent = profile.order_cap_percent
    if percent is not None and discount * 100 > items * percent:
        yield "the order gives no more than its share"
