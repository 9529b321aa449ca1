"""Why a promotion or a code gives nothing: stable codes, and the units of what is missing."""

from typing import Literal

ShortfallUnit = Literal["minor", "unit", "kind", "order", "day", "point"]
"""Minor units of money, units of goods, different SKUs, orders, days, points."""

LimitsKnown = Literal["none", "asked", "recent"]
"""How a quote knows of uses and budgets: nothing that it gives is bounded; it asked when it was
priced; or, while the ledger does not answer, as they were a moment ago (a second, usually)."""

ConditionReason = Literal[
    "subtotal_below",
    "subtotal_above",
    "quantity_below",
    "quantity_above",
    "kinds_below",
    "kinds_above",
    "code_missing",
    "code_excluded",
    "payment_method_differs",
    "payment_method_excluded",
    "shipping_method_differs",
    "shipping_method_excluded",
    "channel_differs",
    "channel_excluded",
    "country_differs",
    "country_excluded",
    "outside_hours",
    "inside_hours",
    "customer_unknown",
    "order_number_differs",
    "order_number_excluded",
    "orders_below",
    "orders_above",
    "spent_below",
    "spent_above",
    "bought_below",
    "bought_above",
    "birthday_outside",
    "birthday_inside",
    "segment_missing",
    "segment_excluded",
    "tag_missing",
    "tag_excluded",
    "tier_missing",
    "tier_excluded",
    "attribute_missing",
    "attribute_present",
    "attribute_differs",
    "attribute_excluded",
    "attribute_below",
    "attribute_above",
    "not_first_purchase",
    "first_purchase",
]
"""Why a condition does not hold. ``_excluded``, ``_above`` and ``inside_`` are of what must not be.
"""

PriceReason = Literal[
    "price_token_unknown",
    "price_token_expired",
    "price_token_of_another",
    "price_token_other_goods",
    "price_token_other_quantity",
    "price_token_other_currency",
    "price_token_used",
]
"""Why a line does not have the price of a flash sale; stable codes."""

Reason = (
    ConditionReason
    | Literal[
        "nothing_left",
        "exclusive_alone",
        "exclusive_after_others",
        "better_without",
        "excluded_by",
        "other_gave_first",
        "other_gives_less",
        "other_gives_more",
        "enough_applied",
        "not_started",
        "ended",
        "currency_differs",
        "no_goods_in_scope",
        "flash_price_alone",
        "code_unknown",
        "code_not_started",
        "code_ended",
        "code_without_promotion",
        "code_used_up",
        "batch_used_up",
        "customer_limit",
        "points_not_offered",
        "points_taken",
        "points_short",
        "no_points_programme",
        "gift_out_of_stock",
        "promotion_used_up",
        "promotion_day_used_up",
        "promotion_customer_limit",
        "promotion_customer_day_limit",
        "promotion_device_limit",
        "budget_used_up",
        "engagement_missing",
        "engagement_of_another",
        "engagement_expired",
        "group_not_full",
        "floor_not_reached",
        "balance_not_due",
        "holdback",
        "holdout",
    ]
)
"""Why a promotion or a code gives nothing; stable codes."""
