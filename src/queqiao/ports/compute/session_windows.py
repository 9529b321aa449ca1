"""Session windows: stretches of a key's rows, joined when a late row fills the gap between two."""

from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from queqiao.ports.compute import aggregates
from queqiao.ports.compute.arrow_numbers import ints
from queqiao.ports.compute.node import Changes, Outputs, rows_table, time_as_int
from queqiao.ports.compute.plan import Columns, Session, Windows, result_columns
from queqiao.ports.compute.watermark import END_US, Watermark, split

Key = tuple[Any, ...]


class Stretch(msgspec.Struct, array_like=True):
    """A session: its first and last row, its parts, and what was reported of it.

    ``reported`` maps the starts under which it was reported to the last version.
    """

    first_us: int
    last_us: int
    parts: list[Any]
    reported: dict[int, int] = {}
    unreported: bool = True


class SessionWindows:
    """The keyed step ``Windows`` with sessions.

    A session is kept until no acceptable row can reach it any more: its end, plus the lateness,
    plus one gap, since a row that is just not too late may stand one gap before its own end.
    """

    def __init__(self, step: Windows, columns: Columns, seen_us: int) -> None:
        if not isinstance(step.window, Session):
            raise TypeError(step.window)
        self._step, self._columns = step, result_columns(step, columns)
        self._gap_us = step.window.gap_us
        self._kinds = [one.kind for one in step.aggregates.values()]
        self.watermark = Watermark(step.out_of_order_us, seen_us)
        self._open: dict[Key, list[Stretch]] = {}
        self._unsaved: set[Key] = set()

    def add(self, rows: pa.Table) -> Outputs:
        """Take rows in; return the results and the rows that are too late."""
        times, known, before = self.watermark.pass_over(rows.column(self._step.time))
        right = known & (times + self._gap_us + self._step.lateness_us >= before)
        accepted, late = split(rows, right)
        if accepted.num_rows:
            self._merge(accepted)
        return self._outputs(late)

    def finish(self) -> Outputs:
        """Close every session."""
        self.watermark.seen_us = END_US
        return self._outputs(None)

    def _merge(self, rows: pa.Table) -> None:
        """Find the stretches within the batch, then join each with those that are open."""
        keys = {f"key.{n}": time_as_int(rows.column(k)) for n, k in enumerate(self._step.keys)}
        table = pa.table({**keys, "at": time_as_int(rows.column(self._step.time))})
        order = pc.sort_indices(table, sort_keys=[(name, "ascending") for name in [*keys, "at"]])
        table, rows = table.take(order), rows.take(order)
        stretch = self._stretches(table, list(keys))
        values = aggregates.inputs_of(self._step.aggregates, rows)
        numbered = pa.table({"stretch": pa.array(stretch), **values})
        groups, parts = aggregates.parts_of(self._step.aggregates, ["stretch"], numbered)
        firsts = np.flatnonzero(np.diff(stretch, prepend=-1))
        lasts = np.append(firsts[1:], len(stretch)) - 1
        at = ints(table.column("at").combine_chunks())
        names = table.select(list(keys)).take(pa.array(firsts)).to_pylist()
        for (number,), part in zip(groups, parts, strict=True):
            one = Stretch(int(at[firsts[number]]), int(at[lasts[number]]), part)
            self._join(tuple(names[number].values()), one)

    def _stretches(self, table: pa.Table, keys: list[str]) -> Any:
        """Return the number of each row's stretch; rows are sorted by key and time."""
        new = np.ones(table.num_rows, np.bool_)
        at = ints(table.column("at").combine_chunks())
        new[1:] = np.diff(at) > self._gap_us
        for name in keys:
            codes = table.column(name).combine_chunks().dictionary_encode("encode").indices
            new[1:] |= np.diff(ints(codes.cast(pa.int64()))) != 0
        return np.cumsum(new) - 1

    def _join(self, key: Key, one: Stretch) -> None:
        apart = []
        for other in self._open.get(key, []):
            touches = (
                other.first_us <= one.last_us + self._gap_us
                and one.first_us <= other.last_us + self._gap_us
            )
            if not touches:
                apart.append(other)
                continue
            parts = list(map(aggregates.merge, self._kinds, other.parts, one.parts))
            first, last = min(one.first_us, other.first_us), max(one.last_us, other.last_us)
            one = Stretch(first, last, parts, {**one.reported, **other.reported})
        self._open[key] = [*apart, one]
        self._unsaved.add(key)

    def _outputs(self, late: pa.Table | None) -> Outputs:
        results: list[Key] = []
        watermark = self.watermark.us
        for key in list(self._open):
            for one in self._open[key]:
                if one.unreported and (self._step.early or one.last_us + self._gap_us < watermark):
                    results += self._report(key, one)
            self._forget(key, watermark)
        made: Outputs = {"results": rows_table(results, self._columns)} if results else {}
        return made if late is None else {**made, "too_late": late}

    def _report(self, key: Key, one: Stretch) -> list[Key]:
        """Report a session, and take back those that it has swallowed."""
        nothing = [None] * len(self._kinds)
        made: list[Key] = [
            (*key, start, start, *nothing, version + 1, True)
            for start, version in one.reported.items()
            if start != one.first_us
        ]
        version = one.reported.get(one.first_us, 0) + 1
        one.reported, one.unreported = {one.first_us: version}, False
        values = map(aggregates.result, self._kinds, one.parts)
        end = one.last_us + self._gap_us
        self._unsaved.add(key)
        return [*made, (*key, one.first_us, end, *values, version, False)]

    def _forget(self, key: Key, watermark: int) -> None:
        kept_us = 2 * self._gap_us + self._step.lateness_us
        kept = [one for one in self._open[key] if one.last_us + kept_us >= watermark]
        if len(kept) == len(self._open[key]):
            return
        self._unsaved.add(key)
        self._open[key] = kept
        if not kept:
            del self._open[key]

    def changes(self) -> Changes:
        """Return what the state file must write: None where a key has no session left."""
        made: Changes = []
        for key in self._unsaved:
            value = [
                msgspec.structs.replace(one, parts=[aggregates.stored(p) for p in one.parts])
                for one in self._open.get(key, [])
            ]
            name = msgspec.msgpack.encode(key)
            made.append((name, msgspec.msgpack.encode(value) if value else None))
        self._unsaved = set()
        return made

    def load(self, name: bytes, value: bytes) -> None:
        """Take back what ``changes`` gave."""
        found = msgspec.msgpack.decode(value, type=list[Stretch])
        for one in found:
            one.parts = list(map(aggregates.restored, self._kinds, one.parts))
        self._open[tuple(msgspec.msgpack.decode(name))] = found
