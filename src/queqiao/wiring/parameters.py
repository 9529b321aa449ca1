"""What the routes of other stages read from the query and the header, for the OpenAPI document."""

from collections.abc import Mapping
from types import MappingProxyType

from queqiao.collect.hot_endpoints import BATCH_PATHS, CALL_PATHS
from queqiao.collect.protocols.ga4_endpoints import COLLECT_PATH, DEBUG_PATH
from queqiao.collect.protocols.posthog_endpoints import CAPTURE_PATHS, EVENTS_PATH, FLAGS_PATHS
from queqiao.collect.protocols.snowplow_endpoints import PIXEL_PATH, POST_PATH
from queqiao.decide.promotions.coupons.code_files import FORMS
from queqiao.kernel.errors import Message
from queqiao.operate.calls import DRY_RUN, IDEMPOTENCY_KEY, PAGE
from queqiao.operate.contracts import Parameter


def _page(most: int) -> tuple[Parameter, ...]:
    words = Message(f"每页条数，1 到 {most}", f"items a page, 1 to {most}")
    return (Parameter("limit", words, int), PAGE[1])


_QUERY = Parameter("query", Message("要找的文字", "text to look for"))
_PURPOSE = Parameter(
    "purpose",
    Message(
        "personalization，或 advertising：广告可见的成员",
        "personalization, or advertising: those that ads may know",
    ),
)
_ENCODING = Parameter(
    "Content-Encoding",
    Message("gzip、deflate、zstd、br，或不压缩", "gzip, deflate, zstd, br, or absent: in clear"),
    place="header",
)
_KEY = Message("写入密钥", "the write key")
_PIXEL = (
    Parameter(
        "e", Message("事件种类：pv、pp、se、ue、tr、ti", "kind of event: pv, pp, se, ue, tr, ti")
    ),
    Parameter("eid", Message("事件的 id", "id of the event")),
    Parameter("aid", Message("appId，可以是写入密钥", "appId, which may be the write key")),
    Parameter("write_key", _KEY),
    Parameter("dtm", Message("事件时间，毫秒", "when it happened, milliseconds"), int),
    Parameter("stm", Message("发送时间，毫秒", "when it was sent, milliseconds"), int),
    Parameter("uid", Message("用户 id", "id of the user")),
    Parameter("duid", Message("设备 id", "id of the device")),
    Parameter("url", Message("页面地址", "address of the page")),
    Parameter("page", Message("页面标题", "title of the page")),
    Parameter("refr", Message("来路", "the referrer")),
    Parameter("ue_px", Message("自描述事件，base64", "self-describing event, base64")),
    Parameter("cx", Message("实体，base64", "entities, base64")),
)
_GA4 = (
    Parameter("api_secret", _KEY),
    Parameter("measurement_id", Message("数据流 id，任意", "id of the stream, any")),
    Parameter("firebase_app_id", Message("应用 id，任意", "id of the app, any")),
    _ENCODING,
)
FOREIGN: Mapping[str, tuple[Parameter, ...]] = MappingProxyType(
    {
        **{
            f"POST {path}": (Parameter("api_key", _KEY), Parameter("token", _KEY), _ENCODING)
            for path in (*CAPTURE_PATHS, *FLAGS_PATHS)
        },
        f"POST {EVENTS_PATH}": (_ENCODING,),
        f"POST {POST_PATH}": (Parameter("write_key", _KEY), _ENCODING),
        f"GET {PIXEL_PATH}": _PIXEL,
        "POST /openrtb2/bid": (
            Parameter(
                "key",
                Message(
                    "密钥（exchange 权限），用于设不了请求头的交易所",
                    "a key of scope exchange, where an exchange can set no header",
                ),
            ),
        ),
        "GET /t/{token}": (
            Parameter(
                "price",
                Message(
                    "竞价通知：每千次展示的成交价，由交易所填入",
                    "notice of a bid: price of a thousand impressions, filled in by the exchange",
                ),
            ),
            Parameter("cur", Message("成交价的币种", "currency of the price")),
            Parameter(
                "reason", Message("落败原因代码（AdCOM）", "code of the reason of a loss (AdCOM)")
            ),
        ),
        f"POST {COLLECT_PATH}": _GA4,
        f"POST {DEBUG_PATH}": _GA4,
    }
)
"""Those of the protocols that are not Segment's."""

