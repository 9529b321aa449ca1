"""A table file as rows with their own bytes: CSV by encoding, delimiter and quote; or XLSX.

The encoding is found by reading the whole file: UTF-8 where all of it is, else GB18030 (GBK is a
part of it). Bytes that are both at once are told apart by what they would say.
"""

import codecs
import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Literal
from zipfile import BadZipFile, ZipFile

import msgspec
from msgspec import Struct
from python_calamine import CalamineError, CalamineWorkbook

from queqiao.kernel.errors import FieldError, InvalidInput, Message, TooLarge

Encoding = Literal["utf-8", "gb18030"]
ENCODINGS: tuple[Encoding, ...] = ("utf-8", "gb18030")
CHUNK_BYTES = 1 << 20
LINE_BYTES_MAX = 100_000
ROW_LINES_MAX = 200
COLUMNS_MAX = 200
XLSX_UNPACKED_MAX = 300_000_000
"""Bound of an XLSX unpacked: it is a zip file, and zip files can be bombs."""
SAMPLE_ROWS = 30

_UTF16 = Message(
    "这是 UTF-16（Excel 的“Unicode 文本”），请另存为 CSV UTF-8 或 XLSX",
    "this is UTF-16 (Excel's Unicode text); save it as CSV UTF-8 or as XLSX",
)
_OLD_EXCEL = Message("这是旧版 XLS，请另存为 XLSX", "this is the old XLS; save it as XLSX")
_NOT_XLSX = Message("不是可读的 XLSX，请另存后重试", "not a readable XLSX; save it again")
_LARGE = Message("XLSX 解压后过大，请存为 CSV", "the XLSX is too large unpacked; save it as CSV")

csv.field_size_limit(1_000_000)


class Form(Struct, frozen=True):
    """How a file is to be read. ``encoding`` is empty for XLSX.

    ``certain`` is false where both encodings fit, or neither does; ``fits`` names those that do.
    """

    format: Literal["csv", "xlsx"]
    encoding: str = ""
    delimiter: str = ","
    quote: str = '"'
    certain: bool = True
    fits: tuple[str, ...] = ()


class Row(Struct, gc=False):
    """One row of a file. ``number`` counts from 1 as a spreadsheet does; ``fault`` spoils it."""

    number: int
    cells: list[str]
    original: bytes
    fault: Message | None = None


def form_of(path: Path, encoding: str = "") -> Form:
    """Return how to read a file; ``encoding`` overrides what is found. Raises InvalidInput."""
    with path.open("rb") as file:
        head = file.read(8)
        if head.startswith(b"PK\x03\x04"):
            return Form("xlsx")
        if head.startswith(b"\xd0\xcf\x11\xe0"):
            raise InvalidInput(FieldError("file", _OLD_EXCEL))
        if head.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise InvalidInput(FieldError("file", _UTF16))
        fits = tuple(name for name in ENCODINGS if _fits(file, name))
    found, certain = _chosen(path, fits)
    taken = encoding or found
    sample = _sample(path, taken)
    quote = "'" if '"' not in sample and sample.count("'") >= 4 else '"'
    return Form("csv", taken, _delimiter(sample, quote), quote, certain, fits)


