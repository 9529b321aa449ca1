"""Whatever bytes come, the door answers with an error of the tree or a value."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from queqiao.kernel.errors import InvalidInput, TooLarge
from queqiao.kernel.json import DEPTH_MAX, check, decode


class Thing(msgspec.Struct):
    name: str
    sizes: list[int] = []


class Inner(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    width: int = 0


class Strict(Thing, forbid_unknown_fields=True):
    inner: Inner = Inner()


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"\xff\xfe", b"NaN", b'{"name": NaN}', b"1e400", b'"\\ud800"', b'"\\udc00x"',
        b'"a\\u0000b"', b'{"a\\u0000": 1}', b"[" * 100_000, b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 100_000, b"\x00",
    ],
)  # fmt: skip
def test_bad_bytes_are_refused(body: bytes) -> None:
    with pytest.raises(InvalidInput):
        decode(body, Any)


def test_what_is_nested_too_deep_is_named_by_its_path() -> None:
    inner = '{"channels": []}'
    for _ in range(1_000):
        inner = '{"a\\"b": [1, {"x": 2}], "all": [{"y": "]"}, ' + inner + "]}"
    with pytest.raises(InvalidInput) as refused:
        check(('{"condition": ' + inner + "}").encode())
    (field,) = refused.value.fields
    assert field.path == "condition" + ".all[1]" * 31 + ".…"


@given(st.binary(max_size=40), st.sampled_from([b"[", b'{"a":', b'[1,{"b":[]},', b"{,:"]))
def test_any_bytes_nested_too_deep_are_refused(odd: bytes, opening: bytes) -> None:
    with pytest.raises(InvalidInput):
        decode(odd + opening * 200, Any)


def test_depth_counts_brackets_outside_strings_only() -> None:
    assert decode(b'["' + b"[" * 1000 + b'"]', Any) == ["[" * 1000]
    assert decode(b"[" * DEPTH_MAX + b"]" * DEPTH_MAX, Any)
    with pytest.raises(InvalidInput):
        decode(b"[" * (DEPTH_MAX + 1) + b"]" * (DEPTH_MAX + 1), Any)


def test_proper_surrogate_pairs_are_text() -> None:
    assert decode(rb'"\ud83d\ude00"', Any) == "😀"


def test_the_path_and_not_the_value_is_named() -> None:
    with pytest.raises(InvalidInput) as refused:
        decode(b'{"name": "x", "sizes": [1, "secret"]}', Thing)
    field = refused.value.fields[0]
    assert field.path == "sizes[1]"
    assert "secret" not in field.message.en


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b'{"name": "x", "sizes": [], "user_id": 1}', "user_id"),
        (b'{"name": "x", "sizes": [], "inner": {"size": 1}}', "inner.size"),
        ('{"name": "x", "sizes": [], "名": 1}'.encode(), "名"),
        (b'{"name": "x", "sizes": [], "%s": 1}' % (b"y" * 65), ""),
        (b'{"name": "x", "sizes": [], "inner": {"a b<script>": 1}}', "inner"),
    ],
)
def test_a_field_that_there_is_not_is_named_when_its_name_is_plain(body: bytes, path: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        decode(body, Strict)
    field = refused.value.fields[0]
    assert (field.path, field.message.en) == (
        path,
        "there is no such field; correct its name or remove it",
    )


def test_size_is_bounded() -> None:
    with pytest.raises(TooLarge):
        decode(b'"' + b"x" * 100 + b'"', Any, 50)


@given(st.binary(max_size=300))
def test_any_bytes(body: bytes) -> None:
    try:
        decode(body, Thing)
    except InvalidInput:
        return


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**53), 2**53)
        | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")), inner
            )
        ),
        max_leaves=20,
    )
)
def test_good_json_comes_back(value: Any) -> None:
    assert decode(msgspec.json.encode(value), Any) == value
