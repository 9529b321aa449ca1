"""Windows computed the plain way: every row at once, no state; independent of the engine."""

from collections import defaultdict
from typing import Any

from queqiao.ports.compute.plan import Session, Sliding, Tumbling, Windows


def windows(rows: list[dict[str, Any]], step: Windows) -> set[tuple]:
    """Return (keys…, start, end, aggregates…) of rows whose times are integers."""
    groups: dict[tuple, list[dict]] = defaultdict(list)
    for row in rows:
        for start in starts(row[step.time], step.window):
            groups[*(row[k] for k in step.keys), start, start + step.window.size_us].append(row)
    if isinstance(step.window, Session):
        groups = sessions(rows, step)
    return {
        (*key, *(value(one, members) for one in step.aggregates.values()))
        for key, members in groups.items()
    }


def starts(at: int, window) -> list[int]:
    if isinstance(window, Tumbling):
        return [(at - window.offset_us) // window.size_us * window.size_us + window.offset_us]
    if isinstance(window, Sliding):
        first = at // window.slide_us * window.slide_us
        every = range(first, at - window.size_us, -window.slide_us)
        return [start for start in every if start <= at < start + window.size_us]
    return []


def sessions(rows, step):
    by_key, groups = defaultdict(list), {}
    for row in rows:
        by_key[tuple(row[k] for k in step.keys)].append(row)
    for key, members in by_key.items():
        members.sort(key=lambda row: row[step.time])
        stretch = []
        for row in members:
            if stretch and row[step.time] - stretch[-1][step.time] > step.window.gap_us:
                close(groups, key, stretch, step)
                stretch = []
            stretch.append(row)
        close(groups, key, stretch, step)
    return groups


def close(groups, key, stretch, step) -> None:
    end = stretch[-1][step.time] + step.window.gap_us
    groups[*key, stretch[0][step.time], end] = stretch


def value(one, members):
    values = (
        [m[one.column] for m in members if m[one.column] is not None] if one.column else members
    )
    if one.kind == "count":
        return len(values)
    if one.kind == "distinct":
        return len(set(values))
    if not values:
        return None
    if one.kind == "sum":
        total = sum(values)
        return total if -(2**63) <= total < 2**63 else None
    if one.kind == "average":
        return float(sum(values)) / float(len(values)) + 0.0
    return min(values) if one.kind == "min" else max(values)
