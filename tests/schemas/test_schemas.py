"""One schema: what is refused, what it names, and that it agrees with another implementation."""

import json
import time
from pathlib import Path

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from queqiao.collect.schemas import Key, SchemaCheck, Schemas, SchemaViolation, kept_version
from queqiao.collect.schemas_bounds import pii_fields
from queqiao.collect.schemas_builtin import builtin_schema, builtins
from queqiao.collect.schemas_compiled import checker
from queqiao.collect.schemas_document import EventSchemaDocument, check_event_schema
from queqiao.kernel.envelope import Envelope, decode_envelope, encode_envelope
from queqiao.kernel.errors import InvalidInput, tree
from queqiao.kernel.vocabulary import EVENTS

CASES = Path(__file__).parents[1] / "cases" / "schemas"


def cases(name: str) -> list:
    found = json.loads((CASES / name).read_text("utf-8"))
    return [pytest.param(case, id=case["name"]) for case in found]


def document(schema, **others) -> EventSchemaDocument:
    return EventSchemaDocument(others.pop("name", "E"), schema, **others)


@pytest.mark.parametrize("case", cases("checks.json"))
def test_a_fault_is_named_by_its_path(case) -> None:
    check_event_schema(document(case["schema"]))
    fault = checker(case["schema"], "properties")(msgspec.json.encode(case["event"]))
    assert (fault and fault.path) == case["fault"]
    if fault:
        assert "13800138000" not in repr(fault)
        assert fault.message.zh
        assert fault.message.en


@pytest.mark.parametrize("case", cases("refused.json"))
def test_what_could_reach_out_or_cost_too_much_is_refused_by_its_path(case) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_event_schema(document(case["schema"]))
    assert refused.value.fields[0].path == case["path"]


def bomb(levels: int) -> dict:
    """Return a schema of a few lines that doubles at each level when written out."""
    parts = {f"a{n}": {"anyOf": [{"$ref": f"#/$defs/a{n + 1}"}] * 2} for n in range(levels)}
    return {"$ref": "#/$defs/a0", "$defs": {**parts, f"a{levels}": {"type": "string"}}}


def long_chain(length: int) -> dict:
    parts = {f"a{n}": {"$ref": f"#/$defs/a{n + 1}"} for n in range(length)}
    return {"$ref": "#/$defs/a0", "$defs": {**parts, f"a{length}": {}}}


@pytest.mark.parametrize(
    "schema",
    [bomb(40), long_chain(500), {"properties": {f"p{n}": {} for n in range(3_000)}},
     {"description": "x" * 70_000}, {"enum": [{"x": n} for n in range(600)]}],
    ids=["doubling", "chain", "broad", "long", "choice"],
)  # fmt: skip
def test_large_schemas_are_refused_at_once(schema) -> None:
    began = time.process_time()
    with pytest.raises(InvalidInput):
        check_event_schema(document(schema))
    assert time.process_time() - began < 1.0


@pytest.mark.parametrize(
    ("others", "path"),
    [({"name": " "}, "name"), ({"name": "x", "part": "traits"}, "name"),
     ({"description": "x" * 3_000}, "description")],
)  # fmt: skip
def test_a_document_is_checked_beyond_its_type(others, path) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_event_schema(document({}, **others))
    assert refused.value.fields[0].path == path


scalars = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "鹊桥", "🌉b"])
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "c"]), inner, max_size=3)
    ),
    max_leaves=8,
)
small = st.integers(0, 3)
leaves = st.one_of(
    st.builds(lambda kind: {"type": kind},
              st.sampled_from(["string", "integer", "object", "array", "null", "boolean"])),
    st.builds(lambda n: {"minLength": n, "maxLength": n + 1}, small),
    st.builds(lambda n: {"minimum": n - 2, "exclusiveMaximum": n}, small),
    st.builds(lambda n: {"minItems": n}, small),
    st.builds(lambda found: {"enum": found}, st.lists(scalars, min_size=1, max_size=3)),
    st.builds(lambda names: {"required": names}, st.lists(st.sampled_from("abc"), unique=True)),
    st.just({"additionalProperties": False, "properties": {"a": {}}}),
)  # fmt: skip
schemas = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(lambda found: {"properties": found},
                  st.dictionaries(st.sampled_from("abc"), inner, max_size=2)),
        st.builds(lambda one: {"items": one}, inner),
        st.builds(lambda found: {"anyOf": found}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda found: {"oneOf": found}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda one: {"not": one}, inner),
    ),
    max_leaves=6,
)  # fmt: skip


