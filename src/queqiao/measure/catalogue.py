"""The metrics: what each means, its unit, its formula. The one place where a number is defined.

A base is an aggregate over one table; a metric is an expression over bases. Expressions divide by
``nullIf(x, 0)``: a zero denominator gives null, never 0 and never NaN. Averages of money are whole
minor units, rounded half up, and say so.
"""

import re
from typing import Literal

import msgspec

from queqiao.kernel.errors import Message
from queqiao.kernel.vocabulary import ADS_SOURCE
from queqiao.measure.dimensions import Source

Unit = Literal["minor", "count", "ratio"]
"""``minor``: integer minor units of the row's currency. ``ratio``: 0.25 is 25 %."""


class Base(msgspec.Struct, frozen=True):
    """An aggregate over one table. ``money`` ones make the row depend on one currency.

    ``measure`` names the same number in the rollups of events.
    """

    table: Source
    sql: str
    money: bool = False
    measure: str = ""


class Metric(msgspec.Struct, frozen=True):
    """One metric. ``formula`` is an expression over the bases, in SQL and readable as it stands."""

    name: str
    title: Message
    unit: Unit
    meaning: Message
    formula: str

    @property
    def bases(self) -> list[str]:
        """The bases that the formula names, in order."""
        return [word for word in dict.fromkeys(_WORD.findall(self.formula)) if word in BASES]


_WORD = re.compile(r"[a-z_]+")
_SALE = "kind = 'sale'"
_CLICKED = "campaign_id != '' AND attributed_by != 'view'"
"""Lines that are owed to an ad, but for those that only saw it."""


def _lines(sql: str, *, money: bool = True) -> Base:
    return Base("order_lines", sql, money)


def _documents(condition: str) -> Base:
    """Count documents by their event's offset: an order is completed once."""
    return Base("order_lines", f"groupBitmapIf(offset, {condition})")


def _events(name: str, measure: str) -> Base:
    return Base("events", f"countIf(event = '{name}')", measure=measure)


def _ads(sql: str, condition: str, measure: str = "", *, money: bool = False) -> Base:
    """Count only what the ads themselves wrote: anyone with a write key may send the same names."""
    return Base("events", sql.format(f"source = '{ADS_SOURCE}'{condition}"), money, measure)


def _told(event: str) -> Base:
    return _ads("countIf({})", f" AND event = '{event}'")


def _refused(events: str) -> Base:
    return Base("events", f"countIf(source = '{ADS_SOURCE}' AND event IN ({events}))")


