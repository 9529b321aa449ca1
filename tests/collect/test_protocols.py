"""Foreign protocols over HTTP: keys, forms, retries, refusals, replays, pages of other sites."""

import base64
import gzip
import json
import zlib
from typing import Any
from urllib.parse import urlencode

import brotli
import httpx
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from queqiao.collect.protocols import ga4, snowplow
from queqiao.collect.protocols.ga4_endpoints import COLLECT_PATH, DEBUG_PATH
from queqiao.collect.protocols.posthog_endpoints import CAPTURE_PATHS, EVENTS_PATH, FLAGS_PATHS
from queqiao.collect.protocols.snowplow_endpoints import PIXEL_PATH, POST_PATH

SEEN = {"event": "seen", "distinct_id": "u1", "uuid": "m1"}
VIEW = {"e": "pv", "eid": "m1", "url": "https://shop.example/a", "uid": "u1"}
LOGIN = {"client_id": "c1", "events": [{"name": "login", "params": {"method": "phone"}}]}
GA4_KEY = {"api_secret": "web-key", "measurement_id": "G-1"}
BASIC = {"authorization": f"Basic {base64.b64encode(b'web-key:').decode()}"}

GOOD: dict[str, tuple[str, dict[str, Any]]] = {
    "posthog v0": ("/batch/", {"json": {"api_key": "web-key", "batch": [SEEN]}}),
    "posthog v1": (EVENTS_PATH, {"json": {"batch": [SEEN]}, "headers": BASIC}),
    "snowplow": (POST_PATH, {"json": {"data": [{**VIEW, "aid": "web-key"}]}}),
    "ga4": (COLLECT_PATH, {"json": LOGIN, "params": GA4_KEY}),
}
"""A good request of each protocol."""


@pytest.fixture
def anyone(intake):
    """A client that brings no credentials of its own."""
    with httpx.Client(base_url=intake.url, timeout=30) as client:
        yield client


def rows(operator) -> list[dict[str, Any]]:
    return operator.get("/api/v1/bad-rows").json()["items"]


KEYS: dict[str, tuple[str, dict[str, Any]]] = {
    "api_key of a batch": ("/batch/", {"json": {"api_key": "web-key", "batch": [SEEN]}}),
    "token": ("/e/", {"json": {"token": "web-key", **SEEN}}),
    "token of the properties": ("/e/", {"json": [{**SEEN, "properties": {"token": "web-key"}}]}),
    "token of the query": ("/i/v0/e/", {"json": SEEN, "params": {"token": "web-key"}}),
    "bearer": (EVENTS_PATH, {"json": {"batch": [SEEN]}, "headers": {**BASIC}}),
    "appId": (POST_PATH, {"json": {"data": [{**VIEW, "aid": "web-key"}]}}),
    "query of a tracker": (
        POST_PATH,
        {"json": {"data": [VIEW]}, "params": {"write_key": "web-key"}},
    ),
    "line of a tracker": (POST_PATH, {"json": {"data": [{**VIEW, "aid": "x"}]}, "headers": BASIC}),
    "api_secret": (COLLECT_PATH, {"json": LOGIN, "params": GA4_KEY}),
}


@pytest.mark.parametrize("place", KEYS)
def test_where_a_key_may_be(intake, anyone, place: str) -> None:
    path, request = KEYS[place]
    assert anyone.post(path, **request).is_success
    assert [e.source for e in intake.envelopes()] == ["web"]


@pytest.mark.parametrize("protocol", GOOD)
def test_without_a_key_nothing_is_taken_nor_told(intake, anyone, operator, protocol: str) -> None:
    path, request = GOOD[protocol]
    body = json.dumps(request["json"]).replace("web-key", "no-key")
    for content in (body, "{", "[" * 9000, ""):
        answer = anyone.post(path, content=content, params={"api_secret": "no-key"})
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
        assert answer.headers["access-control-allow-origin"] == "*"
    reader = {"authorization": f"Basic {base64.b64encode(b'read-key:').decode()}"}
    answer = anyone.post(path, content=body, headers=reader)
    assert answer.status_code in {401, 403}
    assert intake.envelopes() == []
    assert rows(operator) == []


FORM = "application/x-www-form-urlencoded"
ONE = json.dumps({"api_key": "web-key", **SEEN}).encode()
FORMS: dict[str, tuple[bytes, str, str | None]] = {
    "gzip under a form's type": (gzip.compress(ONE), FORM, None),
    "gzip as text": (gzip.compress(ONE), "text/plain", None),
    "a form's data": (urlencode({"data": base64.b64encode(ONE).decode()}).encode(), FORM, None),
    "zstd": (zstandard.compress(ONE), "application/json", "zstd"),
    "deflate": (zlib.compress(ONE), "application/json", "deflate"),
    "br": (brotli.compress(ONE), "application/json", "br"),
    "an array": (b"[" + ONE + b"]", "text/plain", None),
}


