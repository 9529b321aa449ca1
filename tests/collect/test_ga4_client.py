"""The unmodified ga4mp client against the intake: collected, postponed and validated."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from ga4mp import GtagMP

CAKE = {"item_id": "SKU-1", "item_name": "月饼", "price": 18.9, "quantity": 2}


class Ga4(GtagMP):
    """The client, pointed at us: its two addresses are plain attributes."""

    def __init__(self, url: str, key: str = "web-key") -> None:
        super().__init__(api_secret=key, measurement_id="G-SHOP", client_id="123.456")
        self._base_domain = f"{url}/mp/collect"
        self._validation_domain = f"{url}/debug/mp/collect"


def event(client: Ga4, name: str, **params: object):
    made = client.create_new_event(name)
    for key, value in params.items():
        made.set_event_param(key, value)
    return made


def test_every_event_of_the_client_arrives_once(intake) -> None:
    client = Ga4(intake.url)
    client.store.set_user_property("tier", "gold")
    purchase = event(client, "purchase", transaction_id="T1", currency="CNY", value=37.8, tax=0.2)
    purchase.set_event_param("items", [])
    purchase.add_item_to_event(CAKE)
    page = event(client, "page_view", page_location="https://shop.example/a", page_title="首页")
    seen = event(client, "view_item", currency="CNY", value=18.9, items=[CAKE])
    when = datetime.now(UTC).replace(tzinfo=None) - timedelta(hours=1)
    client.send([purchase, page, seen], date=when)
    found = {e.event: e for e in intake.envelopes()}
    assert set(found) == {"Order Completed", "首页", "Product Viewed"}
    order = found["Order Completed"]
    assert (order.anonymous_id, order.source) == ("123.456", "web")
    assert order.timestamp_us != order.received_at_us
    kept = json.loads(bytes(order.properties))
    assert (kept["order_id"], kept["total"], kept["revenue"]) == ("T1", 38.0, 37.8)
    assert bytes(order.properties).count(b'"total":38.0') == 1
    assert kept["products"][0]["sku"] == "SKU-1"
    assert json.loads(bytes(order.traits)) == {"tier": "gold"}


def test_postponed_events_arrive_with_their_own_times(intake) -> None:
    client = Ga4(intake.url)
    client.send([event(client, "login", method="phone")], postpone=True)
    client.send([event(client, "login", method="wechat")], postpone=True)
    client.postponed_send()
    events = intake.envelopes()
    assert [json.loads(bytes(e.properties))["method"] for e in events] == ["phone", "wechat"]
    assert all(e.timestamp_us != e.received_at_us for e in events)


def test_a_wrong_secret_is_refused(intake) -> None:
    client = Ga4(intake.url, "no-key")
    with pytest.raises(OSError, match="401"):
        client.send([event(client, "login", method="phone")])
    assert intake.envelopes() == []


def test_a_validation_hit_stores_nothing(intake) -> None:
    client = Ga4(intake.url)
    client.send([event(client, "login", method="phone")], validation_hit=True)
    assert intake.envelopes() == []
