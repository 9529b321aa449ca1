"""Ads as they are watched over: auctions explained, campaigns changed together, bad traffic."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from bench.harness import System
from playwright.sync_api import Browser, Page, expect
from tests.browser.everyone import desk, faults, settle, switch
from tests.system.things import admin, good
from tests.system.waiting import until

pytestmark = pytest.mark.browser
PLACE = {"name": "透视位", "floor_minor": 10, "currency": "CNY"}
ROBOT = {"user-agent": "Googlebot/2.1 (+http://www.google.com/bot.html)"}
CHROME = {
    "user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/140.0.0.0 Safari/537.36"
}
KEYWORDS = {"field": "keywords", "op": "phrase", "value": ["龙井"]}


def campaign(name: str, bid_minor: int, **more: object) -> dict[str, object]:
    creative = {"id": "c", "title": name, "landing_url": "/"}
    return {
        "name": name, "advertiser": "茶庄", "placements": ["seen-place"], "bid_minor": bid_minor,
        "currency": "CNY", "daily_budget_minor": 10_000, "creatives": [creative], **more,
    }  # fmt: skip


CAMPAIGNS = {
    "seen-high": campaign("高价茶", 300),
    "seen-low": campaign("低价茶", 100),
    "seen-search": campaign("搜龙井", 500, targeting={"expression": {"and": [KEYWORDS]}}),
}


@pytest.fixture(scope="module")
def decision(system: System) -> Iterator[str]:
    """Three campaigns on a place of their own; an ad that a person and a robot clicked."""
    with admin(system) as boss:
        kinds = {"placements": {"seen-place": PLACE}, "campaigns": CAMPAIGNS}
        for kind, documents in kinds.items():
            for name, document in documents.items():
                good(boss.post(f"/api/v1/{kind}", json={"id": name, "document": document}))
                good(boss.post(f"/api/v1/{kind}/{name}/publish"))
        wish = {"placements": [{"id": "seen-place"}], "user": {"anonymous_id": "seen-ann"}}
        headers = {"authorization": f"Bearer {system.decide_key}"}
        url = f"{system.base_url}/api/v1/decisions"

        def ads() -> list[dict[str, Any]] | None:
            """Return the ad once all three were known to whoever decided."""
            found = good(httpx.post(url, json=wish, headers=headers))["decisions"]
            why = boss.get(f"/api/v1/decisions/{found[0]['decision_id']}/why") if found else None
            known = why is not None and why.is_success and len(why.json()["candidates"])
            return list(found) if known == len(CAMPAIGNS) else None

        (ad,) = until(ads, 10)
        for caller in (ROBOT, CHROME):
            for notice in ("impression", "click"):
                httpx.get(system.base_url + ad["tracking"][notice], headers=caller)
                time.sleep(0.3)
        yield str(ad["decision_id"])
        for name in CAMPAIGNS:
            good(boss.post(f"/api/v1/campaigns/{name}/archive"))
        good(boss.post("/api/v1/placements/seen-place/archive"))


@pytest.mark.parametrize(
    ("language", "said"),
    [("zh", ["重放结果与当时一致", "条件「搜索词 含有词组 龙井」，当时是：不知道", "不如胜出者"]),
     ("en", ["The replay comes to the same decision", "“Search words has the phrase 龙井”"])],
)  # fmt: skip
def test_an_auction_is_found_and_explained(
    page: Page, decision: str, language: str, said: list[str]
) -> None:
    """From the list by its place to the clause that kept one out, and why another lost."""
    page.goto("/ads/why?placement=seen-place")
    settle(page)
    switch(page, language, "light")
    page.locator(f"tbody a[href*='{decision}']").click()
    for words in said:
        expect(page.locator("main")).to_contain_text(words)
    ranking = page.locator("figure.chart")
    expect(ranking.locator("h2")).to_contain_text(
        re.compile(r"高价茶.*(低价茶.*200%|200%.*低价茶)")
    )
    expect(page.locator("tbody tr").filter(has_text="搜龙井")).to_have_count(1)


def _amounts(system: System) -> list[tuple[int, int, str]]:
    with admin(system) as boss:
        items = [good(boss.get(f"/api/v1/campaigns/{name}")) for name in CAMPAIGNS]
    amounts = [
        (one["document"]["daily_budget_minor"], one["document"]["bid_minor"]) for one in items
    ]
    return [(*both, one["state"]) for both, one in zip(amounts, items, strict=True)]


def test_campaigns_are_changed_together_and_taken_back(
    page: Page, system: System, decision: str
) -> None:
    """Budgets up, then all paused: each undone, and each a revision of its own."""
    del decision
    before = _amounts(system)
    page.goto("/ads")
    for name in ("高价茶", "低价茶", "搜龙井"):
        page.locator("tbody tr").filter(has_text=name).get_by_role("checkbox").click()
    page.get_by_role("button", name="日预算上调 10%").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("从 ¥300.00 变为 ¥330.00")
    dialog.get_by_role("button", name="日预算上调 10%").click()
    expect(page.get_by_text("已改 3 个：日预算上调 10%")).to_be_visible()
    assert [budget for budget, _, _ in _amounts(system)] == [11_000] * 3
    page.get_by_role("button", name=re.compile(r"撤\s*销")).click()
    expect(page.get_by_text("已撤销 3 个")).to_be_visible()
    assert _amounts(system) == before
    page.get_by_role("region", name="批量操作").get_by_role(
        "button", name=re.compile(r"暂\s*停")
    ).click()
    expect(page.get_by_text("已暂停 3 个")).to_be_visible()
    assert [state for _, _, state in _amounts(system)] == ["paused"] * 3
    page.get_by_role("button", name=re.compile(r"撤\s*销")).click()
    expect(page.get_by_text("已撤销 3 个")).to_be_visible()
    assert _amounts(system) == before


def test_an_amount_is_changed_in_its_place(page: Page, system: System, decision: str) -> None:
    """Enter saves, the note takes it back; what the server refuses is said."""
    del decision
    page.goto("/ads")
    page.get_by_role("button", name="修改「低价茶」的最高点击出价").click()
    page.get_by_label("最高点击出价", exact=True).fill("1.50")
    page.keyboard.press("Enter")
    expect(page.get_by_text("最高点击出价从 ¥1.00 改为 ¥1.50")).to_be_visible()
    assert _amounts(system)[1][1] == 150
    page.get_by_role("button", name=re.compile(r"撤\s*销")).click()
    expect(page.get_by_text("已撤销 1 个")).to_be_visible()
    assert _amounts(system)[1][1] == 100
    page.get_by_role("button", name="修改「低价茶」的日预算").click()
    page.get_by_label("日预算", exact=True).fill("0.50")
    page.keyboard.press("Enter")
    expect(page.get_by_text("预算不能低于出价")).to_be_visible()


def test_invalid_traffic_is_told_by_reason_and_any_caller_is_judged(
    page: Page, decision: str
) -> None:
    """The robot's click stands by its reason and beside its campaign; a form asks for others."""
    del decision
    page.goto("/ads/traffic")
    expect(page.locator("figure.chart h2")).to_contain_text("自称的机器人", timeout=30_000)
    row = page.locator("tbody tr").filter(has_text="高价茶")
    expect(row.locator("td").nth(2)).to_have_text("1")
    page.get_by_label("浏览器标识").fill("Googlebot/2.1")
    page.get_by_role("button", name=re.compile(r"判\s*断")).click()
    expect(page.get_by_test_id("verdict")).to_contain_text("无效：自称的机器人")
    page.get_by_label("浏览器标识").fill(CHROME["user-agent"])
    page.get_by_role("button", name=re.compile(r"判\s*断")).click()
    expect(page.get_by_test_id("verdict")).to_contain_text("有效")
    page.get_by_label("IP 地址").fill("not-an-address")
    page.get_by_role("button", name=re.compile(r"判\s*断")).click()
    expect(page.get_by_role("alert").first).to_contain_text("应为 IPv4 或 IPv6 地址")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("alert").first).to_contain_text("give an address")


def test_the_day_of_a_campaign_burns_down(page: Page, system: System, decision: str) -> None:
    """What the one click cost is spent, and stands against the day's budget."""
    with admin(system) as boss:
        price = good(boss.get(f"/api/v1/decisions/{decision}/why"))["decision"]["price_minor"]
    words = f"¥{price / 100:.2f}"
    page.goto("/ads/seen-high")
    expect(page.get_by_test_id("burn")).to_contain_text(words)
    expect(page.get_by_role("heading", name=re.compile(f"今天已花 {words}"))).to_be_visible()


def test_its_pages_are_for_everyone(
    chromium: Browser, owner: Path, system: System, decision: str
) -> None:
    paths = ["/ads", f"/ads/why?decision={decision}", "/ads/traffic", "/ads/seen-high"]
    with desk(chromium, owner, system) as page:
        assert faults(page, paths, "inspector.") == {}
