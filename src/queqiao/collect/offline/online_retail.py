"""The UCI Online Retail file: invoices of a British wholesaler, December 2010 to December 2011.

Columns InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice, CustomerID, Country.
Each invoice becomes one event. C… are credit notes: Order Refunded. A… are bad-debt adjustments:
Order Adjusted. The others are Order Completed with their lines of a price; an invoice without any
such line moved stock only and is an Order Adjusted of no amount, which is a document and no order.
A price that does not fit whole pence is sent as it stands, alone, so that the intake keeps it as a
bad row; the rest of its invoice is sent without it.
"""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from queqiao.collect.offline.calls import local_time, track
from queqiao.collect.offline.report import ImportReport
from queqiao.collect.offline.sheets import rows_of
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.money import parse_minor

CURRENCY = "GBP"
ZONE = ZoneInfo("Europe/London")
COLUMNS = (
    "InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID",
    "Country",
)  # fmt: skip

_TITLES = {
    "sale": Message("订单行", "lines of orders"),
    "credit": Message("退款单行", "lines of credit notes"),
    "adjustment": Message("坏账调整行", "lines of bad-debt adjustments"),
    "write_off": Message(
        "库存核销行（零价格、负数量），不是订单",
        "stock write-offs (no price, negative quantity): not an order",
    ),
    "free": Message(
        "零价格行，单据内没有付费商品，不是订单",
        "lines without a price on an invoice without any: not an order",
    ),
    "free_on_order": Message(
        "付费订单中的零价格行，未计入订单", "lines without a price on an order: not taken"
    ),
}
_EVENTS = {"sale": "Order Completed", "credit": "Order Refunded"}


class Line(NamedTuple):
    """One row of the file, parsed. ``price_minor`` is None where it does not fit whole pence."""

    row: int
    invoice: str
    sku: str
    name: str
    quantity: int
    time: str
    price: str
    price_minor: int | None
    customer: str
    country: str


def read(path: Path, report: ImportReport) -> Iterator[bytes]:
    """Yield the calls of the file and fill the report. Raises InvalidInput for another file."""
    report.currency = CURRENCY
    report.totals = dict.fromkeys(
        ("gross_minor", "credit_notes_minor", "net_minor", "invoices", "credit_notes"), 0
    )
    expected = Counter(row.get("InvoiceNo", "") for row in rows_of(path))
    gathered: dict[str, list[Line]] = {}
    for number, row in enumerate(rows_of(path), 1):
        if number == 1:
            _check_columns(row)
        report.rows = number
        line = _parse(number, row, report)
        invoice = row["InvoiceNo"]
        lines = gathered.setdefault(invoice, [])
        if line is not None:
            lines.append(line)
        expected[invoice] -= 1
        # A few invoices are not in one piece: each leaves when its last row has been read.
        if not expected[invoice]:
            yield from _calls(gathered.pop(invoice), report)
    report.totals["net_minor"] = report.totals["gross_minor"] + report.totals["credit_notes_minor"]


def _check_columns(row: dict[str, str]) -> None:
    missing = [name for name in COLUMNS if name not in row]
    if missing:
        listed = ", ".join(missing)
        message = Message(f"缺少列：{listed}", f"columns are missing: {listed}")
        raise InvalidInput(FieldError("file", message))


def _parse(number: int, row: dict[str, str], report: ImportReport) -> Line | None:
    invoice = row["InvoiceNo"].strip()
    try:
        quantity = Decimal(row["Quantity"])
        if quantity != int(quantity):
            raise InvalidOperation
        time = _moment(row["InvoiceDate"])
        Decimal(row["UnitPrice"])
    except (InvalidOperation, ValueError, OverflowError):
        message = Message("数量、时间或价格无法读取", "quantity, time or price cannot be read")
        report.refuse(number, invoice, "Quantity, InvoiceDate, UnitPrice", message)
        return None
    return Line(
        number,
        invoice,
        row["StockCode"].strip(),
        row["Description"].strip(),
        int(quantity),
        time,
        row["UnitPrice"],
        _pence(row["UnitPrice"]),
        row["CustomerID"].strip().removesuffix(".0"),
        row["Country"].strip(),
    )


@lru_cache(maxsize=4096)
def _moment(text: str) -> str:
    return local_time(text, ZONE)


@lru_cache(maxsize=8192)
def _pence(price: str) -> int | None:
    try:
        return parse_minor(price, CURRENCY)
    except InvalidInput:
        return None


def _calls(lines: list[Line], report: ImportReport) -> Iterator[bytes]:
    fitting = [line for line in lines if line.price_minor is not None]
    priced = [line for line in fitting if line.price_minor]
    kind = _kind(lines[0].invoice, priced) if lines else ""
    for line in lines:
        if line.price_minor is None:
            yield _bad(line, report)
    if not fitting:
        return
    if kind == "stock":
        yield _document("Order Adjusted", fitting, "stock", report)
    elif kind == "adjustment":
        yield _document("Order Adjusted", priced, "bad debt", report)
    else:
        yield _document(_EVENTS[kind], priced, "", report)
    _account(kind, fitting, report)


def _kind(invoice: str, priced: list[Line]) -> str:
    if invoice.startswith("C"):
        return "credit"
    if invoice.startswith("A"):
        return "adjustment"
    return "sale" if priced else "stock"


def _document(event: str, lines: list[Line], reason: str, report: ImportReport) -> bytes:
    first = min(lines, key=lambda line: (line.time, line.row))
    credit = event == "Order Refunded"
    amount = sum((line.price_minor or 0) * line.quantity for line in lines)
    properties: dict[str, Any] = {
        "order_id": first.invoice,
        "currency": CURRENCY,
        "total_minor": -amount if credit else amount,
        "products": [_product(line, -1 if credit else 1) for line in lines],
    }
    if reason:
        properties["reason"] = reason
    report.totals["credit_notes" if credit else "invoices"] += 1
    report.totals["credit_notes_minor" if credit else "gross_minor"] += amount
    return _track(event, f"online-retail:{first.invoice}", first, properties)


def _product(line: Line, sign: int) -> dict[str, Any]:
    return {
        "sku": line.sku,
        "name": line.name,
        "quantity": sign * line.quantity,
        "price_minor": line.price_minor,
    }


def _track(event: str, message_id: str, line: Line, properties: dict[str, Any]) -> bytes:
    return track(
        event,
        message_id,
        line.time,
        properties,
        user_id=line.customer,
        anonymous_id="" if line.customer else f"online-retail:{line.invoice}",
        context={"channel": "offline", "location": {"country": line.country}},
    )


def _bad(line: Line, report: ImportReport) -> bytes:
    message = Message("金额不足一便士", f"{line.sku}: the price does not fit whole pence")
    report.refuse(line.row, line.invoice, "UnitPrice", message, sent=True)
    product = {"sku": line.sku, "name": line.name, "quantity": line.quantity}
    properties = {
        "order_id": line.invoice,
        "currency": CURRENCY,
        "products": [product | {"price": line.price}],
    }
    return _track("Order Completed", f"online-retail:{line.invoice}:{line.row}", line, properties)


def _account(kind: str, lines: list[Line], report: ImportReport) -> None:
    """Put each line of a document into its class."""
    used = set()
    for line in lines:
        name = kind
        if kind == "stock":
            name = "write_off" if line.quantity < 0 else "free"
        elif not line.price_minor:
            name = "free_on_order"
        used.add(name)
        report.count(name, _TITLES[name], 1, (line.price_minor or 0) * line.quantity)
    for name in used - {"free_on_order"}:
        report.document(name)
