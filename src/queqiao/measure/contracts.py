"""The question and the answer of a report, as they stand on the wire."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from queqiao.kernel.errors import Message

Granularity = Literal["minute", "hour", "day", "week", "month"]
Operator = Literal["eq", "ne", "in", "not_in", "contains"]
Word = Annotated[str, Meta(max_length=64)]
Value = Annotated[str, Meta(max_length=512)]

ROWS_MAX = 10_000


class Filter(msgspec.Struct, forbid_unknown_fields=True):
    """Keeps rows whose dimension fits. ``in`` and ``not_in`` take a list, the others one value."""

    dimension: Word
    op: Operator
    value: Value | Annotated[list[Value], Meta(max_length=1000)]


class Order(msgspec.Struct, forbid_unknown_fields=True):
    """Sorts by a column of the answer. Null comes last. Ties follow the dimensions, ascending."""

    by: Word
    direction: Literal["asc", "desc"] = "desc"


class ReportQuery(msgspec.Struct, forbid_unknown_fields=True):
    """What is asked.

    ``from`` and ``to`` are RFC 3339 moments or days of the time zone; ``to`` is not included.
    ``as_of`` is a log offset, or the RFC 3339 moment until which events had been received.
    """

    metrics: Annotated[list[Word], Meta(min_length=1, max_length=20)]
    dimensions: Annotated[list[Word], Meta(max_length=6)] = []
    filters: Annotated[list[Filter], Meta(max_length=20)] = []
    from_: Annotated[str, Meta(max_length=40)] | None = msgspec.field(name="from", default=None)
    to: Annotated[str, Meta(max_length=40)] | None = None
    granularity: Granularity | None = None
    timezone: Word = "Asia/Shanghai"
    compare: Literal["previous_period"] | None = None
    as_of: Annotated[int, Meta(ge=0, le=2**63 - 1)] | Annotated[str, Meta(max_length=40)] | None = (
        None
    )
    order: Annotated[list[Order], Meta(max_length=6)] = []
    limit: Annotated[int, Meta(ge=1, le=ROWS_MAX)] = 1000


class Column(msgspec.Struct):
    """One column of the answer. ``unit`` is null for a dimension."""

    name: str
    kind: Literal["dimension", "metric"]
    unit: str | None
    title: dict[str, str]


class Report(msgspec.Struct):
    """The answer: every number holds the events up to ``watermark_offset`` and no other.

    ``watermark`` is the moment of receiving of the last of them; ``as_of`` is the offset to ask for
    to get the same bytes again. ``currency`` is the one of the money in it, null where rows differ
    or there is none. With ``compare``, each metric has a second column ``<metric>_previous``.
    """

    columns: list[Column]
    rows: list[list[Any]]
    watermark: str | None
    watermark_offset: int
    as_of: int
    currency: str | None
    definitions: dict[str, dict[str, str]]


class MetricView(msgspec.Struct):
    """One metric of the catalogue."""

    name: str
    unit: str
    title: dict[str, str]
    meaning: dict[str, str]
    formula: str


class DimensionView(msgspec.Struct):
    """One dimension of the catalogue."""

    name: str
    title: dict[str, str]


class CatalogueView(msgspec.Struct):
    """All metrics and dimensions."""

    metrics: list[MetricView]
    dimensions: list[DimensionView]


def both(message: Message) -> dict[str, str]:
    """Return a sentence in both languages, as the API gives it."""
    return {"zh": message.zh, "en": message.en}
