"""What the shop can keep just now of what ads promise, and so which campaigns have to rest.

What there is of goods, promotions, coupons and flash sales comes as data: ads do not know how any
of them works. It is looked at several times a second, so an ad stops within a second of the last
piece, coupon or minor unit, and is back as soon.
"""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

from queqiao.decide.ads.contracts import Campaign, Creative
from queqiao.decide.ads.promises.margin import Margins, part_of

Gone = Literal[
    "out_of_stock",
    "promotion_not_live",
    "promotion_used_up",
    "coupons_not_live",
    "coupons_used_up",
    "flash_sale_not_live",
    "flash_sale_sold_out",
    "no_margin",
]
"""Why a campaign rests: each of its creatives shows goods that are out of stock, what it promises
is over or used up, or its bid follows a margin of which promotions leave nothing."""

_NONE: Mapping[str, Gone] = MappingProxyType({})


class Standing(NamedTuple):
    """What cannot be kept now: SKUs out of stock, and by id what gives nothing, with the reason.

    ``sold_out_in`` has by flash sale the SKUs that it has none of any more; ``margins`` are of the
    goods of campaigns whose bids follow them.
    """

    out_of_stock: frozenset[str] = frozenset()
    promotions: Mapping[str, Gone] = _NONE
    coupon_batches: Mapping[str, Gone] = _NONE
    flash_sales: Mapping[str, Gone] = _NONE
    sold_out_in: Mapping[str, frozenset[str]] = MappingProxyType({})
    margins: Margins = MappingProxyType({})


ALL_KEPT = Standing()
"""Everything that ads promise is there."""


class Asked(NamedTuple):
    """What live campaigns promise: what a standing has to know of.

    ``priced`` are the goods of campaigns whose bids follow the margin.
    """

    skus: frozenset[str]
    priced: frozenset[str]
    promotions: frozenset[str]
    coupon_batches: frozenset[str]
    flash_sales: frozenset[str]


def asked_of(campaigns: Iterable[Campaign]) -> Asked:
    """Return what campaigns promise, all of them together."""
    skus: set[str] = set()
    priced: set[str] = set()
    named: tuple[set[str], set[str], set[str]] = (set(), set(), set())
    for campaign in campaigns:
        shown_here = {each.sku for each in campaign.creatives if each.sku is not None}
        skus |= shown_here
        if campaign.bid_follows_margin:
            priced |= shown_here
        if (promises := campaign.promises) is not None:
            named[0].update(promises.promotions)
            named[1].update(promises.coupon_batches)
            named[2].update(promises.flash_sales)
    return Asked(frozenset(skus), frozenset(priced), *map(frozenset, named))


def gone_of(campaigns: Mapping[str, Campaign], standing: Standing) -> dict[str, Gone]:
    """Return the campaigns that have to rest, each with the first reason."""
    if standing == ALL_KEPT:
        return {}
    found = ((name, _gone(campaign, standing)) for name, campaign in campaigns.items())
    return {name: gone for name, gone in found if gone is not None}


def shown(campaign: Campaign, creatives: list[Creative], standing: Standing) -> list[Creative]:
    """Return those creatives of a campaign whose goods are there."""
    missing = _missing(campaign, standing)
    return [each for each in creatives if each.sku not in missing] if missing else creatives


def _gone(campaign: Campaign, standing: Standing) -> Gone | None:
    over = next(_over(campaign, standing), None)
    if over is not None:
        return over
    missing = _missing(campaign, standing)
    if missing and all(each.sku in missing for each in campaign.creatives):
        return "out_of_stock"
    return None if part_of(campaign, standing.margins) else "no_margin"


def _over(campaign: Campaign, standing: Standing) -> Iterator[Gone]:
    promises = campaign.promises
    if promises is None:
        return
    for named, gone in (
        (promises.promotions, standing.promotions),
        (promises.coupon_batches, standing.coupon_batches),
        (promises.flash_sales, standing.flash_sales),
    ):
        yield from (gone[each] for each in named if each in gone)


def _missing(campaign: Campaign, standing: Standing) -> frozenset[str]:
    """Return the SKUs that a campaign's creatives cannot show."""
    promises = campaign.promises
    if promises is None or not promises.flash_sales:
        return standing.out_of_stock
    in_sales = (standing.sold_out_in.get(each, frozenset()) for each in promises.flash_sales)
    return standing.out_of_stock.union(*in_sales)
