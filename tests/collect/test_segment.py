"""The Segment HTTP API: what is taken, what is refused, what is kept, and what the answers say."""

import asyncio
import gzip
import json
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from queqiao.collect.hot_endpoints import BATCH_PATHS, CALL_PATHS

TAKEN = {"success": True}


def track(message_id: str = "m1", **fields: object) -> dict[str, object]:
    return {
        "messageId": message_id,
        "type": "track",
        "event": "Tested",
        "userId": "u1",
        "properties": {"n": 1},
        **fields,
    }


@pytest.mark.parametrize(("path", "kind"), CALL_PATHS.items())
def test_each_path_stores_its_kind_of_call(intake, client, path: str, kind: str) -> None:
    body = {"userId": "u1", "event": "E", "groupId": "g", "previousId": "p", "messageId": "m"}
    answer = client.post(path, json=body)
    assert (answer.status_code, answer.json()) == (200, TAKEN)
    assert answer.headers["access-control-allow-origin"] == "*"
    (stored,) = intake.envelopes()
    assert (stored.type, stored.message_id, stored.source) == (kind, "m", "web")


@pytest.mark.parametrize("path", BATCH_PATHS)
def test_a_batch(intake, client, path: str) -> None:
    body = {"batch": [track("a"), track("b")], "sentAt": "2026-06-18T10:00:01Z"}
    assert client.post(path, json=body).json() == TAKEN
    stored = intake.envelopes()
    assert [e.message_id for e in stored] == ["a", "b"]
    assert {e.sent_at_us for e in stored} == {1_781_776_801_000_000}
    assert {e.timestamp_us for e in stored} == {1_781_776_800_000_000}


def test_a_retry_is_stored_once_whatever_its_time_of_sending(intake, client) -> None:
    for second in range(3):
        body = {"batch": [track("a", timestamp="2026-06-18T10:00:00Z"), track("b")]}
        body["sentAt"] = f"2026-06-18T10:00:0{second}Z"
        assert client.post("/v1/batch", json=body).status_code == 200
    assert len(intake.envelopes()) == 2


def test_snake_case(intake, client) -> None:
    body = {
        "message_id": "m",
        "anonymous_id": "a",
        "user_id": 7,
        "event": "E",
        "sent_at": "2026-06-18T10:00:01Z",
        "original_timestamp": "2026-06-18T10:00:00.5+08:00",
    }
    assert client.post("/v1/track", json=body).status_code == 200
    (stored,) = intake.envelopes()
    assert (stored.message_id, stored.anonymous_id, stored.user_id) == ("m", "a", "7")
    assert stored.sent_at_us == 1_781_776_801_000_000
    assert stored.timestamp_us == 1_781_748_000_500_000


def test_what_may_be_missing(intake, client) -> None:
    body = {"batch": [{"type": "page", "anonymousId": "a", "userId": None, "properties": None}]}
    assert client.post("/v1/batch", json=body).status_code == 200
    (stored,) = intake.envelopes()
    assert stored.message_id[14] == "7"
    assert stored.sent_at_us is None
    assert bytes(stored.properties) == b"{}"


def test_the_context_of_a_batch_stands_in(intake, client) -> None:
    body = {"batch": [track("a"), track("b", context={"own": 1})], "context": {"shared": 1}}
    client.post("/v1/batch", json=body)
    assert [bytes(e.context) for e in intake.envelopes()] == [b'{"shared":1}', b'{"own":1}']


