"""The management API of goods."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta
from sqlalchemy import Connection

from queqiao.catalog import products
from queqiao.catalog.import_file import Problem, Reading, read_file
from queqiao.catalog.import_sheet import Format
from queqiao.catalog.product import Product, check_product, cleaned
from queqiao.kernel import json
from queqiao.kernel.errors import (
    FieldError,
    InvalidInput,
    Message,
    QueqiaoError,
    UnsupportedMedia,
)
from queqiao.kernel.http import Request, Response, Route, json_response
from queqiao.kernel.money import exponent
from queqiao.kernel.paging import cursor_after, cursor_of, dry_run_of, limit_of
from queqiao.kernel.text import clean
from queqiao.kernel.tokens import Signer
from queqiao.ports.records.base import Records

BULK_BYTES_MAX = 8_000_000
FILE_BYTES_MAX = 30_000_000
_CURSOR = "catalog.products"
_FORMATS: dict[str, Format] = {
    "text/csv": "csv",
    "application/csv": "csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
}


class CatalogServices(msgspec.Struct, frozen=True):
    """What the endpoints need. ``signer`` signs the cursors of lists."""

    records: Records
    signer: Signer


class ProductList(msgspec.Struct, frozen=True):
    """A page of products by id."""

    items: list[Product]
    next_cursor: str | None


class Bulk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Products to store, each whole."""

    products: Annotated[tuple[Product, ...], Meta(min_length=1, max_length=1_000)]


class BulkAnswer(msgspec.Struct, frozen=True):
    """How many were stored."""

    products: int
    skus: int
    dry_run: bool


class ImportProblem(msgspec.Struct, frozen=True):
    """One bad cell, in the caller's language."""

    row: int
    column: str
    message: str


class ImportAnswer(msgspec.Struct, frozen=True):
    """The report of an import; with ``dry_run`` nothing was written."""

    rows: int
    accepted: int
    rejected: int
    products: int
    dry_run: bool
    problems: list[ImportProblem]


def handlers(services: CatalogServices) -> list[Route]:
    """Return the routes of the console role."""
    desk = CatalogDesk(services)
    return [
        Route(
            "GET",
            "/api/v1/products",
            desk.page,
            Message("查找商品：query、category、limit、cursor", "Find products"),
            "read",
            response_type=ProductList,
            tags=("catalog",),
        ),
        Route(
            "GET",
            "/api/v1/products/{id}",
            desk.one,
            Message("一个商品", "One product"),
            "read",
            response_type=Product,
            tags=("catalog",),
        ),
        Route(
            "POST",
            "/api/v1/products/bulk",
            desk.bulk,
            Message("批量写入商品", "Store products in bulk"),
            "write",
            Bulk,
            BulkAnswer,
            ("catalog",),
            BULK_BYTES_MAX,
        ),
        Route(
            "POST",
            "/api/v1/catalog/import",
            desk.import_file,
            Message(
                "导入 CSV 或 XLSX；dry_run=true 只检查", "Import CSV or XLSX; dry_run checks only"
            ),
            "write",
            None,
            ImportAnswer,
            ("catalog",),
            FILE_BYTES_MAX,
        ),
    ]


class CatalogDesk:
    """Answers the calls."""

    def __init__(self, services: CatalogServices) -> None:
        self._records = services.records
        self._signer = services.signer

    async def page(self, request: Request) -> Response:
        """Return one page of the products that fit."""
        limit = limit_of(request)
        query = clean(request.query.get("query", ""), "query", 200)
        category = clean(request.query.get("category", ""), "category", 200)
        after = cursor_of(request, self._signer, _CURSOR, str) or ""
        found = await self._records.read(
            lambda conn: products.find(
                conn, query=query, category=category, after=after, limit=limit + 1
            )
        )
        cursor = None
        if len(found) > limit:
            cursor = cursor_after(self._signer, _CURSOR, found[limit - 1].product_id)
        return json_response(ProductList(found[:limit], cursor))

    async def one(self, request: Request) -> Response:
        """Return one product."""
        product_id = clean(request.params["id"], "id", 128)
        return json_response(await self._records.read(lambda conn: products.get(conn, product_id)))

    async def bulk(self, request: Request) -> Response:
        """Store products whole, all or none."""
        asked = json.decode(request.body, Bulk, BULK_BYTES_MAX)
        _check(asked.products)
        given = [cleaned(product) for product in asked.products]
        is_dry = dry_run_of(request)
        if not is_dry:
            await self._records.write(lambda conn: products.upsert(conn, given, request.now_us))
        count = sum(len(product.skus) for product in given)
        return json_response(BulkAnswer(len(given), count, is_dry))

    async def import_file(self, request: Request) -> Response:
        """Read a file, store its good rows in one transaction, report the bad ones."""
        currency = request.query.get("currency", "CNY")
        exponent(currency)
        reading = read_file(request.body, _format(request), currency)
        is_dry = dry_run_of(request)

        def store(conn: Connection) -> Reading:
            taking = reading.without(products.taken(conn, reading.products))
            if not is_dry:
                products.upsert(conn, taking.products, request.now_us)
            return taking

        do = self._records.read if is_dry else self._records.write
        return json_response(_report(await do(store), request, is_dry=is_dry))


def _report(reading: Reading, request: Request, *, is_dry: bool) -> ImportAnswer:
    def told(problem: Problem) -> ImportProblem:
        text = problem.message.in_language(request.language)
        return ImportProblem(problem.row, problem.column, text)

    return ImportAnswer(
        reading.rows,
        reading.accepted,
        reading.rejected,
        len(reading.products),
        is_dry,
        [told(problem) for problem in reading.problems],
    )


def _check(given: Sequence[Product]) -> None:
    """Raise InvalidInput with every field that the types could not refuse."""
    errors: list[FieldError] = []
    products_seen: set[str] = set()
    skus_seen: set[str] = set()
    for index, product in enumerate(given):
        path = f"products[{index}]"
        try:
            check_product(product, path)
        except QueqiaoError as error:
            errors += error.fields
        its_skus = {sku.sku for sku in product.skus}
        if product.product_id in products_seen:
            text = Message("本批中商品重复", "named twice in this call; keep one")
            errors.append(FieldError(f"{path}.product_id", text))
        if its_skus & skus_seen:
            text = Message("SKU 已属于本批另一商品", "a SKU is in another product of this call")
            errors.append(FieldError(f"{path}.skus", text))
        products_seen.add(product.product_id)
        skus_seen |= its_skus
    if errors:
        raise InvalidInput(*errors[:100])


def _format(request: Request) -> Format:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in _FORMATS:
        names = ", ".join(_FORMATS)
        raise UnsupportedMedia(Message(f"Content-Type 可用：{names}", f"Content-Type: {names}"))
    return _FORMATS[kind]
