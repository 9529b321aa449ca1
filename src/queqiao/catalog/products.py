"""Products in the records: written in bulk, found by name and category, read as a price book."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, delete, insert, select

from queqiao.catalog.facts import Facts
from queqiao.catalog.price_book import Goods, PriceBook
from queqiao.catalog.product import Product, Sku
from queqiao.catalog.tables import product_categories, products, skus
from queqiao.kernel import json
from queqiao.kernel.errors import Conflict, Message, NotFound
from queqiao.ports.records import changes

CHANGE = "catalog"
"""The kind under which the change feed tells of writes to the catalogue."""
EVERYTHING = "*"
"""The id in the change feed of a write to several products."""
_NAMES_A_STATEMENT = 400
"""SQLite takes a bounded number of parameters in one statement."""


def upsert(conn: Connection, given: Sequence[Product], now_us: int) -> None:
    """Store products whole, each in place of what was there under its id; all or none.

    Storing the same again changes nothing but ``updated_at_us``. Raises Conflict when a SKU belongs
    to another product.
    """
    ids = [product.product_id for product in given]
    if taken(conn, given):
        text = Message(
            "有 SKU 已属于另一个商品，请改用其 product_id 或换一个 SKU",
            "a SKU belongs to another product; use its product_id or another SKU",
        )
        raise Conflict(text, reason="sku_taken")
    for some in _chunks(ids):
        conn.execute(delete(products).where(products.c.product_id.in_(some)))
    if not given:
        return
    conn.execute(insert(products), [_product_row(product, now_us) for product in given])
    in_categories = [row for product in given for row in _category_rows(product)]
    if in_categories:
        conn.execute(insert(product_categories), in_categories)
    conn.execute(insert(skus), [row for product in given for row in _sku_rows(product)])
    changes.note(conn, CHANGE, ids[0] if len(ids) == 1 else EVERYTHING)


def taken(conn: Connection, given: Sequence[Product]) -> set[str]:
    """Return those of the SKUs that belong to another product than the given one."""
    owner = {sku.sku: product.product_id for product in given for sku in product.skus}
    found: set[str] = set()
    for some in _chunks(list(owner)):
        query = select(skus.c.sku, skus.c.product_id).where(skus.c.sku.in_(some))
        found |= {row.sku for row in conn.execute(query) if owner[row.sku] != row.product_id}
    return found


def _chunks(names: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(names), _NAMES_A_STATEMENT):
        yield names[start : start + _NAMES_A_STATEMENT]


def _product_row(product: Product, now_us: int) -> dict[str, Any]:
    words = [product.name, product.product_id, product.brand or ""]
    words += [sku.sku for sku in product.skus]
    return {
        "product_id": product.product_id,
        "name": product.name,
        "brand": product.brand,
        "shop": product.shop,
        "categories": json.encode(product.categories()).decode(),
        "tags": json.encode(product.tags).decode(),
        "search_text": "\n".join(words).lower(),
        "tax_category": product.tax_category,
        "updated_at_us": now_us,
    }


def _category_rows(product: Product) -> list[dict[str, str]]:
    names = dict.fromkeys(product.categories())
    return [{"category": name, "product_id": product.product_id} for name in names]


def _sku_rows(product: Product) -> list[dict[str, Any]]:
    return [
        {
            **msgspec.structs.asdict(sku),
            "attributes": json.encode(sku.attributes).decode(),
            "product_id": product.product_id,
            "place": place,
        }
        for place, sku in enumerate(product.skus)
    ]


def get(conn: Connection, product_id: str) -> Product:
    """Return one product. Raises NotFound."""
    found = _read(conn, select(products).where(products.c.product_id == product_id))
    if not found:
        raise NotFound
    return found[0]


def find(
    conn: Connection, *, query: str = "", category: str = "", after: str = "", limit: int = 50
) -> list[Product]:
    """Return at most ``limit`` products by id, from behind ``after``.

    ``query`` is part of a name, an id, a brand or a SKU, whatever the case.
    """
    statement = select(products).where(products.c.product_id > after)
    if query:
        statement = statement.where(products.c.search_text.contains(query.lower(), autoescape=True))
    if category:
        inside = select(product_categories.c.product_id).where(
            product_categories.c.category == category
        )
        statement = statement.where(products.c.product_id.in_(inside))
    return _read(conn, statement.order_by(products.c.product_id).limit(limit))


def _read(conn: Connection, statement: Select[Any]) -> list[Product]:
    rows = conn.execute(statement).all()
    by_product: dict[str, list[Sku]] = {row.product_id: [] for row in rows}
    for some in _chunks(list(by_product)):
        query = select(skus).where(skus.c.product_id.in_(some)).order_by(skus.c.place)
        for row in conn.execute(query):
            by_product[row.product_id].append(_sku(row))
    return [_product(row, by_product[row.product_id]) for row in rows]


def _product(row: Any, its_skus: list[Sku]) -> Product:
    return Product(
        product_id=row.product_id,
        name=row.name,
        skus=tuple(its_skus),
        brand=row.brand,
        category=tuple(msgspec.json.decode(row.categories)),
        shop=row.shop,
        tags=tuple(msgspec.json.decode(row.tags)),
        tax_category=row.tax_category,
    )


def _sku(row: Any) -> Sku:
    return Sku(
        sku=row.sku,
        price_minor=row.price_minor,
        currency=row.currency,
        list_price_minor=row.list_price_minor,
        minimum_price_minor=row.minimum_price_minor,
        cost_minor=row.cost_minor,
        stock=row.stock,
        attributes=msgspec.json.decode(row.attributes),
    )


def price_book(conn: Connection) -> PriceBook:
    """Return the prices and facts of every SKU, read in one pass."""
    columns = (
        skus.c.sku,
        skus.c.price_minor,
        skus.c.currency,
        skus.c.list_price_minor,
        skus.c.minimum_price_minor,
        skus.c.stock,
        products.c.categories,
        products.c.brand,
        products.c.shop,
        products.c.tags,
        products.c.tax_category,
    )
    joined = skus.join(products, skus.c.product_id == products.c.product_id)
    query = select(*columns).select_from(joined).execution_options(yield_per=5_000)
    rows = conn.execute(query)
    known: dict[tuple[Any, ...], Facts] = {}
    return PriceBook(Goods(*row[:5], _facts(tuple(row[6:]), known), row[5]) for row in rows)


def costs(conn: Connection, only: Collection[str] | None = None) -> dict[str, int]:
    """Return what each SKU costs the shop, in minor units of its currency, where that is known.

    ``only``: of these alone, at most a few thousand.
    """
    known = select(skus.c.sku, skus.c.cost_minor).where(skus.c.cost_minor.is_not(None))
    if only is not None:
        known = known.where(skus.c.sku.in_(only))
    return {row.sku: row.cost_minor for row in conn.execute(known)}


def newest_skus(conn: Connection, limit: int) -> list[str]:
    """Return the SKUs of the products that were written last."""
    joined = skus.join(products, skus.c.product_id == products.c.product_id)
    newest = select(skus.c.sku).select_from(joined)
    return list(
        conn.execute(newest.order_by(products.c.updated_at_us.desc(), skus.c.sku).limit(limit))
        .scalars()
        .all()
    )


def _facts(row: tuple[Any, ...], known: dict[tuple[Any, ...], Facts]) -> Facts:
    """Return the facts of a product's columns; equal ones are one object."""
    facts = known.get(row)
    if facts is None:
        categories, brand, shop, tags, tax = row
        decode = msgspec.json.decode
        facts = Facts(tuple(decode(categories)), brand, shop, tuple(decode(tags)), tax)
        known[row] = facts
    return facts
