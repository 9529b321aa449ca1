"""The generic resource of documents: versions, states, dry run, ETag, idempotency, lists."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jsonschema
import pytest
from litestar import Litestar
from litestar.testing import TestClient

Client = TestClient[Litestar]
TIER = {"at_least": 30_000, "discount": 4_000}
GOOD = {"name": "满300减40", "tiers": [TIER]}
TOO_MUCH = {"name": "a", "tiers": [{"at_least": 1, "discount": 2}]}
PATH = "/api/v1/rules"


def create(client: Client, document: Any = GOOD, **more: Any) -> dict[str, Any]:
    answer = client.post(PATH, json={"document": document, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_document_from_draft_to_archive_with_its_history(owner: Client) -> None:
    item = create(owner, id="618")
    assert (item["id"], item["revision"], item["state"]) == ("618", 1, "draft")
    assert item["created_at"] == "2026-06-09T10:13:20Z"
    changed = {**GOOD, "tiers": [{**TIER, "discount": 5_000}]}
    answer = owner.put(
        f"{PATH}/618",
        json={"document": changed, "reason": "加码"},
        headers={"if-match": '"1"'},
    )
    assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
    for verb, state in (("publish", "live"), ("pause", "paused"), ("archive", "archived")):
        assert owner.post(f"{PATH}/618/{verb}").json()["state"] == state
    steps = owner.get(f"{PATH}/618/history").json()["items"]
    assert [step["state"] for step in steps] == ["archived", "paused", "live", "draft", "draft"]
    assert steps[3]["changes"] == [{"path": "tiers[0].discount", "before": 4000, "after": 5000}]
    assert steps[3]["reason"] == "加码"
    assert steps[4]["document"]["tiers"] == [TIER]


def test_of_two_editors_the_second_is_told_and_without_if_match_nobody_writes(
    owner: Client,
) -> None:
    create(owner, id="a")
    body = {"document": {"name": "b"}}
    assert owner.put(f"{PATH}/a", json=body).status_code == 428
    assert owner.put(f"{PATH}/a", json=body, headers={"if-match": '"1"'}).status_code == 200
    again = {"document": {"name": "c"}}
    assert owner.put(f"{PATH}/a", json=again, headers={"if-match": '"1"'}).status_code == 412
    assert owner.put(f"{PATH}/a", json=again, headers={"if-match": "*"}).status_code == 200
    assert owner.put(f"{PATH}/a", json=again, headers={"if-match": "x"}).status_code == 400
    assert owner.post(f"{PATH}/a/archive", headers={"if-match": '"1"'}).status_code == 412


def test_a_reader_who_has_the_newest_gets_304(owner: Client) -> None:
    create(owner, id="a")
    etag = owner.get(f"{PATH}/a").headers["etag"]
    assert owner.get(f"{PATH}/a", headers={"if-none-match": etag}).status_code == 304


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"document": TOO_MUCH}, "document.tiers[0].discount"),
        ({"document": {"name": "a", "tiers": [{"at_least": "1"}]}}, "document.tiers[0].at_least"),
        ({"document": {"name": 5}}, "document.name"),
        ({"document": {}}, "document"),
        ({"document": {"name": "a", "colour": 1}}, "document.colour"),
        ({"document": {"name": "a"}, "id": "../up"}, "id"),
        ({"document": {"name": "a\u0000"}}, "document.name"),
    ],
)
def test_what_is_wrong_is_named_by_its_path_and_never_echoed(
    owner: Client, body: Any, path: str
) -> None:
    answer = owner.post(PATH, json=body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["path"] == path
    assert owner.get(PATH).json()["items"] == []


def test_publishing_asks_the_kinds_own_check(owner: Client) -> None:
    create(owner, {"name": "empty"}, id="a")
    refused = owner.post(f"{PATH}/a/publish")
    assert (refused.status_code, refused.json()["reason"]) == (422, "empty")
    create(owner, id="b")
    owner.post(f"{PATH}/b/publish")
    emptied = owner.put(f"{PATH}/b", json={"document": {"name": "b"}}, headers={"if-match": "*"})
    assert emptied.status_code == 422
    assert owner.get(f"{PATH}/b").json()["document"]["tiers"] == [TIER]
    assert owner.post(f"{PATH}/a/pause").status_code == 422
    assert owner.post(f"{PATH}/a/explode").status_code == 404


def test_a_dry_run_checks_and_writes_nothing(owner: Client) -> None:
    tried = owner.post(f"{PATH}?dry_run=true", json={"document": GOOD, "id": "a"})
    assert (tried.status_code, tried.json()["state"]) == (200, "draft")
    assert owner.get(f"{PATH}/a").status_code == 404
    create(owner, id="a")
    assert owner.post(f"{PATH}/a/publish?dry_run=true").json()["state"] == "live"
    assert owner.get(f"{PATH}/a").json()["state"] == "draft"
    assert owner.post(f"{PATH}?dry_run=maybe", json={"document": GOOD}).status_code == 400
    assert owner.post(f"{PATH}?dry_run=true", json={"document": TOO_MUCH}).status_code == 400


def test_a_retry_gets_the_first_answer(owner: Client) -> None:
    key = {"idempotency-key": "one"}
    first = owner.post(PATH, json={"document": GOOD}, headers=key)
    second = owner.post(PATH, json={"document": GOOD}, headers=key)
    shown = first.json()
    assert shown["document"].pop("secret")
    assert second.json()["document"].pop("secret") is None, "a secret is shown once"
    again = second.json()
    again["document"].pop("secret")
    assert (second.status_code, again) == (201, shown)
    assert second.headers["etag"] == first.headers["etag"]
    assert len(owner.get(PATH).json()["items"]) == 1
    other = owner.post(PATH, json={"document": {"name": "other"}}, headers=key)
    assert other.status_code == 409
    spaced = {"idempotency-key": "a b"}
    assert owner.post(PATH, json={"document": GOOD}, headers=spaced).status_code == 400


def test_a_refused_write_may_be_mended_under_the_same_key(owner: Client) -> None:
    key = {"idempotency-key": "two"}
    assert owner.post(PATH, json={"document": {}}, headers=key).status_code == 400
    assert owner.post(PATH, json={"document": GOOD}, headers=key).status_code == 201


def test_parallel_retries_create_one(owner: Client) -> None:
    key = {"idempotency-key": "three"}
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda _: owner.post(PATH, json={"document": GOOD}, headers=key), range(8))
        )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1


def test_lists_go_on_by_signed_cursors(owner: Client) -> None:
    for number in range(5):
        create(owner, {"name": f"rule {number}"}, id=f"r{number}")
    seen: list[str] = []
    cursor = ""
    while cursor is not None:
        page = owner.get(PATH, params={"limit": 2, "cursor": cursor}).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert sorted(seen) == [f"r{number}" for number in range(5)]
    for params in (
        {"cursor": "abc"},
        {"limit": "0"},
        {"limit": "201"},
        {"limit": "٣"},
        {"limit": "9" * 40},
    ):
        assert owner.get(PATH, params=params).status_code == 400
    assert owner.get(PATH, params={"query": "RULE 3"}).json()["items"][0]["id"] == "r3"
    assert owner.get(PATH, params={"state": "live"}).json()["items"] == []


def test_a_secret_is_shown_once_and_kept(owner: Client) -> None:
    item = create(owner, id="a")
    secret = item["document"]["secret"]
    assert secret.startswith("generated-")
    shown = owner.get(f"{PATH}/a").json()["document"]
    assert shown["secret"] == "••••"
    for document in (shown, {**shown, "secret": ""}):
        changed = {**document, "name": document["secret"] or "x"}
        answer = owner.put(f"{PATH}/a", json={"document": changed}, headers={"if-match": "*"})
        assert answer.json()["document"]["secret"] == "••••"
    everything = owner.get(f"{PATH}/a/history").text + owner.get("/api/v1/audit").text
    everything += owner.get(PATH).text
    assert secret not in everything


def test_text_is_stored_in_nfc(owner: Client) -> None:
    decomposed, composed = "Cafe\u0301", "Café"
    assert create(owner, {"name": decomposed}, id="a")["document"]["name"] == composed


def test_the_schema_of_a_kind_accepts_its_documents(owner: Client) -> None:
    answer = owner.get("/api/v1/schemas/rule.json")
    assert answer.headers["content-type"] == "application/schema+json"
    jsonschema.Draft202012Validator.check_schema(answer.json())
    jsonschema.validate(GOOD, answer.json())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"name": 5}, answer.json())
    assert owner.get("/api/v1/schemas/none.json").status_code == 404


def test_the_clock_header_is_for_admin_keys(owner: Client, new_key: Any) -> None:
    owner.cookies.clear()
    now = {"queqiao-now": "2026-01-02T03:04:05Z"}
    made = owner.post(PATH, json={"document": GOOD}, headers={**now, **new_key("admin")})
    assert made.json()["created_at"] == "2026-01-02T03:04:05Z"
    listed = owner.get(PATH, headers={**now, **new_key("read")})
    assert listed.status_code == 200
    wrong = owner.get(PATH, headers={"queqiao-now": "soon", **new_key("admin")})
    assert (wrong.status_code, wrong.json()["errors"][0]["path"]) == (400, "Queqiao-Now")
