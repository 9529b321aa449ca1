"""Points of any series in, lines on one time axis out: the forms on the wire."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

POINTS_MAX = 5_000
"""Points of one call."""
STEPS_MAX = 2_000
"""Steps of one answer."""
LINES_MAX = 200
"""Lines of one answer; a question that would give more is refused."""

Kind = Literal["counter", "gauge", "histogram", "unknown"]
Function = Literal[
    "avg", "max", "min", "sum", "count", "p50", "p95", "p99", "rate",
    "bucket_p50", "bucket_p95", "bucket_p99",
]  # fmt: skip
Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"\A[a-zA-Z_:][a-zA-Z0-9_:]*\Z")]
Label = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"\A[a-zA-Z_][a-zA-Z0-9_]*\Z")]
Moment = Annotated[str, Meta(max_length=40)]


class Point(msgspec.Struct, forbid_unknown_fields=True):
    """One value of one series at a moment (RFC 3339; the time of the call when absent).

    A series is a name and its labels. The same series and moment again replaces the value.
    ``counter`` values only grow, but for restarts.
    """

    name: Name
    value: float
    labels: Annotated[dict[Label, Annotated[str, Meta(max_length=1000)]], Meta(max_length=30)] = {}
    kind: Kind = "gauge"
    at: Moment | None = None


class Points(msgspec.Struct, forbid_unknown_fields=True):
    """Some points."""

    points: Annotated[list[Point], Meta(min_length=1, max_length=POINTS_MAX)]


class PointsTaken(msgspec.Struct):
    """How many points are stored."""

    stored: int


class SeriesLine(msgspec.Struct, forbid_unknown_fields=True):
    """Lines of a series: ``function`` over each step, of all series that fit, or by label.

    ``rate`` is the growth of a counter a second, restarts taken into account. ``sum`` adds up the
    averages of the series. ``bucket_p95`` estimates the percentile of a histogram by its buckets.
    """

    series: Name
    function: Function = "avg"
    where: Annotated[dict[Label, Annotated[str, Meta(max_length=1000)]], Meta(max_length=20)] = {}
    group_by: Annotated[list[Label], Meta(max_length=5)] = []


class BusinessLine(msgspec.Struct, forbid_unknown_fields=True):
    """A line of a business metric of the catalogue, for steps of 60 s or 3,600 s."""

    metric: Annotated[str, Meta(min_length=1, max_length=64)]
    currency: Annotated[str, Meta(max_length=3)] | None = None


class SeriesQuery(msgspec.Struct, forbid_unknown_fields=True):
    """What is asked. ``to`` is not included; steps lie on whole multiples of ``step_s`` in UTC."""

    from_: Moment = msgspec.field(name="from")
    to: Moment
    step_s: Annotated[int, Meta(ge=1, le=86_400)] = 60
    series: Annotated[list[SeriesLine], Meta(max_length=10)] = []
    business: Annotated[list[BusinessLine], Meta(max_length=10)] = []


class LineOut(msgspec.Struct):
    """One line: a value for each moment of the axis, null where there is none."""

    name: str
    function: str
    labels: dict[str, str]
    values: list[float | None]
    unit: str | None = None


class SeriesAnswer(msgspec.Struct):
    """Lines on one axis: ``times`` are the starts of the steps."""

    times: list[str]
    step_s: int
    lines: list[LineOut]


class SeriesView(msgspec.Struct):
    """One name of series: its kind, how many there are, which labels they have, the last moment."""

    name: str
    kind: str
    series: int
    labels: list[str]
    last_at: str


class SeriesList(msgspec.Struct):
    """The names of all series, in order."""

    items: list[SeriesView]
