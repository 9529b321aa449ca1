"""A catalogue file becomes products: good rows are taken, every bad cell is named with its cure."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from queqiao.catalog.import_columns import (
    COLUMN_OF,
    HEADERS,
    REQUIRED,
    Cell,
    read_cell,
    text_of,
)
from queqiao.catalog.import_sheet import Format, read_rows
from queqiao.catalog.product import Product, Sku
from queqiao.kernel.errors import FieldError, InvalidInput, Message

DEFAULT_CURRENCY = "CNY"


class Problem(msgspec.Struct, frozen=True):
    """One bad cell: its row in the file (the header is row 1), its header, reason and cure."""

    row: int
    column: str
    message: Message


class Reading(msgspec.Struct, frozen=True):
    """What a file holds: products from its good rows, and all that is wrong with the others."""

    rows: int
    accepted: int
    rejected: int
    products: list[Product]
    problems: list[Problem]
    row_of_sku: dict[str, int]
    sku_column: str

    def without(self, skus: Collection[str]) -> "Reading":
        """Return the reading without rows whose SKU the catalogue has under another product."""
        if not skus:
            return self
        message = Message(
            "该 SKU 已属于另一个商品，请改用其商品编号",
            "this SKU belongs to another product; use that product's id",
        )
        problems = [Problem(self.row_of_sku[sku], self.sku_column, message) for sku in skus]
        kept = [product for product in (_left(item, skus) for item in self.products) if product]
        return msgspec.structs.replace(
            self,
            accepted=self.accepted - len(skus),
            rejected=self.rejected + len(skus),
            products=kept,
            problems=sorted([*self.problems, *problems], key=lambda problem: problem.row),
        )


class _Row(msgspec.Struct, frozen=True):
    number: int
    values: dict[str, Any]


def read_file(body: bytes, form: Format, currency: str = DEFAULT_CURRENCY) -> Reading:
    """Read a file; ``currency`` is that of rows that name none.

    Raises InvalidInput when the file as a whole cannot be read: no table, no header that we need.
    """
    header, *rows = read_rows(body, form)
    columns = _columns(header)
    problems: list[Problem] = []
    good: list[_Row] = []
    count = 0
    for number, cells in enumerate(rows, start=2):
        if not any(text_of(cell) for cell in cells):
            continue
        count += 1
        row = _read_row(number, cells, columns, currency, problems)
        if row is not None:
            good.append(row)
    kept = list(_without_clashes(good, columns, problems))
    problems.sort(key=lambda problem: problem.row)
    return Reading(
        count,
        len(kept),
        count - len(kept),
        _products(kept),
        problems,
        {row.values["sku"]: row.number for row in kept},
        columns["sku"][1],
    )


def _columns(header: Sequence[Any]) -> dict[str, tuple[int, str]]:
    """Return where each of our columns stands and what the file calls it."""
    found: dict[str, tuple[int, str]] = {}
    for place, title in enumerate(header):
        name = text_of(title)
        column = COLUMN_OF.get(name.lower())
        if column is not None and column not in found:
            found[column] = place, name
    missing = [column for column in REQUIRED if column not in found]
    if missing:
        raise InvalidInput(*(_missing(column) for column in missing))
    return found


def _missing(column: str) -> FieldError:
    names = " / ".join(HEADERS[column])
    return FieldError(
        column,
        Message(f"缺少这一列，表头可写：{names}", f"column missing; call it one of: {names}"),
    )


def _read_row(
    number: int,
    cells: Sequence[Any],
    columns: Mapping[str, tuple[int, str]],
    currency: str,
    problems: list[Problem],
) -> _Row | None:
    """Return the row's values, or None after noting every cell that is wrong."""
    before = len(problems)
    values: dict[str, Any] = {"currency": currency}
    for column in sorted(columns, key=lambda name: name != "currency"):
        place, title = columns[column]
        cell = Cell(cells[place] if place < len(cells) else None, column, values["currency"])
        try:
            value = read_cell(cell)
        except InvalidInput as error:
            problems += [Problem(number, title, field.message) for field in error.fields]
            continue
        if value is None and column in REQUIRED:
            problems.append(
                Problem(number, title, Message("不能为空，请填写", "is empty; fill it in"))
            )
        if value is not None:
            values[column] = value
    _check_prices(number, values, columns, problems)
    return _Row(number, values) if len(problems) == before else None


def _check_prices(
    number: int,
    values: Mapping[str, Any],
    columns: Mapping[str, tuple[int, str]],
    problems: list[Problem],
) -> None:
    minimum = values.get("minimum_price")
    if minimum is not None and "price" in values and minimum > values["price"]:
        message = Message("最低价不能高于售价", "must not be above the price")
        problems.append(Problem(number, columns["minimum_price"][1], message))


def _without_clashes(
    rows: Sequence[_Row], columns: Mapping[str, tuple[int, str]], problems: list[Problem]
) -> Iterator[_Row]:
    """Yield rows; a SKU that came before, or a product told otherwise before, is a problem."""
    first_of_sku: dict[str, int] = {}
    first_of_product: dict[str, _Row] = {}
    for row in rows:
        sku, product_id = row.values["sku"], _product_id(row)
        if sku in first_of_sku:
            line = first_of_sku[sku]
            text = Message(f"与第 {line} 行的 SKU 重复", f"the SKU of row {line} again; remove one")
            problems.append(Problem(row.number, columns["sku"][1], text))
            continue
        first = first_of_product.setdefault(product_id, row)
        differing = [name for name in _OF_PRODUCT if first.values.get(name) != row.values.get(name)]
        for name in differing:
            text = Message(
                f"与第 {first.number} 行同一商品的内容不同，请改成一致",
                f"differs from row {first.number} of the same product; make them equal",
            )
            problems.append(Problem(row.number, columns[name][1], text))
        if not differing:
            first_of_sku[sku] = row.number
            yield row


_OF_PRODUCT = ("name", "brand", "category", "shop", "tags", "tax_category")
"""Columns that belong to the product, not to one of its SKUs."""


def _product_id(row: _Row) -> str:
    found: str = row.values.get("product_id", row.values["sku"])
    return found


def _products(rows: Sequence[_Row]) -> list[Product]:
    """Gather the SKUs of each product, in the file's order."""
    gathered: dict[str, list[_Row]] = {}
    for row in rows:
        gathered.setdefault(_product_id(row), []).append(row)
    return [_product(product_id, its_rows) for product_id, its_rows in gathered.items()]


def _left(product: Product, without: Collection[str]) -> Product | None:
    """Return a product without some of its SKUs, None when it has no other."""
    skus = tuple(sku for sku in product.skus if sku.sku not in without)
    return msgspec.structs.replace(product, skus=skus) if skus else None


def _product(product_id: str, rows: Sequence[_Row]) -> Product:
    first = rows[0].values
    return Product(
        product_id=product_id,
        name=first["name"],
        skus=tuple(_sku(row.values) for row in rows),
        brand=first.get("brand"),
        category=first.get("category", ()),
        shop=first.get("shop"),
        tags=first.get("tags", ()),
        tax_category=first.get("tax_category"),
    )


def _sku(values: Mapping[str, Any]) -> Sku:
    return Sku(
        sku=values["sku"],
        price_minor=values["price"],
        currency=values["currency"],
        list_price_minor=values.get("list_price"),
        minimum_price_minor=values.get("minimum_price"),
        cost_minor=values.get("cost"),
        stock=values.get("stock"),
    )
