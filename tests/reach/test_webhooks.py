"""Webhooks against a real receiver on the loopback that fails first."""

import base64
import hashlib
import hmac
import json
import secrets
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from tests.reach.conftest import NOW_US, SECRET, House

from queqiao.kernel.callable_addresses import is_callable
from queqiao.kernel.clock import DAY_US, HOUR_US, SECOND_US
from queqiao.kernel.errors import Conflict, InvalidInput, NotFound
from queqiao.kernel.http import Principal, Request
from queqiao.kernel.tokens import Signer
from queqiao.ports.records.audit import Actor
from queqiao.ports.records.documents import Documents, Edit
from queqiao.reach import deliveries
from queqiao.reach.contracts import (
    WEBHOOK,
    WebhookDocument,
    check_webhook,
    prepare_webhook,
)
from queqiao.reach.deliveries import (
    ATTEMPTS_MAX,
    Attempt,
    clear,
    clearing,
    pause_us,
    retry,
    settle,
)
from queqiao.reach.endpoints import routes
from queqiao.reach.signature import signed_headers


def verified(headers: dict[str, str], body: bytes, secret: str) -> bool:
    """Check a signature as a receiver would, from the specification alone."""
    key = base64.b64decode(secret.split("_", 1)[1])
    text = b".".join([headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body])
    wanted = base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
    versions = [part.split(",", 1) for part in headers["webhook-signature"].split(" ")]
    return any(version == "v1" and found == wanted for version, found in versions)


async def test_an_event_reaches_its_receiver_signed(house: House) -> None:
    await house.add()
    await house.happen()
    await house.happen("Product Viewed")
    assert await house.dispatcher.step() == 1
    headers, body = house.receiver.got[0]
    assert verified(headers, body, SECRET)
    assert not verified(headers, body + b" ", SECRET)
    assert abs(int(headers["webhook-timestamp"]) - NOW_US // SECOND_US) <= 1
    payload = json.loads(body)
    assert (payload["type"], payload["timestamp"]) == ("Order Completed", "2026-06-09T10:13:20Z")
    assert payload["data"]["properties"] == {"order_id": "订单1"}
    assert payload["data"]["message_id"] == "m1"
    row = house.rows()[0]
    assert (row.status, row.attempts, row.response_status) == ("delivered", 1, 204)
    assert await house.dispatcher.step() == 0


async def test_a_receiver_that_fails_first_gets_the_same_message_again(house: House) -> None:
    await house.add()
    house.receiver.answers = [500, 302, 204]
    await house.happen()
    assert await house.dispatcher.step() == 1
    assert await house.dispatcher.step() == 0
    for attempt in (1, 2):
        house.clock.advance_us(pause_us(attempt, 1.0))
        assert await house.dispatcher.step() == 1
    assert len({headers["webhook-id"] for headers, _ in house.receiver.got}) == 1
    assert len({body for _, body in house.receiver.got}) == 1
    assert all(verified(headers, body, SECRET) for headers, body in house.receiver.got)
    assert (house.rows()[0].status, house.rows()[0].attempts) == ("delivered", 3)


async def test_messages_about_an_erased_person_are_cleared_and_not_sent(house: House) -> None:
    await house.add()
    house.receiver.answers = [204, 500]
    for _ in range(3):
        await house.happen()
    await house.dispatcher.step()
    before = house.rows()
    assert sorted(row.status for row in before) == ["delivered", "delivered", "pending"]
    offsets = [row.event_offset for row in before if row.status == "pending"]
    delivered = next(row.event_offset for row in before if row.status == "delivered")
    cleared = [*offsets, delivered]
    await house.records.write(lambda conn: clear(conn, cleared, house.clock.now_us()))
    await house.records.write(lambda conn: clear(conn, cleared, house.clock.now_us()))
    rows = {row.event_offset: row for row in house.rows()}
    assert {offset for offset, row in rows.items() if not row.body} == set(cleared)
    assert (rows[offsets[0]].status, rows[offsets[0]].error) == ("failed", "erased")
    assert (rows[delivered].status, rows[delivered].error) == ("delivered", "")
    house.clock.advance_us(DAY_US)
    assert await house.dispatcher.step() == 0
    with pytest.raises(Conflict):
        await house.records.write(lambda conn: retry(conn, rows[delivered].id, 1))
    with pytest.raises(NotFound):
        await house.records.write(lambda conn: retry(conn, "none", 1))


async def test_an_erasure_finds_deliveries_by_an_index(house: House) -> None:
    statement = clearing(list(range(500)), 5).compile(
        house.records.engine, compile_kwargs={"literal_binds": True}
    )
    with house.records.engine.connect() as conn:
        plan = conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}").all()
    assert [row.detail for row in plan][:1] == [
        "SEARCH webhook_deliveries USING INDEX ix_webhook_deliveries_event_offset (event_offset=?)"
    ]