@given(schema=schemas, value=st.dictionaries(st.sampled_from("abc"), values, max_size=3))
def test_it_agrees_with_another_implementation(schema, value) -> None:
    fault = checker(schema, "properties")(msgspec.json.encode(value))
    assert (fault is None) == jsonschema.Draft202012Validator(schema).is_valid(value)


def snapshot(schema, version: int, *, strict: bool, part: str = "properties") -> Schemas:
    name = "identify" if part == "traits" else "E"
    check = SchemaCheck(version, checker(schema, part), strict=strict)
    return Schemas({Key(part, name): check})


def test_only_events_with_a_schema_are_asked() -> None:
    known = snapshot({"required": ["a"]}, 7, strict=True)
    assert known.check_of("Other") is None
    assert known.version_of("Other") == 1
    assert known.version_of("E") == 7
    assert known.mark("track", "Other", b"{}", b"{}") == b""
    assert known.mark("page", "E", b"{}", b"{}") == b""
    assert not Schemas().any


def test_a_strict_schema_refuses_with_its_version_and_counts_what_is_kept() -> None:
    known = snapshot({"required": ["a"]}, 7, strict=True)
    with pytest.raises(SchemaViolation) as refused:
        known.mark("track", "E", b"{}", b"{}")
    assert refused.value.fields[0].path == "properties.a"
    check = known.check_of("E")
    assert check is not None
    assert check.tally.refused == 0
    assert kept_version(refused.value) == 7
    assert check.tally.refused == 1
    assert kept_version(InvalidInput()) == 1
    assert tree()["invalid_input"] is InvalidInput, "narrower classes travel as it"


def test_a_lenient_schema_marks_the_envelope() -> None:
    known = snapshot({"properties": {"a": {"type": "string"}}}, 3, strict=False)
    body = encode_envelope(Envelope("m", "track", 1, 2, "web", "E"))
    mark = known.mark("track", "E", b'{"a":1}', b"{}")
    marked = decode_envelope(body[:-1] + mark + b"}")
    assert (marked.schema_fault, marked.schema_version) == ("properties.a", 3)


def test_traits_have_schemas_of_their_own() -> None:
    known = snapshot({"required": ["email"]}, 2, strict=False, part="traits")
    assert b"traits.email" in known.mark("identify", None, b"{}", b"{}")
    assert known.mark("identify", None, b"{}", b'{"email":"a@example.com"}') == b""


def test_personal_information_is_found_through_references_and_lists() -> None:
    schema = {
        "properties": {
            "buyer": {"$ref": "#/$defs/person"},
            "guests": {"items": {"$ref": "#/$defs/person"}},
        },
        "additionalProperties": {"x-pii": "other"},
        "$defs": {"person": {"properties": {"phone": {"x-pii": "phone"}}}},
    }
    check_event_schema(document(schema))
    assert pii_fields(schema) == {
        "buyer.phone": "phone", "guests[].phone": "phone", "*": "other"
    }  # fmt: skip


def test_the_vocabulary_ships_as_schemas_that_are_schemas() -> None:
    assert {name for part, name in builtins() if part == "properties"} == set(EVENTS)
    for part, name in builtins():
        schema = builtin_schema(part, name)
        assert schema is not None
        check_event_schema(document(dict(schema), name=name, part=part))
    order = checker(builtin_schema("properties", "Order Completed") or {}, "properties")
    assert order(b'{"order_id":"1"}') is None
    fault = order(b"{}")
    assert fault is not None
    assert fault.path == "properties.order_id"
    assert pii_fields(builtin_schema("traits", "identify") or {})["email"] == "email"


def test_an_event_made_to_be_slow_is_refused_for_its_size() -> None:
    slow = {"properties": {"a": {"items": {"anyOf": [{"const": f"s{n}"} for n in range(480)]}}}}
    check_event_schema(document(slow))
    check = checker(slow, "properties")
    began = time.process_time()
    fault = check(msgspec.json.encode({"a": ["s479"] * 60_000}))
    assert time.process_time() - began < 1.0
    assert fault is not None
    assert fault.path == "properties"
    assert check(msgspec.json.encode({"a": ["s479"] * 1_000})) is None
