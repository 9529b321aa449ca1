"""Products: stored whole and in bulk, found again, told to every role."""

import pytest
from tests.catalog.desk import product, sku
from tests.ports.postgresql import new_postgresql_url, postgresql_cluster  # noqa: F401  # fixtures

from queqiao.catalog.contracts import Product, Sku
from queqiao.catalog.products import find, price_book, upsert
from queqiao.kernel.errors import Conflict, InvalidInput, NotFound
from queqiao.ports.records.postgresql import PostgresqlRecords


def book(desk):
    return desk.records.read_now(price_book)


async def test_a_product_comes_back_as_it_was_sent(desk):
    sent = product(
        "p1",
        sku("a", 1_299, list_price_minor=1_500, minimum_price_minor=900, cost_minor=700, stock=-2),
        sku("b", 0, attributes={"颜色": "红", "size": "XL"}),
        brand="三只松鼠",
        category=["食品", "坚果"],
        shop="s",
        tags=["new"],
        tax_category="food",
    )
    assert await desk.bulk(sent) == {"products": 1, "skus": 2, "dry_run": False}
    found = await desk.call("GET", "/api/v1/products/p1")
    empty = {
        "list_price_minor": None,
        "minimum_price_minor": None,
        "cost_minor": None,
        "stock": None,
    }
    sent["skus"] = [{"attributes": {}, **item} for item in sent["skus"]]
    sent["skus"][1] = {**empty, **sent["skus"][1]}
    assert found == sent


async def test_storing_again_replaces_and_storing_the_same_changes_nothing(desk):
    await desk.bulk(product("p1", sku("a"), sku("b"), category="x"))
    await desk.bulk(product("p1", sku("b", 2_000)))
    first = await desk.page()
    await desk.bulk(product("p1", sku("b", 2_000)))
    assert await desk.page() == first
    assert [item["sku"] for item in first["items"][0]["skus"]] == ["b"]
    assert (await desk.page(category="x"))["items"] == []
    assert book(desk).goods("a") is None


async def test_pages_by_name_category_and_sku(desk):
    await desk.bulk(
        product("p1", name="Red Tea", category=["food", "tea"]),
        product("p2", name="green tea", category=["food"]),
        product("p3", name="红茶 100%", category="tea"),
        product("p4", sku("ZX-9")),
    )

    async def ids(**query):
        return [item["product_id"] for item in (await desk.page(**query))["items"]]

    assert await ids(query="TEA") == ["p1", "p2"]
    assert await ids(query="红茶") == ["p3"]
    assert await ids(query="%") == ["p3"]
    assert await ids(query="zx-") == ["p4"]
    assert await ids(category="food") == ["p1", "p2"]
    assert await ids(category="tea", query="red") == ["p1"]


async def test_cursors_walk_through_everything_once(desk):
    await desk.bulk(*(product(f"p{number:03}") for number in range(25)))
    seen, cursor = [], ""
    while cursor is not None:
        page = await desk.page(limit="10", cursor=cursor)
        seen += [item["product_id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert seen == [f"p{number:03}" for number in range(25)]
    with pytest.raises(InvalidInput) as refused:
        await desk.page(cursor="forged")
    assert refused.value.fields[0].path == "cursor"


@pytest.mark.parametrize("limit", ["0", "201", "-1", "x", "１", "9" * 30])
async def test_a_wrong_limit_is_refused(desk, limit):
    with pytest.raises(InvalidInput):
        await desk.page(limit=limit)


async def test_every_wrong_field_is_named_and_nothing_is_written(desk):
    with pytest.raises(InvalidInput) as refused:
        await desk.bulk(
            product("p1", sku("a", currency="XXX"), sku("a")),
            product("p1", sku("b", 5, minimum_price_minor=9)),
            product("p2", sku("b")),
        )
    assert [field.path for field in refused.value.fields] == [
        "products[0].skus[0].currency",
        "products[0].skus",
        "products[1].skus[0].minimum_price_minor",
        "products[1].product_id",
        "products[2].skus",
    ]
    assert (await desk.page())["items"] == []


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"price_minor": 12.5}, "products[0].skus[0].price_minor"),
        ({"price_minor": -1}, "products[0].skus[0].price_minor"),
        ({"price_minor": 10**13}, "products[0].skus[0].price_minor"),
        ({"prize_minor": 1}, "products[0].skus[0].prize_minor"),
    ],
)
async def test_wrong_types_are_named_by_path(desk, change, path):
    with pytest.raises(InvalidInput) as refused:
        await desk.bulk(product("p1", {**sku("a"), **change}))
    assert refused.value.fields[0].path == path


async def test_a_sku_stays_with_its_product(desk):
    await desk.bulk(product("p1", sku("a")))
    with pytest.raises(Conflict):
        await desk.bulk(product("p0"), product("p2", sku("a")))
    assert [item["product_id"] for item in (await desk.page())["items"]] == ["p1"]


async def test_a_dry_run_checks_and_writes_nothing(desk):
    assert (await desk.bulk(product("p1"), dry_run="true"))["dry_run"]
    assert (await desk.page())["items"] == []
    with pytest.raises(InvalidInput):
        await desk.bulk(product("p1"), dry_run="yes")


async def test_an_unknown_product_is_not_found(desk):
    with pytest.raises(NotFound):
        await desk.call("GET", "/api/v1/products/none")


async def test_each_write_is_told_to_the_change_feed(desk):
    await desk.bulk(product("p1"))
    await desk.bulk(product("p1"), product("p2"))
    told = [(change.kind, change.id) for change in desk.records.changes_since(0)]
    assert told == [("catalog", "p1"), ("catalog", "*")]


async def test_the_price_book_reads_what_was_stored(desk):
    full = sku("a", 1_299, list_price_minor=1_500, minimum_price_minor=900, stock=-3)
    taxed = {"tax_category": "food", "tags": ["t"]}
    await desk.bulk(
        product("p1", full, sku("b", 5), brand="B", category=["x", "y"], shop="s", **taxed),
        product("p2", {**sku("c", 7), "currency": "JPY"}),
    )
    found = book(desk)
    goods = found.goods("a")
    assert (goods.price_minor, goods.list_price_minor, goods.minimum_price_minor) == (
        1_299,
        1_500,
        900,
    )
    assert goods.facts == (("x", "y"), "B", "s", ("t",), "food")
    assert (goods.stock, found.goods("b").stock) == (-3, None)
    assert found.goods("b").facts is goods.facts
    assert found.goods("c").currency == "JPY"
    assert found.goods("c").list_price_minor is None
    assert found.goods("d") is None
    assert len(found) == 3


@pytest.mark.postgresql
async def test_a_postgresql_server_keeps_goods_as_well(request):
    records = PostgresqlRecords(request.getfixturevalue("new_postgresql_url")())
    records.upgrade()
    given = Product(
        "p1", "红茶 100%", (Sku("a", 5, "CNY", attributes={"x": "y"}),), category=("茶",)
    )
    for _ in range(2):
        await records.write(lambda conn: upsert(conn, [given], 1))
    found = await records.read(lambda conn: find(conn, query="红茶 100%", category="茶"))
    assert found == [given]
    assert records.read_now(price_book).goods("a").facts.categories == ("茶",)
    records.close()
