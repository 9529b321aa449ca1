"""Rows on the way to engines and back: one JSON object a line, times as integers of microseconds.

Floats are written so that they read back the same; integers keep all 64 bits.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Protocol

import msgspec
import pyarrow as pa
import pyarrow.json as arrow_json

from queqiao.ports.compute.expression import Type
from queqiao.ports.compute.node import time_as_int
from queqiao.ports.compute.values import schema_of

_Int64 = Annotated[int, msgspec.Meta(ge=-(1 << 63), le=(1 << 63) - 1)]
_ENCODER = msgspec.json.Encoder()


def lines_of(rows: pa.Table) -> list[bytes]:
    """Return a line for each row, without its end."""
    names = rows.column_names
    columns = [time_as_int(column).to_pylist() for column in rows.columns]
    if not columns:
        return [b"{}"] * rows.num_rows
    encode = _ENCODER.encode
    return [encode(dict(zip(names, values, strict=True))) for values in zip(*columns, strict=True)]


class RecordReader(Protocol):
    """Makes rows of the records of a topic."""

    refused: int
    """How many records were no rows, since somebody set it to 0."""

    def read(self, lines: Sequence[bytes]) -> tuple[pa.Table, list[int]]:
        """Return the rows, and for each the place of its record; others are left out."""
        ...


class LineReader:
    """Reads lines as rows of these columns; a column that is left out is NULL, others are ignored.

    What is no such object is left out and counted in ``refused``; an empty line is left out.
    """

    def __init__(self, columns: Mapping[str, Type]) -> None:
        self._schema = schema_of(columns)
        self._wire = pa.schema([(f.name, _wire_type(f.type)) for f in self._schema])
        self._struct = _struct_of(columns)
        self.refused = 0

    def read(self, lines: Sequence[bytes]) -> tuple[pa.Table, list[int]]:
        """Return the rows, and for each the place of its line."""
        body = b"\n".join(lines)
        if len(lines) and body.count(b"\n") == len(lines) - 1:
            try:
                rows = self._parse(body)
                if rows.num_rows == len(lines):
                    return rows.cast(self._schema), list(range(len(lines)))
            except pa.ArrowInvalid:
                pass  # some line is not as it should be; the slow way finds which
        return self._one_by_one(lines)

    def _parse(self, body: bytes) -> pa.Table:
        options = arrow_json.ParseOptions(
            explicit_schema=self._wire, unexpected_field_behavior="ignore"
        )
        block = arrow_json.ReadOptions(use_threads=False, block_size=len(body) + 1)
        found = arrow_json.read_json(pa.BufferReader(body), block, options)
        return found.select(self._wire.names)

    def _one_by_one(self, lines: Sequence[bytes]) -> tuple[pa.Table, list[int]]:
        decoder = msgspec.json.Decoder(self._struct)
        names = self._wire.names
        rows: list[dict[str, Any]] = []
        places = []
        for place, line in enumerate(lines):
            try:
                row = decoder.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError):
                self.refused += bool(line)
                continue
            rows.append({name: getattr(row, f"_{n}") for n, name in enumerate(names)})
            places.append(place)
        return pa.Table.from_pylist(rows, schema=self._wire).cast(self._schema), places


def _wire_type(kind: pa.DataType) -> pa.DataType:
    return pa.int64() if pa.types.is_timestamp(kind) else kind


def _struct_of(columns: Mapping[str, Type]) -> Any:
    kinds: dict[Type, Any] = {
        "bool": bool, "int": _Int64, "float": float, "text": str, "time": _Int64,
    }  # fmt: skip
    fields = [(f"_{n}", kinds[kind] | None, None) for n, kind in enumerate(columns.values())]
    return msgspec.defstruct(
        "Row", fields, rename={f"_{n}": name for n, name in enumerate(columns)}
    )
