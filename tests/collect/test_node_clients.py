"""The unmodified clients for Node against the intake: Segment's and Snowplow's."""

import base64
import json

import pytest
from tests.collect import clients


def properties(envelope) -> dict:
    return json.loads(bytes(envelope.properties))


def test_every_call_of_segments_node_client_arrives_once(intake) -> None:
    assert clients.run("segment_node.mjs", intake.url, "web-key") == []
    found = {(e.type, e.event): e for e in intake.envelopes()}
    assert len(intake.envelopes()) == len(found) == 7
    viewed = found["track", "Product Viewed"]
    assert (viewed.user_id, viewed.source) == ("u1", "web")
    assert viewed.timestamp_us == 1_781_776_800_123_000
    assert viewed.sent_at_us is not None
    assert properties(viewed) == {"sku": "保温杯", "price": 18.9, "currency": "CNY"}
    assert json.loads(bytes(found["identify", None].traits)) == {"plan": "金牌"}
    assert properties(found["group", None]) == {"group_id": "g1"}
    assert properties(found["alias", None]) == {"previous_id": "a1"}


ORDER = {
    "order_id": "T2",
    "total": 37.8,
    "currency": "CNY",
    "payment_method": "alipay",
    "products": [
        {
            "sku": "SKU-1",
            "product_id": "SKU-1",
            "name": "月饼",
            "category": "食品",
            "price": 18.9,
            "quantity": 2,
            "currency": "CNY",
        }
    ],
}


def test_snowplows_tracker_posts(intake) -> None:
    assert clients.run("snowplow_node.mjs", intake.url, "web-key", "post") == [200]
    events = intake.envelopes()
    assert len(events) == 7
    assert {(e.user_id, e.anonymous_id, e.source) for e in events} == {("u1", "d1", "web")}
    assert all(e.sent_at_us and e.timestamp_us != e.received_at_us for e in events)
    found = {(e.type, e.event, properties(e).get("order_id")): properties(e) for e in events}
    assert found["page", "首页", None]["url"] == "https://shop.example/a"
    assert found["track", "Play", None]["value"] == 13.99
    assert found["track", "coupon_shaken", None]["名"] == "值"
    assert found["track", "Product Added", None]["price"] == 99.5
    assert found["track", "Order Completed", "T2"] == ORDER
    older = found["track", "Order Completed", "T1"]
    assert older["total"] == "18.9"
    assert [line["sku"] for line in older["products"]] == ["SKU-1"]
    assert found["track", "Order Item", "T1"]["quantity"] == 1


@pytest.mark.parametrize("key", ["appId", "header"])
def test_snowplows_tracker_uses_the_pixel(intake, key: str) -> None:
    basic = f"Basic {base64.b64encode(b'web-key:').decode()}"
    arguments = ("web-key",) if key == "appId" else ("shop",)
    extra = () if key == "appId" else (basic,)
    answers = clients.run("snowplow_node.mjs", intake.url, *arguments, "get", *extra)
    assert answers == [200] * 5
    found = {e.event: properties(e) for e in intake.envelopes()}
    assert set(found) == {"首页", "Play", "coupon_shaken", "Product Added", "Order Completed"}
    assert found["Order Completed"] == ORDER