_CODES = (
    Parameter("from", Message("从第几个券码起", "number of the first code"), int),
    Parameter("count", Message("多少个，默认到最后", "how many; absent: to the last"), int),
)
_EVENTS = (
    Parameter("message_id", Message("只要这一个事件", "only the event of this id")),
    Parameter("after", Message("从这个偏移量之后读起", "read on behind this offset"), int),
    Parameter("event", Message("事件名", "name of the event, such as Order Completed")),
    *_page(500),
)
_DELIVERIES = (
    Parameter("webhook", Message("Webhook 的 id", "id of the webhook")),
    Parameter("status", Message("投递状态", "state of the delivery")),
    *PAGE,
)
_CORRECTED = (
    Parameter("grain", Message("时间桶：minute、hour 或 day", "buckets: minute, hour or day")),
    Parameter("from", Message("事件时间从此刻起", "events that happened from this moment on")),
    Parameter("to", Message("事件时间到此刻前", "events that happened before this moment")),
)
_EFFECT = (
    Parameter("from", Message("从此刻或此日起", "from this moment or day on")),
    Parameter("to", Message("到此刻或此日前", "before this moment or day")),
    Parameter("timezone", Message("日期的时区，默认店铺的", "zone of the days; the shop's")),
    Parameter("currency", Message("币种", "the currency")),
    Parameter("as_of", Message("截至此偏移量或时刻", "as known at this offset or moment")),
)
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_IMPORT = (
    DRY_RUN,
    Parameter("text/csv", Message("CSV 文件", "a CSV file"), place="body"),
    Parameter(_XLSX, Message("XLSX 文件", "an XLSX file"), place="body"),
    Parameter("currency", Message("文件没有写币种时用它", "currency where the file names none")),
)

PART = (
    Parameter(
        "Upload-Offset",
        Message("这一段从第几个字节起", "at which byte the part begins"),
        int,
        "header",
        required=True,
    ),
    Parameter(
        "application/octet-stream", Message("文件的一段", "a part of the file"), place="body"
    ),
)
"""What a part of an upload says."""

_LANGUAGE = (
    Parameter("lang", Message("zh 或 en，优先于浏览器的语言", "zh or en, before the browser's")),
)
_IMAGE = tuple(
    Parameter(kind, Message("一张图片", "an image"), place="body")
    for kind in ("image/png", "image/jpeg", "image/gif", "image/webp")
)

