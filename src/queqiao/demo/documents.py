"""What the living store's operators wrote: placements, campaigns, promotions, codes, segments."""

from random import Random
from typing import Any, Final

from queqiao.demo.goods import CURRENCY, Good

PLACEMENTS: Final = {
    "home-banner": {"name": "首页横幅", "floor_minor": 2400, "currency": CURRENCY},
    "list-top": {
        "name": "列表页置顶",
        "floor_minor": 240,
        "currency": CURRENCY,
        "floors": [{"floor_minor": 300, "hours": ["0" * 38 + "1" * 8 + "0" * 2] * 7}],
    },
    "product-related": {
        "name": "商品页相关位",
        "floor_minor": 180,
        "currency": CURRENCY,
        "channel": "app",
    },
}

SEGMENTS: Final = {
    "digital-lovers": {
        "name": "数码爱好者",
        "expression": {
            "all": [
                {
                    "field": "category_interest",
                    "category": "手机数码",
                    "op": ">=",
                    "value": 0.3,
                },
                {"field": "recency_days", "op": "<=", "value": 30},
            ]
        },
    },
    "loyal-buyers": {
        "name": "高价值老客",
        "expression": {
            "all": [
                {"field": "orders", "op": ">=", "value": 2},
                {"field": "spent_minor", "op": ">=", "value": 50_000},
            ]
        },
    },
}

NEWCOMER_BATCH: Final = "newcomer"
WRONG_CODES: Final = ("SUMMER2019", "VIP888", "FREE100")
"""Codes that shoppers try and that were never issued."""


def newcomer_codes(shoppers: int, chance: Random) -> list[str]:
    """Return one code a shopper, all different."""
    letters = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
    return [
        f"NEW{number:04d}" + "".join(chance.choices(letters, k=5)) for number in range(shoppers)
    ]


def coupon_batches(codes: list[str]) -> dict[str, dict[str, Any]]:
    """Return the newcomers' batch: each code once, each customer once."""
    batch = {"name": "新人券", "codes": codes, "uses_per_code": 1, "uses_per_customer": 1}
    return {NEWCOMER_BATCH: batch}


PROMOTIONS: Final[dict[str, dict[str, Any]]] = {
    "over-300-less-40": {
        "name": "全场满300减40，满600减100",
        "priority": 10,
        "benefit": {
            "type": "threshold",
            "tiers": [
                {"at_least": 30_000, "discount": 4_000},
                {"at_least": 60_000, "discount": 10_000},
            ],
        },
        "currency": CURRENCY,
        "limits": {"budget": 4_000_000, "budget_end": "reduce"},
        "funding": {"platform": 60, "shop": 40, "brand": 0},
        "holdback_percent": "20",
    },
    "fashion-10-off": {
        "name": "服饰鞋包 9 折",
        "priority": 20,
        "scope": {"categories": ["服饰鞋包"]},
        "benefit": {"type": "percent", "percent": "10", "cap": 20_000},
        "currency": CURRENCY,
        "limits": {"budget": 1_000_000, "per_customer": 20},
        "funding": {"platform": 0, "shop": 50, "brand": 50},
    },
    "newcomer-20": {
        "name": "新人券：满99减20",
        "priority": 5,
        "condition": {"subtotal_at_least": 9_900},
        "benefit": {"type": "fixed", "amount": 2_000},
        "code_batch": NEWCOMER_BATCH,
        "limits": {"per_customer": 1},
    },
    "appliance-50": {
        "name": "家电直降50",
        "priority": 15,
        "scope": {"categories": ["家用电器"]},
        "condition": {"subtotal_at_least": 50_000},
        "benefit": {"type": "fixed", "amount": 5_000},
        "limits": {"total": 500, "per_customer": 10},
        "funding": {"platform": 0, "shop": 0, "brand": 100},
        "holdback_percent": "10",
    },
    "club-points": {
        "name": "会员积分：每满 10 元送 1 积分",
        "layer": "points",
        "benefit": {"type": "points", "points": 1, "every_amount": 1_000},
        "holdback_percent": "0",
    },
    "points-pay": {
        "name": "积分抵现：10 积分抵 1 元",
        "priority": 90,
        "benefit": {"type": "points_payment", "points": 10, "worth": 100, "percent_max": "20"},
        "holdback_percent": "0",
    },
}
"""The money and the uses that limits leave are more than a history of a month takes: what a visit
is answered never depends on which of two came first. Where few would be held back by the default,
more are, so that a month shows what the promotion brings."""

POINTS: Final[dict[str, dict[str, Any]]] = {
    "club": {
        "name": "鹊桥会员 · Queqiao club",
        "worth": {"points": 10, "amount": 100, "currency": CURRENCY},
        "available_after_days": 7,
        "expires": "months",
        "expires_after": 12,
        "tiers": [
            {"name": "银卡 · Silver", "at_least": 100},
            {"name": "金卡 · Gold", "at_least": 300, "earn_percent": 150},
        ],
    }
}
"""How members earn points, which promotions give; so they can pay with them a week later."""

ADVERTISERS: Final[dict[str, dict[str, Any]]] = {
    "qingshi": {"name": "青石数码", "currency": CURRENCY},
    "yunfan": {"name": "云帆电器", "currency": CURRENCY},
    "zhixia": {"name": "知夏美妆", "currency": CURRENCY, "payment": "postpaid"},
    "hemu": {"name": "禾木家居", "currency": CURRENCY},
}
"""Who pays for the campaigns: three from wallets, one after the month."""

PAID_IN_MINOR = 2_000_000
"""What each wallet begins with: more than the campaigns spend in some months."""

_CAMPAIGNS: Final[tuple[tuple[str, str, str, str, int, int, list[str]], ...]] = (
    ("digital-new", "数码上新", "qingshi", "手机数码", 1_200, 30_000, ["digital-lovers"]),
    ("appliance-week", "家电焕新周", "yunfan", "家用电器", 1_100, 30_000, []),
    ("beauty-season", "美妆季", "zhixia", "美妆个护", 1_000, 24_000, []),
    ("loyal-thanks", "老客回馈", "hemu", "家居家装", 900, 20_000, ["loyal-buyers"]),
)


def campaigns(goods: list[Good]) -> dict[str, dict[str, Any]]:
    """Return the campaigns, each for its category's most popular goods."""
    return {
        campaign_id: {
            "name": name,
            "advertiser": advertiser,
            "placements": list(PLACEMENTS),
            "bid_minor": bid_minor,
            "currency": CURRENCY,
            "daily_budget_minor": budget_minor,
            "targeting": {"segments_any": segments, "channels_any": []},
            "product_categories": [category],
            "caps": [{"level": "campaign", "times": 6, "per": "day"}],
            "creatives": creatives(name, category, goods),
        }
        for campaign_id, name, advertiser, category, bid_minor, budget_minor, segments in _CAMPAIGNS
    }


def creatives(name: str, category: str, goods: list[Good]) -> list[dict[str, str]]:
    """Return an ad for each of a category's most popular goods."""
    best = sorted((g for g in goods if g.category == category), key=lambda g: -g.popularity)[:3]
    return [
        {
            "id": good.sku,
            "title": f"{name} · {good.name}",
            "landing_url": f"https://store.example/products/{good.sku}",
            "sku": good.sku,
        }
        for good in best
    ]
