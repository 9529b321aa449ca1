"""Tumbling and sliding windows: parts by window and key, merged batch by batch."""

from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from queqiao.ports.compute import aggregates
from queqiao.ports.compute.node import Changes, Outputs, rows_table, time_as_int
from queqiao.ports.compute.plan import Columns, Sliding, Tumbling, Windows, result_columns
from queqiao.ports.compute.watermark import END_US, Flags, Times, Watermark, split

Key = tuple[Any, ...]


class _Open:
    """The parts of one window of one key, and how often it was reported."""

    __slots__ = ("parts", "version")

    def __init__(self, parts: list[aggregates.Part], version: int = 0) -> None:
        self.parts = parts
        self.version = version


class TimeWindows:
    """The keyed step ``Windows`` with windows that do not depend on the rows."""

    def __init__(self, step: Windows, columns: Columns, seen_us: int) -> None:
        if not isinstance(step.window, Tumbling | Sliding):
            raise TypeError(step.window)
        self._step, self._columns = step, result_columns(step, columns)
        self._window: Tumbling | Sliding = step.window
        self._kinds = [one.kind for one in step.aggregates.values()]
        self.watermark = Watermark(step.out_of_order_us, seen_us)
        self._open: dict[int, dict[Key, _Open]] = {}
        self._unreported: dict[int, set[Key]] = {}
        self._unsaved: set[tuple[int, Key]] = set()
        self._dropped: list[tuple[int, Key]] = []

    def add(self, rows: pa.Table) -> Outputs:
        """Take rows in; return the results and the rows that are too late."""
        times, known, before = self.watermark.pass_over(rows.column(self._step.time))
        places, starts = self._assign(times)
        closes = starts + self._window.size_us + self._step.lateness_us
        right = known[places] & (closes > before[places])
        self._merge(rows, places[right], starts[right])
        accepted = known.copy()
        accepted[places[~right]] = False
        _, late = split(rows, accepted)
        return self._outputs(late)

    def finish(self) -> Outputs:
        """Close every window."""
        self.watermark.seen_us = END_US
        return self._outputs(None)

    def _assign(self, times: Times) -> tuple[Times, Times]:
        """Return row and start of each window that a row falls into."""
        window, rows = self._window, np.arange(len(times))
        if isinstance(window, Tumbling):
            return rows, times - (times - window.offset_us) % window.size_us
        last = times - times % window.slide_us
        steps = np.arange(-(-window.size_us // window.slide_us)) * window.slide_us
        starts = (last[:, None] - steps).ravel()
        places = np.repeat(rows, len(steps))
        covers: Flags = starts + window.size_us > times[places]
        return places[covers], starts[covers]

    def _merge(self, rows: pa.Table, places: Times, starts: Times) -> None:
        if not len(places):
            return
        if len(places) != rows.num_rows or isinstance(self._window, Sliding):
            rows = rows.take(pa.array(places))
        made = {f"key.{n}": time_as_int(rows.column(k)) for n, k in enumerate(self._step.keys)}
        groups = [*made, "window"]
        values = aggregates.inputs_of(self._step.aggregates, rows)
        table = pa.table({**made, "window": pa.array(starts), **values})
        for group, parts in zip(
            *aggregates.parts_of(self._step.aggregates, groups, table), strict=True
        ):
            self._merge_group(group[-1], group[:-1], parts)

    def _merge_group(self, start: int, key: Key, parts: list[aggregates.Part]) -> None:
        keys = self._open.setdefault(start, {})
        found = keys.get(key)
        if found is None:
            keys[key] = _Open(parts)
        else:
            found.parts = list(map(aggregates.merge, self._kinds, found.parts, parts))
        self._unreported.setdefault(start, set()).add(key)
        self._unsaved.add((start, key))

    def _outputs(self, late: pa.Table | None) -> Outputs:
        watermark, size = self.watermark.us, self._window.size_us
        results: list[Key] = []
        due = sorted(s for s in self._unreported if self._step.early or s + size <= watermark)
        for start in due:
            results += [self._report(start, key) for key in self._unreported.pop(start)]
        for start in [s for s in self._open if s + size + self._step.lateness_us <= watermark]:
            self._drop(start)
        made: Outputs = {"results": rows_table(results, self._columns)} if results else {}
        return made if late is None else {**made, "too_late": late}

    def _report(self, start: int, key: Key) -> Key:
        one = self._open[start][key]
        one.version += 1
        self._unsaved.add((start, key))
        values = map(aggregates.result, self._kinds, one.parts)
        return (*key, start, start + self._window.size_us, *values, one.version, False)

    def _drop(self, start: int) -> None:
        gone = [(start, key) for key in self._open.pop(start)]
        self._unsaved.difference_update(gone)
        self._dropped += gone

    def changes(self) -> Changes:
        """Return what the state file must write: None where a window has gone."""
        made: Changes = [(_name(start, key), None) for start, key in self._dropped]
        for start, key in self._unsaved:
            one = self._open[start][key]
            parts = [aggregates.stored(part) for part in one.parts]
            made.append((_name(start, key), msgspec.msgpack.encode([one.version, parts])))
        self._dropped, self._unsaved = [], set()
        return made

    def load(self, name: bytes, value: bytes) -> None:
        """Take back what ``changes`` gave. All that is due was reported before a checkpoint."""
        start, *key = msgspec.msgpack.decode(name)
        version, parts = msgspec.msgpack.decode(value)
        restored = list(map(aggregates.restored, self._kinds, parts))
        self._open.setdefault(start, {})[tuple(key)] = _Open(restored, version)
        if not self._step.early and start + self._window.size_us > self.watermark.us:
            self._unreported.setdefault(start, set()).add(tuple(key))


def _name(start: int, key: Key) -> bytes:
    return msgspec.msgpack.encode([start, *key])
