"""Text and JSON over Arrow arrays. Arrow's own kernels where they mean the same, else Python."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from queqiao.ports.compute import reference, reference_json
from queqiao.ports.compute.expression import Type
from queqiao.ports.compute.text_forms import WHITE
from queqiao.ports.compute.values import ARROW

_TEXT = pa.string()


def _concat(*texts: Any) -> Any:
    if len(texts) == 1:
        return texts[0]
    return pc.binary_join_element_wise(*texts, "")


def _each(name: str, kind: Type) -> Callable[..., Any]:
    """Return the reference's function, row by row."""
    work = reference.STRICT[name]

    def run(*columns: Any) -> Any:
        rows = zip(*(column.to_pylist() for column in columns), strict=True)
        found = (None if None in row else reference.plain(work(*row)) for row in rows)
        return pa.array(list(found), ARROW[kind])

    return run


def _ascii(texts: Any, name: str) -> Any:
    """Use Arrow's ASCII kernel, which leaves every other byte alone."""
    return getattr(pc, name)(texts)


def _json(texts: Any, path: str, *, name: str, kind: Type) -> Any:
    read, at = reference_json.READERS[name], reference_json.at
    found = [
        None if text is None else reference.plain(read(at(reference_json.document(text), path)))
        for text in texts.to_pylist()
    ]
    return pa.array(found, ARROW[kind])


PLAIN: dict[str, Callable[..., Any]] = {"concat": _concat}
"""Functions that take arrays and scalars alike."""

COLUMNS: dict[str, Callable[..., Any]] = {
    "length": lambda texts: pc.utf8_length(texts).cast(pa.int64()),
    "substring": _each("substring", "text"),
    "lower_ascii": partial(_ascii, name="ascii_lower"),
    "upper_ascii": partial(_ascii, name="ascii_upper"),
    "trim": lambda texts: pc.ascii_trim(texts, characters=WHITE),
    "contains": pc.match_substring,
    "starts_with": pc.starts_with,
    "ends_with": pc.ends_with,
    "replace": _each("replace", "text"),
    "split_part": _each("split_part", "text"),
    "json_text": partial(_json, name="json_text", kind="text"),
    "json_int": partial(_json, name="json_int", kind="int"),
    "json_float": partial(_json, name="json_float", kind="float"),
    "json_bool": partial(_json, name="json_bool", kind="bool"),
}
"""Functions that take arrays, then their constants as text."""
