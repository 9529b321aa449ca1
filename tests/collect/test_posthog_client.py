"""The unmodified PostHog client for Python against the intake: capture v0 and v1, and flags."""

import json
from datetime import UTC, datetime
from uuid import UUID

import pytest
from posthog import Posthog, capture_v1

WHEN = datetime(2026, 6, 18, 10, 0, 0, 123456, tzinfo=UTC)
MODES = [("v0", None, False), ("v0", None, True)] + [
    ("v1", compression, False) for compression in ("none", "gzip", "deflate", "zstd")
]


def client_of(intake, errors: list, mode: str = "v0", compression=None, gzip: bool = False):
    return Posthog(
        "web-key",
        host=intake.url,
        gzip=gzip,
        capture_mode=mode,
        capture_compression=compression,
        on_error=lambda error, _: errors.append(error),
        flush_interval=0.1,
        max_retries=3,
        disable_geoip=True,
    )


@pytest.mark.parametrize(("mode", "compression", "gzip"), MODES)
def test_every_call_of_the_client_arrives_once(intake, mode: str, compression, gzip: bool) -> None:
    errors: list[Exception] = []
    client = client_of(intake, errors, mode, compression, gzip)
    viewed = {"sku": "保温杯", "price": 18.99, "currency": "CNY", "$session_id": "s1"}
    sent = client.capture("Product Viewed", distinct_id="u1", properties=viewed, timestamp=WHEN)
    client.capture("browsed")
    client.set(distinct_id="u1", properties={"plan": "金牌"})
    client.alias(previous_id="a1", distinct_id="u1")
    client.group_identify("company", "c1", {"name": "Initech"}, distinct_id="u1")
    client.shutdown()
    assert errors == []
    found = {(e.type, e.event): e for e in intake.envelopes()}
    assert len(intake.envelopes()) == len(found) == 5
    event = found["track", "Product Viewed"]
    assert (event.user_id, event.source, event.message_id) == ("u1", "web", str(UUID(sent)))
    assert event.timestamp_us == 1_781_776_800_123_456
    assert event.sent_at_us is not None
    kept = json.loads(bytes(event.properties))
    assert kept == {"sku": "保温杯", "price": 18.99, "currency": "CNY"}
    assert json.loads(bytes(event.context))["session_id"] == "s1"
    assert found["track", "browsed"].user_id is None
    assert found["track", "browsed"].anonymous_id
    assert json.loads(bytes(found["identify", None].traits)) == {"plan": "金牌"}
    assert bytes(found["alias", None].properties) == b'{"previous_id":"a1"}'
    assert found["alias", None].user_id == "u1"
    assert json.loads(bytes(found["group", None].properties)) == {"group_id": "c1"}


def test_what_v1_drops_is_told_to_the_client_and_kept(intake, operator) -> None:
    errors: list = []
    client = client_of(intake, errors, "v1")
    good = client.capture("kept", distinct_id="u1")
    bad = client.capture("Product Viewed", distinct_id="u1", properties={"price": {"a": 1}})
    client.shutdown()
    assert [e.message_id for e in intake.envelopes()] == [good]
    (error,) = errors
    ((dropped, details),) = error.drops
    assert dropped == bad
    assert details.startswith("properties.price: ")
    (row,) = operator.get("/api/v1/bad-rows").json()["items"]
    assert (row["protocol"], row["path"]) == ("posthog", "properties.price")
    assert json.loads(row["text"])["uuid"] == bad, "the client's own bytes"


@pytest.mark.parametrize("mode", ["v0", "v1"])
def test_a_standing_store_makes_the_client_wait_and_nothing_comes_twice(
    intake, monkeypatch, mode: str
) -> None:
    """The first answer is 503 with Retry-After; the client repeats, in v1 under one request id."""
    waits: list = []

    def wait(_attempt: int, retry_after: float | None) -> None:
        waits.append(retry_after)
        intake.disk.full = False

    asked: list = []

    def watched(*arguments, request_id: str, attempt: int, **others):
        asked.append((request_id, attempt))
        return posted(*arguments, request_id=request_id, attempt=attempt, **others)

    posted = capture_v1._post_v1
    monkeypatch.setattr(capture_v1, "_post_v1", watched)
    monkeypatch.setattr("posthog.consumer._backoff", wait)
    monkeypatch.setattr("posthog.capture_v1._backoff", wait)
    intake.disk.full = True
    errors: list = []
    client = client_of(intake, errors, mode)
    for number in range(3):
        client.capture(f"e{number}", distinct_id="u1")
    client.shutdown()
    assert errors == []
    assert waits == [30.0]
    assert sorted(e.event for e in intake.envelopes()) == ["e0", "e1", "e2"]
    if mode == "v1":
        assert [attempt for _, attempt in asked] == [1, 2]
        assert len({request_id for request_id, _ in asked}) == 1


def test_there_are_no_flags(intake) -> None:
    errors: list = []
    client = client_of(intake, errors)
    assert client.get_all_flags("u1") == {}
    assert not client.evaluate_flags("u1").is_enabled("new-checkout")
    client.shutdown()
    assert errors == []
