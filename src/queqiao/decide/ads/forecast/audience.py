"""Whom a targeting reaches, judged on what was logged; what was not logged is said.

An expression may ask what no live campaign asked: then the log does not have it, and the clause is
neither true nor false. An opportunity where the rest does not decide is *unsure*.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from queqiao.decide.ads.contracts import Targeting
from queqiao.decide.ads.forecast.opportunities import UNTOLD, Ints, Marks, Opportunities
from queqiao.decide.ads.targeting.leaves import Question
from queqiao.decide.ads.targeting.parsing import parse, questions
from queqiao.decide.ads.targeting.situation import Situation, situation
from queqiao.decide.ads.targeting.tree import Junction, Node
from queqiao.kernel.clock import DEFAULT_ZONE, MINUTE_US

STEP_US = 5 * MINUTE_US
"""Clauses of time are asked once for so long."""

Members = Callable[[str], Ints | None]
"""Gives the hashes of the ids of who is in a segment today, None where there is no such segment."""


class Audience(NamedTuple):
    """By opportunity: whether it is of the audience for sure, and whether it may be.

    ``unlogged``: by field that was asked and not logged, how many opportunities are unsure by it.
    """

    sure: Marks
    unsure: Marks
    unlogged: dict[str, int]


class Asked(NamedTuple):
    """Who is asked for and when; ``shift_us`` moves the past to the time that is asked about."""

    targeting: Targeting
    shift_us: int = 0
    zone: str = DEFAULT_ZONE


def audience(found: Opportunities, asked: Asked, members: Members) -> Audience:
    """Return the audience among opportunities. Raises InvalidInput for a wrong expression."""
    targeting = asked.targeting
    plain = np.ones(len(found), np.bool_)
    if targeting.channels_any:
        wanted = [at for at, name in enumerate(found.channels) if name in targeting.channels_any]
        plain &= np.isin(found.channel, wanted)
    if targeting.segments_any:
        within = (in_segment(found, name, members) for name in targeting.segments_any)
        plain &= np.logical_or.reduce(list(within))
    if targeting.expression is None:
        return Audience(plain, np.zeros(len(found), np.bool_), {})
    node = parse(targeting.expression, "targeting.expression", zone=asked.zone)
    return _expressed(found, plain, node, asked.shift_us, members)


def in_segment(found: Opportunities, segment: str, members: Members) -> Marks:
    """Return who is in a segment today; where there is no such segment, who was then."""
    known = members(segment)
    if known is None:
        wanted = [at for at, names in enumerate(found.segment_sets) if segment in names]
        return np.isin(found.segments, wanted)
    by_user: Marks = np.isin(found.user, known) & (found.user != 0)
    by_device: Marks = np.isin(found.device, known) & (found.device != 0)
    return by_user | by_device


def _expressed(
    found: Opportunities, plain: Marks, node: Node, shift_us: int, members: Members
) -> Audience:
    """Judge every distinct situation once, and spread the answer over its opportunities."""
    asking = _Asking(found, node, shift_us, members)
    rows = np.flatnonzero(plain)
    table = np.stack([column[rows] for column in asking.columns], axis=1)
    distinct, which = np.unique(table, axis=0, return_inverse=True)
    answers = [asking.answer(one) for one in distinct.tolist()]
    which = which.reshape(-1)
    sure, unsure = np.zeros(len(found), np.bool_), np.zeros(len(found), np.bool_)
    sure[rows] = np.array([answer is True for answer in answers], np.bool_)[which]
    unsure[rows] = np.array([answer is None for answer in answers], np.bool_)[which]
    return Audience(sure, unsure, asking.unlogged(found.place[unsure]))


class _Asking:
    """What of an opportunity an expression reads: a few columns, and how they are judged."""

    def __init__(self, found: Opportunities, node: Node, shift_us: int, members: Members) -> None:
        self._found = found
        self._node = node
        asked = questions(node)
        self._fields = sorted({one.field for one in asked} - {"now", "segments", "channel"})
        self._segments = sorted(_segments(asked))
        self._missing = [_missing(found, at, self._fields) for at in range(len(found.places))]
        self._has_now = any(one.field == "now" for one in asked)
        moments = (found.at_us + shift_us) // STEP_US if self._has_now else found.place * 0
        untold = np.full(len(found), UNTOLD, np.int64)
        within = (in_segment(found, name, members).astype(np.int64) for name in self._segments)
        told = (found.fields.get(name, untold) for name in self._fields)
        self.columns = [found.place, found.channel, moments, *within, *told]

    def answer(self, values: Sequence[int]) -> bool | None:
        """Judge one distinct situation."""
        place, channel, moment, *rest = values
        known = self._missing[place]
        return judged(self._node, self._situation(channel, moment, rest), known)

    def _situation(self, channel: int, moment: int, rest: Sequence[int]) -> Situation:
        count = len(self._segments)
        within = zip(self._segments, rest[:count], strict=True)
        told: dict[str, Any] = {"segments": [name for name, is_in in within if is_in]}
        if self._found.channels[channel]:
            told["channel"] = self._found.channels[channel]
        for field, value in zip(self._fields, rest[count:], strict=True):
            if value != UNTOLD:
                told[field] = self._found.values[field][value]
        return situation(told, moment * STEP_US)

    def unlogged(self, places: Ints) -> dict[str, int]:
        """Return by field how many of the opportunities, given by place, do not have it logged."""
        counts = np.bincount(places, minlength=len(self._missing))
        by_field = {
            field: sum(
                int(count)
                for count, missing in zip(counts, self._missing, strict=True)
                if field in missing
            )
            for field in self._fields
        }
        return {field: count for field, count in by_field.items() if count}


def _segments(asked: Sequence[Question]) -> Iterator[str]:
    for one in asked:
        if one.field == "segments":
            for name in (*getattr(one, "values", ()), *getattr(one, "names", ())):
                if isinstance(name, str):
                    yield name


def _missing(found: Opportunities, place: int, fields: Sequence[str]) -> frozenset[str]:
    """Return the fields that were never told in a place: nobody there asked for them."""
    here = found.place == place
    return frozenset(
        field
        for field in fields
        if field not in found.fields or not (found.fields[field][here] != UNTOLD).any()
    )


def judged(node: Node, known: Situation, missing: frozenset[str]) -> bool | None:
    """Say whether an expression holds; None where that depends on a field that is missing."""
    if not isinstance(node, Junction):
        return None if node.field in missing else node.holds(known)
    answers = [judged(part, known, missing) for part in node.parts]
    if node.kind == "not":
        return None if answers[0] is None else not answers[0]
    decides = node.kind == "or"
    if decides in answers:
        return decides
    return None if None in answers else not decides