@pytest.mark.parametrize("form", FORMS)
def test_forms_of_a_body(intake, anyone, form: str) -> None:
    content, kind, encoding = FORMS[form]
    headers = {"content-type": kind} | ({"content-encoding": encoding} if encoding else {})
    answer = anyone.post("/capture/", content=content, headers=headers)
    assert (answer.status_code, answer.json()) == (200, {"status": 1})
    assert [e.message_id for e in intake.envelopes()] == ["m1"]


@pytest.mark.parametrize("protocol", GOOD)
def test_a_retry_is_the_same_event(intake, anyone, operator, protocol: str) -> None:
    path, request = GOOD[protocol]
    answers = [anyone.post(path, **request) for _ in range(3)]
    assert len({(a.status_code, a.content) for a in answers}) == 1
    assert len(intake.envelopes()) == 1
    assert rows(operator) == []


def test_another_event_under_a_known_id_is_a_conflict(intake, anyone, operator) -> None:
    batch = [SEEN, {**SEEN, "event": "heard"}]
    answer = anyone.post(EVENTS_PATH, json={"batch": batch}, headers=BASIC)
    assert answer.json()["results"]["m1"]["result"] == "drop"
    assert [e.event for e in intake.envelopes()] == ["seen"]
    (row,) = rows(operator)
    assert (row["code"], row["protocol"]) == ("conflict", "posthog")
    assert json.loads(row["text"]) == batch[1]


def test_a_wrong_event_spoils_no_other(intake, anyone, operator) -> None:
    wrong = {"uuid": "m2", "distinct_id": "u1"}
    events = [SEEN, wrong, {**SEEN, "uuid": "m3"}, 7]
    answer = anyone.post("/batch/", json={"api_key": "web-key", "batch": events})
    assert answer.status_code == 200
    assert [e.message_id for e in intake.envelopes()] == ["m1", "m3"]
    assert [json.loads(row["text"]) for row in rows(operator)] == [7, wrong]
    items = [{**VIEW, "aid": "web-key"}, {"e": "zz"}]
    assert anyone.post(POST_PATH, json={"data": items}).text == "ok"
    shop = [{"name": "login"}, {"params": {}}, {"name": "logout"}]
    answer = anyone.post(COLLECT_PATH, params=GA4_KEY, json={**LOGIN, "events": shop})
    assert (answer.status_code, answer.content) == (204, b"")
    kept = rows(operator)[0]
    assert (kept["protocol"], kept["path"]) == ("ga4", "events[0].name")
    assert json.loads(kept["text"]) == {"client_id": "c1", "events": [{"params": {}}]}


def test_an_event_that_came_alone_and_is_refused(intake, anyone, operator) -> None:
    answer = anyone.post("/e/", json={"api_key": "web-key", "event": "seen"})
    assert answer.status_code == 400
    assert intake.envelopes() == []
    assert len(rows(operator)) == 1


NO_EVENTS = {
    "/batch/": {"json": {"api_key": "web-key", "batch": {}}},
    EVENTS_PATH: {"json": {"events": []}, "headers": BASIC},
    POST_PATH: {"json": {"payload": []}, "params": {"write_key": "web-key"}},
    COLLECT_PATH: {"content": b"{", "params": GA4_KEY},
}


@pytest.mark.parametrize("path", NO_EVENTS)
def test_a_request_without_events_is_refused_and_kept(intake, anyone, operator, path: str) -> None:
    answer = anyone.post(path, **NO_EVENTS[path])
    assert answer.status_code == 400
    assert len(rows(operator)) == 1
    replayed = operator.post("/api/v1/bad-rows/replay", json={"ids": [rows(operator)[0]["id"]]})
    assert replayed.json()["replayed"] == 0


@pytest.mark.parametrize("protocol", GOOD)
def test_a_full_disk_is_not_acknowledged(intake, anyone, protocol: str) -> None:
    path, request = GOOD[protocol]
    intake.disk.full = True
    answer = anyone.post(path, **request)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
    assert answer.headers["access-control-expose-headers"] == "retry-after"
    intake.disk.full = False
    assert anyone.post(path, **request).is_success
    assert len(intake.envelopes()) == 1