def test_gzip_by_header_and_by_first_bytes(intake, client) -> None:
    for number, headers in enumerate(({"content-encoding": "gzip"}, {})):
        body = gzip.compress(json.dumps({"batch": [track(f"m{number}")]}).encode())
        assert client.post("/v1/batch", content=body, headers=headers).json() == TAKEN
    assert len(intake.envelopes()) == 2


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (gzip.compress(bytes(50_000_000)), {}, 413),
        (gzip.compress(b"{}")[:-9], {}, 400),
        (b"\x1f\x8bnot gzip", {}, 400),
        (b"{}", {"content-encoding": "gzip"}, 400),
        (b"{}", {"content-encoding": "compress"}, 415),
        (b" " * 5_000_001, {}, 413),
        (b'{"batch":[' + b"1," * 5_000 + b"1]}", {}, 413),
    ],
)
def test_bodies_out_of_bounds(intake, client, content, headers, status) -> None:
    answer = client.post("/v1/batch", content=content, headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert intake.envelopes() == []


def test_keys_in_the_header_and_in_the_body(intake) -> None:
    url = intake.url + "/v1/track"
    with httpx.Client() as client:
        assert client.post(url, json=track("a", writeKey="app-key")).status_code == 200
        assert client.post(url, json=track("b"), auth=("app-key", "")).status_code == 200
        batch = {"batch": [track("c")], "write_key": "app-key"}
        assert client.post(intake.url + "/v1/batch", json=batch).status_code == 200
        assert client.post(url, json=track("d")).status_code == 401
        assert client.post(url, json=track("d", writeKey="wrong")).status_code == 401
        assert client.post(url, json=track("d"), auth=("wrong", "")).status_code == 401
        assert client.post(url, json=track("d"), auth=("read-key", "")).status_code == 403
        assert client.post(url, content=b"\xff").status_code == 401
    assert [e.source for e in intake.envelopes()] == ["app"] * 3


def test_browsers_may_call(client) -> None:
    answer = client.options("/v1/batch", headers={"origin": "https://shop.example"})
    assert answer.status_code == 204
    assert "authorization" in answer.headers["access-control-allow-headers"]


def test_settings(intake, client) -> None:
    answer = client.get("/v1/projects/web-key/settings").json()
    assert answer["integrations"]["Segment.io"]["apiKey"] == "web-key"
    assert client.get("/v1/projects/other/settings").status_code == 404


REFUSED = [
    (track(event=None), "event"),
    (track(event=""), "event"),
    (track(userId=None), "userId"),
    (track(userId="", anonymousId=""), "userId"),
    (track(userId=["u"]), "userId"),
    (track(userId="x" * 257), "userId"),
    (track(userId=10**256), "userId"),
    (track(anonymousId=-(10**4000)), "anonymousId"),
    (track(type="shout"), "type"),
    (track(timestamp="yesterday"), "timestamp"),
    (track(timestamp="1989-12-31T23:59:59Z"), "timestamp"),
    (track(timestamp="2100-01-01T00:00:00Z"), "timestamp"),
    (track(properties=[1]), "properties"),
    (track(context="web"), "context"),
    (track(properties={"deep": json.loads("[" * 70 + "]" * 70)}), "properties"),
    (track(properties={"text": "a\0b"}), "properties.text"),
    (track(event="Order Completed", properties={"total": 1}), "properties"),
    (track(event="Order Completed", properties={"order_id": [1]}), "properties.order_id"),
    (track(event="Product Viewed", properties={"quantity": "two"}), "properties.quantity"),
    (track(type="group"), "groupId"),
    (track(type="alias"), "previousId"),
]


@pytest.mark.parametrize(("bad", "path"), REFUSED)
def test_a_refused_call_of_a_batch_is_kept_and_the_others_stored(
    intake, client, operator, bad, path
) -> None:
    body = {"batch": [track("good-1"), bad, track("good-2")]}
    assert client.post("/v1/batch", json=body).json() == TAKEN
    assert [e.message_id for e in intake.envelopes()] == ["good-1", "good-2"]
    (row,) = operator.get("/api/v1/bad-rows").json()["items"]
    assert (row["path"], row["code"], row["source"]) == (path, "invalid", "web")
    assert row["reason"]
    assert json.loads(row["text"]) == bad


@pytest.mark.parametrize(
    "properties", [b'{"n":1e400}', b'{"n":NaN}', b'{"t":"\\ud800"}', b'{"t":"\xff"}', b"{"]
)
def test_a_refused_single_call_is_told_and_kept(intake, client, operator, properties) -> None:
    body = b'{"event":"E","userId":"u","properties":' + properties + b"}"
    answer = client.post("/v1/track", content=body)
    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid_input"
    assert intake.envelopes() == []
    (row,) = operator.get("/api/v1/bad-rows").json()["items"]
    assert row["size"] == len(body)


def test_a_body_that_is_no_json_is_kept(intake, client, operator) -> None:
    assert client.post("/v1/batch", content=b"batch=1").status_code == 400
    (row,) = operator.get("/api/v1/bad-rows").json()["items"]
    assert (row["code"], row["text"]) == ("not_json", "batch=1")
    refused = operator.post("/api/v1/bad-rows/replay", json={"ids": [row["id"]]}).json()
    assert refused["replayed"] == 0


def test_other_content_under_a_known_id_is_a_bad_row(intake, client, operator) -> None:
    client.post("/v1/track", json=track("m", properties={"n": 1}))
    assert client.post("/v1/track", json=track("m", properties={"n": 2})).json() == TAKEN
    assert len(intake.envelopes()) == 1
    (row,) = operator.get("/api/v1/bad-rows").json()["items"]
    assert (row["code"], row["path"]) == ("conflict", "messageId")


def test_a_full_disk_answers_503_and_loses_nothing(intake, client) -> None:
    assert client.post("/v1/track", json=track("before")).status_code == 200
    intake.disk.full = True
    answer = client.post("/v1/batch", json={"batch": [track("lost"), track("before")]})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
    assert client.post("/v1/batch", json={"batch": [{}]}).status_code == 503
    intake.disk.full = False
    assert client.post("/v1/batch", json={"batch": [track("lost")]}).status_code == 200
    assert [e.message_id for e in intake.envelopes()] == ["before", "lost"]


def test_many_clients_at_once(intake) -> None:
    async def send() -> None:
        async with httpx.AsyncClient(base_url=intake.url, auth=("web-key", "")) as client:
            answers = await asyncio.gather(
                *(client.post("/v1/track", json=track(f"m{n % 50}")) for n in range(100))
            )
        assert {answer.status_code for answer in answers} == {200}

    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, send()).result()
    assert sorted(e.message_id for e in intake.envelopes()) == sorted(f"m{n}" for n in range(50))
