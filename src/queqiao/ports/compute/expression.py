"""Row expressions: a small typed tree, plain data, that printers turn into engines' languages.

Three kinds of node: a column, a literal, a call of a function of ``functions.py``. Types are five:

==========  ====================================================  ==================
type        values                                                in Arrow
==========  ====================================================  ==================
``bool``    true, false                                           ``bool``
``int``     −2⁶³ … 2⁶³ − 1                                        ``int64``
``float``   finite binary64 without a negative zero               ``float64``
``text``    Unicode without NUL and lone surrogates               ``string``
``time``    microseconds since 1970 UTC                           ``timestamp[us, UTC]``
==========  ====================================================  ==================

Every type has NULL besides. There is no implicit conversion: ``check`` refuses it.
"""

from collections.abc import Mapping
from typing import Literal as OneOf
from typing import get_args

import msgspec

from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.ports.compute.functions import CONSTANTS, FUNCTIONS, Function

Type = OneOf["bool", "int", "float", "text", "time"]
TYPES: tuple[Type, ...] = get_args(Type)

DEPTH_MAX = 64
"""Deeper trees are refused: printers recurse."""

Value = bool | int | float | str | None


class Column(msgspec.Struct, frozen=True, tag_field="node", tag="column"):
    """The value of a column of the row."""

    name: str


class Literal(msgspec.Struct, frozen=True, tag_field="node", tag="literal"):
    """A constant. A ``time`` is given in microseconds; ``None`` is the NULL of the type."""

    type: Type
    value: Value


class Call(msgspec.Struct, frozen=True, tag_field="node", tag="call"):
    """A function of the table with its arguments."""

    function: str
    arguments: "tuple[Expression, ...]"


Expression = Column | Literal | Call

_PYTHON: dict[str, type | tuple[type, ...]] = {
    "bool": bool,
    "int": int,
    "float": float,
    "text": str,
    "time": int,
}


def column(name: str) -> Column:
    """Return the column of that name."""
    return Column(name)


def literal(value: bool | float | str) -> Literal:
    """Return a literal whose type is that of the Python value."""
    kinds: dict[type, Type] = {bool: "bool", int: "int", float: "float", str: "text"}
    return Literal(kinds[type(value)], value)


def call(function: str, *arguments: Expression | bool | float | str) -> Call:
    """Return a call; Python values among the arguments become literals."""
    nodes = (Literal, Column, Call)
    made = tuple(a if isinstance(a, nodes) else literal(a) for a in arguments)
    return Call(function, made)


def check(
    expression: Expression, columns: Mapping[str, Type], path: str = "expression", depth: int = 0
) -> Type:
    """Return the type of an expression over these columns.

    Raises InvalidInput that names the node: an unknown column or function, a wrong number or type
    of arguments, a value outside its type, a tree that is too deep.
    """
    if depth > DEPTH_MAX:
        raise _wrong(path, f"表达式最多嵌套 {DEPTH_MAX} 层", f"nest at most {DEPTH_MAX} deep")
    if isinstance(expression, Column):
        return _column_type(expression, columns, path)
    if isinstance(expression, Literal):
        return _literal_type(expression, path)
    return _call_type(expression, columns, path, depth)


def _column_type(expression: Column, columns: Mapping[str, Type], path: str) -> Type:
    if expression.name not in columns:
        raise _wrong(f"{path}.name", "没有这个列", "there is no such column")
    return columns[expression.name]


def _literal_type(expression: Literal, path: str) -> Type:
    value, kind = expression.value, expression.type
    if value is None:
        return kind
    right = isinstance(value, _PYTHON[kind]) and (kind == "bool" or not isinstance(value, bool))
    if not right:
        raise _wrong(f"{path}.value", f"须为 {kind} 类型的值", f"give a value of type {kind}")
    if isinstance(value, int) and not -(1 << 63) <= value < 1 << 63:
        raise _wrong(f"{path}.value", "须在 64 位整数之内", "keep it within 64 bits")
    if isinstance(value, float) and (value - value != 0 or str(value) == "-0.0"):
        raise _wrong(f"{path}.value", "须为有限的数，且不为 −0", "give a finite number, not −0")
    if isinstance(value, str) and any(c == "\0" or "\ud800" <= c <= "\udfff" for c in value):
        raise _wrong(f"{path}.value", "不能含 NUL 或孤立代理", "leave out NUL and lone surrogates")
    return kind


def _call_type(expression: Call, columns: Mapping[str, Type], path: str, depth: int) -> Type:
    function = FUNCTIONS.get(expression.function)
    if function is None:
        raise _wrong(f"{path}.function", "没有这个函数", "there is no such function")
    given = [
        check(argument, columns, f"{path}.arguments[{place}]", depth + 1)
        for place, argument in enumerate(expression.arguments)
    ]
    for signature in function.signatures:
        result = _match(signature.parameters, signature.result, given)
        if result is not None:
            _check_constants(signature.parameters, expression, path)
            return result
    wanted = function.usage()
    raise _wrong(f"{path}.arguments", f"参数须为 {wanted}", f"the arguments are {wanted}")


def _match(parameters: tuple[str, ...], result: str, given: list[Type]) -> Type | None:
    """Return the result type if the arguments fit; ``T``: one type, ``each``: any, ``…``: many."""
    wanted = list(parameters)
    if wanted and wanted[-1].endswith("…"):
        last = wanted.pop().removesuffix("…")
        wanted += [last] * max(1, len(given) - len(wanted))
    if len(wanted) != len(given):
        return None
    one: Type | None = None
    for parameter, kind in zip(wanted, given, strict=True):
        if parameter == "T":
            one = one or kind
            if kind != one:
                return None
        elif parameter != "each" and CONSTANTS.get(parameter, parameter) != kind:
            return None
    return one if result == "T" else next(kind for kind in TYPES if kind == result)


def _check_constants(parameters: tuple[str, ...], expression: Call, path: str) -> None:
    for place, (parameter, argument) in enumerate(
        zip(parameters, expression.arguments, strict=False)
    ):
        if parameter not in CONSTANTS:
            continue
        where = f"{path}.arguments[{place}]"
        if not isinstance(argument, Literal) or argument.value is None:
            raise _wrong(where, "须为常量", "give a constant")
        Function.check_constant(parameter, argument.value, where)


def columns_of(expression: Expression) -> set[str]:
    """Return the names of the columns that an expression reads."""
    if isinstance(expression, Column):
        return {expression.name}
    if isinstance(expression, Literal):
        return set()
    return {name for argument in expression.arguments for name in columns_of(argument)}


def _wrong(path: str, zh: str, en: str) -> InvalidInput:
    return InvalidInput(FieldError(path, Message(zh, en)))
