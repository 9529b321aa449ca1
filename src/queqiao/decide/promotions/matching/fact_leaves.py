"""Leaves that are answered before prices run: what is known of the order and the customer."""

from typing import Any

from msgspec import Struct

from queqiao.decide.promotions.matching.measures import HistoryMeasure
from queqiao.decide.promotions.matching.situation import Dimension, Situation, attribute, value_key
from queqiao.decide.promotions.matching.time_windows import (
    Window,
    days_around,
    is_within,
    local,
)
from queqiao.decide.promotions.matching.tree import Asking, Node
from queqiao.decide.promotions.reasons import ConditionReason
from queqiao.decide.promotions.requirement import Missing

_DIFFERS: dict[Dimension, tuple[ConditionReason, ConditionReason]] = {
    "segment": ("segment_missing", "segment_excluded"),
    "tag": ("tag_missing", "tag_excluded"),
    "tier": ("tier_missing", "tier_excluded"),
    "channel": ("channel_differs", "channel_excluded"),
    "country": ("country_differs", "country_excluded"),
    "shipping_method": ("shipping_method_differs", "shipping_method_excluded"),
    "payment_method": ("payment_method_differs", "payment_method_excluded"),
    "code": ("code_missing", "code_excluded"),
}
"""The reasons where one of the names must be there, and where none of them may."""

_UNKNOWN = Missing("customer_unknown")


class FactLeaf(Struct, frozen=True, gc=False):
    """A leaf that the situation alone answers."""

    def miss(self, situation: Situation) -> Missing | None:
        """Return why it does not hold, None where it does."""
        # Every leaf has its own; a Struct cannot say so by ABC, since both have a metaclass.
        raise NotImplementedError

    def bind(self, asking: Asking) -> Missing | None:
        """Answer it."""
        return self.miss(asking.situation)


class NamesLeaf(FactLeaf, frozen=True, gc=False):
    """One of the names is there; with ``none``, none of them is."""

    dimension: Dimension
    names: frozenset[str]
    none: bool = False

    def miss(self, situation: Situation) -> Missing | None:
        """Return the reason of the dimension."""
        if self.names.isdisjoint(situation.of(self.dimension)) == self.none:
            return None
        return Missing(_DIFFERS[self.dimension][self.none])

    def opposite(self) -> Node:
        """Return the other of any and none."""
        return NamesLeaf(self.dimension, self.names, not self.none)


class AttributeLeaf(FactLeaf, frozen=True, gc=False):
    """An attribute has one of the values; with ``none``, it is there and has none of them."""

    name: str
    keys: frozenset[str]
    none: bool = False

    def miss(self, situation: Situation) -> Missing | None:
        """Return that the attribute is not there, or has another value."""
        value = attribute(situation.attributes, self.name)
        if value is None:
            return Missing("attribute_missing")
        values = value if isinstance(value, list) else (value,)
        if self.keys.isdisjoint([value_key(item) for item in values]) == self.none:
            return None
        return Missing("attribute_excluded" if self.none else "attribute_differs")

    def opposite(self) -> Node:
        """Return the other of any and none."""
        return AttributeLeaf(self.name, self.keys, not self.none)


