"""An advertiser's money on the whole system: paid in, taken by a click, on the invoice, proven."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from bench.harness import System
from tests.system.things import admin, good
from tests.system.waiting import until

pytestmark = pytest.mark.system
PLACE = {"name": "首页", "floor_minor": 30, "currency": "CNY"}
BRAND = {"name": "茶商", "currency": "CNY"}
CAMPAIGN = {
    "name": "春茶",
    "advertiser": "wallet-brand",
    "placements": ["wallet-place"],
    "bid_minor": 100,
    "currency": "CNY",
    "daily_budget_minor": 100_000,
    "creatives": [{"id": "x", "title": "买茶", "landing_url": "https://example.com/"}],
}


@pytest.fixture
def boss(system: System) -> Iterator[httpx.Client]:
    with admin(system) as client:
        yield client


def publish(boss: httpx.Client) -> None:
    for path, name, document in (
        ("advertisers", "wallet-brand", BRAND),
        ("placements", "wallet-place", PLACE),
        ("campaigns", "wallet-tea", CAMPAIGN),
    ):
        good(boss.post(f"/api/v1/{path}", json={"id": name, "document": document}))
        good(boss.post(f"/api/v1/{path}/{name}/publish"))


def test_money_goes_from_the_wallet_to_the_invoice(boss: httpx.Client, system: System) -> None:
    publish(boss)
    path = "/api/v1/advertisers/wallet-brand"
    wish = {"placements": [{"id": "wallet-place"}], "user": {"anonymous_id": "wallet-ann"}}
    headers = {"authorization": f"Bearer {system.decide_key}"}

    def ask() -> dict[str, Any]:
        url = f"{system.base_url}/api/v1/decisions"
        answer: dict[str, Any] = good(httpx.post(url, json=wish, headers=headers))
        return answer

    short = [{"placement": "wallet-place", "reason": "budget"}]
    until(lambda: ask()["no_fill"] == short, 10)  # it is live, and its wallet is empty
    paid = {"amount_minor": 75, "request_id": "transfer-1", "reference": "电汇 1"}
    for _ in range(2):
        assert good(boss.post(f"{path}/top-ups", json=paid))["balance_minor"] == 75
    ads = until(lambda: ask()["decisions"], 10)
    assert good(boss.get(f"{path}/wallet"))["leased_minor"] == 30
    click = f"{system.base_url}{ads[0]['tracking']['click']}"
    for _ in range(2):
        assert httpx.get(click).status_code == 302
    wallet = good(boss.get(f"{path}/wallet"))
    assert [wallet[name] for name in ("balance_minor", "leased_minor", "billed_minor")] == [
        45,
        0,
        30,
    ]
    bill = until(lambda: listed(boss, path), 20)
    assert bill["lines"] == [{"campaign_id": "wallet-tea", "clicks": 1, "cost_minor": 30}]
    assert (bill["total_minor"], bill["difference_minor"], bill["closed"]) == (30, 0, False)
    much = {"amount_minor": 46, "request_id": "back-1"}
    refused = boss.post(f"{path}/withdrawals", json=much)
    assert (refused.status_code, refused.json()["reason"]) == (422, "insufficient_balance")
    back = good(
        boss.post(f"{path}/withdrawals", json={**much, "amount_minor": 45, "request_id": "2"})
    )
    assert (back["balance_minor"], back["difference_minor"]) == (0, 0)
    assert good(boss.get("/api/v1/ledger/proof"))["balanced"]
    for kind, name in (("campaigns", "wallet-tea"), ("placements", "wallet-place")):
        good(boss.post(f"/api/v1/{kind}/{name}/archive"))


def listed(boss: httpx.Client, path: str) -> dict[str, Any] | None:
    """Return the invoice once its click is loaded."""
    found: dict[str, Any] = good(boss.get(f"{path}/invoice"))
    return found if found["lines"] else None
