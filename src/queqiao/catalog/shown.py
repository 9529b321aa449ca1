"""Goods as a page shows them: what they are called and how they look."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, select

from queqiao.catalog.tables import product_categories, products, skus
from queqiao.kernel import json

IMAGE_ATTRIBUTE = "image"
"""The attribute of a SKU that holds the path of its picture on this host."""

_ORDERS = {
    "listed": (products.c.product_id, skus.c.place),
    "newest": (products.c.updated_at_us.desc(), skus.c.sku),
    "price_asc": (skus.c.price_minor, skus.c.sku),
    "price_desc": (skus.c.price_minor.desc(), skus.c.sku),
}


class ShownGoods(msgspec.Struct, frozen=True):
    """A SKU, the product that it is one of, and the path of its picture if it has one."""

    sku: str
    product_id: str
    name: str
    image: str | None = None


def named(conn: Connection, wanted: Sequence[str]) -> list[ShownGoods]:
    """Return those of the SKUs that the catalogue has, in the order wanted (at most 400)."""
    found = {one.sku: one for one in _read(conn, _goods().where(skus.c.sku.in_(wanted)))}
    return [found[sku] for sku in wanted if sku in found]


def chosen(
    conn: Connection,
    *,
    category: str | None = None,
    tag: str | None = None,
    order: str = "listed",
    limit: int = 12,
) -> list[ShownGoods]:
    """Return SKUs of a category or with a tag, or of the whole catalogue.

    ``order`` is ``listed`` (by product), ``newest``, ``price_asc`` or ``price_desc``.
    """
    statement = _goods()
    if category is not None:
        inside = select(product_categories.c.product_id).where(
            product_categories.c.category == category
        )
        statement = statement.where(products.c.product_id.in_(inside))
    if tag is not None:
        written = json.encode(tag).decode()
        statement = statement.where(products.c.tags.contains(written, autoescape=True))
    return _read(conn, statement.order_by(*_ORDERS[order]).limit(limit))


def _goods() -> Select[Any]:
    columns = (skus.c.sku, products.c.product_id, products.c.name, skus.c.attributes)
    return select(*columns).select_from(
        skus.join(products, skus.c.product_id == products.c.product_id)
    )


def _read(conn: Connection, statement: Select[Any]) -> list[ShownGoods]:
    return [
        ShownGoods(row.sku, row.product_id, row.name, _image(row.attributes))
        for row in conn.execute(statement)
    ]


def _image(attributes: str) -> str | None:
    path: str | None = msgspec.json.decode(attributes).get(IMAGE_ATTRIBUTE)
    is_own = path is not None and path.startswith("/") and not path.startswith(("//", "/\\"))
    return path if is_own else None
