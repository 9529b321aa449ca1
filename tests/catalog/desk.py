"""The catalogue's endpoints on a real SQLite file, asked as HTTP asks them."""

import msgspec

from queqiao.catalog.endpoints import CatalogServices, handlers
from queqiao.kernel.http import Request
from queqiao.kernel.tokens import Signer
from queqiao.ports.records.sqlite import SqliteRecords

NOW_US = 1_781_000_000_000_000
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class Desk:
    """Routes by method and path."""

    def __init__(self, folder):
        self.records = SqliteRecords(folder / "records.sqlite")
        self.records.upgrade()
        services = CatalogServices(self.records, Signer(b"k" * 32))
        self.routes = {(route.method, route.path): route for route in handlers(services)}

    async def call(self, method, path, body=b"", *, kind="text/csv", language="en", **query):
        raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
        params = {}
        pattern = path
        if path.startswith("/api/v1/products/") and not path.endswith("/bulk"):
            params, pattern = {"id": path.rsplit("/", 1)[1]}, "/api/v1/products/{id}"
        headers = {"content-type": kind}
        request = Request(
            method, path, params, query, headers, raw, "127.0.0.1", NOW_US, None, language
        )
        response = await self.routes[method, pattern].handler(request)
        return msgspec.json.decode(response.body)

    async def bulk(self, *products, **query):
        return await self.call("POST", "/api/v1/products/bulk", {"products": products}, **query)

    async def load(self, body, **query):
        return await self.call("POST", "/api/v1/catalog/import", body, **query)

    async def page(self, **query):
        return await self.call("GET", "/api/v1/products", **query)


def product(product_id="p1", *skus, **fields):
    return {
        "product_id": product_id,
        "name": f"name of {product_id}",
        "skus": list(skus) or [sku(f"{product_id}-1")],
        **fields,
    }


def sku(name="s1", price_minor=1_000, **fields):
    return {"sku": name, "price_minor": price_minor, "currency": "CNY", **fields}
