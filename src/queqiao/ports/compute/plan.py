"""A plan is data: columns in, row steps, then at most one keyed step, rows out.

``encode`` and ``decode`` give its JSON; ``check_plan`` says what comes out, or what is wrong.
"""

from collections.abc import Mapping
from typing import Literal as OneOf

import msgspec

from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.ports.compute.expression import Expression, Type, check

Columns = dict[str, Type]

WINDOWS_A_ROW_MAX = 10_000
"""The most sliding windows that one row may fall into."""


class Filter(msgspec.Struct, frozen=True, tag_field="step", tag="filter"):
    """Keep the rows for which the condition is true; false and NULL go."""

    condition: Expression


class Extend(msgspec.Struct, frozen=True, tag_field="step", tag="extend"):
    """Add or replace columns; each expression sees the row as it was before the step."""

    columns: dict[str, Expression]


class Select(msgspec.Struct, frozen=True, tag_field="step", tag="select"):
    """Keep only these columns."""

    columns: dict[str, Expression]


class Lookup(msgspec.Struct, frozen=True, tag_field="step", tag="lookup"):
    """Join a small table of unique keys that is handed to the engine by name.

    ``on`` is compared with the table's first column; ``adds`` are the table's other columns with
    their types. A row whose key is not there, or NULL, goes.
    """

    table: str
    on: str
    adds: Columns


class Tumbling(msgspec.Struct, frozen=True, tag_field="window", tag="tumbling"):
    """Windows of one size, side by side, from 1970 UTC plus ``offset_us``."""

    size_us: int
    offset_us: int = 0


class Sliding(msgspec.Struct, frozen=True, tag_field="window", tag="sliding"):
    """Windows of one size, one every ``slide_us``; a row falls into each that covers it."""

    size_us: int
    slide_us: int


class Session(msgspec.Struct, frozen=True, tag_field="window", tag="session"):
    """Rows of a key with no more than ``gap_us`` between one and the next.

    It starts at its first row and ends ``gap_us`` after its last.
    """

    gap_us: int


Window = Tumbling | Sliding | Session


class Aggregate(msgspec.Struct, frozen=True):
    """What is computed of a window. Each merges: of parts it gives the same as of the whole.

    count: rows, or values of ``column`` that are not NULL. sum: of integers, NULL of none and
    beyond 64 bits. min, max: NULL is passed over. average: the sum as a float by the count.
    distinct: exact number of values. approximate_distinct: HyperLogLog of 4,096 registers over
    hash64, standard error 1.6 %, the same number whatever the order.
    """

    kind: OneOf["count", "sum", "min", "max", "average", "distinct", "approximate_distinct"]
    column: str | None = None


class Windows(msgspec.Struct, frozen=True, tag_field="step", tag="windows"):
    """Aggregates by key and event-time window.

    The watermark before a row is the greatest time seen before it, less ``out_of_order_us``.
    A window's first result comes when the watermark reaches its end (with ``early``, after each
    batch that changed it). A row that comes later still counts, and yields a corrected result,
    until the watermark is ``lateness_us`` beyond the end; after that it goes to the output
    ``too_late``, as does a row without a time.
    """

    keys: tuple[str, ...]
    time: str
    window: Window
    aggregates: dict[str, Aggregate]
    out_of_order_us: int = 0
    lateness_us: int = 0
    early: bool = False


class Machine(msgspec.Struct, frozen=True, tag_field="step", tag="machine"):
    """A keyed state machine, by the name under which it was handed to the engine.

    With ``order`` "time", each key's rows are shown by time, those of equal time by their hash, as
    soon as the watermark has passed them; a row that comes after that goes to ``too_late``. With
    "arrival", rows are shown as they come. A row whose key is NULL goes to ``too_late``.
    """

    machine: str
    key: str
    time: str
    out_of_order_us: int = 0
    order: OneOf["time", "arrival"] = "time"


RowStep = Filter | Extend | Select | Lookup
KeyedStep = Windows | Machine


class Plan(msgspec.Struct, frozen=True):
    """A transform: its name, the columns that it reads, its steps."""

    name: str
    columns: Columns
    steps: tuple[RowStep | KeyedStep, ...]


def encode(plan: Plan) -> bytes:
    """Return the plan's JSON."""
    return msgspec.json.encode(plan)


def decode(body: bytes) -> Plan:
    """Return the plan of a JSON. Raises InvalidInput naming what does not fit."""
    try:
        return msgspec.json.decode(body, type=Plan)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        message = Message("不是一个计划", "this is not a plan")
        raise InvalidInput(FieldError("plan", message)) from error