async def test_an_attempt_that_ends_after_its_person_was_erased_changes_nothing(house) -> None:
    await house.add()
    await house.happen()
    await house.dispatcher._gather()
    (row,) = house.rows()
    await house.records.write(lambda conn: clear(conn, [row.event_offset], 5))
    attempt = Attempt(row.id, row.webhook_id, 0, 500, "status")
    await house.records.write(lambda conn: settle(conn, [attempt], 6, 0.5))
    (row,) = house.rows()
    assert (row.status, row.error, row.body) == ("failed", "erased", "")


async def test_attempts_are_bounded_and_further_apart(house: House) -> None:
    await house.add()
    house.receiver.answers = [503] * ATTEMPTS_MAX
    await house.happen()
    waits = []
    for _ in range(ATTEMPTS_MAX):
        assert await house.dispatcher.step() == 1
        waits.append(house.rows()[0].next_at_us - house.clock.now_us())
        house.clock.advance_us(max(0, waits[-1]))
    assert (house.rows()[0].status, house.rows()[0].error) == ("failed", "status")
    assert all(after > 2 * before for before, after in pairwise(waits[:-1]))
    house.clock.advance_us(DAY_US)
    assert await house.dispatcher.step() == 0


async def test_a_receiver_may_ask_to_be_left_alone_for_a_while(house: House) -> None:
    await house.add()
    house.receiver.answers, house.receiver.headers = [429], {"retry-after": "600"}
    await house.happen()
    await house.dispatcher.step()
    assert house.rows()[0].next_at_us - house.clock.now_us() == 600 * SECOND_US


async def test_gone_pauses_the_webhook_with_the_reason_in_its_history(house: House) -> None:
    await house.add()
    house.receiver.answers = [410]
    await house.happen()
    await house.dispatcher.step()
    assert await house.state() == "paused"
    steps = await Documents(house.records).history(WEBHOOK, "w1")
    assert (steps[0].by, steps[0].reason) == ("system", "the receiver answered 410 Gone")


async def test_five_days_of_failure_pause_the_webhook(house: House) -> None:
    await house.add()
    house.receiver.answers = [500] * 100
    for _ in range(7):
        await house.happen()
        await house.dispatcher.step()
        house.clock.advance_us(DAY_US)
    assert await house.state() == "paused"


async def test_a_crash_after_sending_sends_again_under_the_same_id(house: House) -> None:
    await house.add()
    await house.happen()

    async def crash(_attempts: Any) -> None:
        raise SystemError

    house.dispatcher._settle = crash
    with pytest.raises(SystemError):
        await house.dispatcher.step()
    await house.dispatcher.close()
    house.reader.close()
    house.restart()
    assert await house.dispatcher.step() == 1
    assert len({headers["webhook-id"] for headers, _ in house.receiver.got}) == 1
    assert len(house.receiver.got) == 2
    assert len(house.rows()) == 1


async def test_each_event_is_gathered_once_also_by_a_dispatcher_started_anew(house: House) -> None:
    await house.add()
    await house.add("w2", ("*",))
    for _ in range(3):
        await house.happen()
        while await house.dispatcher.step():
            pass
        await house.dispatcher.close()
        house.reader.close()
        house.restart()
    assert len(house.receiver.got) == len(house.rows()) == 6
    assert len({headers["webhook-id"] for headers, _ in house.receiver.got}) == 6


async def test_only_events_since_it_went_live_are_sent(house: House) -> None:
    await house.happen(received_at_us=NOW_US - 1)
    await house.add()
    await house.happen()
    assert await house.dispatcher.step() == 1
    documents, edit = Documents(house.records), Edit(Actor("u", "u"), NOW_US + 1)
    await documents.transition(WEBHOOK, "w1", "paused", edit)
    assert await house.dispatcher.step() == 0
    await house.happen()
    house.clock.advance_us(10)
    await documents.transition(WEBHOOK, "w1", "live", Edit(Actor("u", "u"), house.clock.now_us()))
    await house.happen()
    await house.dispatcher.step()
    assert [row.event_offset for row in house.rows()] == [2, 4]


async def test_a_clock_that_is_set_back_loses_nothing(house: House) -> None:
    """Also not over a restart; and who goes live by the new time gets nothing from before."""
    await house.happen()
    house.clock.advance_us(HOUR_US)
    await house.add(events=("*",))
    await house.dispatcher.step()
    house.clock.advance_us(-HOUR_US)
    await house.happen()
    assert await house.dispatcher.step() == 1
    await house.dispatcher.close()
    house.reader.close()
    await house.happen()
    house.restart()
    assert await house.dispatcher.step() == 1
    await house.add("w2", ("*",))
    await house.dispatcher.step()
    await house.happen()
    assert await house.dispatcher.step() == 2
    wanted = [("w1", 2), ("w1", 3), ("w1", 4), ("w2", 4)]
    assert sorted((row.webhook_id, row.event_offset) for row in house.rows()) == wanted


async def test_an_edit_of_a_live_webhook_loses_nothing(house: House) -> None:
    await house.add()
    await house.happen()
    house.clock.advance_us(1_000)
    stored = await Documents(house.records).get(WEBHOOK, "w1")
    renamed = msgspec.structs.replace(stored.document, name="renamed")
    edit = Edit(Actor("u", "u"), house.clock.now_us())
    await Documents(house.records).replace(WEBHOOK, "w1", renamed, edit)
    assert await house.dispatcher.step() == 1


