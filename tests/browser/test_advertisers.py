"""An advertiser from the first field to money in the wallet, a billed click, money paid back."""

import re
from pathlib import Path

import httpx
import pytest
from bench.harness import System
from playwright.sync_api import Browser, Page, expect
from tests.browser.everyone import desk, faults
from tests.system.things import admin, good
from tests.system.waiting import until

pytestmark = pytest.mark.browser
PLACE = {"name": "首页", "floor_minor": 50, "currency": "CNY"}


def campaign(advertiser: str) -> dict[str, object]:
    creative = {"id": "c", "title": "明前龙井", "landing_url": "https://example.com/"}
    return {
        "name": "明前龙井", "advertiser": advertiser, "placements": ["adv-place"],
        "bid_minor": 200, "currency": "CNY", "daily_budget_minor": 10_000, "creatives": [creative],
    }  # fmt: skip


def click_one(system: System) -> None:
    """Ask for an ad of the place until there is one, and click it."""
    wish = {"placements": [{"id": "adv-place"}], "user": {"anonymous_id": "adv-ann"}}
    headers = {"authorization": f"Bearer {system.decide_key}"}
    url = f"{system.base_url}/api/v1/decisions"
    ads = until(lambda: good(httpx.post(url, json=wish, headers=headers))["decisions"], 10)
    assert httpx.get(system.base_url + ads[0]["tracking"]["click"]).status_code == 302


def test_money_goes_in_is_billed_and_comes_back(page: Page, system: System) -> None:
    page.goto("/ads?tab=advertisers")
    page.get_by_role("button", name="新建广告主").first.click()
    page.get_by_label("名称", exact=True).fill("青山茶业")
    page.get_by_role("button", name="保存草稿").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("青山茶业")
    page.get_by_role("button", name=re.compile(r"发\s*布")).click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile(r"发\s*布")).click()
    expect(page.locator(".page-head .tag")).to_have_text("进行中")
    advertiser = page.url.rpartition("/")[2].partition("?")[0]
    wallet = page.get_by_test_id("wallet")
    expect(wallet.get_by_role("heading")).to_have_text("余额 ¥0.00")
    page.get_by_role("button", name=re.compile(r"充\s*值")).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("金额").fill("100")
    dialog.get_by_label("备注").fill("电汇 8812")
    dialog.get_by_role("button", name=re.compile(r"充\s*值")).click()
    expect(wallet.get_by_role("heading")).to_have_text("余额 ¥100.00")
    expect(page.get_by_text("电汇 8812")).to_be_visible()
    with admin(system) as boss:
        for kind, name, document in (
            ("placements", "adv-place", PLACE),
            ("campaigns", "adv-tea", campaign(advertiser)),
        ):
            good(boss.post(f"/api/v1/{kind}", json={"id": name, "document": document}))
            good(boss.post(f"/api/v1/{kind}/{name}/publish"))
        click_one(system)
        bill = f"/api/v1/advertisers/{advertiser}/invoice"
        until(lambda: good(boss.get(bill))["lines"], 20)
    page.reload()
    expect(wallet.get_by_role("heading")).to_have_text("余额 ¥99.50")
    for words in ("明前龙井", "到现在为止合计 ¥0.50。", "各行之和与账本一致。"):
        expect(page.get_by_test_id("invoice")).to_contain_text(words)
    page.get_by_role("button", name=re.compile(r"退\s*款")).click()
    dialog.get_by_label("金额").fill("100")
    dialog.get_by_role("button", name=re.compile(r"退\s*款")).click()
    expect(dialog.get_by_role("alert").first).to_contain_text("钱包余额不足")
    dialog.get_by_label("金额").fill("99.50")
    dialog.get_by_role("button", name=re.compile(r"退\s*款")).click()
    expect(wallet.get_by_role("heading")).to_have_text("余额 ¥0.00")
    expect(wallet).to_contain_text("账目相符")
    with admin(system) as boss:
        good(boss.post("/api/v1/campaigns/adv-tea/archive"))
        good(boss.post("/api/v1/placements/adv-place/archive"))


def test_its_pages_are_for_everyone(chromium: Browser, owner: Path, system: System) -> None:
    with admin(system) as boss:
        later = {
            "name": "后付茶商",
            "currency": "CNY",
            "payment": "postpaid",
            "credit_minor": 9_000,
        }
        good(boss.post("/api/v1/advertisers", json={"id": "adv-later", "document": later}))
    paths = ["/ads?tab=advertisers", "/ads/advertisers/new", "/ads/advertisers/adv-later"]
    with desk(chromium, owner, system) as page:
        assert faults(page, [*paths, "/ads/advertisers/adv-later?tab=rule"], "advertisers.") == {}
