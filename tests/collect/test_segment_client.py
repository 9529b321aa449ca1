"""The unmodified Segment client for Python against the intake, with and without gzip."""

import uuid
from datetime import UTC, datetime

import pytest
from segment.analytics.client import Client


@pytest.mark.parametrize("gzip", [False, True])
@pytest.mark.parametrize("sync_mode", [False, True])
def test_every_call_of_the_client_arrives_once(intake, gzip: bool, sync_mode: bool) -> None:
    errors: list[Exception] = []
    client = Client(
        "web-key",
        host=intake.url,
        gzip=gzip,
        sync_mode=sync_mode,
        on_error=lambda error, _: errors.append(error),
    )
    when = datetime(2026, 6, 18, 10, 0, 0, 123456, tzinfo=UTC)
    client.identify("u1", {"plan": "金牌", "age": 31})
    client.track("u1", "Product Viewed", {"sku": "保温杯", "price": 18.99}, timestamp=when)
    client.track(anonymous_id="a1", event="Checked Out", properties={"nested": {"deep": [1, 2]}})
    client.page("u1", "Docs", "Home", {"path": "/"})
    client.screen("u1", "App", "Cart", {})
    client.group("u1", "g1", {"name": "Initech"})
    client.alias("a1", "u1")
    if not sync_mode:
        client.flush()
        client.join()
    assert errors == []
    found = {(e.type, e.event): e for e in intake.envelopes()}
    assert len(intake.envelopes()) == len(found) == 7
    viewed = found["track", "Product Viewed"]
    assert viewed.user_id == "u1"
    assert viewed.source == "web"
    assert viewed.timestamp_us == 1_781_776_800_123_000, "the client sends milliseconds"
    assert bytes(viewed.properties).decode().count("18.99") == 1
    assert uuid.UUID(viewed.message_id)
    assert found["page", "Home"].user_id == "u1"
    assert bytes(found["group", None].properties) == b'{"group_id":"g1"}'
    assert bytes(found["alias", None].properties) == b'{"previous_id":"a1"}'
