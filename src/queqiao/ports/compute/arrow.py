"""The Arrow printer: a checked expression over columns, all rows at once.

An argument is an Arrow array, or an Arrow scalar where it is a literal. What Arrow computes
otherwise than the table says (it wraps, raises or divides toward zero) is done in numpy.
"""

from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from queqiao.ports.compute import arrow_numbers, arrow_text, arrow_time
from queqiao.ports.compute.expression import Call, Column, Expression, Literal
from queqiao.ports.compute.values import ARROW, hash_columns

Arrays = Mapping[str, Any]


def evaluate(expression: Expression, rows: pa.Table) -> Any:
    """Return the values of a checked expression, one a row, as an Arrow array."""
    arrays = {name: one_chunk(rows.column(name)) for name in rows.column_names}
    return full(_value(expression, arrays, rows.num_rows), rows.num_rows)


def one_chunk(column: Any) -> Any:
    """Return a column as one array, without a copy if it has one chunk."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def full(value: Any, count: int) -> Any:
    """Return a literal as a column."""
    return pa.repeat(value, count) if isinstance(value, pa.Scalar) else value


def _value(expression: Expression, arrays: Arrays, count: int) -> Any:
    if isinstance(expression, Column):
        return arrays[expression.name]
    if isinstance(expression, Literal):
        return pa.scalar(expression.value, ARROW[expression.type])
    given = [_value(argument, arrays, count) for argument in expression.arguments]
    return _call(expression, given, count)


def _call(expression: Call, given: list[Any], count: int) -> Any:
    """Call the function; literals alone are computed once, as a column of one row."""
    name = expression.function
    if all(isinstance(value, pa.Scalar) for value in given):
        ones = [pa.repeat(value, 1) for value in given]
        return _printed(name, ones, 1)[0]
    return _printed(name, given, count)


def _printed(name: str, given: list[Any], count: int) -> Any:
    if name == "hash64":
        return pa.array(hash_columns([full(value, count) for value in given], count))
    if name in PLAIN:
        return PLAIN[name](*given)
    constants = CONSTANTS_LAST.get(name, 0)
    columns = [full(value, count) for value in given[: len(given) - constants]]
    return COLUMNS[name](*columns, *(_text(value) for value in given[len(columns) :]))


def _text(value: Any) -> str:
    """Return a constant's text."""
    return str((value if isinstance(value, pa.Scalar) else value[0]).as_py())


def _same(a: Any, b: Any) -> Any:
    both = pc.and_(pc.is_null(a), pc.is_null(b))
    return pc.or_(both, pc.fill_null(pc.equal(a, b), fill_value=False))


def _and(*values: Any) -> Any:
    result = values[0]
    for value in values[1:]:
        result = pc.and_kleene(result, value)
    return result


def _or(*values: Any) -> Any:
    result = values[0]
    for value in values[1:]:
        result = pc.or_kleene(result, value)
    return result


def _if(condition: Any, yes: Any, no: Any) -> Any:
    return pc.if_else(pc.fill_null(condition, fill_value=False), yes, no)


def _null_if(a: Any, b: Any) -> Any:
    alike = pc.fill_null(pc.equal(a, b), fill_value=False)
    return pc.if_else(alike, pa.scalar(None, a.type), a)


def _least(a: Any, b: Any) -> Any:
    first = pc.or_kleene(pc.is_null(b), pc.less_equal(a, b))
    return pc.if_else(pc.fill_null(first, fill_value=False), a, b)


def _greatest(a: Any, b: Any) -> Any:
    first = pc.or_kleene(pc.is_null(b), pc.greater_equal(a, b))
    return pc.if_else(pc.fill_null(first, fill_value=False), a, b)


PLAIN: dict[str, Callable[..., Any]] = {
    "equal": pc.equal,
    "not_equal": pc.not_equal,
    "less": pc.less,
    "less_or_equal": pc.less_equal,
    "greater": pc.greater,
    "greater_or_equal": pc.greater_equal,
    "same": _same,
    "is_null": pc.is_null,
    "least": _least,
    "greatest": _greatest,
    "and": _and,
    "or": _or,
    "not": pc.invert,
    "if": _if,
    "coalesce": pc.coalesce,
    "null_if": _null_if,
    **arrow_text.PLAIN,
}
"""Functions that take arrays and scalars alike."""

COLUMNS: dict[str, Callable[..., Any]] = {
    **arrow_numbers.COLUMNS,
    **arrow_text.COLUMNS,
    **arrow_time.COLUMNS,
}
"""Functions that take arrays, then their constants as text."""

CONSTANTS_LAST = {
    "contains": 1,
    "starts_with": 1,
    "ends_with": 1,
    "truncate_time": 2,
    "part_of_time": 2,
    "date_text": 1,
    "json_text": 1,
    "json_int": 1,
    "json_float": 1,
    "json_bool": 1,
}
"""How many constants stand at the end of a function's arguments."""

NAMES = {*PLAIN, *COLUMNS, "hash64"}
"""Every function that this printer prints."""