def _fits(file: BinaryIO, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    file.seek(0)
    try:
        while chunk := file.read(CHUNK_BYTES):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _chosen(path: Path, fits: tuple[str, ...]) -> tuple[str, bool]:
    """Return the encoding and whether it is beyond doubt."""
    if len(fits) < 2:
        return (fits or ENCODINGS)[0], bool(fits)
    head = _head(path)
    if head.startswith(codecs.BOM_UTF8) or head.isascii():
        return "utf-8", True
    as_utf8, as_gb = head.decode("utf-8", "ignore"), head.decode("gb18030", "ignore")
    if any(_is_han(one) for one in as_utf8):
        return "utf-8", True
    # Two-byte UTF-8 of Western letters is at once GBK of rare signs: words tell, not bytes.
    return ("gb18030" if any(_is_han(one) for one in as_gb) else "utf-8"), False


def _is_han(one: str) -> bool:
    return "\u4e00" <= one <= "\u9fff"


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(CHUNK_BYTES)


def _sample(path: Path, encoding: str) -> str:
    lines = _head(path).decode(encoding, "replace").removeprefix("\ufeff").splitlines()
    return "\n".join(line[:LINE_BYTES_MAX] for line in lines[:SAMPLE_ROWS])


def _delimiter(sample: str, quote: str) -> str:
    """Return the one of comma, tab, semicolon and bar that makes the most rows alike."""
    best, score_of_best = ",", (0, 0)
    for one in (",", "\t", ";", "|"):
        try:
            rows = list(csv.reader(sample.splitlines(), delimiter=one, quotechar=quote))
        except csv.Error:  # an open quote makes one field of all that follows
            continue
        widths = [len(row) for row in rows if len(row) > 1]
        if widths:
            usual = max(set(widths), key=widths.count)
            score = (widths.count(usual), usual)
            if score > score_of_best:
                best, score_of_best = one, score
    return best


def rows_of(path: Path, form: Form) -> Iterator[Row]:
    """Yield every row, the header too, as text. Raises InvalidInput for an unreadable XLSX."""
    return _xlsx_rows(path) if form.format == "xlsx" else _csv_rows(path, form)


class _Lines:
    """The lines of a file as text, and the bytes of those that the last row was made of."""

    def __init__(self, file: BinaryIO, encoding: str) -> None:
        self._file, self._encoding = file, encoding
        self.taken: list[bytes] = []
        self.fault: Message | None = None
        self._is_first = True

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        raw = self._file.readline(LINE_BYTES_MAX)
        if not raw:
            raise StopIteration
        self.taken.append(raw)
        if len(raw) == LINE_BYTES_MAX or len(self.taken) > ROW_LINES_MAX:
            self.fault = Message("一行过长，或引号没有闭合", "too long a row, or an open quote")
            raise csv.Error("too long")
        if self._is_first:
            self._is_first, raw = False, raw.removeprefix(codecs.BOM_UTF8)
        try:
            return raw.decode(self._encoding)
        except UnicodeDecodeError:
            name = self._encoding.upper()
            self.fault = Message(f"有不是 {name} 的字节", f"holds bytes that are not {name}")
            return raw.decode(self._encoding, "replace")


def _csv_rows(path: Path, form: Form) -> Iterator[Row]:
    with path.open("rb") as file:
        lines = _Lines(file, form.encoding)
        reader = csv.reader(lines, delimiter=form.delimiter, quotechar=form.quote)
        number = 0
        while True:
            lines.taken, lines.fault = [], None
            number += 1
            try:
                cells = next(reader)[:COLUMNS_MAX]
            except StopIteration:
                return
            except csv.Error:
                fault = lines.fault or Message("不是合法的 CSV 行", "not a well-formed CSV row")
                yield Row(number, [], b"".join(lines.taken), fault)
                reader = csv.reader(lines, delimiter=form.delimiter, quotechar=form.quote)
                continue
            yield Row(number, cells, b"".join(lines.taken), lines.fault)


def _xlsx_rows(path: Path) -> Iterator[Row]:
    try:
        with ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > XLSX_UNPACKED_MAX:
                raise TooLarge(_LARGE)
        sheet = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0)
        rows = sheet.to_python(skip_empty_area=False)
    except (BadZipFile, CalamineError, OSError, ValueError, IndexError) as error:
        raise InvalidInput(FieldError("file", _NOT_XLSX)) from error
    for number, cells in enumerate(rows, 1):
        written = [_written(cell) for cell in cells[:COLUMNS_MAX]]
        yield Row(number, written, msgspec.json.encode(written))


def _written(cell: Any) -> str:
    """Return a cell as Excel shows it: 15 significant digits, no ``.0`` on whole numbers."""
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else f"{cell:.15g}"
    return cell.isoformat(" ") if hasattr(cell, "hour") and hasattr(cell, "year") else str(cell)