def check_plan(plan: Plan) -> Columns:
    """Return the columns before the keyed step, or those that come out if there is none.

    Raises InvalidInput naming the step and field that is wrong.
    """
    columns = dict(plan.columns)
    for place, step in enumerate(plan.steps):
        path = f"steps[{place}]"
        if isinstance(step, Windows | Machine):
            if place != len(plan.steps) - 1:
                raise _wrong(path, "须为最后一步", "a keyed step is the last one")
            _check_keyed(step, columns, path)
        else:
            columns = step_columns(step, columns, path)
    return columns


def step_columns(step: RowStep, columns: Mapping[str, Type], path: str) -> Columns:
    """Return the columns after a row step."""
    if isinstance(step, Filter):
        if check(step.condition, columns, f"{path}.condition") != "bool":
            raise _wrong(f"{path}.condition", "须为 bool 类型", "the condition is of type bool")
        return dict(columns)
    if isinstance(step, Lookup):
        _known(step.on, columns, f"{path}.on")
        return {**columns, **step.adds}
    made = {
        name: check(one, columns, f"{path}.columns.{name}") for name, one in step.columns.items()
    }
    return made if isinstance(step, Select) else {**columns, **made}


def _check_keyed(step: KeyedStep, columns: Columns, path: str) -> None:
    _known(step.time, columns, f"{path}.time")
    if columns[step.time] != "time":
        raise _wrong(f"{path}.time", "须为 time 类型", "the column is of type time")
    _not_negative(step.out_of_order_us, f"{path}.out_of_order_us")
    if isinstance(step, Machine):
        _known(step.key, columns, f"{path}.key")
        if columns[step.key] != "text":
            raise _wrong(f"{path}.key", "须为 text 类型", "the key is of type text")
        return
    _not_negative(step.lateness_us, f"{path}.lateness_us")
    for place, key in enumerate(step.keys):
        _known(key, columns, f"{path}.keys[{place}]")
        if columns[key] == "float":
            raise _wrong(f"{path}.keys[{place}]", "键不能为 float", "a key is no float")
    _check_window(step.window, f"{path}.window")
    for name, aggregate in step.aggregates.items():
        _check_aggregate(aggregate, columns, f"{path}.aggregates.{name}")


def _check_window(window: Window, path: str) -> None:
    fields = window.__struct_fields__
    for name in (n for n in fields if n != "offset_us"):
        if not 0 < getattr(window, name) < 1 << 50:
            raise _wrong(
                f"{path}.{name}", "须为正的微秒数", "give a positive number of microseconds"
            )
    if isinstance(window, Sliding) and window.size_us > window.slide_us * WINDOWS_A_ROW_MAX:
        raise _wrong(f"{path}.slide_us", "相对 size_us 太小", "too small for size_us")


def _check_aggregate(aggregate: Aggregate, columns: Columns, path: str) -> None:
    if aggregate.column is None:
        if aggregate.kind != "count":
            raise _wrong(f"{path}.column", "须写明列名", "name the column")
        return
    _known(aggregate.column, columns, f"{path}.column")
    if aggregate.kind in {"sum", "average"} and columns[aggregate.column] != "int":
        raise _wrong(
            f"{path}.column", "须为 int 类型（金额用分）", "it is of type int (minor units)"
        )


def result_columns(step: Windows, columns: Mapping[str, Type]) -> Columns:
    """Return the columns of the results of windows.

    ``version`` counts a window's results from 1; ``retracted`` is true where a session that was
    reported is no more, since a late row joined it to another: its values are NULL.
    """
    made: Columns = {key: columns[key] for key in step.keys}
    made |= {"window_start": "time", "window_end": "time"}
    for name, aggregate in step.aggregates.items():
        if aggregate.kind in {"min", "max"} and aggregate.column is not None:
            made[name] = columns[aggregate.column]
        else:
            made[name] = "float" if aggregate.kind == "average" else "int"
    return {**made, "version": "int", "retracted": "bool"}


def _known(name: str, columns: Mapping[str, Type], path: str) -> None:
    if name not in columns:
        raise _wrong(path, "没有这个列", "there is no such column")


def _not_negative(value: int, path: str) -> None:
    if not 0 <= value < 1 << 50:
        raise _wrong(path, "须为不小于 0 的微秒数", "give microseconds, 0 or more")


def _wrong(path: str, zh: str, en: str) -> InvalidInput:
    return InvalidInput(FieldError(path, Message(zh, en)))
