"""From the client library's values to the plain ones that the port promises."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_PLAIN = (str, int, float, bool, type(None))


def plain(value: Any) -> Any:
    """Return None, bool, int, float, str or a list of these."""
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        return (moment - _EPOCH) // _MICROSECOND
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    raise TypeError(f"a cell of type {type(value).__name__} has no plain form; cast it in SQL")


def plain_rows(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """Return the rows with every cell plain."""
    return [[plain(value) for value in row] for row in rows]
