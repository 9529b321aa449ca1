"""Many documents in one call: all or each, tried, once, and every wrong one named."""

from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from tests.operate.conftest import RULE, Rule, check_rule

from queqiao.kernel.documents import DocumentKind

Client = TestClient[Litestar]
PLAN = DocumentKind("plan", "plans", Rule, check_rule)
"""Rules without a secret: these may be written in bulk."""
TIER = {"at_least": 30_000, "discount": 4_000}
PATH = "/api/v1/plans"
BULK = f"{PATH}/bulk"


@pytest.fixture
def kinds() -> list[DocumentKind]:
    return [RULE, PLAN]


def plan(name: str, **tier: int) -> dict[str, Any]:
    return {"name": name, "tiers": [TIER | tier]}


def three() -> list[dict[str, Any]]:
    return [{"id": name, "document": plan(name), "action": "publish"} for name in "abc"]


def states(client: Client) -> dict[str, tuple[int, str]]:
    items = client.get(PATH).json()["items"]
    return {item["id"]: (item["revision"], item["state"]) for item in items}


def test_documents_are_made_changed_and_moved(owner: Client) -> None:
    answer = owner.post(BULK, json={"items": three(), "reason": "开业"})
    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "done": 3,
        "failed": 0,
        "items": [
            {"at": at, "id": name, "done": True, "revision": 2, "state": "live"}
            for at, name in enumerate("abc")
        ],
    }
    mixed = [
        {"id": "a", "document": plan("A"), "revision": 2},
        {"id": "b", "action": "pause"},
        {"id": "c", "document": plan("C"), "revision": 2, "action": "archive"},
        {"document": plan("d")},
    ]
    told = owner.post(BULK, json={"items": mixed}).json()["items"]
    assert [(each["revision"], each["state"]) for each in told] == [
        (3, "live"), (3, "paused"), (4, "archived"), (1, "draft"),
    ]  # fmt: skip
    steps = owner.get(f"{PATH}/a/history").json()["items"]
    assert [step["reason"] for step in steps] == ["", "开业", "开业"]


def test_all_or_nothing_names_every_wrong_item(owner: Client) -> None:
    wrong = [
        {"id": "good", "document": plan("g")},
        {"id": "dear", "document": plan("d", discount=40_000)},
        {"id": "nobody", "action": "publish"},
        {"id": "x"},
        {"document": plan("n"), "revision": 3},
        {"id": "danger", "document": plan("h", discount=20_000), "action": "publish"},
    ]
    answer = owner.post(BULK, json={"items": wrong}, headers={"Accept-Language": "en"})
    assert answer.status_code == 400
    assert [error["path"] for error in answer.json()["errors"]] == [
        "items[1].document.tiers[0].discount",
        "items[2]",
        "items[3].document",
        "items[4].id",
        "items[5].document.tiers[0]",
        "items[5]",
    ]
    assert "another person must allow it" in answer.json()["errors"][-1]["detail"]
    assert states(owner) == {}


def test_each_writes_what_can_be_written(owner: Client) -> None:
    items = [
        {"id": "a", "document": plan("a"), "action": "publish"},
        {"id": "b", "document": plan("b", discount=40_000)},
        {"id": "c", "document": {"name": "no tiers"}, "action": "publish"},
        {"id": "a", "document": plan("again")},
        {"id": "a", "document": plan("old"), "revision": 1},
    ]
    answer = owner.post(BULK, json={"items": items, "mode": "each"})
    assert answer.status_code == 200
    told = answer.json()
    assert (told["done"], told["failed"]) == (1, 4)
    assert [each.get("code") for each in told["items"]] == [
        None, "invalid_input", "refused", "conflict", "precondition_failed",
    ]  # fmt: skip
    assert told["items"][1]["errors"][0]["path"] == "document.tiers[0].discount"
    assert states(owner) == {"a": (2, "live")}  # c was made, and not kept as it could not go live


def test_a_dry_run_sees_what_items_do_to_each_other_and_keeps_nothing(owner: Client) -> None:
    items = [*three(), {"id": "a", "action": "pause"}]
    answer = owner.post(f"{BULK}?dry_run=true", json={"items": items})
    assert answer.json()["items"][3]["state"] == "paused"
    assert states(owner) == {}
    assert owner.get("/api/v1/audit").json()["items"][0]["action"] != "plan.pause"


def test_a_retry_gets_the_first_answer(owner: Client) -> None:
    body, key = {"items": three()}, {"idempotency-key": "bulk-1"}
    first = owner.post(BULK, json=body, headers=key)
    assert owner.post(BULK, json=body, headers=key).json() == first.json()
    assert owner.post(BULK, json={"items": three()[:1]}, headers=key).status_code == 409
    assert states(owner) == dict.fromkeys("cba", (2, "live"))


def test_what_is_refused_at_the_door(owner: Client, new_key: Any) -> None:
    for body in ({}, {"items": []}, {"items": [{"ids": 1}]}, {"items": three() * 200}):
        assert owner.post(BULK, json=body).status_code == 400
    assert owner.post(BULK, json={"items": three(), "mode": "some"}).status_code == 400
    answer = owner.post(BULK, json={"items": three()}, headers=new_key("read"))
    assert answer.status_code in {401, 403}
    assert owner.post("/api/v1/rules/bulk", json={"items": three()}).status_code in {404, 405}


def test_errors_are_told_in_the_language_asked_for(owner: Client) -> None:
    items = [{"id": "b", "document": plan("b", discount=40_000)}]
    for language, word in (("zh-CN", "优惠不能高于门槛"), ("en", "the discount is above")):
        answer = owner.post(
            BULK, json={"items": items, "mode": "each"}, headers={"accept-language": language}
        )
        assert word in answer.json()["items"][0]["errors"][0]["detail"]
