"""Passing a message on: what is not known goes out as it came in."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from queqiao.decide.ads.openrtb.parts import listed_parts_of, parts_of, with_values

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), values, max_size=6))
def test_nothing_is_lost(message):
    body = msgspec.json.encode(message)
    assert msgspec.json.decode(msgspec.json.encode(parts_of(body))) == message


def test_only_what_is_named_changes():
    body = b'{"id":"1","nosuch":{"a" : 1.50},"imp":[{"id":"x","z":1e2}],"tmax":100}'
    parts = parts_of(body)
    imps = [with_values(imp, {"bidfloor": 2}) for imp in listed_parts_of(parts["imp"])]
    again = msgspec.json.encode(with_values(parts, {"tmax": None, "imp": imps}))
    assert again == b'{"id":"1","nosuch":{"a" : 1.50},"imp":[{"id":"x","z":1e2,"bidfloor":2}]}'
