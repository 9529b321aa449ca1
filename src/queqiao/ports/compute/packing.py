"""Tables and entries of state as bytes and lines, to travel through an engine whole."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import pyarrow as pa

from queqiao.ports.compute.wire import lines_of


class Entry(NamedTuple):
    """One thing that came out of an epoch: an entry of the state, or a packed table."""

    kind: str
    name: bytes
    value: bytes


class _Line(msgspec.Struct, array_like=True):
    bucket: int
    kind: str
    name: bytes
    value: bytes


def packed(rows: pa.Table) -> bytes:
    """Return a table as an Arrow stream."""
    buffer = pa.BufferOutputStream()
    with pa.ipc.new_stream(buffer, rows.schema) as writer:
        writer.write_table(rows)
    return bytes(buffer.getvalue())


def unpacked(body: bytes) -> pa.Table:
    """Return the table of an Arrow stream."""
    return pa.ipc.open_stream(body).read_all()


def unpacked_lines(body: bytes) -> list[bytes]:
    """Return the rows of an Arrow stream as lines."""
    return lines_of(unpacked(body))


def line_of_entry(bucket: int, entry: Entry) -> str:
    """Return an entry of a bucket as one line."""
    return msgspec.json.encode(_Line(bucket, *entry)).decode()


def read_entries(folder: Path) -> Iterator[tuple[int, Entry]]:
    """Yield the entries of the finished files of a folder, each with its bucket."""
    decoder = msgspec.json.Decoder(_Line)
    for path in sorted(folder.glob("[!.]*")):
        with path.open("rb") as lines:
            for line in lines:
                found = decoder.decode(line)
                yield found.bucket, Entry(found.kind, found.name, found.value)
