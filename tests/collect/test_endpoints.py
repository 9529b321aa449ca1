"""Reading back: stored events, receipts, bad rows and their replay."""

import json

import pytest

from queqiao.collect import known


def send(client, *message_ids: str, event: str = "Tested") -> None:
    calls = [
        {"type": "track", "event": event, "userId": "u", "messageId": message_id}
        for message_id in message_ids
    ]
    assert client.post("/v1/batch", json={"batch": calls}).status_code == 200


def test_events_by_message_id(client, operator) -> None:
    send(client, "a", "b")
    (item,) = operator.get("/api/v1/events", params={"message_id": "b"}).json()["items"]
    assert (item["message_id"], item["offset"], item["user_id"]) == ("b", 2, "u")
    assert item["received_at"] == "2026-06-18T10:00:00Z"
    assert operator.get("/api/v1/events", params={"message_id": "c"}).json()["items"] == []


def test_the_newest_events_page_by_page(client, operator) -> None:
    send(client, *(f"m{number}" for number in range(25)))
    seen: list[int] = []
    query = {"limit": 10}
    while True:
        page = operator.get("/api/v1/events", params=query).json()
        seen += [item["offset"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert seen == list(range(25, 0, -1))


def test_events_after_an_offset_and_by_name(client, operator) -> None:
    send(client, "a", "b", "c")
    send(client, "d", event="Other")
    after = operator.get("/api/v1/events", params={"after": 2}).json()["items"]
    assert [item["message_id"] for item in after] == ["c", "d"]
    named = operator.get("/api/v1/events", params={"event": "Other"}).json()["items"]
    assert [item["message_id"] for item in named] == ["d"]


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "x"}, {"after": "-1"}, {"limit": "²"}])
def test_odd_queries_name_the_field(operator, query) -> None:
    answer = operator.get("/api/v1/events", params=query)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["path"] == next(iter(query))
    assert operator.get("/api/v1/events", params={"cursor": "forged"}).status_code == 400


def test_a_receipt_says_whether_the_warehouse_has_it(intake, client, operator) -> None:
    send(client, "a", "b")
    intake.loaded = 1
    loaded = {
        name: operator.get(f"/api/v1/receipts/{name}").json()["warehouse"]["loaded"]
        for name in ("a", "b")
    }
    assert loaded == {"a": True, "b": False}
    receipt = operator.get("/api/v1/receipts/b").json()
    assert (receipt["offset"], receipt["partition"], receipt["source"]) == (2, 0, "web")
    assert receipt["warehouse"]["moved"] is None
    moved = operator.get("/api/v1/receipts/a").json()["warehouse"]["moved"]
    assert moved["problems"] == [{"path": "", "reason": "asked of 1"}]
    assert operator.get("/api/v1/receipts/c").status_code == 404


def test_the_receipt_of_what_was_refused_names_its_bad_rows(client, operator) -> None:
    bad = {"type": "track", "event": "Product Viewed", "userId": "u", "properties": {"sku": [1]}}
    for message_id in ("r", "r", "茶"):
        client.post("/v1/batch", json={"batch": [bad | {"messageId": message_id}]})
    newest, older = [row["id"] for row in operator.get("/api/v1/bad-rows").json()["items"]][1:]
    receipt = operator.get("/api/v1/receipts/r").json()
    assert (receipt["offset"], receipt["partition"], receipt["stored_at"]) == (None, None, None)
    assert receipt["warehouse"] == {"loaded": False, "moved": None}
    assert [row["id"] for row in receipt["refused"]] == [newest, older]
    assert {(row["source"], row["code"], row["path"]) for row in receipt["refused"]} == {
        ("web", "invalid", "properties.sku")
    }
    assert len(operator.get("/api/v1/receipts/茶").json()["refused"]) == 1


def test_the_receipt_of_a_conflict_has_what_is_stored_and_what_was_refused(
    client, operator
) -> None:
    send(client, "a")
    send(client, "a", event="Other")
    receipt = operator.get("/api/v1/receipts/a").json()
    assert (receipt["offset"], receipt["refused"][0]["code"]) == (1, "conflict")
    assert operator.get("/api/v1/receipts/a", params={"source": "web"}).json() == receipt
    assert operator.get("/api/v1/receipts/a", params={"source": "app"}).status_code == 404


def test_reading_needs_its_scope(intake, client) -> None:
    assert client.get("/api/v1/events").status_code == 403


def test_bad_rows_page_newest_first_in_both_languages(client, operator) -> None:
    for number in range(5):
        client.post("/v1/batch", json={"batch": [{"type": "page", "messageId": str(number)}]})
    first = operator.get("/api/v1/bad-rows", params={"limit": 3}).json()
    rest = operator.get(
        "/api/v1/bad-rows", params={"limit": 3, "cursor": first["next_cursor"]}
    ).json()
    assert rest["next_cursor"] is None
    texts = [json.loads(row["text"])["messageId"] for row in first["items"] + rest["items"]]
    assert texts == ["4", "3", "2", "1", "0"]
    chinese = operator.get("/api/v1/bad-rows", headers={"accept-language": "zh-CN"}).json()
    assert "至少" in chinese["items"][0]["reason"]
    assert "required" in first["items"][0]["reason"]


def test_a_replay_after_a_fix_stores_each_row_once(
    intake, client, operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = {"type": "track", "event": "Product Viewed", "userId": "u", "properties": {"sku": [1]}}
    client.post("/v1/batch", json={"batch": [bad, {**bad, "messageId": "m"}]})
    ids = [row["id"] for row in operator.get("/api/v1/bad-rows").json()["items"]]
    before = operator.post("/api/v1/bad-rows/replay", json={"ids": [*ids, "77", "x"]}).json()
    assert before["replayed"] == 0
    assert [refusal["id"] for refusal in before["refused"]] == [*ids, "77", "x"]
    monkeypatch.delitem(known._decoders, "Product Viewed")
    for _ in range(2):
        again = operator.post("/api/v1/bad-rows/replay", json={"ids": ids}).json()
        assert again == {"replayed": 2, "refused": []}
    assert {e.message_id for e in intake.envelopes()} == {"m", f"bad-row-{ids[1]}"}
    rows = operator.get("/api/v1/bad-rows").json()["items"]
    assert [row["replayed_as"] for row in rows] == ["m", f"bad-row-{ids[1]}"]