@pytest.mark.parametrize("protocol", GOOD)
def test_bounds(intake, anyone, protocol: str) -> None:
    path, request = GOOD[protocol]
    others = {name: value for name, value in request.items() if name != "json"}
    key = {"params": {"write_key": "web-key"}} if protocol == "snowplow" else {}
    if protocol == "posthog v0":
        key = {"params": {"token": "web-key"}}
    bomb = gzip.compress(bytes(40_000_000))
    assert anyone.post(path, content=bomb, **{**others, **key}).status_code == 413
    many = {"batch": [SEEN] * 5001, "data": [VIEW] * 5001, "events": [{"name": "login"}] * 5001}
    answer = anyone.post(path, json=many, **{**others, **key})
    assert answer.status_code == 413
    assert intake.envelopes() == []


def test_a_replay_translates_again(intake, anyone, operator, monkeypatch) -> None:
    item = {**VIEW, "e": "zz", "aid": "web-key"}
    anyone.post(POST_PATH, json={"data": [item]})
    query = {"e": "zz", "eid": "m2", "aid": "web-key", "uid": "u1", "page": "首页"}
    assert anyone.get(PIXEL_PATH, params=query).status_code == 200
    assert intake.envelopes() == []
    found = [row["id"] for row in rows(operator)]
    again = {"ids": found}
    assert operator.post("/api/v1/bad-rows/replay", json=again).json()["replayed"] == 0
    monkeypatch.setitem(snowplow._KINDS, "zz", snowplow._page_view)
    for _ in range(2):
        assert operator.post("/api/v1/bad-rows/replay", json=again).json()["replayed"] == 2
    events = sorted(intake.envelopes(), key=lambda e: e.message_id)
    assert [(e.message_id, e.event, e.user_id) for e in events] == [
        ("m1", None, "u1"),
        ("m2", "首页", "u1"),
    ]


def test_a_replay_takes_the_part_that_was_refused(intake, anyone, operator, monkeypatch) -> None:
    items = [{"item_id": "a"}, {"item_id": "b", "price": [1]}, {"item_id": "c"}]
    event = {"name": "add_to_cart", "params": {"items": items}}
    anyone.post(COLLECT_PATH, params=GA4_KEY, json={**LOGIN, "events": [event]})
    assert [json.loads(bytes(e.properties))["sku"] for e in intake.envelopes()] == ["a", "c"]
    (row,) = rows(operator)
    assert row["path"] == "properties.price"
    monkeypatch.setattr(ga4, "_product", lambda item, *_: {"sku": item["item_id"]})
    assert operator.post("/api/v1/bad-rows/replay", json={"ids": [row["id"]]}).json() == {
        "replayed": 1,
        "refused": [],
    }
    events = intake.envelopes()
    assert [json.loads(bytes(e.properties))["sku"] for e in events] == ["a", "c", "b"]
    assert events[-1].message_id.startswith("ga4-")
    # The client repeats its request after the fix: nothing comes twice.
    anyone.post(COLLECT_PATH, params=GA4_KEY, json={**LOGIN, "events": [event]})
    assert len(intake.envelopes()) >= 3


VALIDATIONS: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    (LOGIN, []),
    ({}, [("events", "VALUE_REQUIRED")]),
    ({"client_id": "c", "events": []}, [("events", "VALUE_REQUIRED")]),
    ({"events": [{"name": "login"}]}, [("client_id", "VALUE_REQUIRED")]),
    ({"client_id": "c", "events": [{"params": {}}]}, [("events[0].name", "VALUE_REQUIRED")]),
    (
        {"client_id": "c", "events": [{"name": "ok"}, {"name": "not ok"}]},
        [("events[1].name", "NAME_INVALID")],
    ),
    (
        {"client_id": "c", "events": [{"name": "purchase", "params": {"value": 1}}]},
        [("events[0].params.transaction_id", "VALUE_REQUIRED")],
    ),
    (
        {
            "client_id": "c",
            "events": [
                {"name": "ok"},
                {
                    "name": "view_cart",
                    "params": {"currency": "CNY", "items": [{"item_id": "x", "price": 1.001}]},
                },
            ],
        },
        [("events[1].params.items[0].price", "VALUE_INVALID")],
    ),
    ({**LOGIN, "timestamp_micros": 5}, [("timestamp_micros", "VALUE_INVALID")]),
]


@pytest.mark.parametrize(("body", "expected"), VALIDATIONS)
def test_the_debug_path_says_what_is_wrong(intake, anyone, operator, body, expected) -> None:
    answer = anyone.post(DEBUG_PATH, params=GA4_KEY, json=body)
    assert answer.status_code == 200
    found = answer.json()["validationMessages"]
    assert [(m["fieldPath"], m["validationCode"]) for m in found] == expected
    assert all(m["description"] for m in found)
    assert intake.envelopes() == []
    assert rows(operator) == []


