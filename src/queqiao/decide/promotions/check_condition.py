"""What the types of conditions and scopes cannot say: each error names path and cure."""

from collections.abc import Iterator
from datetime import date

from msgspec.structs import fields

from queqiao.decide.promotions.documents.condition import (
    CONDITIONS_MAX,
    NESTING_MAX,
    NUMBER_MAX,
    AttributeTest,
    Bought,
    Condition,
    Spent,
    TimeWindow,
)
from queqiao.decide.promotions.documents.scope import Scope
from queqiao.kernel.clock import zone_of
from queqiao.kernel.errors import FieldError, InvalidInput, Message

_EMPTY = Message(
    "空条件总是成立，请填写至少一项或删去",
    "an empty condition always holds; give it a field or remove it",
)
_DEEP = Message(
    f"条件嵌套最多 {NESTING_MAX} 层，请合并",
    f"conditions stand {NESTING_MAX} deep at most; join some",
)
_MANY = Message(
    f"一个促销最多 {CONDITIONS_MAX} 个条件，请合并",
    f"a promotion holds {CONDITIONS_MAX} conditions at most; join some",
)
_CROSSED = Message("下限大于上限，永远不成立", "at_least is above at_most, so it never holds")
_NEVER = Message(
    "“任一”中的名字全在“排除”中，永远不成立",
    "every name is also among those that must not be there, so it never holds",
)
_FIRST = Message(
    "与订单数要求矛盾，永远不成立", "contradicts the bounds of orders, so it never holds"
)
_BOUNDS = (
    ("subtotal_at_least", "subtotal_at_most"),
    ("quantity_at_least", "quantity_at_most"),
    ("orders_at_least", "orders_at_most"),
)
_LISTS = (
    ("segments_any", "segments_none"),
    ("tags_any", "tags_none"),
    ("tiers_any", "tiers_none"),
    ("channels_any", "channels_none"),
    ("countries_any", "countries_none"),
)


def condition_errors(condition: Condition) -> Iterator[FieldError]:
    """Yield every field of a condition that cannot stand."""
    for count, (path, inner, depth) in enumerate(walk(condition, "condition", 1), 1):
        if depth > NESTING_MAX:
            yield FieldError(path, _DEEP)
            return
        if count > CONDITIONS_MAX:
            yield FieldError(path, _MANY)
            return
        if depth > 1 and _is_empty(inner):
            yield FieldError(path, _EMPTY)
        yield from _own_errors(inner, path)


def count_conditions(condition: Condition) -> int:
    """Return how many conditions there are, with those inside."""
    return sum(1 for _ in walk(condition, "condition", 1))


def named_batches(condition: Condition) -> Iterator[tuple[str, str]]:
    """Yield the coupon batches that a condition names anywhere, each with its path."""
    for path, inner, _ in walk(condition, "condition", 1):
        for index, name in enumerate(inner.code_batches_any):
            yield f"{path}.code_batches_any[{index}]", name


def walk(condition: Condition, path: str, depth: int) -> Iterator[tuple[str, Condition, int]]:
    """Yield a condition and those inside it, each with its path; no deeper than is of use."""
    yield path, condition, depth
    for name in ("all", "any"):
        for index, inner in enumerate(getattr(condition, name)):
            yield from walk(inner, f"{path}.{name}[{index}]", depth + 1)
    if condition.not_ is not None:
        yield from walk(condition.not_, f"{path}.not", depth + 1)


def _is_empty(condition: Condition) -> bool:
    idle = {"goods", "reads", "timezone"}
    return all(
        getattr(condition, field.name) == field.default
        for field in fields(condition)
        if field.name not in idle
    )


def _own_errors(condition: Condition, path: str) -> Iterator[FieldError]:
    for low, high in _BOUNDS:
        if _is_crossed(getattr(condition, low), getattr(condition, high)):
            yield FieldError(f"{path}.{low}", _CROSSED)
    for wanted, barred in _LISTS:
        names = getattr(condition, wanted)
        if names and set(names) <= set(getattr(condition, barred)):
            yield FieldError(f"{path}.{wanted}", _NEVER)
    if condition.goods is not None:
        yield from scope_errors(condition.goods, f"{path}.goods")
    for index, test in enumerate(condition.attributes):
        yield from _attribute_errors(test, f"{path}.attributes[{index}]")
    yield from _order_errors(condition, path)
    if condition.spent is not None:
        yield from _spent_errors(condition.spent, f"{path}.spent")
    if condition.bought is not None:
        yield from _bought_errors(condition.bought, f"{path}.bought")
    yield from _time_errors(condition, path)


def _is_crossed(at_least: float | None, at_most: float | None) -> bool:
    return at_least is not None and at_most is not None and at_least > at_most


