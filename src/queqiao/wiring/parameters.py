"""What the routes of other stages read from the query and the header, for the OpenAPI document."""

from collections.abc import Mapping
from types import MappingProxyType

from queqiao.collect.hot_endpoints import BATCH_PATHS, CALL_PATHS
from queqiao.kernel.errors import Message
from queqiao.operate.calls import DRY_RUN, PAGE
from queqiao.operate.contracts import Parameter


def _page(most: int) -> tuple[Parameter, ...]:
    words = Message(f"每页条数，1 到 {most}", f"items a page, 1 to {most}")
    return (Parameter("limit", words, int), PAGE[1])


_QUERY = Parameter("query", Message("要找的文字", "text to look for"))
_ENCODING = Parameter(
    "Content-Encoding", Message("gzip 或不压缩", "gzip, or absent: in clear"), place="header"
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
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_IMPORT = (
    DRY_RUN,
    Parameter("text/csv", Message("CSV 文件", "a CSV file"), place="body"),
    Parameter(_XLSX, Message("XLSX 文件", "an XLSX file"), place="body"),
    Parameter("currency", Message("文件没有写币种时用它", "currency where the file names none")),
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
        "GET /api/v1/events": _EVENTS,
        "GET /api/v1/bad-rows": _page(500),
        "GET /api/v1/profiles": (_QUERY, *_page(1000)),
        "GET /api/v1/segments/{id}/members": _page(1000),
        "GET /api/v1/segments/{id}/explain": (
            Parameter("user", Message("顾客的 id", "id of the person"), required=True),
        ),
        "GET /api/v1/webhook-deliveries": _DELIVERIES,
        "GET /api/v1/corrections": (*_CORRECTED, *PAGE),
        "GET /api/v1/corrections/buckets": (
            *_CORRECTED,
            Parameter("as_of", Message("截至此偏移量", "as known at this offset"), int),
            PAGE[0],
        ),
        "GET /api/v1/decisions/{id}/why": (
            Parameter("campaign", Message("只看这个广告计划", "only this campaign")),
        ),
        "GET /api/v1/ledger/balances": (
            Parameter("prefix", Message("计数器名的开头", "how the counters' names begin")),
        ),
        "GET /api/v1/coupon-batches/{id}/codes.csv": (
            Parameter("from", Message("从第几个券码起", "number of the first code"), int),
        ),
        "POST /api/v1/reports/export": (
            Parameter("format", Message("文件格式：csv", "format of the file: csv")),
        ),
        **{f"POST {path}": (_ENCODING,) for path in (*CALL_PATHS, *BATCH_PATHS)},
    }
)
"""By method and path, as ``console_application`` takes it."""
