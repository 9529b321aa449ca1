"""The rules of the shop for refunds."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Literal

from queqiao.decide.promotions.check_benefit import percent_errors
from queqiao.decide.promotions.documents.bounds import Document, Price
from queqiao.kernel.errors import FieldError


class RefundPolicy(Document, frozen=True):
    """How much of an order goes back.

    - ``discounts``: ``keep``: each unit goes back for what was paid for it, and what is kept stays
      as it was. ``claw_back``: what is kept costs what it costs without the rest under the order's
      own promotions; the rest goes back.
    - ``shipping``: with the last unit, in proportion to the goods, or never.
    - ``coupons``: codes become usable again with the last unit, as soon as they give nothing on
      what is kept, or never.
    - ``gifts``: those no longer earned have to be sent back; or they cost their price until they
      come back (``charge``); or the shopper keeps them.
    - ``points``: those that paid go back to the customer or are lost.
    - ``restocking_fee`` for each unit and ``restocking_fee_percent`` of its refund; together at
      most the refund.
    - ``payments``: stored-value cards and store credit are refilled first, last, or in proportion.
    - ``units``: which units come back where only a quantity is named.
    """

    discounts: Literal["keep", "claw_back"] = "keep"
    shipping: Literal["on_full_return", "proportional", "never"] = "on_full_return"
    coupons: Literal["on_full_return", "when_unused", "never"] = "on_full_return"
    gifts: Literal["send_back", "charge", "keep"] = "send_back"
    points: Literal["return", "forfeit"] = "return"
    restocking_fee: Price = 0
    restocking_fee_percent: Decimal = Decimal(0)
    payments: Literal["proportional", "cards_first", "cards_last"] = "proportional"
    units: Literal["cheapest", "dearest", "first"] = "cheapest"


def policy_errors(policy: RefundPolicy) -> Iterator[FieldError]:
    """Yield an error for each field that cannot stand."""
    path = "policy.restocking_fee_percent"
    yield from percent_errors(path, policy.restocking_fee_percent, zero=True)
