"""Whatever an address says, it becomes a call that the door can judge."""

import json
from contextlib import suppress
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from queqiao.collect.pixel import _RESERVED, call_of
from queqiao.collect.validation import Origin, Validator, looks_suspicious
from queqiao.kernel.clock import FixedClock
from queqiao.kernel.errors import InvalidInput
from queqiao.kernel.ids import IdSource
from queqiao.kernel.vocabulary import EVENTS

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
LEAF = st.none() | st.booleans() | st.floats() | TEXT
TREE = st.recursive(
    LEAF, lambda x: st.lists(x, max_size=3) | st.dictionaries(TEXT, x, max_size=3), max_leaves=8
)
JSON = TREE.map(json.dumps)
NAMES = st.sampled_from([*_RESERVED, "price", "quantity", "price_minor", "currency"]) | TEXT
VALUES = TEXT | JSON | st.sampled_from([*EVENTS, "track", "page", "nan", "1e999", "-0", "12.345"])
QUERIES = st.dictionaries(NAMES, VALUES, max_size=8)
HEADERS = st.dictionaries(st.sampled_from(["user-agent", "referer", "accept"]), TEXT, max_size=3)
VALIDATOR = Validator(IdSource(FixedClock(1_781_776_800_000_000), Random(1).getrandbits))


@settings(max_examples=300, deadline=None)
@given(QUERIES, HEADERS)
def test_any_address_is_stored_or_refused_by_name(query, headers) -> None:
    with suppress(InvalidInput):
        call = call_of(query, headers)
        origin = Origin("web", 1_781_776_800_000_000, suspicious=looks_suspicious(call))
        event = VALIDATOR.event(call, None, origin)
        assert json.loads(event.body)["source"] == "web"


@given(st.dictionaries(st.from_regex(r"[a-w]{1,8}_x", fullmatch=True), TEXT, max_size=5))
def test_free_parameters_are_properties_as_they_were_said(said) -> None:
    call = json.loads(call_of({"event": "Anything", "userId": "u", **said}, {}))
    assert call["properties"] == said
    assert call["userId"] == "u"
