"""An index of expressions that never changes: rows of bits, one pass a lane.

A match looks up what is true, joins in each lane the rows that this satisfies with those that need
nothing there, and intersects the lanes; what a bar hits goes out. Joined lanes are kept, since the
same device, place and hour come again and again. Rows that are not sure are asked in the end.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
from msgspec import Struct

from queqiao.decide.ads.targeting.bits import Bits, bits_of, clear, rows_of, words_for
from queqiao.decide.ads.targeting.layout import BARS, LANES, Layout
from queqiao.decide.ads.targeting.leaves import Inside, Within
from queqiao.decide.ads.targeting.normal_form import Conjunction, conjunctions
from queqiao.decide.ads.targeting.parsing import questions
from queqiao.decide.ads.targeting.places import Places
from queqiao.decide.ads.targeting.postings import Postings
from queqiao.decide.ads.targeting.situation import Situation
from queqiao.decide.ads.targeting.tables import Entries, NumberTable, Table, TimeTable
from queqiao.decide.ads.targeting.times import Span
from queqiao.decide.ads.targeting.tree import Node, holds
from queqiao.decide.ads.targeting.words import runs

KEPT_BYTES_MAX = 32_000_000
"""What joined lanes may take; beyond it, all are forgotten."""

ONCE_MAX = 20_000
"""How many joined lanes that came once are remembered."""

KNOWN = "\x00known"
"""Stands among the values of an attribute that is known; no value has a NUL."""

Numbered = list[tuple[int, int]]
"""In which lanes a predicate satisfies rows, and under which number there."""

Hit = int | tuple[int, object]
"""A narrow predicate by its number, or a table by its number with a class."""


class Compiled(Struct, frozen=True):
    """An expression under the id by which a match names it."""

    id: str
    node: Node
    conjunctions: tuple[Conjunction, ...]
    fields: frozenset[str]


def compiled(identifier: str, node: Node) -> Compiled:
    """Return an expression ready for an index."""
    fields = frozenset(question.field for question in questions(node))
    return Compiled(identifier, node, conjunctions(node), fields)


class Block:
    """Expressions by row, those of many conjunctions first.

    The first conjunctions are one *plane* of rows, the second ones the next, and so on: each at the
    same place as the first. So a plane is laid over the first one without looking for its rows.
    """

    def __init__(self, entries: Sequence[Compiled]) -> None:
        self.entries = tuple(sorted(entries, key=lambda entry: -len(entry.conjunctions)))
        self.row_of = {entry.id: row for row, entry in enumerate(self.entries)}
        self.words = words_for(len(self.entries))
        self._planes, rows = _planes(self.entries)
        self._all_words = self._planes[-1].stop if self._planes else 0
        layout = Layout(rows, self._all_words)
        used = np.array([row for row, _ in rows], np.intp)
        self._idle = layout.idle(bits_of(used, self._all_words))
        self._unsure = bits_of(np.array(layout.unsure, np.intp), self._all_words)
        self._has_unsure = bool(layout.unsure)
        self._kept: dict[tuple[object, ...], Bits] = {}
        self._once: set[tuple[object, ...]] = set()
        self._kept_max = KEPT_BYTES_MAX // (8 * self._all_words + 200)
        self._index(layout)

    def _index(self, layout: Layout) -> None:
        """Sort predicates by kind."""
        self._facts: dict[str, dict[str, dict[object, Numbered]]] = {
            kind: defaultdict(dict) for kind in "vuxp"
        }
        self._lengths: dict[str, set[int]] = defaultdict(set)
        places: dict[str, dict[Inside, list[tuple[int, int]]]] = defaultdict(dict)
        ranges: dict[str, list[Within]] = defaultdict(list)
        spans: dict[str, list[Span]] = defaultdict(list)
        postings: list[list[int]] = []
        for predicate, lanes in layout.rows.items():
            if isinstance(predicate, Within):
                ranges[predicate.field].append(predicate)
                continue
            if isinstance(predicate, Span):
                spans[predicate.zone].append(predicate)
                continue
            numbered = list(
                zip(lanes, range(len(postings), len(postings) + len(lanes)), strict=True)
            )
            postings += lanes.values()
            if isinstance(predicate, Inside):
                places[predicate.field][predicate] = numbered
                continue
            kind, field, value = predicate if len(predicate) > 2 else ("v", predicate[1], KNOWN)
            self._facts[kind][field][value] = numbered
            if kind == "p":
                self._lengths[field].add(len(value))
        self._postings = Postings(postings, self._all_words)
        self._places = [
            (field, Places([inside.area for inside in found]), list(found.values()))
            for field, found in places.items()
        ]
        self._tables: list[Table] = [
            NumberTable(field, found, _by_lane(found, layout), self._all_words)
            for field, found in ranges.items()
        ]
        self._tables += [
            TimeTable(zone, found, _by_lane(found, layout), self._all_words)
            for zone, found in spans.items()
        ]

    def match(self, situation: Situation) -> Bits:
        """Return the bits of the expressions that hold. Nobody may change them."""
        hits = self._hits(situation)
        busy = [lane for lane in range(LANES) if hits[lane]]
        bits = self._unhit(busy).copy()
        for lane in busy:
            np.bitwise_and(bits, self._joined(lane, hits[lane]), out=bits)
        if hits[BARS]:
            np.bitwise_and(bits, self._joined(BARS, hits[BARS]), out=bits)
        if self._has_unsure:
            self._ask(bits, situation)
        return self._folded(bits)

    def _hits(self, situation: Situation) -> list[list[Hit]]:
        """Return for each lane what is true in it."""
        hits: list[list[Hit]] = [[] for _ in range(LANES + 1)]
        self._value_hits(situation, hits)
        for numbered in (*self._text_hits(situation), *self._place_hits(situation)):
            for lane, number in numbered:
                hits[lane].append(number)
        for at, table in enumerate(self._tables):
            for kind in table.classes(situation):
                for lane in table.lanes:
                    hits[lane].append((at, kind))
        return hits

    def _value_hits(self, situation: Situation, hits: list[list[Hit]]) -> None:
        """Add what is true of values. Written out: most of what a match looks up is this."""
        fields = self._facts["v"]
        for field, found in situation.values.items():
            asked = fields.get(field)
            if asked is None:
                continue
            for value in (*found, KNOWN):
                if value in asked:
                    for lane, number in asked[value]:
                        hits[lane].append(number)

    def _place_hits(self, situation: Situation) -> Iterator[Numbered]:
        """Yield the areas that hold the places."""
        for field, places, numbers in self._places:
            point = situation.points.get(field)
            if point is not None:
                yield from (numbers[place] for place in places.holding(point))

    def _text_hits(self, situation: Situation) -> Iterator[Numbered]:
        """Yield what is true of names that lie under others, and of keywords."""
        for field, names in self._facts["u"].items():
            yield from (names[name] for name in situation.lineage(field) if name in names)
        for field, texts in self._facts["x"].items():
            yield from (texts[text] for text in situation.texts(field) if text in texts)
        for field, lengths in self._lengths.items():
            phrases = self._facts["p"][field]
            for text in situation.texts(field):
                yield from (phrases[run] for run in runs(text, lengths) if run in phrases)

    def _unhit(self, busy: list[int]) -> Bits:
        """Return the rows that need nothing in the lanes where nothing is true."""
        key = ("unhit", *busy)
        kept = self._kept.get(key)
        if kept is None:
            quiet = [self._idle[lane] for lane in range(LANES) if lane not in busy]
            used = self._idle[0] | ~self._idle[0]
            kept = self._keep(key, np.bitwise_and.reduce(quiet) if quiet else used)
        return kept

    def _joined(self, lane: int, hits: list[Hit]) -> Bits:
        """Return the rows that a lane lets pass."""
        key = (lane, frozenset(hits))
        kept = self._kept.get(key)
        if kept is None:
            kept = self._join(lane, hits)
            if key in self._once:
                self._keep(key, kept)
            else:
                self._remember(key)
        return kept

    def _remember(self, key: tuple[object, ...]) -> None:
        """Note what came once: only what comes again is worth keeping."""
        if len(self._once) >= ONCE_MAX:
            self._once.clear()
        self._once.add(key)

    def _join(self, lane: int, hits: list[Hit]) -> Bits:
        bits = np.zeros(self._all_words, np.uint64) if lane == BARS else self._idle[lane].copy()
        self._postings.join(bits, [hit for hit in hits if isinstance(hit, int)])
        for hit in hits:
            if isinstance(hit, tuple):
                np.bitwise_or(bits, self._tables[hit[0]].rows(lane, hit[1]), out=bits)
        return ~bits if lane == BARS else bits

    def _keep(self, key: tuple[object, ...], bits: Bits) -> Bits:
        if len(self._kept) >= self._kept_max:
            self._kept.clear()
        self._kept[key] = bits
        return bits

    def _ask(self, bits: Bits, situation: Situation) -> None:
        """Ask the expressions of rows that are not sure; clear those that do not hold."""
        doubtful = rows_of(bits & self._unsure).tolist()
        clear(bits, (r for r in doubtful if not holds(self._entry_of(r).node, situation)))

    def _entry_of(self, row: int) -> Compiled:
        plane = next(plane for plane in reversed(self._planes) if plane.start * 64 <= row)
        return self.entries[row - int(plane.start) * 64]

    def _folded(self, bits: Bits) -> Bits:
        """Return the bits by expression: a further conjunction counts for the first."""
        for plane in self._planes[1:]:
            first = bits[: plane.stop - plane.start]
            np.bitwise_or(first, bits[plane], out=first)
        return bits[: self.words]

    def forget(self) -> None:
        """Forget what is kept between matches, as before the first one."""
        self._kept.clear()
        self._once.clear()
        for table in self._tables:
            table.forget()

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays that stay; what is kept between matches comes on top."""
        return self._postings.nbytes + sum(idle.nbytes for idle in self._idle)


def _planes(entries: Sequence[Compiled]) -> tuple[list[slice], list[tuple[int, Conjunction]]]:
    """Return the words of each plane, and the conjunctions by row."""
    planes: list[slice] = []
    rows: list[tuple[int, Conjunction]] = []
    start = number = 0
    while plane := [e.conjunctions[number] for e in entries if len(e.conjunctions) > number]:
        planes.append(slice(start, start + words_for(len(plane))))
        rows += enumerate(plane, start * 64)
        start, number = planes[-1].stop, number + 1
    return planes, rows


def _by_lane(predicates: Sequence[Within] | Sequence[Span], layout: Layout) -> dict[int, Entries]:
    pairs: dict[int, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for number, predicate in enumerate(predicates):
        for lane, rows in layout.rows[predicate].items():
            pairs[lane][0].extend([number] * len(rows))
            pairs[lane][1].extend(rows)
    return {
        lane: Entries(np.array(owners, np.intp), np.array(rows, np.intp))
        for lane, (owners, rows) in pairs.items()
    }