def scope_errors(scope: Scope, path: str) -> Iterator[FieldError]:
    """Yield what is wrong with a scope at a path."""
    if _is_crossed(scope.price_at_least, scope.price_at_most):
        yield FieldError(f"{path}.price_at_least", _CROSSED)
    excluded = scope.excluded
    if excluded is None:
        return
    lists = ("skus", "categories", "brands", "shops", "tags")
    if not any(getattr(excluded, name) for name in lists):
        message = Message("请列出要排除的商品或删去", "name the goods that are out, or remove it")
        yield FieldError(f"{path}.excluded", message)
    named = [name for name in lists if getattr(scope, name)]
    if named and all(set(getattr(scope, n)) <= set(getattr(excluded, n)) for n in named):
        message = Message("范围内的商品全被排除", "all goods of the scope are excluded")
        yield FieldError(f"{path}.excluded", message)


def _attribute_errors(test: AttributeTest, path: str) -> Iterator[FieldError]:
    asks = (test.any_of, test.none_of, test.at_least, test.at_most, test.exists)
    if all(value is None or value == () for value in asks):
        message = Message("请填写对该属性的要求", "say what the attribute must be")
        yield FieldError(path, message)
    for name, value in (("at_least", test.at_least), ("at_most", test.at_most)):
        if value is not None and not -NUMBER_MAX <= value <= NUMBER_MAX:
            message = Message("须在 ±2^53 之间", "must be a number from -2^53 to 2^53")
            yield FieldError(f"{path}.{name}", message)
    if _is_crossed(test.at_least, test.at_most):
        yield FieldError(f"{path}.at_least", _CROSSED)
    if test.any_of and set(test.any_of) <= set(test.none_of):
        yield FieldError(f"{path}.any_of", _NEVER)
    if test.exists is False and any(value not in {None, ()} for value in asks[:4]):
        message = Message(
            "属性不存在时其余要求都不成立，请删去",
            "what is absent fails every other test; remove them",
        )
        yield FieldError(f"{path}.exists", message)


def _order_errors(condition: Condition, path: str) -> Iterator[FieldError]:
    low = condition.orders_at_least or 0
    high = condition.orders_at_most
    first = condition.first_purchase
    if (first is True and low > 0) or (first is False and high == 0):
        yield FieldError(f"{path}.first_purchase", _FIRST)
    numbers = condition.order_number_any
    if numbers and not any(_is_inside(number - 1, low, high) for number in numbers):
        yield FieldError(f"{path}.order_number_any", _FIRST)


def _is_inside(orders: int, low: int, high: int | None) -> bool:
    return low <= orders and (high is None or orders <= high)


def _spent_errors(spent: Spent, path: str) -> Iterator[FieldError]:
    if spent.at_least is None and spent.at_most is None:
        message = Message("请填写下限或上限", "give at_least or at_most")
        yield FieldError(f"{path}.at_least", message)
    if _is_crossed(spent.at_least, spent.at_most):
        yield FieldError(f"{path}.at_least", _CROSSED)


def _bought_errors(bought: Bought, path: str) -> Iterator[FieldError]:
    yield from scope_errors(bought.goods, f"{path}.goods")
    if bought.quantity_at_least == 0 and bought.quantity_at_most is None:
        message = Message(
            "总是成立；“从未购买”请填 quantity_at_most 0",
            "this always holds; for never bought give quantity_at_most 0",
        )
        yield FieldError(f"{path}.quantity_at_least", message)
    if _is_crossed(bought.quantity_at_least, bought.quantity_at_most):
        yield FieldError(f"{path}.quantity_at_least", _CROSSED)


def _time_errors(condition: Condition, path: str) -> Iterator[FieldError]:
    if condition.timezone is not None:
        try:
            zone_of(condition.timezone)
        except InvalidInput as error:
            yield FieldError(f"{path}.timezone", error.fields[0].message)
    for index, window in enumerate(condition.windows):
        yield from _window_errors(window, f"{path}.windows[{index}]")


def _window_errors(window: TimeWindow, path: str) -> Iterator[FieldError]:
    if window.from_time == window.until_time:
        message = Message("起止时刻相同，请改正", "is the same as from_time; correct one")
        yield FieldError(f"{path}.until_time", message)
    if window.from_time == "24:00":
        message = Message("起始时刻最晚 23:59", "a window starts at 23:59 at the latest")
        yield FieldError(f"{path}.from_time", message)
    days: list[date] = []
    for name in ("from_date", "until_date"):
        text = getattr(window, name)
        try:
            days += [] if text is None else [date.fromisoformat(text)]
        except ValueError:
            message = Message("没有这一天", "there is no such day")
            yield FieldError(f"{path}.{name}", message)
    if len(days) == 2 and days[0] > days[1]:
        message = Message("结束日期早于开始日期", "is before from_date")
        yield FieldError(f"{path}.until_date", message)
