"""What the documents of ads are checked for alike. Each check returns the fields that are wrong."""

from collections.abc import Callable, Sequence
from typing import Any

from queqiao.decide.ads.targeting.fields import FIELDS
from queqiao.decide.ads.targeting.parsing import parse
from queqiao.kernel.clock import parse_rfc3339
from queqiao.kernel.errors import FieldError, InvalidInput, Message

_END = Message("结束时间须晚于开始时间", "must be after starts_at")
_TWICE = Message("有重复，请删去其一", "stands twice; remove one")
_ADDRESS = Message(
    "须以 https://、http:// 或 / 开头，不含空白",
    "must start with https://, http:// or /, without blanks",
)


def of(check: Callable[[], object]) -> tuple[FieldError, ...]:
    """Return what a check raises."""
    try:
        check()
    except InvalidInput as error:
        return error.fields
    return ()


def expression(said: dict[str, Any] | None) -> tuple[FieldError, ...]:
    """Check an expression of targeting."""
    if said is None:
        return ()
    return of(lambda: parse(said, "targeting.expression", fields=FIELDS))


def hours(grid: Sequence[str]) -> tuple[FieldError, ...]:
    """Check a grid of half-hours; an empty one is always."""
    if not grid:
        return ()
    clause = hours_clause(grid)
    wrong = of(lambda: parse(clause, "hours"))
    return tuple(
        FieldError(each.path.replace("hours.value", "hours"), each.message) for each in wrong
    )


def hours_clause(grid: Sequence[str]) -> dict[str, Any]:
    """Return a grid of half-hours as a clause of targeting."""
    return {"field": "now", "op": "in_grid", "value": list(grid)}


def window(starts: str | None, ends: str | None) -> tuple[FieldError, ...]:
    """Check ``starts_at`` and ``ends_at``."""
    wrong = of(lambda: parse_rfc3339(starts or "1970-01-01", "starts_at"))
    wrong += of(lambda: parse_rfc3339(ends or "9999-01-01", "ends_at"))
    if not wrong and starts and ends and parse_rfc3339(ends) <= parse_rfc3339(starts):
        return (FieldError("ends_at", _END),)
    return wrong


def unique(path: str, ids: Sequence[str]) -> list[FieldError]:
    """Check that no id stands twice."""
    seen: set[str] = set()
    wrong = []
    for index, each in enumerate(ids):
        if each in seen:
            wrong.append(FieldError(f"{path}[{index}]", _TWICE))
        seen.add(each)
    return wrong


def address(path: str, url: str) -> tuple[FieldError, ...]:
    """Check where something leads or lies: on the web, or on the shop itself."""
    is_ours = url.startswith("/") and not url.startswith(("//", "/\\"))
    is_web = url.lower().startswith(("https://", "http://"))
    is_plain = all(character > " " and character != "\x7f" for character in url)
    return () if (is_ours or is_web) and is_plain else (FieldError(path, _ADDRESS),)
