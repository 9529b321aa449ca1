"""Values of the five types: in Arrow, as canonical bytes, as a stable hash.

Canonical bytes of a row are those of its values, one after the other:

======  ===========================================================
NULL    ``n;``
bool    ``b0;`` or ``b1;``
int     ``i``, decimal digits, ``;``
float   ``f``, its 64 bits as an unsigned decimal, ``;``
text    ``t``, its length in UTF-8 bytes, ``:``, these bytes, ``;``
time    ``u``, microseconds, ``;``
======  ===========================================================

They are text, so that every engine that has xxh64 can hash the same.
"""

import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.ports.compute.expression import Type, Value

ARROW: dict[Type, pa.DataType] = {
    "bool": pa.bool_(),
    "int": pa.int64(),
    "float": pa.float64(),
    "text": pa.string(),
    "time": pa.timestamp("us", tz="UTC"),
}
"""The Arrow type of each type."""


def schema_of(columns: Mapping[str, Type]) -> pa.Schema:
    """Return the Arrow schema of named types."""
    return pa.schema([(name, ARROW[kind]) for name, kind in columns.items()])


def conform(rows: pa.Table, columns: Mapping[str, Type]) -> pa.Table:
    """Return exactly these columns in their types; a float that is not finite becomes NULL.

    Raises InvalidInput that names the column which is missing or does not fit its type.
    """
    arrays = [_conform(rows, name, kind) for name, kind in columns.items()]
    return pa.Table.from_arrays(arrays, schema=schema_of(columns))


def _conform(rows: pa.Table, name: str, kind: Type) -> pa.ChunkedArray:
    place = rows.schema.get_field_index(name)
    if place < 0:
        message = Message("缺少这一列", "this column is missing")
        raise InvalidInput(FieldError(f"columns.{name}", message))
    found = rows.column(place)
    if found.type != ARROW[kind]:
        try:
            found = found.cast(ARROW[kind])
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            message = Message(f"须为 {kind} 类型", f"give values of type {kind}")
            raise InvalidInput(FieldError(f"columns.{name}", message)) from error
    return plain_floats(found) if kind == "float" else found


def plain_floats(values: Any) -> Any:
    """Return floats with NULL for what is not finite and 0 for −0."""
    finite = pc.if_else(pc.is_finite(values), values, pa.scalar(None, pa.float64()))
    return pc.add(finite, 0.0)


def canonical(value: Value, kind: Type) -> bytes:
    """Return the canonical bytes of one value."""
    if value is None:
        return b"n;"
    if kind == "text":
        encoded = str(value).encode()
        return b"t%d:%b;" % (len(encoded), encoded)
    if kind == "float":
        bits: int = struct.unpack("<Q", struct.pack("<d", value))[0]
        return b"f%d;" % bits
    letter = {"bool": b"b", "int": b"i", "time": b"u"}[kind]
    return b"%b%d;" % (letter, int(value))


def hash_row(values: Iterable[tuple[Value, Type]]) -> int:
    """Return the stable hash of typed values as a signed 64-bit integer."""
    digest = xxhash.xxh64_intdigest(b"".join(canonical(value, kind) for value, kind in values))
    return digest - (1 << 64) if digest >> 63 else digest


def hash_columns(columns: Sequence[Any], count: int) -> "np.ndarray[Any, np.dtype[np.int64]]":
    """Return the stable hash of each row of Arrow columns; equal to ``hash_row``."""
    encoded = [_canonical_column(column) for column in columns]
    separator = pa.scalar("", pa.large_string())
    joined = pc.binary_join_element_wise(*encoded, separator) if encoded else pa.repeat("", count)
    digest = xxhash.xxh64_intdigest
    hashes = np.fromiter(
        (digest(text) for text in joined.cast(pa.large_binary()).to_pylist()), np.uint64, count
    )
    return hashes.view(np.int64)


def _canonical_column(values: Any) -> Any:
    kind = next(name for name, arrow in ARROW.items() if arrow == values.type)
    if kind == "text":
        lengths = pc.binary_length(values).cast(pa.string())
        body = pc.binary_join_element_wise(
            pc.binary_join_element_wise("t", lengths, ""), values, ":"
        )
    else:
        letter = {"bool": "b", "int": "i", "float": "f", "time": "u"}[kind]
        body = pc.binary_join_element_wise(letter, _digits(values, kind), "")
    ended = pc.binary_join_element_wise(body, ";", "")
    return pc.fill_null(ended, "n;").cast(pa.large_string())


def _digits(values: Any, kind: Type) -> Any:
    if kind == "bool":
        return pc.if_else(values, "1", "0")
    if kind == "float":
        if isinstance(values, pa.ChunkedArray):
            values = values.combine_chunks()
        return values.view(pa.uint64()).cast(pa.string())
    return values.cast(pa.int64()).cast(pa.string())
