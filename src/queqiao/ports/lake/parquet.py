"""Parquet in the one way of the lake: zstd, and many small files made one."""

from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from queqiao.kernel.errors import Broken, Message
from queqiao.ports.lake.base import Content

_BAD = Message("数据湖文件不是完整的 Parquet", "a file of the lake is no whole Parquet file")

FILE = "data.parquet"
"""The one file of a partition."""

_TAIL = 65_536
"""Bytes that are asked for in one go; the description of a file is seldom longer."""

SUFFIX = ".parquet"
"""By it an engine's files are told from its marks (``_SUCCESS``)."""


def encoded(rows: pa.Table) -> bytes:
    """Return a table as the bytes of a file."""
    sink = pa.BufferOutputStream()
    pq.write_table(rows, sink, compression="zstd")
    return bytes(sink.getvalue())


def decoded(content: bytes) -> pa.Table:
    """Return the table of a file's bytes."""
    return pq.ParquetFile(pa.BufferReader(content)).read()


def content_of(size: int, written_us: int, read_range: Callable[[int, int], bytes]) -> Content:
    """Return what a file says, of which ``read_range(start, length)`` gives bytes.

    Raises Broken when these bytes are not the end of a Parquet file.
    """
    if not size:
        raise Broken(_BAD)
    tail = read_range(max(0, size - _TAIL), min(size, _TAIL))
    footer = int.from_bytes(tail[-8:-4], "little") + 8
    if len(tail) < footer <= size:
        tail = read_range(size - footer, footer)
    try:
        said = pq.read_metadata(pa.BufferReader(tail))
    except (pa.ArrowException, OSError) as error:
        raise Broken(_BAD) from error
    return Content(said.schema.to_arrow_schema(), said.num_rows, size, written_us)


def merge(files: Sequence[Any], sink: Any) -> None:
    """Write the rows of several files into one, a group of rows at a time.

    The columns are those of all; a file that lacks one has nulls there. ``files`` and ``sink`` are
    whatever pyarrow opens.
    """
    parts = [pq.ParquetFile(file) for file in files]
    schema = pa.unify_schemas(
        [part.schema_arrow.remove_metadata() for part in parts], promote_options="permissive"
    )
    with pq.ParquetWriter(sink, schema, compression="zstd") as writer:
        for part in parts:
            for group in range(part.num_row_groups):
                writer.write_table(_fitted(part.read_row_group(group), schema))


def merged(contents: Sequence[bytes]) -> bytes:
    """Return the bytes of one file with the rows of several, each given by its bytes."""
    sink = pa.BufferOutputStream()
    merge([pa.BufferReader(content) for content in contents], sink)
    return bytes(sink.getvalue())


def _fitted(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    columns = [
        rows[field.name].cast(field.type)
        if field.name in rows.column_names
        else pa.nulls(rows.num_rows, field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)
