"""Consent on the whole system: ads know nothing that was said without advertising; prices do."""

import httpx
import pytest
from bench.harness import System
from tests.system.things import FOR_ALL, admin, good
from tests.system.waiting import until

pytestmark = pytest.mark.system

WITH = {"analytics": True, "personalization": True, "advertising": True}
WITHOUT = {**WITH, "advertising": False}
DOCUMENTS = {
    "placements": {"name": "p", "floor_minor": 5, "currency": "CNY"},
    "segments": {"name": "s", "expression": {"field": "traits.club", "op": "=", "value": "tea"}},
    "campaigns": {
        "name": "c",
        "advertiser": "a",
        "placements": ["consent"],
        "bid_minor": 50,
        "currency": "CNY",
        "daily_budget_minor": 100_000,
        "targeting": {"segments_any": ["consent"]},
        "creatives": [{"id": "cr", "title": "茶", "landing_url": "/tea"}],
    },
    "promotions": {
        "name": "会员减10",
        "benefit": {"type": "fixed", "amount": 1_000},
        "condition": {"segments_any": ["consent"]},
        **FOR_ALL,
    },
}
QUOTE = {
    "currency": "CNY",
    "catalog": [{"sku": "W", "price": 15_000, "categories": []}],
    "cart": {"lines": [{"id": "1", "sku": "W", "quantity": 1}]},
}


def identify(person: str, consent: dict[str, bool]) -> dict[str, object]:
    return {
        "type": "identify",
        "messageId": f"consent-{person}",
        "userId": person,
        "traits": {"club": "tea"},
        "context": {"consent": consent},
    }


def test_a_campaign_on_a_segment_is_not_served_without_consent_for_advertising(
    system: System,
) -> None:
    people = {"with-ads": WITH, "without-ads": WITHOUT}
    with admin(system) as client:
        for path, document in DOCUMENTS.items():
            good(client.post(f"/api/v1/{path}", json={"id": "consent", "document": document}))
            good(client.post(f"/api/v1/{path}/consent/publish"))
        batch = {"batch": [identify(*each) for each in people.items()]}
        good(httpx.post(f"{system.base_url}/v1/batch", auth=(system.intake_key, ""), json=batch))
        until(lambda: good(client.get("/api/v1/system"))["lag_events"] == 0, 10)
        good(client.post("/api/v1/schedule/count", json={}))
        path = "/api/v1/segments/consent/members"
        assert members(client, path) == ["with-ads", "without-ads"]
        assert members(client, f"{path}?purpose=advertising") == ["with-ads"]
    headers = {"authorization": f"Bearer {system.decide_key}"}
    with httpx.Client(base_url=system.base_url, headers=headers) as shop:
        for person, is_served in (("with-ads", True), ("without-ads", False)):
            asked = {"placements": [{"id": "consent"}], "user": {"id": person}}
            answer = good(shop.post("/api/v1/decisions", json=asked))
            assert bool(answer["decisions"]) == is_served, (person, answer)
            assert [each["reason"] for each in answer["no_fill"]] == ["no_match"] * (not is_served)
            quote = {**QUOTE, "customer": {"id": person}}
            priced = good(shop.post("/api/v1/promotions/quote", json=quote))
            assert priced["totals"]["discount"] == 1_000, (person, priced)


def members(client: httpx.Client, path: str) -> list[str]:
    return [each["person_id"] for each in good(client.get(path))["items"]]
