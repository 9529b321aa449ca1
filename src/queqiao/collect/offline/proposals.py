"""Where a file's header is, what kind of file it seems to be, and which column is which field."""

import re
from collections.abc import Mapping, Sequence

from queqiao.collect.offline.cells import narrow, plain
from queqiao.collect.offline.file_kinds import KINDS, FileKind, KindOfFile

HEADER_WITHIN_ROWS = 10
_NOISE = re.compile(r"[\s_\-:：*#./（）()\[\]【】]+")


def folded(header: str) -> str:
    """Return a header as it is compared: narrow, in lower case, without spaces and brackets."""
    return _NOISE.sub("", narrow(plain(header)).lower())


def header_row(rows: Sequence[Sequence[str]]) -> int:
    """Return the index of the header among the first rows: titles of a report come before it."""
    best, most = 0, -1
    for index, cells in enumerate(rows[:HEADER_WITHIN_ROWS]):
        score = max(len(proposed(kind, cells)) for kind in KINDS.values())
        filled = sum(bool(plain(cell)) for cell in cells)
        if filled > 1 and score > most:
            best, most = index, score
    return best


def proposed(kind: KindOfFile, headers: Sequence[str]) -> dict[str, str]:
    """Return the header of each field that is recognised; a header serves one field only.

    The best name of a field comes first; a unit in brackets is read over (``金额(元)``).
    """
    free = {folded(header): header for header in reversed(headers) if plain(header)}
    free |= {folded(re.sub(r"[（(].*?[)）]", "", one)): one for one in headers if plain(one)} | free
    found: dict[str, str] = {}
    used: set[str] = set()
    ranked = sorted(
        (rank, at, field.name, folded(name))
        for at, field in enumerate(kind.fields)
        for rank, name in enumerate(field.headers)
    )
    for _, _, field_name, name in ranked:
        header = free.get(name)
        if header is not None and field_name not in found and header not in used:
            found[field_name] = header
            used.add(header)
    return found


def missing(kind: KindOfFile, columns: Mapping[str, str]) -> list[str]:
    """Return what must be mapped and is not."""
    lacking = [one.name for one in kind.fields if one.required and not columns.get(one.name)]
    if kind.name in {"receipts", "orders"} and not (columns.get("price") or columns.get("amount")):
        lacking.append("amount")
    if kind.whose and not any(columns.get(one) for one in kind.whose):
        lacking.append(kind.whose[0])
    return lacking


def likely_kind(headers: Sequence[str]) -> FileKind:
    """Return the kind that these headers fit best: nothing missing first, then most columns."""

    def fit(kind: KindOfFile) -> tuple[int, float]:
        columns = proposed(kind, headers)
        return -len(missing(kind, columns)), len(columns)

    return max(KINDS.values(), key=fit).name
