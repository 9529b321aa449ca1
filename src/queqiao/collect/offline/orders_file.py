"""Order files: CSV or XLSX, one row a line of an order, with a mapping of column names.

Our names: ``order_id``, ``time``, ``customer_id``, ``sku``, ``quantity``, ``price``, ``currency``,
and, if there, ``name``, ``category``, ``discount`` (of the line), ``channel``, ``coupon``. The
mapping gives the file's own names: ``{"order_id": "订单号"}``. Rows of one order need not lie
together. A bad row is left out and named; the other rows of its order are taken.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from queqiao.collect.offline.calls import local_time, track
from queqiao.collect.offline.report import ImportReport
from queqiao.collect.offline.sheets import rows_of
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.money import parse_minor

REQUIRED = ("order_id", "time", "sku", "quantity", "price")
_LINES = Message("订单行", "lines of orders")
_EMPTY = Message("必填", "is required")
_NO_TIME = Message("时间无法读取", "not a time; write it as 2026-06-18 12:00:00")
_NO_QUANTITY = Message("数量须为正整数", "must be a positive whole number")


class OrdersOptions(NamedTuple):
    """How to read the file: its column names by ours, and what it leaves unsaid."""

    columns: Mapping[str, str]
    currency: str
    zone: ZoneInfo


class _Refusal(Exception):  # an outcome of one row, not an error of ours
    def __init__(self, column: str, reason: Message) -> None:
        super().__init__(column)
        self.column, self.reason = column, reason


def read(path: Path, report: ImportReport, options: OrdersOptions) -> Iterator[bytes]:
    """Yield an Order Completed per order, in the order of first rows, and fill the report."""
    report.currency = options.currency
    orders: dict[str, dict[str, Any]] = {}
    for number, row in enumerate(rows_of(path), 1):
        report.rows = number
        if number == 1:
            _check_columns(row, options)
        ours = {name: value for name, value in _renamed(row, options.columns).items() if value}
        try:
            _add(orders, ours, options)
        except _Refusal as refusal:
            name = options.columns.get(refusal.column, refusal.column)
            report.refuse(number, ours.get("order_id", ""), name, refusal.reason)
        else:
            report.count("lines", _LINES)
    for order_id, order in orders.items():
        report.document("lines")
        yield _call(order_id, order)


def _check_columns(row: dict[str, str], options: OrdersOptions) -> None:
    wanted = [options.columns.get(name, name) for name in REQUIRED]
    missing = ", ".join(name for name in wanted if name not in row)
    if missing:
        message = Message(f"缺少列：{missing}", f"columns are missing: {missing}")
        raise InvalidInput(FieldError("file", message))


def _renamed(row: dict[str, str], columns: Mapping[str, str]) -> dict[str, str]:
    ours = {theirs: name for name, theirs in columns.items()}
    return {ours.get(name, name): value.strip() for name, value in row.items()}


def _add(orders: dict[str, dict[str, Any]], row: dict[str, str], options: OrdersOptions) -> None:
    for name in REQUIRED:
        if name not in row:
            raise _Refusal(name, _EMPTY)
    currency = row.get("currency", options.currency)
    product = _product(row, currency)
    try:
        time = local_time(row["time"], options.zone)
    except (ValueError, OverflowError) as error:
        raise _Refusal("time", _NO_TIME) from error
    order = orders.setdefault(
        row["order_id"], {"row": row, "time": time, "currency": currency, "products": []}
    )
    if order["currency"] != currency:
        raise _Refusal("currency", Message("一个订单只能有一个币种", "one currency per order"))
    order["time"] = min(order["time"], time)
    order["products"].append(product)


def _product(row: dict[str, str], currency: str) -> dict[str, Any]:
    try:
        quantity = Decimal(row["quantity"])
        if quantity <= 0 or quantity != int(quantity):
            raise InvalidOperation
    except (InvalidOperation, OverflowError) as error:
        raise _Refusal("quantity", _NO_QUANTITY) from error
    product: dict[str, Any] = {
        "sku": row["sku"],
        "quantity": int(quantity),
        "price_minor": _money(row, "price", currency),
    }
    if "discount" in row:
        product["discount_minor"] = _money(row, "discount", currency)
    return product | {name: row[name] for name in ("name", "category") if name in row}


def _money(row: dict[str, str], name: str, currency: str) -> int:
    try:
        return parse_minor(row[name], currency, name)
    except InvalidInput as error:
        raise _Refusal(error.fields[0].path, error.fields[0].message) from error


def _call(order_id: str, order: dict[str, Any]) -> bytes:
    row = order["row"]
    properties = {
        "order_id": order_id,
        "currency": order["currency"],
        "products": order["products"],
    }
    discount = sum(product.get("discount_minor", 0) for product in order["products"])
    if discount:
        properties["discount_minor"] = discount
    if "coupon" in row:
        properties["coupon"] = row["coupon"]
    customer = row.get("customer_id", "")
    return track(
        "Order Completed",
        f"orders:{order_id}",
        order["time"],
        properties,
        user_id=customer,
        anonymous_id="" if customer else f"orders:{order_id}",
        context={"channel": row.get("channel", "offline")},
    )
