"""Rows of a table file, by column name: CSV (plain or gzip) and XLSX."""

import csv
import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from python_calamine import CalamineError, CalamineWorkbook

from queqiao.kernel.errors import FieldError, InvalidInput, Message, NotFound

_NOT_TEXT = Message("文件不是 UTF-8 文本", "the file is not UTF-8 text")
_NOT_XLSX = Message("无法读取这个 XLSX 文件", "this XLSX file cannot be read")
_NO_FILE = Message("没有这个文件", "there is no such file")

csv.field_size_limit(1_000_000)


def open_text(path: Path) -> TextIO:
    """Open a UTF-8 file, unpacking ``.gz``. Raises NotFound."""
    if not path.is_file():
        raise NotFound(_NO_FILE)
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def rows_of(path: Path) -> Iterator[dict[str, str]]:
    """Yield the rows as text by column name. Raises InvalidInput for what is no table."""
    if not path.is_file():
        raise NotFound(_NO_FILE)
    return _xlsx_rows(path) if path.suffix.lower() == ".xlsx" else _csv_rows(path)


def _csv_rows(path: Path) -> Iterator[dict[str, str]]:
    try:
        with open_text(path) as file:
            for row in csv.DictReader(file, restval="", restkey="", strict=True):
                row.pop("", None)
                yield row
    except (UnicodeDecodeError, csv.Error, gzip.BadGzipFile, EOFError) as error:
        raise InvalidInput(FieldError("file", _NOT_TEXT)) from error


def _xlsx_rows(path: Path) -> Iterator[dict[str, str]]:
    try:
        sheet = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
    except CalamineError as error:
        raise InvalidInput(FieldError("file", _NOT_XLSX)) from error
    if not sheet:
        return
    names = [_text(cell) for cell in sheet[0]]
    for cells in sheet[1:]:
        yield dict(zip(names, map(_text, cells), strict=False))


def _text(cell: Any) -> str:
    """Return a cell as the text that was typed: whole numbers without a decimal point."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return cell.isoformat() if hasattr(cell, "isoformat") else str(cell)
