"""What stays of properties: read again they say the same, to columns, machines and problems."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from queqiao.process.goods import GoodsReader
from queqiao.process.properties import Item, Properties, known_part, read_properties

NAMES = Properties.__struct_fields__
texts = st.sampled_from(["", "s", "12", "1.5", "CNY", "鹊"])
values = st.one_of(
    st.none(), st.booleans(), st.integers(-10, 10), st.integers(), texts,
    st.floats(allow_nan=False, allow_infinity=False),
    st.lists(st.one_of(texts, st.integers()), max_size=2),
    st.dictionaries(texts, texts, max_size=2),
)  # fmt: skip
items = st.lists(st.dictionaries(st.sampled_from([*Item.__struct_fields__, "note"]), values))
said = st.dictionaries(st.sampled_from([*NAMES, "note", "receiver"]), values, max_size=8)


def again(raw: bytes) -> bytes:
    return msgspec.json.encode(known_part(raw))


@given(said, st.one_of(values, items))
def test_what_stays_reads_as_before(given_: dict[str, Any], products: Any) -> None:
    raw = json.dumps(given_ | {"products": products}).encode()
    known, problems = read_properties(raw)
    assert read_properties(again(raw)) == (known, problems)
    one, other = GoodsReader("CNY").read(raw), GoodsReader("CNY").read(again(raw))
    assert one.goods._replace(properties=b"") == other.goods._replace(properties=b"")
    assert one.faults == other.faults


@given(said, items)
def test_nothing_else_stays(given_: dict[str, Any], products: Any) -> None:
    left = json.loads(again(json.dumps(given_ | {"products": products}).encode()))
    assert set(left) <= set(NAMES)
    if isinstance(left.get("products"), list):
        assert all(set(one) <= set(Item.__struct_fields__) for one in left["products"])


@pytest.mark.parametrize("name", NAMES)
def test_a_value_of_a_wrong_type_goes_and_its_problem_stays(name: str) -> None:
    raw = json.dumps({name: {"free": "words of a person"}}).encode()
    assert b"words" not in again(raw)
    paths = [problem.path for problem in read_properties(again(raw))[1]]
    assert paths == [f"properties.{name}"]
