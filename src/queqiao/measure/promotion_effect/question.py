"""What a caller asks for in the query of a URL, checked; every wrong field is named at once."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, get_args

from msgspec import Struct

from queqiao.kernel import money
from queqiao.kernel.clock import zone_of
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.measure.contracts import ReportQuery
from queqiao.measure.period import Period, period_of
from queqiao.measure.promotion_effect.contracts import Sort, Step

DETECT_PERCENT = 10
ROWS, ROWS_MAX = 200, 2_000
_PERIOD = ("from", "to", "timezone", "currency", "as_of")
OF_ONE = (*_PERIOD, "granularity", "detect")
OF_MANY = (*_PERIOD, "state", "sort", "order", "limit")
"""What the questions about one and about many may say."""

_WHOLE = re.compile(r"[0-9]{1,18}")
T = TypeVar("T")


class Question(Struct, frozen=True):
    """One question. ``currency`` None: not said. ``detect`` is a share of 1."""

    period: Period
    from_: str | None
    to: str | None
    zone: str
    currency: str | None
    as_of: int | str | None
    step: Step
    detect: float
    state: str | None
    sort: Sort
    descending: bool
    limit: int


def question_of(given: Mapping[str, str], names: Iterable[str], zone: str) -> Question:
    """Return the question; only ``names`` are looked at, and ``zone`` is the shop's.

    Raises InvalidInput naming the fields.
    """
    query = {name: given[name] for name in names if name in given}
    wrong: list[FieldError] = []

    def tried(read: Callable[[], T], otherwise: T) -> T:
        try:
            return read()
        except InvalidInput as error:
            wrong.extend(error.fields)
            return otherwise

    named = query.get("timezone", zone)
    from_, to = query.get("from"), query.get("to")
    if tried(lambda: _zone(named), None) is None:
        named = zone
    asked = ReportQuery(["orders"], from_=from_, to=to, timezone=named)
    found = Question(
        period=tried(lambda: period_of(asked), Period(None, None)),
        from_=from_,
        to=to,
        zone=named,
        currency=tried(lambda: _currency(query), None),
        as_of=_as_of(query),
        step=tried(lambda: _choice(query, "granularity", Step, "day"), "day"),
        detect=tried(lambda: _whole(query, "detect", DETECT_PERCENT, 1, 1_000), 1) / 100,
        state=query.get("state") or None,
        sort=tried(lambda: _choice(query, "sort", Sort, "discount_net"), "discount_net"),
        descending=tried(lambda: _order(query), True) is True,  # a value
        limit=tried(lambda: _whole(query, "limit", ROWS, 1, ROWS_MAX), ROWS),
    )
    if wrong:
        raise InvalidInput(*wrong)
    return found


def _zone(name: str) -> str:
    return str(zone_of(name))


def _currency(query: Mapping[str, str]) -> str | None:
    said = query.get("currency")
    if said is not None:
        money.exponent(said)
    return said


def _as_of(query: Mapping[str, str]) -> int | str | None:
    said = query.get("as_of")
    return int(said) if said is not None and _WHOLE.fullmatch(said) else said


def _order(query: Mapping[str, str]) -> bool:
    said = query.get("order", "desc")
    if said not in {"asc", "desc"}:
        raise InvalidInput(_one_of("order", ("asc", "desc")))
    return said == "desc"


def _choice(query: Mapping[str, str], name: str, kind: Any, otherwise: str) -> Any:
    said = query.get(name, otherwise)
    if said not in get_args(kind):
        raise InvalidInput(_one_of(name, get_args(kind)))
    return said


def _one_of(name: str, words: tuple[str, ...]) -> FieldError:
    listed = ", ".join(words)
    return FieldError(name, Message(f"请从中选择：{listed}", f"choose from: {listed}"))


def _whole(query: Mapping[str, str], name: str, otherwise: int, least: int, most: int) -> int:
    said = query.get(name)
    if said is None:
        return otherwise
    if not _WHOLE.fullmatch(said) or not least <= int(said) <= most:
        message = Message(f"须为 {least} 到 {most} 的整数", f"a whole number, {least} to {most}")
        raise InvalidInput(FieldError(name, message))
    return int(said)
