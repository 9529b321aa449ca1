"""The unmodified RudderStack client for Python against the intake, with and without gzip."""

import json
from datetime import UTC, datetime

import pytest
from rudderstack.analytics.client import Client


@pytest.mark.parametrize("gzip", [False, True])
def test_every_call_of_the_client_arrives_once(intake, gzip: bool) -> None:
    errors: list[Exception] = []
    client = Client(
        "web-key",
        host=intake.url,
        gzip=gzip,
        on_error=lambda error, _: errors.append(error),
    )
    when = datetime(2026, 6, 18, 10, 0, 0, 123456, tzinfo=UTC)
    client.identify("u1", {"plan": "金牌"})
    client.track("u1", "Product Viewed", {"sku": "保温杯", "price": 18.99}, timestamp=when)
    client.track(anonymous_id="a1", event="Checked Out", message_id="x" * 255)
    client.page("u1", "Docs", "Home", {"path": "/"})
    client.screen("u1", "App", "Cart", {})
    client.group("u1", "g1", {"name": "Initech"})
    client.alias("a1", "u1")
    client.flush()
    client.join()
    assert errors == []
    found = {(e.type, e.event): e for e in intake.envelopes()}
    assert len(intake.envelopes()) == len(found) == 7
    assert found["track", "Product Viewed"].timestamp_us == 1_781_776_800_123_456
    assert found["track", "Checked Out"].message_id == "x" * 255
    assert bytes(found["alias", None].properties) == b'{"previous_id":"a1"}'
    context = json.loads(bytes(found["identify", None].context))
    assert context["traits"] == {"plan": "金牌"}, "where this client puts them"
    assert json.loads(bytes(found["identify", None].traits)) == {"plan": "金牌"}
