"""Times to come, going back, comparing, and the four eyes; each on the real records."""

import asyncio
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from tests.operate.conftest import NOW_US, RULE, below_floor, check_live, prepare

from queqiao.kernel.clock import HOUR_US, format_rfc3339
from queqiao.operate import approvals, schedules
from queqiao.operate.contracts import Handling
from queqiao.ports.records import documents

Client = TestClient[Litestar]
PATH = "/api/v1/rules"
TIER = {"at_least": 30_000, "discount": 4_000}
GOOD = {"name": "满300减40", "tiers": [TIER]}
CHEAP = {"name": "太便宜", "tiers": [{"at_least": 100, "discount": 99}]}
IN_AN_HOUR = format_rfc3339(NOW_US + HOUR_US)


def create(client: Client, document: Any = GOOD, name: str = "a") -> None:
    answer = client.post(PATH, json={"document": document, "id": name})
    assert answer.status_code == 201, answer.text


def schedule(client: Client, action: str, at: str = IN_AN_HOUR, name: str = "a") -> Any:
    return client.post(f"{PATH}/{name}/schedule", json={"action": action, "at": at})


def made_key(client: Client, headers: Any = None) -> dict[str, str]:
    """Return the headers of a new admin key, made by the client or by the key of ``headers``."""
    wanted = {"name": "k", "scope": "admin"}
    made = client.post("/api/v1/keys", json=wanted, headers=headers).json()
    return {"authorization": f"Bearer {made['secret']}"}


def tried(client: Client, method: str, path: str, **how: Any) -> Any:
    """Return the answer of a dry run."""
    return client.request(method, path, params={"dry_run": "true"}, **how)


def trail(client: Client) -> list[Any]:
    """Return the audit trail."""
    return list(client.get("/api/v1/audit", params={"limit": 200}).json()["items"])


def state(client: Client, name: str = "a") -> str:
    return str(client.get(f"{PATH}/{name}").json()["state"])


@pytest.fixture
def carry_out(records: Any) -> Any:
    """A function that does what is due, as the scheduler does."""
    handlings = {"rule": Handling(check_live, prepare, ("secret",), dangers=below_floor)}

    def at(now_us: int) -> int:
        return asyncio.run(schedules.carry_out(records, [RULE], handlings, now_us))

    return at


def test_a_document_is_published_and_paused_when_its_time_comes(
    owner: Client, carry_out: Any
) -> None:
    create(owner)
    later = format_rfc3339(NOW_US + 2 * HOUR_US)
    assert schedule(owner, "pause", later).status_code == 201
    made = schedule(owner, "publish")
    assert (made.status_code, made.json()["state"]) == (201, "pending")
    assert carry_out(NOW_US + HOUR_US - 1) == 0
    assert carry_out(NOW_US + HOUR_US) == 1
    assert state(owner) == "live"
    assert carry_out(NOW_US + 3 * HOUR_US) == 1
    assert state(owner) == "paused"
    listed = owner.get(f"{PATH}/a/schedule").json()["items"]
    assert [(one["action"], one["state"]) for one in listed] == [
        ("publish", "done"), ("pause", "done"),
    ]  # fmt: skip
    trail = owner.get("/api/v1/audit", params={"target": "a"}).json()["items"]
    assert {"rule.schedule", "rule.publish", "rule.pause"} <= {one["action"] for one in trail}


def test_what_was_due_while_nobody_looked_is_done_in_order(owner: Client, carry_out: Any) -> None:
    create(owner)
    schedule(owner, "publish")
    schedule(owner, "pause", format_rfc3339(NOW_US + 2 * HOUR_US))
    assert carry_out(NOW_US + 48 * HOUR_US) == 2
    assert state(owner) == "paused"


def test_a_cancelled_change_is_not_done(owner: Client, carry_out: Any) -> None:
    create(owner)
    number = schedule(owner, "publish").json()["id"]
    assert owner.delete(f"{PATH}/a/schedule/{number}").status_code == 204
    assert owner.delete(f"{PATH}/a/schedule/{number}").status_code == 409
    assert carry_out(NOW_US + HOUR_US) == 0
    assert state(owner) == "draft"


def test_what_cannot_be_done_then_is_marked_and_others_go_on(owner: Client, carry_out: Any) -> None:
    create(owner)
    create(owner, name="b")
    schedule(owner, "publish")
    schedule(owner, "publish", name="b")
    empty = {"document": {"name": "a"}}
    assert owner.put(f"{PATH}/a", json=empty, headers={"if-match": "*"}).status_code == 200
    assert carry_out(NOW_US + HOUR_US) == 2
    assert (state(owner), state(owner, "b")) == ("draft", "live")
    (failed,) = owner.get("/api/v1/scheduled-changes", params={"state": "failed"}).json()["items"]
    assert failed["document_id"] == "a"
    assert "there is no rule yet" in failed["fault"]
    assert carry_out(NOW_US + 2 * HOUR_US) == 0


