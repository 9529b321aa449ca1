"""A file's rows by our field names: what is data, what is not, and every bad cell of a row."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from msgspec import Struct

from queqiao.collect.offline import cells
from queqiao.collect.offline.cells import BadCell, plain
from queqiao.collect.offline.file_kinds import KINDS, FileField, FileKind, KindOfFile
from queqiao.collect.offline.proposals import header_row, missing
from queqiao.collect.offline.tables import Form, Row, rows_of
from queqiao.kernel.errors import FieldError, InvalidInput, Message

RowIs = Literal["data", "blank", "summary", "not_sold"]

_SUMMARIES = frozenset(
    ("合计", "总计", "小计", "本页合计", "total", "subtotal", "grandtotal", "sum")
)
_NOT_SOLD = frozenset(
    ("已取消", "取消", "已关闭", "交易关闭", "关闭", "待付款", "未付款", "cancelled",
     "canceled", "closed", "unpaid", "pending")
)  # fmt: skip
_NO_PERSON = Message("会员号与手机号至少要有一个", "a member number or a phone is needed")
_NO_AMOUNT = Message("单价与实付金额至少要有一个", "a unit price or an amount paid is needed")
_LARGE_DISCOUNT = Message("优惠大于金额", "the discount is larger than the amount")
_WRONG_SIGN = Message("数量为正，金额却为负", "a negative amount for a positive quantity")


class Reading(Struct, frozen=True):
    """How the rows of one file are to be understood. ``columns`` is our field to its header."""

    kind: FileKind
    columns: Mapping[str, str]
    currency: str
    zone: ZoneInfo

    @property
    def of(self) -> KindOfFile:
        """The kind of file."""
        return KINDS[self.kind]


class DataRow(Struct, gc=False):
    """One row below the header. ``values`` are read cells; ``key`` says which document it is of."""

    row: Row
    is_: RowIs
    values: dict[str, Any] = {}
    key: str = ""
    faults: list[BadCell] = []


def header_of(path: Path, form: Form) -> Row:
    """Return the header. Raises InvalidInput for a file without one."""
    first: list[Row] = []
    for row in rows_of(path, form):
        first.append(row)
        if len(first) == 10:
            break
    if not first:
        message = Message("文件是空的", "the file is empty")
        raise InvalidInput(FieldError("file", message))
    return first[header_row([row.cells for row in first])]


def data_rows(path: Path, form: Form, reading: Reading) -> Iterator[DataRow]:
    """Yield every row below the header. Raises InvalidInput when a mapped column is not there."""
    header = header_of(path, form)
    places = places_of(header.cells, reading)
    for row in rows_of(path, form):
        if row.number > header.number:
            yield _data_row(row, places, reading)


def places_of(headers: list[str], reading: Reading) -> list[tuple[FileField, int]]:
    """Return where each mapped field stands. Raises InvalidInput for what the file lacks."""
    known = [plain(header) for header in headers]
    fields = {field.name: field for field in reading.of.fields}
    found, errors = [], []
    for name, header in reading.columns.items():
        if name not in fields:
            text = Message("没有这个字段", "there is no such field")
            errors.append(FieldError(f"columns.{name}", text))
        elif header and plain(header) not in known:
            text = Message("文件里没有这一列", "the file has no such column")
            errors.append(FieldError(f"columns.{name}", text))
        elif header:
            found.append((fields[name], known.index(plain(header))))
    for name in missing(reading.of, reading.columns):
        text = Message("请选择对应的列", "choose its column")
        errors.append(FieldError(f"columns.{name}", text))
    if errors:
        raise InvalidInput(*errors)
    return found


def _data_row(row: Row, places: list[tuple[FileField, int]], reading: Reading) -> DataRow:
    cleaned = [plain(cell) for cell in row.cells]
    filled = [cell for cell in cleaned if cell]
    if not filled and row.fault is None:
        return DataRow(row, "blank")
    if filled and filled[0].rstrip(":：").replace(" ", "").lower() in _SUMMARIES:
        return DataRow(row, "summary")
    texts = {field.name: cleaned[at] for field, at in places if at < len(cleaned) and cleaned[at]}
    if texts.get("status", "").lower() in _NOT_SOLD:
        return DataRow(row, "not_sold")
    if row.fault is not None:
        return DataRow(row, "data", texts, _key(texts, reading), [BadCell("", row.fault)])
    faults: list[BadCell] = []
    values = {}
    for field, _ in places:
        try:
            values[field.name] = _value(field, texts, reading)
        except BadCell as fault:
            faults.append(fault)
    faults += _beyond_cells(reading.of, values, {fault.field for fault in faults})
    return DataRow(row, "data", values, _key(texts, reading), faults)


def _value(field: FileField, texts: Mapping[str, str], reading: Reading) -> Any:
    """Return a read cell; None for an empty one. Raises BadCell."""
    text = texts.get(field.name, "")
    if not text:
        if field.required:
            raise BadCell(field.name, cells.EMPTY)
        return None
    if field.read == "money":
        return cells.money(text, field.name, texts.get("currency", reading.currency).upper())
    if field.read == "time":
        return cells.moment(f"{text} {texts.get('time_of_day', '')}".strip(), "time", reading.zone)
    if field.read == "number":
        return _number(text, field.name)
    if field.read == "gender":
        return cells.gender(text) or None
    read = {"key": cells.key, "phone": cells.phone, "email": cells.email,
            "quantity": cells.quantity, "text": cells.text}  # fmt: skip
    return read[field.read](text, field.name)


def _number(text: str, field: str) -> int | float:
    """Return a number; ``00:03:25`` is its seconds."""
    total = cells.number("0", field)
    for part in text.replace("：", ":").split(":"):
        total = total * 60 + cells.number(part, field)
    return int(total) if total == int(total) else float(total)


def _beyond_cells(kind: KindOfFile, values: Mapping[str, Any], bad: set[str]) -> list[BadCell]:
    """Return what is wrong with cells together."""
    if kind.whose and not any(values.get(one) or one in bad for one in kind.whose):
        return [BadCell(kind.whose[0], _NO_PERSON)]
    if kind.name not in {"receipts", "orders"} or bad & {"price", "amount", "quantity"}:
        return []
    if values.get("price") is None and values.get("amount") is None:
        return [BadCell("amount", _NO_AMOUNT)]
    if (values.get("amount") or 0) < 0 < values["quantity"] or (values.get("price") or 0) < 0:
        return [BadCell("amount", _WRONG_SIGN)]
    if values.get("amount") is None and (
        abs(values.get("discount") or 0) > values["price"] * abs(values["quantity"])
    ):
        return [BadCell("discount", _LARGE_DISCOUNT)]
    return []


def _key(texts: Mapping[str, str], reading: Reading) -> str:
    """Return what tells the row's document from others: the file's own keys.

    Tills count anew each day, so a receipt is known by store, day, till and number.
    """
    own = cells.narrow(texts.get(reading.of.key, ""))
    if reading.kind != "receipts" or not own:
        return own
    day = texts.get("time", "")
    try:
        told = cells.moment(f"{day} {texts.get('time_of_day', '')}".strip(), "time", reading.zone)
        day = cells.local_day(told, reading.zone)
    except BadCell:
        day = day.split(" ")[0]
    return "/".join(part for part in (texts.get("store"), day, texts.get("till"), own) if part)
