"""The question and the answer of a funnel, as they stand on the wire."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from queqiao.measure.contracts import Filter, Word

STEPS_MAX = 10
WINDOW_DAYS_MAX = 366

Name = Annotated[str, Meta(min_length=1, max_length=200)]
Order = Literal["ordered", "strict", "unordered"]


class Step(msgspec.Struct, forbid_unknown_fields=True):
    """One step: an event of that name which every filter keeps. ``label`` is for readers."""

    event: Name
    filters: Annotated[list[Filter], Meta(max_length=10)] = []
    label: Annotated[str, Meta(max_length=100)] = ""


class FunnelQuery(msgspec.Struct, forbid_unknown_fields=True):
    """What is asked: how far people come through the steps within the window.

    ``ordered``: in this order, anything between. ``strict``: in this order, nothing between.
    ``unordered``: so many of the steps, in any order. The window runs from the first event of a
    way to its last, both included; an event is one step of a way only. An event named in
    ``exclusions`` ends whatever way was begun. ``breakdown`` is a dimension, as of the person's
    first event of the first step (unordered: of any step). Times are as in a report.
    """

    steps: Annotated[list[Step], Meta(min_length=2, max_length=STEPS_MAX)]
    order: Order = "ordered"
    window_s: Annotated[int, Meta(ge=1, le=WINDOW_DAYS_MAX * 86_400)] = 7 * 86_400
    exclusions: Annotated[list[Name], Meta(max_length=10)] = []
    breakdown: Word | None = None
    from_: Annotated[str, Meta(max_length=40)] | None = msgspec.field(name="from", default=None)
    to: Annotated[str, Meta(max_length=40)] | None = None
    timezone: Word = "Asia/Shanghai"
    as_of: Annotated[int, Meta(ge=0, le=2**63 - 1)] | Annotated[str, Meta(max_length=40)] | None = (
        None
    )
    limit: Annotated[int, Meta(ge=1, le=1000)] = 50


class FunnelGroup(msgspec.Struct):
    """People by how far they came: ``people[n]`` reached step n + 1 (unordered: as many steps).

    ``of_first`` is each count by the first, ``of_previous`` by the one before; null for 0 / 0.
    ``value`` is that of the breakdown, null for everybody.
    """

    value: str | None
    people: list[int]
    of_first: list[float | None]
    of_previous: list[float | None]


class FunnelReport(msgspec.Struct):
    """The answer, of the events up to ``watermark_offset``. Groups: the largest first."""

    steps: list[str]
    total: FunnelGroup
    groups: list[FunnelGroup]
    watermark: str | None
    watermark_offset: int
    as_of: int
