"""The names in a question, checked against the catalogue before anything is compiled."""

from collections.abc import Iterable
from typing import NamedTuple, cast, get_args

from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.measure.catalogue import BASES, METRICS
from queqiao.measure.contracts import Filter, Granularity, ReportQuery
from queqiao.measure.dimensions import DIMENSIONS, Source

_GRANULARITIES = get_args(Granularity)


class Plan(NamedTuple):
    """What a question needs: dimensions in order (time first), bases, and the tables of both."""

    dimensions: list[str]
    bases: list[str]
    tables: list[Source]


def plan_of(query: ReportQuery) -> Plan:
    """Return the plan. Raises InvalidInput naming every field that is wrong."""
    wrong = [*_unknown_metrics(query), *_wrong_dimensions(query), *_wrong_filters(query)]
    if wrong:
        raise InvalidInput(*wrong)
    named = [name for name in query.dimensions if name not in _GRANULARITIES]
    time = [query.granularity] if query.granularity else []
    bases = list(dict.fromkeys(base for name in query.metrics for base in METRICS[name].bases))
    tables: list[Source] = list(dict.fromkeys(BASES[base].table for base in bases))
    plan = Plan([*time, *dict.fromkeys(named)], bases, tables)
    wrong = [*_absent(query, plan), *_wrong_order(query, plan)]
    if wrong:
        raise InvalidInput(*wrong)
    return plan


def settle_granularity(query: ReportQuery) -> None:
    """Let ``"dimensions": ["day"]`` mean the granularity, as a reader expects."""
    for name in query.dimensions:
        if name in _GRANULARITIES and query.granularity is None:
            query.granularity = cast("Granularity", name)


def _choose(path: str, names: Iterable[str]) -> FieldError:
    listed = ", ".join(names)
    return FieldError(path, Message(f"请从中选择：{listed}", f"choose from: {listed}"))


def _unknown_metrics(query: ReportQuery) -> list[FieldError]:
    wrong = [
        _choose(f"metrics[{index}]", METRICS)
        for index, name in enumerate(query.metrics)
        if name not in METRICS
    ]
    if len(set(query.metrics)) != len(query.metrics):
        wrong.append(FieldError("metrics", Message("指标重复", "a metric is named twice")))
    return wrong


def _wrong_dimensions(query: ReportQuery) -> list[FieldError]:
    return [
        _choose(f"dimensions[{index}]", [*DIMENSIONS, *_GRANULARITIES])
        for index, name in enumerate(query.dimensions)
        if name not in DIMENSIONS and name != query.granularity
    ]


def _wrong_filters(query: ReportQuery) -> list[FieldError]:
    wrong = []
    for index, one in enumerate(query.filters):
        if one.dimension not in DIMENSIONS:
            wrong.append(_choose(f"filters[{index}].dimension", DIMENSIONS))
        if isinstance(one.value, list) != (one.op in {"in", "not_in"}):
            message = Message(
                "in 与 not_in 用列表，其他用一个值", "a list for in and not_in, else one value"
            )
            wrong.append(FieldError(f"filters[{index}].value", message))
    return wrong


def _absent(query: ReportQuery, plan: Plan) -> list[FieldError]:
    """Name the dimensions that a table of some asked metric does not have."""
    used = [(f"dimensions[{index}]", name) for index, name in enumerate(query.dimensions)]
    used += [(f"filters[{index}].dimension", _name(one)) for index, one in enumerate(query.filters)]
    message = Message("所选指标没有这个维度", "one of the metrics has no such dimension")
    return [
        FieldError(path, message)
        for path, name in used
        if name in DIMENSIONS
        and any(table not in DIMENSIONS[name].columns for table in plan.tables)
    ]


def _name(one: Filter) -> str:
    return one.dimension


def _wrong_order(query: ReportQuery, plan: Plan) -> list[FieldError]:
    columns = [*plan.dimensions, *query.metrics]
    return [
        _choose(f"order[{index}].by", columns)
        for index, one in enumerate(query.order)
        if one.by not in columns
    ]
