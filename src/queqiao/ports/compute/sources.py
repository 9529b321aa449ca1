"""Sources: a table in memory, and a file of JSON lines."""

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.json as arrow_json

from queqiao.ports.compute.base import Chunk
from queqiao.ports.compute.expression import Type
from queqiao.ports.compute.values import schema_of

BLOCK_BYTES = 1 << 20
"""How much of a file is parsed at once; it fits the second-level cache of usual processors."""


class TableSource:
    """A table, in chunks of so many rows; the position is a row's number."""

    def __init__(self, rows: pa.Table, rows_a_chunk: int = 65_536) -> None:
        self._rows, self._rows_a_chunk = rows, rows_a_chunk

    def read(self, position: int) -> Chunk | None:
        """Return the next chunk."""
        if position >= self._rows.num_rows:
            return None
        rows = self._rows.slice(position, self._rows_a_chunk)
        return Chunk(rows, position + rows.num_rows)


class JsonLinesSource:
    """A file of one JSON object a line, UTF-8; the position is a byte. A last line without its end
    waits until it is whole.

    Only columns of ``columns`` are read, each with the type that it has in JSON (time as RFC 3339
    text is read as text). A line that is no such object, is counted in ``refused`` and left out.
    Blocks are parsed by ``threads`` ahead of the reader.
    """

    def __init__(
        self,
        path: Path,
        columns: Mapping[str, Type],
        *,
        threads: int = 2,
        block_bytes: int = BLOCK_BYTES,
    ) -> None:
        self._file = path.open("rb")
        self._schema = schema_of(columns)
        self._block_bytes = block_bytes
        self._threads = ThreadPoolExecutor(threads, "json-lines")
        self._ahead: list[tuple[int, int, Future[tuple[pa.Table, int]]]] = []
        self._depth = threads + 1
        self.refused = 0
        self._row: Any = _row_type(columns)

    def read(self, position: int) -> Chunk | None:
        """Return the next block's rows."""
        if self._ahead and self._ahead[0][0] != position:
            self._ahead.clear()
        self._read_ahead(position)
        if not self._ahead:
            return None
        _, after, parsed = self._ahead.pop(0)
        rows, refused = parsed.result()
        self.refused += refused
        self._read_ahead(after)
        return Chunk(rows, after)

    def _read_ahead(self, position: int) -> None:
        at = self._ahead[-1][1] if self._ahead else position
        while len(self._ahead) < self._depth and (block := self._block(at)):
            self._ahead.append((at, at + len(block), self._threads.submit(self._parse, block)))
            at += len(block)

    def _block(self, at: int) -> bytes:
        """Return whole lines from a position; one long line is read whole."""
        self._file.seek(at)
        found, wanted = b"", self._block_bytes
        while part := self._file.read(wanted):
            found += part
            end = found.rfind(b"\n") + 1
            if end:
                return found[:end]
            wanted = len(found)
        return b""

    def _parse(self, block: bytes) -> tuple[pa.Table, int]:
        """Parse the block at once; where a line of it does not fit, line by line."""
        try:
            rows = arrow_json.read_json(
                pa.BufferReader(block),
                read_options=arrow_json.ReadOptions(use_threads=False, block_size=len(block) + 1),
                parse_options=arrow_json.ParseOptions(
                    explicit_schema=self._schema, unexpected_field_behavior="ignore"
                ),
            )
            if rows.num_rows == block.count(b"\n"):
                return rows.select(self._schema.names), 0
        except pa.ArrowInvalid:
            pass  # some line is not as it should be; the slow way finds which
        return self._parse_lines(block)

    def _parse_lines(self, block: bytes) -> tuple[pa.Table, int]:
        decoder = msgspec.json.Decoder(self._row)
        names, rows, refused = self._schema.names, [], 0
        for line in block.split(b"\n")[:-1]:
            try:
                row = decoder.decode(line)
                rows.append({name: getattr(row, f"_{place}") for place, name in enumerate(names)})
            except (msgspec.DecodeError, UnicodeDecodeError):
                refused += 1
        return pa.Table.from_pylist(rows, schema=self._schema), refused

    def close(self) -> None:
        """Stop the threads and close the file."""
        self._threads.shutdown(cancel_futures=True)
        self._file.close()


def _row_type(columns: Mapping[str, Type]) -> Any:
    kinds: dict[Type, Any] = {"bool": bool, "int": int, "float": float, "text": str, "time": str}
    fields = [(f"_{n}", kinds[kind] | None, None) for n, kind in enumerate(columns.values())]
    names = {f"_{n}": name for n, name in enumerate(columns)}
    return msgspec.defstruct("Row", fields, rename=names)
