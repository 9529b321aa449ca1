"""What a click is worth to a campaign: conversions and order value, as far as they are known.

Both are counted over the last weeks and smoothed: a campaign that nobody knows is taken for an
average one of the shop. A conversion is an ``Ad Converted`` or, where a shop does not tell them, an
order that was attributed to the campaign.
"""

from collections.abc import Mapping

from msgspec import Struct

from queqiao.decide.ads.auction import THOUSAND, Pricing
from queqiao.decide.ads.click_rate import CLICKS, CONVERSIONS, RATE_UNIT
from queqiao.decide.ads.contracts import SOURCE
from queqiao.kernel.clock import DAY_US
from queqiao.ports.warehouse.base import Warehouse

WINDOW_DAYS = 28
PRIOR_CLICKS = 50
"""So many clicks of its own count as much as what the shop's other campaigns tell."""
PRIOR_ADS = 400
"""The same of its own ads, for how often they are clicked."""
PRIOR_CLICK_RATE = CLICKS.rate / RATE_UNIT
PRIOR_RATE = CONVERSIONS.rate / RATE_UNIT
"""Clicks of an ad and conversions of a click where a shop knows of none."""

_CLICKS = """
select campaign_id, countIf(event = 'Ad Served'),
       countIf(event = 'Ad Clicked') - countIf(event = 'Ad Click Refunded'),
       countIf(event = 'Ad Converted')
from history
where source = {source:String} and campaign_id != ''
  and event in ('Ad Served', 'Ad Clicked', 'Ad Click Refunded', 'Ad Converted')
  and timestamp >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
group by campaign_id
"""

_ORDERS = """
select campaign_id, uniqExact(order_id), sum(amount_minor)
from order_lines
where campaign_id != '' and time >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
group by campaign_id
"""


class Results(Struct, frozen=True):
    """What came of a campaign's ads."""

    ads: int = 0
    clicks: int = 0
    conversions: int = 0
    value_minor: int = 0


class Worth(Struct, frozen=True):
    """What is expected of one impression and one click."""

    clicks_of_an_ad: float
    conversions_of_a_click: float
    value_of_a_click: float

    def cost(self, pricing: Pricing) -> float:
        """Return what an impression is expected to cost at a price of 1."""
        if pricing == "ocpm":
            return 1 / THOUSAND
        return self.bid(pricing)

    def bid(self, pricing: Pricing) -> float:
        """Return what a bid of 1 comes to for an impression."""
        if pricing == "cpm":
            return 1 / THOUSAND
        if pricing == "cpc":
            return self.clicks_of_an_ad
        return self.clicks_of_an_ad * self.conversions_of_a_click


async def results(warehouse: Warehouse, since_us: int) -> dict[str, Results]:
    """Return what came of each campaign since a moment."""
    asked = {"source": SOURCE, "since": since_us}
    orders = {
        campaign: (count, value)
        for campaign, count, value in (await warehouse.query(_ORDERS, asked)).rows
    }
    counted = {row[0]: row[1:] for row in (await warehouse.query(_CLICKS, asked)).rows}
    found = {}
    for campaign in counted.keys() | orders.keys():
        ads, clicks, conversions = counted.get(campaign, (0, 0, 0))
        ordered, value = orders.get(campaign, (0, 0))
        found[campaign] = Results(ads, max(0, clicks), max(conversions, ordered), value)
    return found


async def recent_results(warehouse: Warehouse, now_us: int) -> dict[str, Results]:
    """Return what came of each campaign in the last WINDOW_DAYS."""
    return await results(warehouse, now_us - WINDOW_DAYS * DAY_US)


def worth_of(known: Mapping[str, Results], campaign_id: str) -> Worth:
    """Return what a campaign's ads and clicks are worth."""
    ads = sum(each.ads for each in known.values())
    clicks = sum(each.clicks for each in known.values())
    conversions = sum(each.conversions for each in known.values())
    value = sum(max(0, each.value_minor) for each in known.values()) / max(1, clicks)
    clicking = (clicks + PRIOR_ADS * PRIOR_CLICK_RATE) / (ads + PRIOR_ADS)
    converting = (conversions + PRIOR_CLICKS * PRIOR_RATE) / (clicks + PRIOR_CLICKS)
    own = known.get(campaign_id, Results())
    weight = own.clicks + PRIOR_CLICKS
    return Worth(
        (own.clicks + PRIOR_ADS * clicking) / (own.ads + PRIOR_ADS),
        (own.conversions + PRIOR_CLICKS * converting) / weight,
        (max(0, own.value_minor) + PRIOR_CLICKS * value) / weight,
    )