@pytest.mark.parametrize("how", ["disabled", "viewer"])
def test_what_a_person_scheduled_fails_when_they_may_write_no_more(
    owner: Client, new_person: Any, carry_out: Any, how: str
) -> None:
    create(owner)
    at = {"action": "publish", "at": IN_AN_HOUR}
    answer = owner.post(f"{PATH}/a/schedule", json=at, headers=new_person("operator", "li"))
    assert answer.status_code == 201
    patch = {"disabled": True} if how == "disabled" else {"role": "viewer"}
    assert owner.patch(f"/api/v1/users/{answer.json()['by']}", json=patch).status_code == 200
    assert carry_out(NOW_US + HOUR_US) == 1
    (failed,) = owner.get(f"{PATH}/a/schedule").json()["items"]
    assert (state(owner), failed["state"]) == ("draft", "failed")
    assert "may write no more" in failed["fault"]


def test_what_a_key_scheduled_is_done_unless_it_was_revoked(owner: Client, carry_out: Any) -> None:
    create(owner)
    create(owner, name="b")
    at = {"action": "publish", "at": IN_AN_HOUR}
    for name in ("a", "b"):
        answer = owner.post(f"{PATH}/{name}/schedule", json=at, headers=made_key(owner))
        assert answer.status_code == 201
    author = owner.get(f"{PATH}/a/schedule").json()["items"][0]["by"]
    assert owner.delete(f"/api/v1/keys/{author}").status_code == 200
    assert carry_out(NOW_US + HOUR_US) == 2
    assert (state(owner), state(owner, "b")) == ("draft", "live")
    (failed,) = owner.get(f"{PATH}/a/schedule").json()["items"]
    assert (failed["state"], "revoked" in failed["fault"]) == ("failed", True)


