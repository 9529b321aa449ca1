"""Golden translations of foreign protocols, and the laws that hold for all of them."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queqiao.collect.protocols.incoming import incoming_calls
from queqiao.collect.protocols.reading import encode
from queqiao.collect.protocols.translators import TRANSLATORS, segment_call
from queqiao.collect.taking import Incoming
from queqiao.kernel.errors import InvalidInput

CASES = Path(__file__).parents[1] / "cases" / "collect"
HOUR_US = 3_600_000_000
NOW_US = 1_781_776_800_000_000


def cases() -> list[Any]:
    return [
        pytest.param(protocol, case, id=f"{protocol}: {case['name']}")
        for protocol in TRANSLATORS
        for case in json.loads((CASES / f"{protocol}.json").read_text("utf-8"))
    ]


def raw_of(case: dict[str, Any]) -> bytes:
    original = case["original"]
    text = original if isinstance(original, str) else json.dumps(original, ensure_ascii=False)
    return text.encode()


@pytest.mark.parametrize(("protocol", "case"), cases())
def test_golden(protocol: Any, case: dict[str, Any]) -> None:
    if "refused" in case:
        with pytest.raises(InvalidInput) as refusal:
            TRANSLATORS[protocol](raw_of(case))
        assert refusal.value.fields[0].path == case["refused"]
        return
    calls = TRANSLATORS[protocol](raw_of(case))
    assert [json.loads(encode(call)) for call in calls] == case["calls"]
    for part, call in enumerate(case["calls"]):
        assert json.loads(segment_call(protocol, raw_of(case), part)) == call


def ids(protocol: Any, originals: list[bytes], now_us: int = NOW_US) -> list[str | None]:
    return [call.own_id for calls in incoming_calls(protocol, originals, now_us) for call in calls]


def timeless(**more: Any) -> bytes:
    return json.dumps({"client_id": "c", "events": [{"name": "login"}], **more}).encode()


def test_a_retry_derives_the_same_id_and_a_new_event_another() -> None:
    first = ids("ga4", [timeless(), timeless()])
    assert first == ids("ga4", [timeless(), timeless()], NOW_US + 1_000_000), "a retry"
    assert len(set(first)) == 2, "equal events of one request are two"
    later = ids("ga4", [timeless()], NOW_US + HOUR_US)
    assert later[0] not in first, "the same again in another hour is new"
    timed = timeless(timestamp_micros=NOW_US)
    assert ids("ga4", [timed]) == ids("ga4", [timed], NOW_US + 5 * HOUR_US), "it says its time"


def test_an_id_of_the_message_s_own_is_kept() -> None:
    (call,) = incoming_calls("snowplow", [b'{"e":"pv","eid":"x"}'], NOW_US)[0]
    assert call.own_id is None
    assert json.loads(call.body)["messageId"] == "x"


def test_numbers_keep_their_digits() -> None:
    body = b'{"event":"e","distinct_id":"u","properties":{"a":0.1000,"b":12345678901234567890.5}}'
    (call,) = TRANSLATORS["posthog"](body)
    assert b'"a":0.1000,"b":12345678901234567890.5' in encode(call)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)
FIELDS = {
    "posthog": "event uuid distinct_id timestamp properties $set options session_id".split(),
    "snowplow": "e eid dtm ttm uid duid sid ue_px ue_pr cx co url page tr_id tr_tt se_ac".split(),
    "ga4": "client_id user_id timestamp_micros user_properties events consent".split(),
}
VALUES = st.one_of(
    ANYTHING,
    st.sampled_from(
        ["$identify", "$groupidentify", "pv", "se", "ue", "tr", "ti", "1e9", "9" * 5000, 10**400]
    ),
    st.lists(
        st.fixed_dictionaries(
            {
                "name": st.sampled_from(["purchase", "add_to_cart", "view_promotion", "page_view"]),
                "params": st.dictionaries(
                    st.sampled_from(["items", "value", "tax", "currency", "transaction_id"]),
                    ANYTHING | st.lists(st.dictionaries(st.just("price"), ANYTHING), max_size=2),
                ),
            }
        ),
        max_size=1,
    ),
    st.builds(
        lambda kind, data: json.dumps({"schema": "x", "data": {"schema": kind, "data": data}}),
        st.sampled_from(
            [
                "iglu:a.b/c/jsonschema/1-0-0",
                "iglu:com.snowplowanalytics.snowplow/site_search/jsonschema/1-0-0",
            ]
        ),
        ANYTHING,
    ),
)


@given(protocol=st.sampled_from(sorted(FIELDS)), data=st.data())
def test_any_message_is_translated_or_refused(protocol: Any, data: st.DataObject) -> None:
    names = st.sampled_from(FIELDS[protocol])
    message = data.draw(st.dictionaries(names, VALUES) | ANYTHING)
    raw = json.dumps(message, ensure_ascii=False).encode(errors="surrogatepass")
    for calls in incoming_calls(protocol, [raw, raw[:-1], b"", b"a=b&e=pv"], NOW_US):
        for call in calls:
            assert isinstance(call, Incoming)
            assert call.refusal is not None or json.loads(call.body)["type"]
