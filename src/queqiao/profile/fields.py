"""The fields of a profile that expressions may use, with their formulas in ClickHouse SQL.

A formula stands over the columns of ``person_query``. NULL means unknown.

- recency: whole days since the person's last event;
- orders: orders that were sold, each by its source and number, ever (frequency);
- spent: what was paid for order lines less credits, ever, in minor units of the shop's main
  currency, the one with most lines (monetary value);
- visits: distinct sessions;
- interest in a category: its share of the person's weighted events,
  ``weight · 2^(-age / 30 days)`` with weights view 1, add to cart 4, order line 10;
- traits: the value of the latest identify call that has the trait.
"""

from typing import Literal

import msgspec

from queqiao.kernel.errors import Message

FieldKind = Literal["number", "text", "interest"]
Part = Literal["activity", "visiting", "buying", "interest", "sums", "traits"]


class Field(msgspec.Struct, frozen=True):
    """One field. ``part`` is the part of the query that it needs; ``unit`` is for readers."""

    name: str
    kind: FieldKind
    part: Part
    sql: str
    title: Message
    unit: str = ""


TRAITS = (
    "age",
    "gender",
    "region",
    "income",
    "age_band",
    "income_band",
    "home_ownership",
    "marital_status",
    "household_size",
    "household_comp",
    "kids_count",
    "channel",
)
"""Traits that have a field of their own. Any other is reached as ``traits.NAME``."""

INTEREST_SHARE_MIN = 0.2
"""From this share on a person counts as interested in a category."""


def trait_sql(name_sql: str) -> str:
    """Return the formula of a trait's text; ``name_sql`` is an SQL string: literal or parameter."""
    return f"nullIf(trait_values[indexOf(trait_names, {name_sql})], '')"


def _number_trait(name: str) -> str:
    return f"toFloat64OrNull({trait_sql(repr(name))})"


_DAYS_SINCE = "intDiv({{now:Int64}} - toUnixTimestamp64Micro({column}), 86400000000)"

_AGE = _number_trait("age")
_AGE_BAND = (
    f"coalesce({trait_sql(repr('age_band'))}, multiIf({_AGE} IS NULL, NULL, {_AGE} < 19, '0-18',"
    f" {_AGE} < 25, '19-24', {_AGE} < 35, '25-34', {_AGE} < 45, '35-44', {_AGE} < 55, '45-54',"
    f" {_AGE} < 65, '55-64', '65+'))"
)


def _text_trait(name: str, zh: str, en: str) -> Field:
    return Field(name, "text", "traits", trait_sql(repr(name)), Message(zh, en))


FIELDS: dict[str, Field] = {
    field.name: field
    for field in (
        Field(
            "recency_days",
            "number",
            "activity",
            _DAYS_SINCE.format(column="last_seen"),
            Message("距上次到访天数", "Days since last seen"),
            "day",
        ),
        Field(
            "first_seen_days",
            "number",
            "activity",
            _DAYS_SINCE.format(column="first_seen"),
            Message("距首次到访天数", "Days since first seen"),
            "day",
        ),
        Field("visits", "number", "visiting", "visits", Message("到访次数", "Visits")),
        Field("orders", "number", "buying", "orders", Message("下单次数", "Orders")),
        Field(
            "spent_minor",
            "number",
            "buying",
            "spent_minor",
            Message("累计消费", "Spent"),
            "minor",
        ),
        Field(
            "last_order_days",
            "number",
            "buying",
            f"if(orders = 0, NULL, {_DAYS_SINCE.format(column='last_order')})",
            Message("距上次下单天数", "Days since last order"),
            "day",
        ),
        Field(
            "category_interest",
            "interest",
            "sums",
            "",
            Message("品类兴趣占比", "Interest in a category"),
            "share",
        ),
        Field(
            "top_category",
            "text",
            "interest",
            "nullIf(categories[1], '')",
            Message("最感兴趣的品类", "Favourite category"),
        ),
        Field("age", "number", "traits", _AGE, Message("年龄", "Age"), "year"),
        Field("age_band", "text", "traits", _AGE_BAND, Message("年龄段", "Age band")),
        Field(
            "income",
            "number",
            "traits",
            _number_trait("income"),
            Message("收入", "Income"),
        ),
        _text_trait("income_band", "收入段", "Income band"),
        _text_trait("gender", "性别", "Gender"),
        _text_trait("region", "地区", "Region"),
        _text_trait("home_ownership", "住房", "Home ownership"),
        _text_trait("marital_status", "婚姻状况", "Marital status"),
        _text_trait("household_size", "家庭人数", "Household size"),
        _text_trait("household_comp", "家庭构成", "Household composition"),
        _text_trait("kids_count", "子女数", "Children"),
        _text_trait("channel", "常用渠道", "Usual channel"),
    )
}
