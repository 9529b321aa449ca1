"""A deal from the first field to a booking, refused where it takes more than is free."""

import re

import pytest
from bench.harness import System
from playwright.sync_api import Page, expect
from tests.browser.everyone import AXE, violations
from tests.system.things import admin, good

pytestmark = pytest.mark.browser
BOOKED = {
    "name": "品牌日", "advertiser": "茶庄", "placements": ["home"], "bid_minor": 0,
    "currency": "CNY", "daily_budget_minor": 0, "sold": "booked",
    "creatives": [{"id": "c1", "title": "品牌日", "landing_url": "/brand"}],
}  # fmt: skip


def test_a_promise_is_written_and_refused_where_nothing_is_free(page: Page, system: System) -> None:
    with admin(system) as boss:
        good(boss.post("/api/v1/campaigns", json={"id": "deal-brand", "document": BOOKED}))
        good(boss.post("/api/v1/campaigns/deal-brand/publish"))
    page.context.add_init_script(path=AXE)
    page.goto("/ads?tab=deals")
    page.get_by_role("button", name="新建合约").first.click()
    page.get_by_label("名称", exact=True).fill("品牌日首页")
    page.get_by_label("广告位", exact=True).fill("首页横幅")
    page.get_by_label("广告位", exact=True).press("Enter")
    page.keyboard.press("Escape")
    page.get_by_label("第一天").fill("2027-06-18")
    page.get_by_label("最后一天").fill("2027-06-20")
    page.get_by_label("展示哪个计划").select_option(label="品牌日")
    page.get_by_label("承诺展示").fill("10000")
    expect(page.get_by_text("全部兑现共 ¥100.00。")).to_be_visible()
    expect(page.get_by_label("还能订多少").locator(".big")).to_have_text("0")
    page.get_by_role("button", name="保存草稿").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("品牌日首页")
    expect(page.get_by_test_id("delivery")).to_contain_text("10,000")
    assert violations(page, ["wcag2a", "wcag2aa"]) == []
    page.get_by_role("button", name=re.compile(r"发\s*布")).click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile(r"发\s*布")).click()
    expect(page.get_by_text("超过可预订量，最多可订 0 次")).to_be_visible()
    with admin(system) as boss:
        good(boss.post("/api/v1/campaigns/deal-brand/archive"))
