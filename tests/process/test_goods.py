"""The columns that properties fill: golden cases, and that what is remembered is what is read."""

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.process.conftest import event

from queqiao.process.goods import Goods, GoodsReader

CASES = json.loads((Path(__file__).parents[1] / "cases/process/goods.json").read_text())
NAMES = [name for name in Goods._fields if name != "properties"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_cases(case) -> None:
    raw = json.dumps(case["properties"]).encode()
    named = GoodsReader("CNY").read(raw)
    filled = {name: value for name, value in named.goods._asdict().items() if value}
    assert filled.pop("properties") == raw
    assert filled == case["columns"]
    assert [fault.path for fault in (*named.problems, *named.faults)] == case.get("faults", [])


values = st.none() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3)
said = st.dictionaries(st.sampled_from([*NAMES, "price", "total", "tax", "products"]), values)


@given(said, said)
def test_what_is_remembered_is_what_is_read(one: dict, other: dict) -> None:
    reader = GoodsReader("CNY")
    for properties in (one, other, one):
        raw = msgspec.json.encode(properties)
        assert reader.read(raw) == GoodsReader("CNY").read(raw)


async def test_events_that_share_their_goods_have_rows_of_their_own(house) -> None:
    same = {"sku": "s", "brand": "鹊", "position": 3, "price": 1.5, "currency": "CNY"}
    await house.load(
        event("Product Viewed", 1, anon="a", **same),
        event("Product Added", 2, anon="b", **same),
        event("Products Searched", 3, anon="a", query="保温杯"),
        event("Product Viewed", 4, anon="c", **{**same, "sku": "t"}),
    )
    rows = await house.ask(
        "SELECT event, anonymous_id, sku, brand, position, value_minor, query"
        " FROM events ORDER BY offset"
    )
    assert rows == [
        ["Product Viewed", "a", "s", "鹊", 3, 150, ""],
        ["Product Added", "b", "s", "鹊", 3, 150, ""],
        ["Products Searched", "a", "", "", 0, 0, "保温杯"],
        ["Product Viewed", "c", "t", "鹊", 3, 150, ""],
    ]