PARAMETERS: Mapping[str, tuple[Parameter, ...]] = MappingProxyType(
    {
        "GET /api/v1/products": (
            _QUERY,
            Parameter("category", Message("类目", "category")),
            *PAGE,
        ),
        "POST /api/v1/products/bulk": (DRY_RUN,),
        "POST /api/v1/catalog/import": _IMPORT,
        "GET /api/v1/jobs": (PAGE[0],),
        "GET /api/v1/events": _EVENTS,
        "GET /api/v1/receipts/{message_id}": (
            Parameter("source", Message("只看这个来源的", "only what this source sent")),
        ),
        "GET /api/v1/bad-rows": _page(500),
        "GET /api/v1/profiles": (_QUERY, *_page(1000)),
        "GET /api/v1/segments/{id}/members": (_PURPOSE, *_page(1000)),
        "GET /api/v1/segments/{id}/explain": (
            Parameter("user", Message("顾客的 id", "id of the person"), required=True),
            _PURPOSE,
        ),
        "GET /api/v1/webhook-deliveries": _DELIVERIES,
        "GET /api/v1/placements/{id}/availability": (
            Parameter("from", Message("首日；缺省为今天", "the first day; today unless given")),
            Parameter("to", Message("末日；缺省为首日后四周", "the last day; four weeks on")),
        ),
        "GET /api/v1/erasures": (PAGE[0],),
        "GET /api/v1/corrections": (
            *_CORRECTED,
            Parameter(
                "transform",
                Message("改看此变换的窗口所称太晚的行", "rows too late for this transform instead"),
            ),
            *PAGE,
        ),
        "GET /api/v1/schemas/events/{event}": (
            Parameter("part", Message("properties 或 traits", "properties or traits")),
        ),
        "GET /api/v1/corrections/buckets": (
            *_CORRECTED,
            Parameter("as_of", Message("截至此偏移量", "as known at this offset"), int),
            PAGE[0],
        ),
        "GET /api/v1/customers/{id}/coupons": (
            Parameter("state", Message("只看这个状态的券", "only coupons in this state")),
            *PAGE,
        ),
        "GET /api/v1/customers/{id}/points": PAGE,
        "GET /api/v1/customers/{id}/store-credit": PAGE,
        "GET /api/v1/referral-programmes/{id}/referrals": (
            Parameter(
                "state",
                Message("只看这种状态", "only those: accepted, refused, ordered, rewarded …"),
            ),
            *PAGE,
        ),
        "GET /api/v1/points-programmes/{id}/statistics": (
            Parameter("days", Message("看几天，默认 30", "how many days, 30 by default"), int),
        ),
        "POST /api/v1/coupon-batches/{id}/gifts": (IDEMPOTENCY_KEY,),
        "GET /api/v1/coupon-batches/{id}/gifts": (PAGE[0],),
        "POST /api/v1/customers/{id}/coupons": (IDEMPOTENCY_KEY,),
        "GET /api/v1/decisions/{id}/why": (
            Parameter("campaign", Message("只看这个广告计划", "only this campaign")),
        ),
        "POST /api/v1/promotions/refund": (DRY_RUN,),
        "GET /api/v1/promotions/calendar": (
            Parameter("from", Message("从此刻起，默认现在", "from this moment, now by default")),
            Parameter("until", Message("到此刻前，默认 30 天后", "before this moment, in 30 days")),
        ),
        "GET /api/v1/promotions/{id}/effect": (
            *_EFFECT,
            Parameter("granularity", Message("day（默认）或 hour", "day, the default, or hour")),
            Parameter(
                "detect",
                Message("值得发现的变化，百分比，默认 10", "change worth finding, percent; 10"),
                int,
            ),
        ),
        "GET /api/v1/promotion_effects": (
            *_EFFECT,
            Parameter("state", Message("只看这个状态的促销", "only promotions in this state")),
            Parameter("sort", Message("按哪一列排，默认 discount_net", "column; discount_net")),
            Parameter("order", Message("desc（默认）或 asc", "desc, the default, or asc")),
            Parameter("limit", Message("最多几行，默认 200", "rows at most; 200"), int),
        ),
        "GET /p/{slug}": _LANGUAGE,
        "GET /p/preview/{token}": _LANGUAGE,
        "POST /api/v1/landing-images": _IMAGE,
        "GET /api/v1/ledger/balances": (
            Parameter("prefix", Message("计数器名的开头", "how the counters' names begin")),
        ),
        **{f"GET /api/v1/coupon-batches/{{id}}/codes.{form}": _CODES for form in FORMS},
        **{f"GET /api/v1/card-products/{{id}}/cards.{form}": _CODES for form in FORMS},
        "GET /api/v1/advertisers/{id}/invoice": (
            Parameter("month", Message("月份，如 2026-11，默认本月", "like 2026-11; this month")),
        ),
        "POST /api/v1/coupons": (DRY_RUN,),
        "GET /api/v1/flash-sales/{id}/state": (
            Parameter("session", Message("场次编号，默认此刻的", "id of a session; that of now")),
        ),
        "GET /api/v1/flash-sales/{id}/cockpit": (
            Parameter("session", Message("场次编号，默认此刻的", "id of a session; that of now")),
            Parameter(
                "seconds",
                Message("最近多少秒，默认 300，最多 1800", "the last seconds; 300, at most 1,800"),
            ),
        ),
        "GET /api/v1/flash-sales/{id}/reconciliation": (
            Parameter("session", Message("只对这个场次", "only this session")),
        ),
        "POST /api/v1/reports/export": (
            Parameter("format", Message("文件格式：csv", "format of the file: csv")),
        ),
        **{f"POST {path}": (_ENCODING,) for path in (*CALL_PATHS, *BATCH_PATHS)},
        **FOREIGN,
    }
)
"""By method and path, as ``console_application`` takes it."""
