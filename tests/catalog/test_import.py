"""Catalogue files: exact prices, every bad cell named, nothing written in a dry run."""

from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings
from tests.catalog.desk import XLSX, product, sku
from xlsxwriter import Workbook

from queqiao.catalog.import_file import read_file
from queqiao.catalog.products import price_book
from queqiao.kernel.errors import CallerError, InvalidInput, TooLarge, UnsupportedMedia

GOOD = """商品编号,货号,商品名称,品牌,类目,售价,原价,成本价,库存,标签
P1,S1,坚果礼盒,三只松鼠,食品>坚果,"1,299.00",1500,700.5,12,新品、礼盒
P1,S2,坚果礼盒,三只松鼠,食品>坚果,￥0.07,,,,新品、礼盒
,S3,杯子,,,20,,,,
"""
BAD = """sku,name,price,stock,minimum price,currency
S1,Cup,12.345,1,,
S2,,12.00,many,,
S3,Cup,free,1.5,,
S4,Cup,12.00,1,13.00,
S5,Cup,12.00,1,,
S5,Cup,12.00,1,,
S6,Cup,-1,1,,
S7,Cup,1.00,1,,XXX
S8,Cup,100,1,,JPY
"""


def sheet(*rows):
    file = BytesIO()
    with Workbook(file) as workbook:
        page = workbook.add_worksheet()
        for place, row in enumerate(rows):
            page.write_row(place, 0, row)
    return file.getvalue()


async def test_a_chinese_file_becomes_products(desk):
    report = await desk.load(GOOD.encode())
    assert report == {
        "rows": 3,
        "accepted": 3,
        "rejected": 0,
        "products": 2,
        "dry_run": False,
        "problems": [],
    }
    found = await desk.call("GET", "/api/v1/products/P1")
    assert [item["price_minor"] for item in found["skus"]] == [129_900, 7]
    assert found["skus"][0]["cost_minor"] == 70_050
    assert found["category"] == ["食品", "坚果"]
    assert found["tags"] == ["新品", "礼盒"]
    assert (await desk.call("GET", "/api/v1/products/S3"))["name"] == "杯子"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
async def test_the_encodings_of_chinese_excel_are_read(desk, encoding):
    assert (await desk.load(GOOD.encode(encoding)))["accepted"] == 3


async def test_tabs_and_semicolons_separate_too(desk):
    assert (await desk.load(b"sku;name;price\nA;B;1.5\n"))["accepted"] == 1
    assert (await desk.load(b"sku\tname\tprice\nA\tB\t1.5\n"))["accepted"] == 1


async def test_every_bad_cell_is_named_and_good_rows_are_taken(desk):
    report = await desk.load(BAD.encode())
    cells = [(problem["row"], problem["column"]) for problem in report["problems"]]
    assert cells == [
        (2, "price"),
        (3, "name"),
        (3, "stock"),
        (4, "price"),
        (4, "stock"),
        (5, "minimum price"),
        (7, "sku"),
        (8, "price"),
        (9, "currency"),
    ]
    assert (report["rows"], report["accepted"], report["rejected"]) == (9, 2, 7)
    book = desk.records.read_now(price_book)
    assert sorted(book) == ["S5", "S8"]
    assert (book.goods("S8").price_minor, book.goods("S8").currency) == (100, "JPY")


async def test_reasons_come_in_the_callers_language(desk):
    in_chinese = (await desk.load(BAD.encode(), language="zh"))["problems"]
    in_english = (await desk.load(BAD.encode(), language="en"))["problems"]
    assert in_chinese[0]["message"] == "金额不足一个最小货币单位"
    assert in_english[0]["message"] == "does not fit whole minor units"


async def test_a_dry_run_reports_the_same_and_writes_nothing(desk):
    dry = await desk.load(BAD.encode(), dry_run="true")
    assert (await desk.page())["items"] == []
    assert desk.records.changes_since(0) == []
    wet = await desk.load(BAD.encode())
    assert {**wet, "dry_run": True} == dry


