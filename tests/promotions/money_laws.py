"""The laws of money as one function: what is wrong with an answer. Nothing ever may be."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from queqiao.decide.promotions.documents.profile import Profile
from queqiao.decide.promotions.quote_types import Quote, QuotedLine


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
    yield from _caps(answer, profile)


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