@pytest.mark.parametrize("path", FLAGS_PATHS)
def test_flags(anyone, path: str) -> None:
    body = {"token": "web-key", "distinct_id": "u1"}
    answer = anyone.post(path, params={"v": "2"}, content=gzip.compress(json.dumps(body).encode()))
    found = answer.json()
    assert answer.status_code == 200
    assert (found["flags"], found["featureFlags"]) == ({}, {})
    assert found["errorsWhileComputingFlags"] is False
    assert found["requestId"]


def test_a_page_with_cookies_may_read_the_answer(anyone) -> None:
    origin = {"origin": "https://shop.example"}
    asked = {
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type,sp-anonymous",
    }
    answer = anyone.options(POST_PATH, headers={**origin, **asked})
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == origin["origin"]
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert answer.headers["access-control-allow-headers"] == "content-type,sp-anonymous"
    answer = anyone.post(POST_PATH, json={"data": [{**VIEW, "aid": "web-key"}]}, headers=origin)
    assert answer.headers["access-control-allow-origin"] == origin["origin"]
    assert anyone.get(PIXEL_PATH, params=VIEW, headers=origin).status_code == 401


@pytest.mark.parametrize("odd", ["a" * 501, "x<y>", "名", "a;b"])
def test_odd_lines_of_a_preflight_are_not_repeated(anyone, odd: str) -> None:
    headers = {"access-control-request-headers": odd.encode(), "origin": odd.encode()}
    answer = anyone.options("/e/", headers=headers)
    assert answer.status_code == 204
    assert "authorization" in answer.headers["access-control-allow-headers"]
    assert answer.headers["access-control-allow-origin"] == "*"


def test_a_link_checker_stores_nothing(intake, anyone) -> None:
    assert anyone.head(PIXEL_PATH, params={**VIEW, "aid": "web-key"}).status_code == 200
    assert intake.envelopes() == []
    answer = anyone.get(PIXEL_PATH, params={**VIEW, "aid": "web-key", "stm": "1781776800123"})
    assert answer.headers["content-type"] == "image/gif"
    (event,) = intake.envelopes()
    assert event.sent_at_us == 1_781_776_800_123_000


def test_a_write_key_is_not_kept_with_the_event(intake, anyone, monkeypatch) -> None:
    monkeypatch.setattr(snowplow, "_KEY_PREFIX", "web-")
    anyone.post(POST_PATH, json={"data": [{**VIEW, "aid": "web-key"}]})
    anyone.post("/e/", json={**SEEN, "uuid": "m2", "properties": {"token": "web-key"}})
    assert len(intake.envelopes()) == 2
    assert not any(b"web-key" in bytes(e.context) + bytes(e.properties) for e in intake.envelopes())


POST_PATHS = st.sampled_from([*CAPTURE_PATHS, EVENTS_PATH, POST_PATH, COLLECT_PATH, DEBUG_PATH])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8
)
NAMES = st.sampled_from(
    "event distinct_id uuid properties timestamp e eid uid ue_pr co tr_id name params client_id "
    "user_properties items timestamp_micros".split()
)
ITEMS = st.dictionaries(NAMES, ANYTHING | st.sampled_from(["tr", "ti", "ue", "purchase"]))
BODIES = st.one_of(
    st.binary(),
    st.fixed_dictionaries(
        {name: st.lists(ITEMS | ANYTHING, max_size=3) for name in ("batch", "data", "events")}
    ).map(lambda value: json.dumps(value).encode()),
    ITEMS.map(lambda value: json.dumps(value, ensure_ascii=False).encode(errors="surrogatepass")),
    st.sampled_from(
        [
            b"[" * 100_000,
            b'{"batch":[' + b'{"event":"e","distinct_id":"u","properties":' * 90 + b"1" + b"}" * 90,
            b'{"batch":[{"event":"\\u0000","distinct_id":"u"}]}',
            b'{"batch":[{"event":"e","distinct_id":"u","properties":{"a":1e999999999}}]}',
            b'{"data":[{"e":"ue","uid":"u","ue_px":"' + base64.b64encode(b"[" * 9000) + b'"}]}',
            b'{"data":[{"e":"pv","uid":"u","url":"\\ud800"}],"data":[]}',
            b"data=%FF%00",
        ]
    ),
)


@settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(path=POST_PATHS, body=BODIES)
def test_any_body(anyone, path: str, body: bytes) -> None:
    answer = anyone.post(path, content=body, headers=BASIC)
    assert answer.status_code in {200, 204, 400, 413}


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(query=st.dictionaries(NAMES, st.text()))
def test_any_query_of_the_pixel(anyone, query: dict[str, str]) -> None:
    text = urlencode(query, errors="surrogatepass")
    assert anyone.get(f"{PIXEL_PATH}?{text}", headers=BASIC).status_code == 200