BASES: dict[str, Base] = {
    "sales": _lines(f"sumIf(amount_minor, {_SALE})"),
    "adjustments": _lines("sumIf(amount_minor, kind = 'adjustment')"),
    "credits": _lines("sumIf(amount_minor, kind = 'credit')"),
    "listed": _lines(f"sumIf(list_minor, {_SALE})"),
    "discounted": _lines(f"sumIf(discount_minor, {_SALE})"),
    "attributed": _lines(f"sumIf(amount_minor, {_CLICKED})"),
    "seen_first": _lines("sumIf(amount_minor, attributed_by = 'view')"),
    "placed": _lines(f"uniqExactIf(offset, {_SALE})", money=False),
    "issued": _documents("kind != 'credit'"),
    "credited": _documents("kind = 'credit'"),
    "sold": _lines(f"sumIf(quantity, {_SALE})", money=False),
    "converted": _lines(f"uniqExactIf(offset, {_SALE} AND {_CLICKED})", money=False),
    "converted_unclicked": _lines(
        f"uniqExactIf(offset, {_SALE} AND attributed_by = 'view')", money=False
    ),
    "viewed": _events("Product Viewed", "views"),
    "added": _events("Product Added", "adds"),
    "opened": Base("events", "countIf(type = 'page')"),
    "promoted": Base("events", "countIf(event = 'Promotion Viewed')"),
    "followed": Base("events", "countIf(event = 'Promotion Clicked')"),
    "picked": Base("events", "countIf(event = 'Product Clicked')"),
    "claimed": Base("events", "countIf(event = 'Coupon Claimed')"),
    "shown": _ads("countIf({})", " AND event = 'Ad Viewed'", "impressions"),
    "clicked": Base(
        "events",
        f"countIf(source = '{ADS_SOURCE}' AND event = 'Ad Clicked')"
        f" - countIf(source = '{ADS_SOURCE}' AND event = 'Ad Click Refunded')",
        measure="clicks",
    ),
    "in_view": _told("Ad Viewable"),
    "started": _told("Ad Video Started"),
    "finished": _told("Ad Video Completed"),
    "closed": _told("Ad Closed"),
    "told": _told("Ad Converted"),
    "told_by_view": _ads("countIf({})", " AND event = 'Ad Converted' AND attributed_by = 'view'"),
    "unseen": _refused("'Ad View Refused'"),
    "unclicked": _refused("'Ad Click Refused', 'Ad Click Refunded'"),
    "unconverted": _refused("'Ad Conversion Refused'"),
    "refunded": Base(
        "events",
        f"-sumIf(cost_minor, source = '{ADS_SOURCE}' AND event = 'Ad Click Refunded')",
        money=True,
    ),
    "visits": Base("events", "uniqExactIf(session_id, session_id != '')", measure="visits"),
    "people": Base("events", "uniqExactIf(person, event != 'Request Served')", measure="people"),
    "spent": _ads("sumIf(cost_minor, {})", "", "cost", money=True),
}