class AttributeBound(FactLeaf, frozen=True, gc=False):
    """A number among the attributes is at least the bound, or (``under``) below it."""

    name: str
    bound: float
    under: bool = False
    inclusive: bool = True
    """Whether the bound itself is on the side of ``at least``."""

    def miss(self, situation: Situation) -> Missing | None:
        """Return on which side of the bound the attribute is."""
        value: Any = attribute(situation.attributes, self.name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return Missing("attribute_missing" if value is None else "attribute_differs")
        is_over = value >= self.bound if self.inclusive else value > self.bound
        if is_over != self.under:
            return None
        return Missing("attribute_above" if self.under else "attribute_below")

    def opposite(self) -> Node:
        """Return the other side."""
        return AttributeBound(self.name, self.bound, not self.under, self.inclusive)


class AttributeExists(FactLeaf, frozen=True, gc=False):
    """An attribute is there, or (``absent``) is not."""

    name: str
    absent: bool = False

    def miss(self, situation: Situation) -> Missing | None:
        """Return that it is missing or present."""
        if (attribute(situation.attributes, self.name) is None) == self.absent:
            return None
        return Missing("attribute_present" if self.absent else "attribute_missing")

    def opposite(self) -> Node:
        """Return the other."""
        return AttributeExists(self.name, not self.absent)


class AtLeast(FactLeaf, frozen=True):
    """A number of the customer's history is at least ``bound``."""

    measure: HistoryMeasure
    bound: int
    reason: ConditionReason | None = None

    def miss(self, situation: Situation) -> Missing | None:
        """Return how much is missing."""
        value = self.measure.value(situation)
        if value is None:
            return _UNKNOWN
        if value >= self.bound:
            return None
        return Missing(self.reason or self.measure.below, self.bound - value, self.measure.unit)

    def opposite(self) -> Node:
        """Return that it is below the bound."""
        return AtMost(self.measure, self.bound - 1)


class AtMost(FactLeaf, frozen=True):
    """A number of the customer's history is at most ``bound``."""

    measure: HistoryMeasure
    bound: int
    reason: ConditionReason | None = None

    def miss(self, situation: Situation) -> Missing | None:
        """Return how much it is over the bound."""
        value = self.measure.value(situation)
        if value is None:
            return _UNKNOWN
        if value <= self.bound:
            return None
        return Missing(self.reason or self.measure.above, value - self.bound, self.measure.unit)

    def opposite(self) -> Node:
        """Return that it is above the bound."""
        return AtLeast(self.measure, self.bound + 1)


class OrderNumber(FactLeaf, frozen=True, gc=False):
    """This is one of the customer's n-th orders, or (``none``) is not."""

    numbers: frozenset[int] = frozenset()
    every: int = 0
    none: bool = False

    def miss(self, situation: Situation) -> Missing | None:
        """Return after how many more orders it would hold, where it would."""
        orders = situation.history.orders
        if orders is None:
            return _UNKNOWN
        if self._is_one(orders + 1) != self.none:
            return None
        if self.none:
            return Missing("order_number_excluded")
        left = self._until(orders + 1)
        return Missing("order_number_differs", left, None if left is None else "order")

    def opposite(self) -> Node:
        """Return the other."""
        return OrderNumber(self.numbers, self.every, not self.none)

    def _is_one(self, number: int) -> bool:
        return number in self.numbers or (self.every > 0 and number % self.every == 0)

    def _until(self, number: int) -> int | None:
        if self.every:
            return -number % self.every
        return min((other - number for other in self.numbers if other > number), default=None)


class BirthdayLeaf(FactLeaf, frozen=True, gc=False):
    """It is the birthday, or so many days before or after it; with ``away``, it is not."""

    before_days: int
    after_days: int
    zone: str
    away: bool = False

    def miss(self, situation: Situation) -> Missing | None:
        """Return in how many days it would hold."""
        if situation.birthday is None:
            return _UNKNOWN
        today = local(situation.now_us, self.zone).date()
        until, since = days_around(*situation.birthday, today)
        if (until <= self.before_days or since <= self.after_days) != self.away:
            return None
        if self.away:
            return Missing("birthday_inside")
        return Missing("birthday_outside", until - self.before_days, "day")

    def opposite(self) -> Node:
        """Return the other."""
        return BirthdayLeaf(self.before_days, self.after_days, self.zone, not self.away)


class WindowsLeaf(FactLeaf, frozen=True, gc=False):
    """It is within one of the windows, or (``outside``) within none. Equal keys, equal windows."""

    key: str
    windows: tuple[Window, ...]
    zone: str
    outside: bool = False

    def miss(self, situation: Situation) -> Missing | None:
        """Return that it is not the time."""
        if self.is_now(situation.now_us):
            return None
        return Missing("inside_hours" if self.outside else "outside_hours")

    def is_now(self, now_us: int) -> bool:
        """Say whether it holds at a moment."""
        return is_within(self.windows, now_us, self.zone) != self.outside

    def opposite(self) -> Node:
        """Return the other."""
        key = self.key[1:] if self.outside else f"!{self.key}"
        return WindowsLeaf(key, self.windows, self.zone, not self.outside)
