"""A catalogue file as rows of cells: CSV in UTF-8 or GB18030, or the first sheet of an XLSX."""

import csv
from io import BytesIO, StringIO
from typing import Any, Literal
from zipfile import BadZipFile, ZipFile

from python_calamine import CalamineError, CalamineWorkbook

from queqiao.kernel.errors import FieldError, InvalidInput, Message, TooLarge

Format = Literal["csv", "xlsx"]
Rows = list[list[Any]]

ROWS_MAX = 100_000
UNPACKED_BYTES_MAX = 300_000_000
"""Bound of an XLSX unpacked: it is a zip file, and zip files can be bombs."""
COLUMNS_MAX = 200


def read_rows(body: bytes, form: Format) -> Rows:
    """Return the file's rows, the header first. Raises InvalidInput or TooLarge."""
    rows = _read_csv(body) if form == "csv" else _read_xlsx(body)
    if len(rows) > ROWS_MAX + 1:
        raise TooLarge(
            Message(f"最多 {ROWS_MAX} 行，请分成几份", f"at most {ROWS_MAX} rows; split it")
        )
    if not rows:
        message = Message(
            "文件是空的；第一行应为表头", "the file is empty; the first row is the header"
        )
        raise InvalidInput(FieldError("", message))
    return rows


def _read_csv(body: bytes) -> Rows:
    text = _decode(body)
    try:
        return [row[:COLUMNS_MAX] for row in csv.reader(StringIO(text), dialect=_dialect(text))]
    except csv.Error as error:
        message = Message("不是合法的 CSV，请重新导出", "not well-formed CSV; export it again")
        raise InvalidInput(FieldError("", message)) from error


def _dialect(text: str) -> type[csv.Dialect]:
    """Return how the header separates: by commas, tabs or semicolons."""
    header = text.split("\n", 1)[0]
    separator = max(",\t;", key=header.count)

    class Found(csv.excel):
        delimiter = separator

    return Found


def _decode(body: bytes) -> str:
    """Read UTF-8, else GB18030, in which Chinese Excel writes CSV."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return body.decode(encoding)
        except UnicodeDecodeError:
            continue
    message = Message("编码须为 UTF-8 或 GB18030", "the encoding must be UTF-8 or GB18030")
    raise InvalidInput(FieldError("", message))


def _read_xlsx(body: bytes) -> Rows:
    try:
        _check_size(body)
        sheet = CalamineWorkbook.from_filelike(BytesIO(body)).get_sheet_by_index(0)
        return [row[:COLUMNS_MAX] for row in sheet.to_python(skip_empty_area=False)]
    except (BadZipFile, CalamineError, OSError, ValueError, IndexError) as error:
        message = Message("不是可读的 XLSX，请另存后重试", "not a readable XLSX; save it again")
        raise InvalidInput(FieldError("", message)) from error


def _check_size(body: bytes) -> None:
    with ZipFile(BytesIO(body)) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > UNPACKED_BYTES_MAX:
            raise TooLarge(Message("解压后过大", "too large once unpacked"))
