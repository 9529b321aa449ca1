"""Ads that go up when the store's history ends: bids by themselves, deals, house ads."""

from datetime import date, timedelta
from typing import Any, Final

from queqiao.demo.documents import PLACEMENTS, creatives
from queqiao.demo.goods import CURRENCY, Good

Document = dict[str, Any]

GUARANTEED_IMPRESSIONS: Final = 70
GUARANTEED_DAYS: Final = 7


def later_campaigns(goods: list[Good]) -> dict[str, Document]:
    """Return the campaigns: a target cost, one that follows the margin, one booked, the house's."""
    steady = {"kind": "tcpa", "target_minor": 9_000, "pacing": "even"}
    return {
        "snack-orders": _campaign(
            "零食满仓", "hemu", "食品生鲜", goods, bid_minor=1_500, strategy=steady
        ),
        "sport-margin": _campaign(
            "运动季", "yunfan", "运动户外", goods, bid_minor=950, bid_follows_margin=True
        ),
        "brand-day": _campaign(
            "品牌日", "qingshi", "手机数码", goods, bid_minor=0, daily_budget_minor=0, sold="booked"
        ),
        "house-members": {
            **_frame("会员招募", "鹊桥优选"),
            "bid_minor": 0,
            "daily_budget_minor": 0,
            "sold": "house",
            "creatives": [
                {
                    "id": "join",
                    "title": "加入会员 · Become a member",
                    "landing_url": "https://store.example/members",
                }
            ],
        },
    }


def later_deals(today: date) -> dict[str, Document]:
    """Return the deals: a week of the front page that is promised, and a floor for a partner."""
    first, last = today + timedelta(days=1), today + timedelta(days=GUARANTEED_DAYS)
    return {
        "brand-day-week": {
            "name": "品牌日首页保量",
            "kind": "guaranteed",
            "currency": CURRENCY,
            "cpm_minor": 6_000,
            "campaign": "brand-day",
            "placements": ["home-banner"],
            "from_day": first.isoformat(),
            "to_day": last.isoformat(),
            "impressions": GUARANTEED_IMPRESSIONS,
        },
        "beauty-preferred": {
            "name": "美妆优先合约",
            "kind": "preferred",
            "currency": CURRENCY,
            "cpm_minor": 3_000,
            "placements": ["list-top"],
            "advertisers": ["zhixia"],
        },
    }


def _campaign(
    name: str, advertiser: str, category: str, goods: list[Good], **more: Any
) -> Document:
    return {
        **_frame(name, advertiser),
        "daily_budget_minor": 20_000,
        "product_categories": [category],
        "creatives": creatives(name, category, goods),
        **more,
    }


def _frame(name: str, advertiser: str) -> Document:
    return {
        "name": name,
        "advertiser": advertiser,
        "placements": list(PLACEMENTS),
        "currency": CURRENCY,
    }
