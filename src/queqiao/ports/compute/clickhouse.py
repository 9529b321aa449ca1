"""The ClickHouse printer: a checked expression as SQL, for chDB and a server alike.

Inside an expression a time is its microseconds (Int64), so that no calendar of the engine's comes
between. Integers are computed in 128 bits and narrowed, which finds every overflow.
"""

from collections.abc import Callable, Mapping

from queqiao.ports.compute import clickhouse_text, clickhouse_time
from queqiao.ports.compute.expression import Column, Expression, Literal, Type, check

SQL_TYPES: dict[Type, str] = {
    "bool": "Bool",
    "int": "Int64",
    "float": "Float64",
    "text": "String",
    "time": "Int64",
}
"""The type of a value inside an expression."""


def text_literal(text: str) -> str:
    """Return a string literal."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def name_of(column: str) -> str:
    """Return a quoted name."""
    return "`" + column.replace("\\", "\\\\").replace("`", "\\`") + "`"


def print_sql(expression: Expression, columns: Mapping[str, Type]) -> str:
    """Return the SQL of a checked expression; columns of type time are ``DateTime64(6, 'UTC')``."""
    if isinstance(expression, Column):
        name = name_of(expression.name)
        return f"toUnixTimestamp64Micro({name})" if columns[expression.name] == "time" else name
    if isinstance(expression, Literal):
        return _literal(expression)
    kinds = [check(argument, columns) for argument in expression.arguments]
    given = [print_sql(argument, columns) for argument in expression.arguments]
    if expression.function == "hash64":
        return _hash(given, kinds)
    constant = [
        str(a.value) if isinstance(a, Literal) and a.type == "text" else None
        for a in expression.arguments
    ]
    if expression.function in clickhouse_text.CONSTANT:
        return clickhouse_text.CONSTANT[expression.function](given, constant)
    if expression.function in clickhouse_time.CONSTANT:
        return clickhouse_time.CONSTANT[expression.function](given, constant)
    typed = f"{expression.function} {kinds[0]}"
    return (TYPED.get(typed) or PRINTED[expression.function])(*given)


def _literal(expression: Literal) -> str:
    value, kind = expression.value, SQL_TYPES[expression.type]
    if value is None:
        return f"CAST(NULL, 'Nullable({kind})')"
    if isinstance(value, str):
        return text_literal(value)
    if isinstance(value, bool):
        return str(value).lower()
    return f"to{kind}({text_literal(repr(value))})"


def _hash(given: list[str], kinds: list[Type]) -> str:
    parts = [
        f"ifNull({_canonical(sql, kind)}, 'n;')" for sql, kind in zip(given, kinds, strict=True)
    ]
    joined = parts[0] if len(parts) == 1 else f"concat({', '.join(parts)})"
    return f"reinterpretAsInt64(xxHash64({joined}))"


def _canonical(sql: str, kind: Type) -> str:
    if kind == "text":
        return f"concat('t', toString(length({sql})), ':', {sql}, ';')"
    digits = {
        "bool": f"toString(toUInt8({sql}))",
        "int": f"toString({sql})",
        "float": f"toString(reinterpretAsUInt64({sql}))",
        "time": f"toString({sql})",
    }[kind]
    return f"concat('{'u' if kind == 'time' else kind[0]}', {digits}, ';')"


def narrow(sql: str) -> str:
    """Return a wide integer as 64 bits, NULL where it does not fit."""
    return f"accurateCastOrNull({sql}, 'Int64')"


def _wide(operator: str) -> Callable[[str, str], str]:
    return lambda a, b: narrow(f"toInt128({a}) {operator} toInt128({b})")


def finite(sql: str) -> str:
    """Return a float, NULL where it is not finite, 0 for −0."""
    return f"if(isFinite({sql}), {sql} + 0, NULL)"


def _floats(operator: str) -> Callable[[str, str], str]:
    return lambda a, b: finite(f"({a} {operator} {b})")


def _floor_divide(a: str, b: str) -> str:
    quotient, rest = _parts(a, b)
    down = f"({rest} != 0 AND ({rest} < 0) != ({b} < 0))"
    return f"if({b} = 0, NULL, {narrow(f'{quotient} - toInt128({down})')})"


def _modulo(a: str, b: str) -> str:
    _, rest = _parts(a, b)
    other = f"({rest} != 0 AND ({rest} < 0) != ({b} < 0))"
    return f"if({b} = 0, NULL, {narrow(f'{rest} + if({other}, toInt128({b}), 0)')})"


def _parts(a: str, b: str) -> tuple[str, str]:
    wide = f"toInt128({a}), toInt128({b})"
    return f"intDivOrZero({wide})", f"moduloOrZero({wide})"


def _compare(operator: str) -> Callable[[str, str], str]:
    return lambda a, b: f"({a} {operator} {b})"


def _many(operator: str) -> Callable[..., str]:
    return lambda *given: "(" + f" {operator} ".join(given) + ")"


def _choose(operator: str) -> Callable[[str, str], str]:
    def run(a: str, b: str) -> str:
        return f"if(isNull({b}), {a}, if({a} {operator} {b}, {a}, {b}))"

    return run


def _float_to_int(a: str) -> str:
    low, high = "toFloat64('-9223372036854775808')", "toFloat64('9223372036854775808')"
    return f"if({a} >= {low} AND {a} < {high}, accurateCastOrNull(trunc({a}), 'Int64'), NULL)"


PRINTED: dict[str, Callable[..., str]] = {
    "add": _wide("+"),
    "subtract": _wide("-"),
    "multiply": _wide("*"),
    "divide": lambda a, b: f"if({b} = 0, NULL, {finite(f'({a} / {b})')})",
    "floor_divide": _floor_divide,
    "modulo": _modulo,
    "negate": lambda a: narrow(f"-toInt128({a})"),
    "absolute": lambda a: narrow(f"abs(toInt128({a}))"),
    "equal": _compare("="),
    "not_equal": _compare("!="),
    "less": _compare("<"),
    "less_or_equal": _compare("<="),
    "greater": _compare(">"),
    "greater_or_equal": _compare(">="),
    "same": lambda a, b: f"({a} IS NOT DISTINCT FROM {b})",
    "is_null": lambda a: f"isNull({a})",
    "least": _choose("<="),
    "greatest": _choose(">="),
    "and": _many("AND"),
    "or": _many("OR"),
    "not": lambda a: f"(NOT {a})",
    "if": lambda condition, yes, no: f"if(ifNull({condition}, false), {yes}, {no})",
    "coalesce": lambda *given: f"coalesce({', '.join(given)})",
    "null_if": lambda a, b: f"if(ifNull({a} = {b}, false), NULL, {a})",
    "to_int": clickhouse_text.to_int,
    "to_float": clickhouse_text.to_float,
    "to_bool": lambda a: f"multiIf({a} = 'true', true, {a} = 'false', false, NULL)",
    "to_text": lambda a: f"toString({a})",
    "to_us": lambda a: a,
    **clickhouse_text.PRINTED,
    **clickhouse_time.PRINTED,
}
"""How each function is printed, whatever its types."""

TYPED: dict[str, Callable[..., str]] = {
    "add float": _floats("+"),
    "subtract float": _floats("-"),
    "multiply float": _floats("*"),
    "negate float": lambda a: f"(-{a} + 0)",
    "absolute float": lambda a: f"abs({a})",
    "to_int float": _float_to_int,
    "to_int bool": lambda a: f"toInt64({a})",
    "to_float int": lambda a: f"toFloat64({a})",
    "to_text bool": lambda a: f"multiIf({a}, 'true', NOT {a}, 'false', NULL)",
    "to_text time": clickhouse_time.to_text,
    "to_time text": clickhouse_time.read,
}
"""How a function is printed for the type of its first argument, where that matters."""

NAMES = {*PRINTED, *clickhouse_text.CONSTANT, *clickhouse_time.CONSTANT, "hash64"}
"""Every function that this printer prints."""
