"""Segment expressions: their grammar, and the tree that a checked one becomes.

    expression = {"all": [expression, …]} | {"any": [expression, …]} | {"not": expression}
               | {"field": NAME, "op": OP, "value": VALUE, "category"?: TEXT}

Numbers compare by ``= != < <= > >= in``; text by ``= != in not_in``. ``category_interest`` takes a
share in ``value`` and the category in ``category``, or with ``=`` and ``in`` the categories
themselves in ``value``, which then need a share of at least ``INTEREST_SHARE_MIN``. A value that
is unknown satisfies no comparison, ``!=`` and ``not_in`` included; only ``not`` turns that round.
"""

import re
from typing import Any

import msgspec

from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.text import clean
from queqiao.profile.fields import FIELDS, Field, trait_sql

CONDITIONS_MAX = 200
LIST_MAX = 1000
TEXT_MAX = 256
_TRAIT = re.compile(r"traits\.([A-Za-z0-9_]{1,64})")
_NUMBER_OPS = ("=", "!=", "<", "<=", ">", ">=", "in")
_TEXT_OPS = ("=", "!=", "in", "not_in")

Scalar = str | int | float


class Comparison(msgspec.Struct, frozen=True):
    """One checked condition. ``values`` holds one value, or the list of ``in`` and ``not_in``."""

    path: str
    field: Field
    op: str
    values: tuple[Scalar, ...]
    category: str | None = None


class Junction(msgspec.Struct, frozen=True):
    """All or any of several, or not the only one."""

    kind: str
    parts: tuple["Junction | Comparison", ...]


Node = Junction | Comparison


def parse(expression: Any, path: str = "expression") -> Node:
    """Return the checked tree. Raises InvalidInput with the JSON path of what is wrong."""
    node = _node(expression, path)
    if len(comparisons(node)) > CONDITIONS_MAX:
        raise _wrong(path, f"最多 {CONDITIONS_MAX} 个条件", f"at most {CONDITIONS_MAX} conditions")
    return node


def comparisons(node: Node) -> list[Comparison]:
    """Return the conditions of a tree from left to right."""
    if isinstance(node, Comparison):
        return [node]
    return [leaf for part in node.parts for leaf in comparisons(part)]


def _wrong(path: str, zh: str, en: str) -> InvalidInput:
    return InvalidInput(FieldError(path, Message(zh, en)))


def _node(expression: Any, path: str) -> Node:
    if not isinstance(expression, dict):
        raise _wrong(path, "须为对象", "must be an object")
    if "field" in expression:
        return _comparison(expression, path)
    if len(expression) != 1 or not (keys := {"all", "any", "not"} & set(expression)):
        raise _wrong(
            path, "须为 all、any、not 或 field 之一", "must hold one of all, any, not, field"
        )
    kind = keys.pop()
    return Junction(kind, _parts(kind, expression[kind], f"{path}.{kind}"))


def _parts(kind: str, value: Any, path: str) -> tuple[Node, ...]:
    if kind == "not":
        return (_node(value, path),)
    if not isinstance(value, list) or not value:
        raise _wrong(path, "须为非空数组", "must be a list that is not empty")
    return tuple(_node(part, f"{path}[{at}]") for at, part in enumerate(value))


def _comparison(expression: dict[str, Any], path: str) -> Comparison:
    if unknown := set(expression) - {"field", "op", "value", "category"}:
        raise _wrong(path, "有多余的键", f"holds {len(unknown)} keys that are not known here")
    field = _field(expression["field"], f"{path}.field")
    op = expression.get("op")
    category = expression.get("category")
    by_share = field.kind == "number" or (field.kind == "interest" and category is not None)
    allowed = _NUMBER_OPS if by_share else ("=", "in") if field.kind == "interest" else _TEXT_OPS
    if not isinstance(op, str) or op not in allowed:
        text = "、".join(allowed)
        raise _wrong(f"{path}.op", f"可用：{text}", f"use one of {' '.join(allowed)}")
    values = _values(expression.get("value"), op, f"{path}.value", number=by_share)
    return Comparison(path, field, op, values, _category(category, field, f"{path}.category"))


def _field(name: Any, path: str) -> Field:
    if isinstance(name, str):
        if name in FIELDS:
            return FIELDS[name]
        if found := _TRAIT.fullmatch(name):
            sql = trait_sql(repr(found[1]))
            return Field(name, "text", "traits", sql, Message("自定义标签", "Custom trait"))
    known = " ".join(FIELDS)
    raise _wrong(path, f"没有这个字段，可用：{known}", f"no such field; use one of {known}")


def _category(category: Any, field: Field, path: str) -> str | None:
    if category is None:
        return None
    if field.kind != "interest" or not isinstance(category, str) or not category:
        raise _wrong(path, "仅品类兴趣可指定品类", "a category name, with category_interest only")
    return clean(category, path, TEXT_MAX)


def _values(value: Any, op: str, path: str, *, number: bool) -> tuple[Scalar, ...]:
    if op not in {"in", "not_in"}:
        return (_scalar(value, path, number=number),)
    if not isinstance(value, list) or not 0 < len(value) <= LIST_MAX:
        raise _wrong(path, f"须为 1 到 {LIST_MAX} 项的数组", f"must be a list of 1 to {LIST_MAX}")
    return tuple(_scalar(item, f"{path}[{at}]", number=number) for at, item in enumerate(value))


def _scalar(value: Any, path: str, *, number: bool) -> Scalar:
    if not number:
        if not isinstance(value, str):
            raise _wrong(path, "须为文本", "must be text")
        return clean(value, path, TEXT_MAX)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(path, "须为数字", "must be a number")
    if not abs(value) <= 2**53:  # NaN is not, and large integers are no floats
        raise _wrong(path, "数字过大", "the number is too large")
    return value
