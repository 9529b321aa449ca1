"""What the type of a flash sale cannot say: each error names path and cure."""

from collections.abc import Iterator
from datetime import date
from itertools import pairwise

from queqiao.decide.promotions.flash_sales.documents import DailyTimes, FlashSaleDocument
from queqiao.decide.promotions.flash_sales.sessions import SESSIONS_MAX, daily_pairs
from queqiao.kernel.clock import parse_rfc3339, zone_of
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.money import exponent
from queqiao.kernel.text import refuse_unstorable

YEAR_MIN, YEAR_MAX = 1971, 2200
"""A year beyond them is a slip of the keyboard."""

_ENDS = Message("结束须晚于开始", "must be later than the start")
_OVERLAP = Message("与另一场次重叠，请错开", "overlaps another session; move one of them")


def check_flash_sale(document: FlashSaleDocument) -> None:
    """Raise InvalidInput with every field that cannot stand."""
    errors = [*_item_errors(document), *_currency_errors(document), *_time_errors(document)]
    if errors:
        raise InvalidInput(*errors)


def _item_errors(document: FlashSaleDocument) -> Iterator[FieldError]:
    seen: set[str] = set()
    for index, item in enumerate(document.items):
        try:
            refuse_unstorable(item.sku, f"items[{index}].sku")
        except InvalidInput as error:
            yield from error.fields
        if item.sku in seen:
            message = Message("同一个 SKU 只能出现一次", "each SKU stands once")
            yield FieldError(f"items[{index}].sku", message)
        seen.add(item.sku)


def _currency_errors(document: FlashSaleDocument) -> Iterator[FieldError]:
    try:
        exponent(document.currency)
    except InvalidInput as error:
        yield from error.fields


def _time_errors(document: FlashSaleDocument) -> Iterator[FieldError]:
    if not document.sessions and document.daily is None:
        message = Message(
            "请至少写一个场次，或每日场次 (daily)", "name at least one session, or daily ones"
        )
        yield FieldError("sessions", message)
        return
    pairs: list[tuple[int, int, str]] = []
    errors = [*_session_errors(document, pairs), *_daily_errors(document.daily, pairs)]
    yield from errors or _overlaps(pairs)


def _session_errors(
    document: FlashSaleDocument, pairs: list[tuple[int, int, str]]
) -> Iterator[FieldError]:
    for index, session in enumerate(document.sessions):
        path = f"sessions[{index}]"
        try:
            starts_us = parse_rfc3339(session.starts_at, f"{path}.starts_at")
            ends_us = parse_rfc3339(session.ends_at, f"{path}.ends_at")
        except InvalidInput as error:
            yield from error.fields
            continue
        if not 0 <= starts_us < ends_us:
            yield FieldError(f"{path}.ends_at", _ENDS)
        pairs.append((starts_us, ends_us, path))


def _daily_errors(
    daily: DailyTimes | None, pairs: list[tuple[int, int, str]]
) -> Iterator[FieldError]:
    if daily is None:
        return
    errors = list(_calendar_errors(daily))
    for index, hours in enumerate(daily.hours):
        if hours.ends <= hours.starts:
            errors.append(FieldError(f"daily.hours[{index}].ends", _ENDS))
    if errors:
        yield from errors
        return
    days = (date.fromisoformat(daily.last_day) - date.fromisoformat(daily.first_day)).days + 1
    if days * len(daily.hours) > SESSIONS_MAX:
        message = Message(f"最多 {SESSIONS_MAX} 场", f"at most {SESSIONS_MAX} sessions")
        yield FieldError("daily.last_day", message)
        return
    found = list(daily_pairs(daily))
    if not found:
        message = Message("这些日期里没有所选的星期", "none of these days is such a weekday")
        yield FieldError("daily.weekdays", message)
    pairs += [(starts, ends, "daily.hours") for starts, ends in found]


def _calendar_errors(daily: DailyTimes) -> Iterator[FieldError]:
    try:
        zone_of(daily.timezone)
    except InvalidInput as error:
        yield FieldError("daily.timezone", error.fields[0].message)
    days: list[date] = []
    for name in ("first_day", "last_day"):
        try:
            days.append(date.fromisoformat(getattr(daily, name)))
        except ValueError:
            yield FieldError(f"daily.{name}", Message("没有这一天", "there is no such day"))
            continue
        if not YEAR_MIN <= days[-1].year <= YEAR_MAX:
            message = Message(
                f"年份须在 {YEAR_MIN} 到 {YEAR_MAX} 之间", f"years go from {YEAR_MIN} to {YEAR_MAX}"
            )
            yield FieldError(f"daily.{name}", message)
    if len(days) == 2 and days[1] < days[0]:
        yield FieldError("daily.last_day", Message("不能早于首日", "must not be before first_day"))


def _overlaps(pairs: list[tuple[int, int, str]]) -> Iterator[FieldError]:
    if len(pairs) > SESSIONS_MAX:
        message = Message(f"最多 {SESSIONS_MAX} 场", f"at most {SESSIONS_MAX} sessions")
        yield FieldError("sessions", message)
    for before, after in pairwise(sorted(pairs)):
        if after[0] < before[1]:
            yield FieldError(after[2], _OVERLAP)
            return