def test_a_dry_run_schedules_and_takes_back_nothing(owner: Client, carry_out: Any) -> None:
    create(owner)
    at, before = {"action": "publish", "at": IN_AN_HOUR}, trail(owner)
    answer = tried(owner, "POST", f"{PATH}/a/schedule", json=at, headers={"idempotency-key": "k"})
    assert (answer.status_code, answer.json()["state"]) == (201, "pending")
    late = {**at, "at": format_rfc3339(NOW_US)}
    assert tried(owner, "POST", f"{PATH}/a/schedule", json=late).status_code == 400
    assert (owner.get(f"{PATH}/a/schedule").json()["items"], trail(owner)) == ([], before)
    number = schedule(owner, "publish").json()["id"]
    assert tried(owner, "DELETE", f"{PATH}/a/schedule/{number}").status_code == 204
    assert tried(owner, "DELETE", f"{PATH}/a/schedule/{number + 1}").status_code == 404
    assert carry_out(NOW_US + HOUR_US) == 1
    assert state(owner) == "live"


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"action": "publish", "at": format_rfc3339(NOW_US)}, "at"),
        ({"action": "publish", "at": "tomorrow"}, "at"),
        ({"action": "delete", "at": IN_AN_HOUR}, "action"),
        ({"action": "publish"}, ""),
    ],
)
def test_a_wrong_time_or_action_is_named(owner: Client, body: Any, path: str) -> None:
    create(owner)
    answer = owner.post(f"{PATH}/a/schedule", json=body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["path"] == path


def test_what_could_not_be_published_now_is_not_scheduled(owner: Client) -> None:
    create(owner, {"name": "empty"})
    assert schedule(owner, "publish").status_code == 422
    assert schedule(owner, "publish", name="nothing").status_code == 404


def test_going_back_makes_a_new_revision_of_the_old_content(owner: Client) -> None:
    create(owner)
    changed = {"document": {**GOOD, "name": "new"}}
    owner.put(f"{PATH}/a", json=changed, headers={"if-match": "*"})
    owner.post(f"{PATH}/a/publish")
    answer = owner.post(f"{PATH}/a/rollback", json={"revision": 1, "reason": "wrong tier"})
    assert (answer.status_code, answer.json()["revision"], answer.json()["state"]) == (
        200, 4, "live",
    )  # fmt: skip
    assert answer.json()["document"]["name"] == GOOD["name"]
    newest = owner.get(f"{PATH}/a/history").json()["items"][0]
    assert newest["changes"] == [{"path": "name", "before": "new", "after": GOOD["name"]}]
    assert newest["reason"] == "wrong tier"
    assert owner.post(f"{PATH}/a/rollback", json={"revision": 9}).status_code == 404
    stale = owner.post(f"{PATH}/a/rollback", json={"revision": 1}, headers={"if-match": '"1"'})
    assert stale.status_code == 412


def test_going_back_brings_no_old_secret_back(owner: Client, records: Any) -> None:
    create(owner, {**GOOD, "secret": "first"})
    turned = {"document": {**GOOD, "name": "new", "secret": "second"}}
    owner.put(f"{PATH}/a", json=turned, headers={"if-match": "*"})
    assert owner.post(f"{PATH}/a/rollback", json={"revision": 1}).status_code == 200
    document = records.read_now(lambda conn: documents.get(conn, RULE, "a")).document
    assert (document.name, document.secret) == (GOOD["name"], "second")


def test_a_live_document_cannot_go_back_to_what_may_not_be_live(owner: Client) -> None:
    create(owner, {"name": "empty"})
    owner.put(f"{PATH}/a", json={"document": GOOD}, headers={"if-match": "*"})
    owner.post(f"{PATH}/a/publish")
    assert owner.post(f"{PATH}/a/rollback", json={"revision": 1}).status_code == 422
    assert owner.get(f"{PATH}/a").json()["revision"] == 3


def test_two_revisions_are_compared_by_path(owner: Client) -> None:
    create(owner)
    for name in ("b", "c"):
        body = {"document": {**GOOD, "name": name}}
        owner.put(f"{PATH}/a", json=body, headers={"if-match": "*"})
    owner.post(f"{PATH}/a/publish")
    whole = owner.get(f"{PATH}/a/diff", params={"from": 1, "to": 4}).json()
    assert whole["changes"] == [
        {"path": "state", "before": "draft", "after": "live"},
        {"path": "name", "before": GOOD["name"], "after": "c"},
    ]
    assert owner.get(f"{PATH}/a/diff").json()["from"] == 3
    back = owner.get(f"{PATH}/a/diff", params={"from": 3, "to": 1}).json()["changes"]
    assert back == [{"path": "name", "before": "c", "after": GOOD["name"]}]
    assert owner.get(f"{PATH}/a/diff", params={"from": "x"}).status_code == 400
    assert owner.get(f"{PATH}/a/diff", params={"from": 7}).status_code == 404


@pytest.fixture
def other(new_person: Any) -> dict[str, str]:
    """Another person who may allow things, signed in."""
    return dict(new_person("owner", "other"))


class TestFourEyes:
    """Publishing what is dangerous."""

    def ask(self, client: Client) -> Any:
        create(client, CHEAP)
        refused = client.post(f"{PATH}/a/publish")
        assert (refused.status_code, refused.json()["reason"]) == (422, "approval_needed")
        assert refused.json()["errors"][0]["path"] == "document.tiers[0]"
        answer = client.post(f"{PATH}/a/approval", json={"reason": "618"})
        assert answer.status_code == 201, answer.text
        return answer.json()

    def decide(self, client: Client, number: int, verb: str, **how: Any) -> Any:
        return client.post(f"/api/v1/approvals/{number}/{verb}", **how)

    def test_another_person_allows_it_and_it_is_done(
        self, owner: Client, other: dict[str, str]
    ) -> None:
        asked = self.ask(owner)
        assert (asked["state"], asked["dangers"][0]["en"]) == ("pending", "below the floor")
        assert self.decide(owner, asked["id"], "approve").status_code == 403
        assert state(owner) == "draft"
        done = self.decide(owner, asked["id"], "approve", headers=other)
        assert (done.status_code, done.json()["state"]) == (200, "approved")
        assert state(owner) == "live"
        assert self.decide(owner, asked["id"], "approve", headers=other).status_code == 409
        trail = [one["action"] for one in owner.get("/api/v1/audit").json()["items"]]
        assert {"approval.ask", "approval.approve", "rule.publish"} <= set(trail)

    def test_a_refusal_and_taking_back_leave_it_as_it_was(
        self, owner: Client, other: dict[str, str]
    ) -> None:
        asked = self.ask(owner)
        rejected = self.decide(
            owner, asked["id"], "reject", headers=other, json={"reason": "too cheap"}
        )
        assert (rejected.json()["state"], rejected.json()["decision"]) == ("rejected", "too cheap")
        again = owner.post(f"{PATH}/a/approval").json()
        assert self.decide(owner, again["id"], "cancel", headers=other).status_code == 403
        assert self.decide(owner, again["id"], "cancel").json()["state"] == "cancelled"
        assert state(owner) == "draft"

    def test_what_has_changed_since_is_not_allowed_any_more(
        self, owner: Client, other: dict[str, str]
    ) -> None:
        asked = self.ask(owner)
        body = {"document": {**CHEAP, "name": "even cheaper"}}
        owner.put(f"{PATH}/a", json=body, headers={"if-match": "*"})
        assert self.decide(owner, asked["id"], "approve", headers=other).status_code == 412
        assert state(owner) == "draft"

    def test_nobody_decided_in_time(
        self, owner: Client, other: dict[str, str], clock: Any, records: Any
    ) -> None:
        asked = self.ask(owner)
        assert owner.post(f"{PATH}/a/approval").status_code == 409
        clock.advance_us(72 * HOUR_US)
        assert self.decide(owner, asked["id"], "approve", headers=other).status_code == 410
        assert records.write_now(lambda conn: approvals.expire(conn, clock.now_us())) == 1
        listed = owner.get("/api/v1/approvals", params={"state": "expired"}).json()["items"]
        assert [one["id"] for one in listed] == [asked["id"]]

    def test_harmless_things_need_nobody(self, owner: Client) -> None:
        create(owner, GOOD)
        assert owner.post(f"{PATH}/a/approval").status_code == 409
        assert owner.post(f"{PATH}/a/publish").status_code == 200

    def test_a_live_document_cannot_become_dangerous_by_an_edit_or_a_schedule(
        self, owner: Client
    ) -> None:
        create(owner, GOOD)
        owner.post(f"{PATH}/a/publish")
        answer = owner.put(f"{PATH}/a", json={"document": CHEAP}, headers={"if-match": "*"})
        assert answer.json()["reason"] == "approval_needed"
        create(owner, CHEAP, "b")
        assert schedule(owner, "publish", name="b").json()["reason"] == "approval_needed"

    def test_a_key_never_allows_anything(self, owner: Client, new_key: Any) -> None:
        """Else an owner would allow what they ask for with a key that they make."""
        asked = self.ask(owner)
        own = made_key(owner)
        assert self.decide(owner, asked["id"], "approve", headers=own).status_code == 403
        assert self.decide(owner, asked["id"], "reject", headers=own).status_code == 403
        foreign = new_key("admin", "robot")
        refused = self.decide(owner, asked["id"], "approve", headers=foreign)
        assert (refused.status_code, state(owner)) == (403, "draft")
        assert "never a key" in refused.text
        assert self.decide(owner, asked["id"], "reject", headers=foreign).status_code == 200

    def test_what_a_key_asks_for_is_asked_by_who_made_it(
        self, owner: Client, other: dict[str, str]
    ) -> None:
        create(owner, CHEAP)
        key_of_a_key = made_key(owner, made_key(owner))
        asked = owner.post(f"{PATH}/a/approval", headers=key_of_a_key).json()
        assert self.decide(owner, asked["id"], "approve").status_code == 403
        assert state(owner) == "draft"
        assert self.decide(owner, asked["id"], "approve", headers=other).status_code == 200
        assert state(owner) == "live"

    def test_a_dry_run_decides_nothing(self, owner: Client, other: dict[str, str]) -> None:
        create(owner, CHEAP)
        assert tried(owner, "POST", f"{PATH}/a/approval").status_code == 201
        assert owner.get("/api/v1/approvals").json()["items"] == []
        number = owner.post(f"{PATH}/a/approval").json()["id"]
        before = trail(owner)
        for who, verb, as_if in (
            (other, "approve", "approved"), (other, "reject", "rejected"),
            (None, "cancel", "cancelled"),
        ):  # fmt: skip
            answer = tried(owner, "POST", f"/api/v1/approvals/{number}/{verb}", headers=who)
            assert (answer.status_code, answer.json()["state"]) == (200, as_if)
        assert tried(owner, "POST", f"/api/v1/approvals/{number}/approve").status_code == 403
        assert owner.get(f"/api/v1/approvals/{number}").json()["state"] == "pending"
        assert (state(owner), trail(owner)) == ("draft", before)
        assert self.decide(owner, number, "approve", headers=other).status_code == 200

    def test_who_may_only_operate_cannot_allow(self, owner: Client, new_key: Any) -> None:
        asked = self.ask(owner)
        headers = new_key("read", "reader")
        assert self.decide(owner, asked["id"], "approve", headers=headers).status_code == 403