async def test_rows_of_one_product_must_agree(desk):
    report = await desk.load(b"product_id,sku,name,price\nP,A,x,1\nP,B,y,1\nP,C,x,1\n")
    assert [(p["row"], p["column"]) for p in report["problems"]] == [(3, "name")]
    assert report["accepted"] == 2


@pytest.mark.parametrize("dry_run", ["true", "false"])
async def test_a_sku_of_another_product_is_a_bad_row(desk, dry_run):
    await desk.bulk(product("P", sku("A")))
    report = await desk.load(b"sku,name,price\nA,x,1\nB,y,1\n", dry_run=dry_run)
    assert [(p["row"], p["column"]) for p in report["problems"]] == [(2, "sku")]
    assert (report["accepted"], report["rejected"], report["products"]) == (1, 1, 1)


async def test_xlsx_numbers_are_read_exactly(desk):
    body = sheet(
        ["SKU", "名称", "售价", "库存", "商品编号"],
        ["A", "x", 19.99, 3.0, 10001.0],
        ["B", "y", "0.1", None, None],
        ["C", "z", 0.125, 1.0, 7.0],
        [],
        ["D", "w", 4.35, 2.5, None],
    )
    report = await desk.load(body, kind=XLSX)
    cells = [(problem["row"], problem["column"]) for problem in report["problems"]]
    assert cells == [(4, "售价"), (6, "库存")]
    book = desk.records.read_now(price_book)
    assert {name: book.goods(name).price_minor for name in book} == {"A": 1_999, "B": 10}
    assert (await desk.call("GET", "/api/v1/products/10001"))["skus"][0]["stock"] == 3


@given(st.decimals(0, 10**9, places=2))
@settings(max_examples=100)
def test_prices_are_read_to_the_last_minor_unit(price):
    (product,) = read_file(f"sku,name,price\nA,B,{price:f}\n".encode(), "csv").products
    assert product.skus[0].price_minor == int(price * 100)


@pytest.mark.parametrize("body", [b"", b"sku,price\nA,1\n", b"\xff\xfe\x00\x80", b"x" * 300_000])
async def test_a_file_that_is_no_table_is_refused(desk, body):
    with pytest.raises(InvalidInput):
        await desk.load(body)


async def test_missing_columns_are_all_named(desk):
    with pytest.raises(InvalidInput) as refused:
        await desk.load(b"stock\n1\n")
    assert [field.path for field in refused.value.fields] == ["sku", "name", "price"]


async def test_other_types_and_broken_files_are_refused(desk):
    with pytest.raises(UnsupportedMedia):
        await desk.load(b"{}", kind="application/json")
    for body in (b"PK\x03\x04 broken", sheet()[:200], zipped(b"not a sheet")):
        with pytest.raises(InvalidInput):
            await desk.load(body, kind=XLSX)


async def test_a_zip_bomb_is_refused_before_it_is_unpacked(desk):
    with pytest.raises(TooLarge):
        await desk.load(zipped(b"0" * 301_000_000), kind=XLSX)


def zipped(content):
    file = BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", content)
    return file.getvalue()


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-16")))
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_any_bytes_are_refused_or_reported(desk, body):
    for kind in ("text/csv", XLSX):
        with pytest.raises(CallerError):
            await desk.load(body, kind=kind)


@given(st.lists(st.text(max_size=12), min_size=3, max_size=3))
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_any_cell_is_taken_or_named(desk, cells):
    row = ",".join('"' + cell.replace('"', '""') + '"' for cell in cells)
    body = f"sku,name,price\n{row}\n".encode(errors="replace")
    report = await desk.load(body, dry_run="true")
    assert report["rows"] == report["accepted"] + report["rejected"]
    assert (report["rejected"] > 0) == bool(report["problems"])