async def test_nobody_there_is_a_failure_like_any_other(house: House) -> None:
    house.receiver.url = "http://127.0.0.1:1/x"
    await house.add()
    await house.happen()
    await house.dispatcher.step()
    row = house.rows()[0]
    assert (row.status, row.error, row.response_status) == ("pending", "connection", None)


async def test_a_receiver_that_hangs_is_given_up_in_time(house: House) -> None:
    await house.add()
    await house.happen()
    house.dispatcher._timeout_s = 0.2
    house.receiver.awake.clear()
    await house.dispatcher.step()
    house.receiver.awake.set()
    assert (house.rows()[0].status, house.rows()[0].error) == ("pending", "timeout")


async def test_deliveries_are_listed_and_sent_once_more(house: House) -> None:
    await house.add()
    house.receiver.answers = [500]
    for _ in range(3):
        await house.happen()
        await house.dispatcher.step()
    page, retry = routes(house.records, Signer(b"k" * 32))
    person = Principal("u", "u", "operator")

    async def ask(route: Any, query: dict[str, str], params: dict[str, str]) -> Any:
        request = Request(
            route.method, route.path, params, query, {}, b"", "", house.clock.now_us(), person
        )
        return json.loads((await route.handler(request)).body)

    first = await ask(page, {"limit": "2"}, {})
    second = await ask(page, {"limit": "2", "cursor": first["next_cursor"]}, {})
    found = [item["event_offset"] for item in first["items"] + second["items"]]
    assert sorted(found) == [1, 2, 3]
    pending = await ask(page, {"status": "pending", "webhook": "w1"}, {})
    assert [item["event_offset"] for item in pending["items"]] == [1]
    again = await ask(retry, {}, {"id": pending["items"][0]["id"]})
    assert (again["status"], again["attempts"]) == ("pending", 0)
    assert await house.dispatcher.step() == 1
    with pytest.raises(NotFound):
        await ask(retry, {}, {"id": "none"})
    for query in ({"cursor": "x"}, {"limit": "0"}, {"status": "lost"}):
        with pytest.raises(InvalidInput):
            await ask(page, query, {})


async def test_old_deliveries_are_forgotten(house: House) -> None:
    await house.add()
    await house.happen()
    await house.dispatcher.step()
    house.clock.advance_us(deliveries.KEPT_US + DAY_US)
    await house.dispatcher.step()
    assert house.rows() == []


async def test_what_waits_for_a_receiver_that_is_not_live_is_forgotten_too(house: House) -> None:
    await house.add()
    house.receiver.answers = [500]
    await house.happen()
    await house.dispatcher.step()
    await Documents(house.records).transition(
        WEBHOOK, "w1", "paused", Edit(Actor("u", "u"), house.clock.now_us())
    )
    house.clock.advance_us(deliveries.KEPT_US - DAY_US)
    await house.dispatcher.step()
    assert [row.status for row in house.rows()] == ["pending"]
    house.clock.advance_us(2 * DAY_US)
    await house.dispatcher.step()
    assert house.rows() == []


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com", "http://", "//example.com", "http://user:pass@example.com",
        "javascript:x",
        "http://example.com:99999", "http://exa mple.com", "http://169.254.169.254/latest",
        "http://[fe80::1]/", "http://[", "http://example.com/\n", "",
    ],
)  # fmt: skip
def test_addresses_that_cannot_be_called_are_refused(url: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_webhook(WebhookDocument("a", url, ["*"], SECRET))
    assert caught.value.fields[0].path == "url"


@pytest.mark.parametrize("secret", ["abc", "whsec_", "whsec_!!!", "whsec_YWJj", "whsec_é"])
def test_secrets_that_cannot_sign_are_refused(secret: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_webhook(WebhookDocument("a", "https://example.com", ["*"], secret))
    assert caught.value.fields[0].path == "secret"


def test_a_webhook_without_a_secret_gets_a_good_one() -> None:
    document = WebhookDocument("a", "https://example.com/hook", ["*"])
    check_webhook(prepare_webhook(document, secrets.token_bytes))


def test_the_signature_equals_the_one_in_the_specification() -> None:
    headers = signed_headers(
        SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_which_addresses_may_be_called() -> None:
    assert is_callable("127.0.0.1")
    assert is_callable("10.0.0.1")
    assert is_callable("::1")
    assert is_callable("64:ff9b::a00:1")
    assert not is_callable("169.254.169.254")
    assert not is_callable("fe80::1%eth0")
    assert not is_callable("0.0.0.0")


@pytest.mark.parametrize(
    "address",
    [
        "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1", "100.100.100.200",
        "::ffff:100.100.100.200", "fd00:ec2::254", "64:ff9b:1::a9fe:a9fe", "::a9fe:a9fe",
    ],
)  # fmt: skip
def test_metadata_services_are_not_called_in_any_spelling(address: str) -> None:
    assert not is_callable(address)