def _average(amount: str, count: str) -> str:
    return f"intDiv(2 * {amount} + {count}, 2 * nullIf({count}, 0))"


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric(
            "gross", Message("销售总额", "Gross"), "minor",
            Message(
                "已完成订单与财务调整的商品金额，优惠后，不含运费和税，未扣除退款",
                "Goods of completed orders and financial adjustments, after discounts, without"
                " shipping and tax, before refunds",
            ),
            "sales + adjustments",
        ),
        Metric(
            "credit_notes", Message("退款总额", "Credit notes"), "minor",
            Message("退款和取消的金额，为负数", "Refunded and cancelled amounts, negative"),
            "credits",
        ),
        Metric(
            "net", Message("净销售额", "Net"), "minor",
            Message("销售总额加退款总额", "Gross plus credit notes"),
            "sales + adjustments + credits",
        ),
        Metric(
            "gmv", Message("成交额", "GMV"), "minor",
            Message("已完成订单的商品金额，优惠后", "Goods of completed orders, after discounts"),
            "sales",
        ),
        Metric(
            "orders", Message("订单数", "Orders"), "count",
            Message("已完成的订单", "Completed orders"), "placed",
        ),
        Metric(
            "invoices", Message("单据数", "Invoices"), "count",
            Message(
                "退款以外的单据：订单、财务调整、零金额的库存单据",
                "Documents other than credit notes: orders, financial adjustments, stock documents"
                " without an amount",
            ),
            "issued",
        ),
        Metric(
            "credit_note_count", Message("退款单数", "Credit note count"), "count",
            Message("退款和取消的单据", "Refunds and cancellations"), "credited",
        ),
        Metric(
            "units", Message("销量", "Units"), "count",
            Message("已完成订单的商品件数", "Units of completed orders"), "sold",
        ),
        Metric(
            "discount", Message("优惠金额", "Discount"), "minor",
            Message("已完成订单的优惠", "Discounts of completed orders"), "discounted",
        ),
        Metric(
            "discount_rate", Message("优惠率", "Discount rate"), "ratio",
            Message("优惠占原价的比例", "Discount as a share of list price"),
            "discounted / nullIf(listed, 0)",
        ),
        Metric(
            "aov", Message("客单价", "Average order value"), "minor",
            Message(
                "每单成交额，四舍五入到最小货币单位",
                "GMV per order, rounded half up to a whole minor unit",
            ),
            _average("sales", "placed"),
        ),
        Metric(
            "views", Message("商品浏览", "Product views"), "count",
            Message("Product Viewed 事件数", "Product Viewed events"), "viewed",
        ),
        Metric(
            "adds", Message("加购", "Adds to cart"), "count",
            Message("Product Added 事件数", "Product Added events"), "added",
        ),
        Metric(
            "page_views", Message("页面浏览", "Page views"), "count",
            Message("打开的页面数", "Pages opened"), "opened",
        ),
        Metric(
            "promotion_views", Message("活动曝光", "Promotion views"), "count",
            Message("Promotion Viewed 事件数", "Promotion Viewed events"), "promoted",
        ),
        Metric(
            "promotion_clicks", Message("活动点击", "Promotion clicks"), "count",
            Message("Promotion Clicked 事件数", "Promotion Clicked events"), "followed",
        ),
        Metric(
            "product_clicks", Message("商品点击", "Product clicks"), "count",
            Message("Product Clicked 事件数", "Product Clicked events"), "picked",
        ),
        Metric(
            "coupon_claims", Message("页面领券", "Coupons claimed"), "count",
            Message("Coupon Claimed 事件数", "Coupon Claimed events"), "claimed",
        ),
        Metric(
            "sessions", Message("会话数", "Sessions"), "count",
            Message("间隔不超过 30 分钟的访问", "Visits with no gap over 30 minutes"), "visits",
        ),
        Metric(
            "visitors", Message("访客数", "Visitors"), "count",
            Message(
                "有事件的人，按身份合并；服务器日志行不算",
                "People with events, joined by identity; not lines of server logs",
            ),
            "people",
        ),
        Metric(
            "impressions", Message("展示", "Impressions"), "count",
            Message("广告模块记录的 Ad Viewed 事件数", "Ad Viewed events of the ads themselves"),
            "shown",
        ),
        Metric(
            "clicks", Message("点击", "Clicks"), "count",
            Message("广告模块记录的 Ad Clicked 事件数", "Ad Clicked events of the ads themselves"),
            "clicked",
        ),
        Metric(
            "viewable_impressions", Message("可见展示", "Viewable impressions"), "count",
            Message(
                "一半面积（大广告三成）可见满一秒、视频满两秒的广告，即 Ad Viewable 事件数",
                "Ads half in view (large ones 30 %) for a second, videos for two: Ad Viewable"
                " events",
            ),
            "in_view",
        ),
        Metric(
            "viewability_rate", Message("可见率", "Viewability rate"), "ratio",
            Message("可见展示除以展示", "Viewable impressions per impression"),
            "in_view / nullIf(shown, 0)",
        ),
        Metric(
            "video_starts", Message("视频开始播放", "Video starts"), "count",
            Message("Ad Video Started 事件数", "Ad Video Started events"), "started",
        ),
        Metric(
            "video_completions", Message("视频播完", "Video completions"), "count",
            Message("Ad Video Completed 事件数", "Ad Video Completed events"), "finished",
        ),
        Metric(
            "video_completion_rate", Message("视频完播率", "Video completion rate"), "ratio",
            Message("视频播完除以开始播放", "Video completions per start"),
            "finished / nullIf(started, 0)",
        ),
        Metric(
            "ad_closes", Message("关闭广告", "Ads closed"), "count",
            Message("看的人关闭的广告，即 Ad Closed 事件数", "Ads that viewers closed"), "closed",
        ),
        Metric(
            "invalid_impressions", Message("无效展示", "Invalid impressions"), "count",
            Message(
                "因无效流量不计入展示的 Ad View Refused 事件数",
                "Ad View Refused events: invalid traffic, not among impressions",
            ),
            "unseen",
        ),
        Metric(
            "invalid_clicks", Message("无效点击", "Invalid clicks"), "count",
            Message(
                "当时拒绝或事后退款的点击，不计入点击",
                "Clicks refused at once or refunded later, not among clicks",
            ),
            "unclicked",
        ),
        Metric(
            "invalid_conversions", Message("无效转化通知", "Invalid conversion notices"), "count",
            Message("Ad Conversion Refused 事件数", "Ad Conversion Refused events"), "unconverted",
        ),
        Metric(
            "invalid_click_rate", Message("无效点击率", "Invalid click rate"), "ratio",
            Message(
                "无效点击除以全部点击（有效与无效之和）",
                "Invalid clicks per click, valid or invalid",
            ),
            "unclicked / nullIf(clicked + unclicked, 0)",
        ),
        Metric(
            "invalid_refunds", Message("无效点击退款", "Refunds of invalid clicks"), "minor",
            Message(
                "事后判为无效的点击退还的花费，已从花费中扣除",
                "What clicks found invalid later gave back; cost is already less by it",
            ),
            "refunded",
        ),
        Metric(
            "ctr", Message("点击率", "CTR"), "ratio",
            Message("点击除以展示", "Clicks per impression"), "clicked / nullIf(shown, 0)",
        ),
        Metric(
            "cost", Message("花费", "Cost"), "minor",
            Message("广告主为事件支付的金额", "What events cost the advertiser"), "spent",
        ),
        Metric(
            "cpc", Message("单次点击花费", "Cost per click"), "minor",
            Message(
                "花费除以点击，四舍五入到最小货币单位",
                "Cost per click, rounded half up to a whole minor unit",
            ),
            _average("spent", "clicked"),
        ),
        Metric(
            "conversions", Message("转化", "Conversions"), "count",
            Message(
                "最后一次广告点击在其计划窗口内的订单（没写窗口的按七天）",
                "Orders whose last ad click lies within its campaign's window (7 days where it"
                " says none)",
            ),
            "converted",
        ),
        Metric(
            "view_conversions", Message("浏览后转化", "View-through conversions"), "count",
            Message(
                "窗口内没有点击、只看见过广告的订单，不计入转化",
                "Orders with no ad click in its window but an ad in view; not among conversions",
            ),
            "converted_unclicked",
        ),
        Metric(
            "view_revenue", Message("浏览后收入", "View-through revenue"), "minor",
            Message(
                "浏览后转化的订单金额，已扣除退款，不计入归因收入",
                "Amounts of view-through orders, less their credits; not in attributed revenue",
            ),
            "seen_first",
        ),
        Metric(
            "ad_conversions", Message("广告转化", "Conversions of ads"), "count",
            Message(
                "Ad Converted 事件数：本店订单、广告主回传和页面通知，同一订单只计一次",
                "Ad Converted events: own orders, postbacks and page notices, each order once",
            ),
            "told",
        ),
        Metric(
            "ad_view_conversions", Message("广告浏览后转化", "Conversions of ads in view"),
            "count",
            Message("广告转化中归于浏览的", "Conversions of ads that are owed to a view"),
            "told_by_view",
        ),
        Metric(
            "cvr", Message("转化率", "CVR"), "ratio",
            Message("转化除以点击", "Conversions per click"), "converted / nullIf(clicked, 0)",
        ),
        Metric(
            "revenue_attributed", Message("归因收入", "Attributed revenue"), "minor",
            Message(
                "归于广告的订单金额，已扣除退款",
                "Amounts of orders owed to ads, less their credits",
            ),
            "attributed",
        ),
        Metric(
            "roas", Message("广告回报", "ROAS"), "ratio",
            Message("归因收入除以花费", "Attributed revenue per cost"),
            "attributed / nullIf(spent, 0)",
        ),
        Metric(
            "roi", Message("投资回报率", "ROI"), "ratio",
            Message("（归因收入 − 花费）除以花费", "Attributed revenue less cost, per cost"),
            "(attributed - spent) / nullIf(spent, 0)",
        ),
    )
}  # fmt: skip
