"""The dimensions: the ways in which a number can be broken down."""

from typing import Literal

import msgspec

from queqiao.kernel.errors import Message

Source = Literal["order_lines", "events"]


class Dimension(msgspec.Struct, frozen=True):
    """One way to break a number down: its expression in each table that has it."""

    name: str
    title: Message
    columns: dict[Source, str]


def _both(name: str, zh: str, en: str, column: str) -> Dimension:
    return Dimension(name, Message(zh, en), {"events": column, "order_lines": column})


DIMENSIONS: dict[str, Dimension] = {
    one.name: one
    for one in (
        _both("campaign", "广告计划", "Campaign", "campaign_id"),
        _both("channel", "渠道", "Channel", "channel"),
        _both("product", "商品", "Product", "sku"),
        _both("category", "类目", "Category", "category"),
        _both("currency", "币种", "Currency", "currency"),
        _both("source", "来源", "Source", "source"),
        _both("coupon", "优惠券", "Coupon", "coupon"),
        Dimension("event", Message("事件", "Event"), {"events": "event"}),
        Dimension("placement", Message("位置", "Placement"), {"events": "placement_id"}),
        Dimension("reason", Message("原因", "Reason"), {"events": "reason"}),
        Dimension(
            "promotion",
            Message("促销", "Promotion"),
            {
                # An order with two promotions counts in full under each of them.
                "order_lines": "arrayJoin(if(empty(promotion_ids), [''], promotion_ids))",
                "events": "promotion_id",
            },
        ),
    )
}

TIME_COLUMN: dict[Source, str] = {"events": "timestamp", "order_lines": "time"}
