"""A campaign from the first click to live, and the week drawn in half-hours."""

import re
import time
from pathlib import Path

import pytest
from bench.harness import System
from playwright.sync_api import Browser, BrowserContext, Page, expect
from tests.browser.everyone import desk, faults, settle, switch
from tests.system.things import admin, good
from tests.system.waiting import until

pytestmark = pytest.mark.browser
CLICKS_MAX = 12
SECONDS_MAX = 60
COUNTING = """addEventListener('click', event => event.isTrusted &&
  sessionStorage.setItem('clicks', 1 + Number(sessionStorage.getItem('clicks'))), true)"""
WORDS = {
    "zh": {"new": "新建广告", "start": "想要什么结果？", "goal": "卖货", "goods": "商品",
           "next": "下一步",
           "audience": "给谁看？", "money": "花多少钱？", "seen": "顾客看到什么？",
           "last": "看一遍，就上线", "publish": "保存并发布", "live": "进行中"},
    "en": {"new": "New campaign", "start": "What should it bring?", "goal": "Sales",
           "goods": "Goods", "next": "Next",
           "audience": "Who sees it?", "money": "What may it cost?",
           "seen": "What do shoppers see?", "last": "One last look, then live",
           "publish": "Save and publish", "live": "Live"},
}  # fmt: skip


@pytest.mark.parametrize("language", WORDS)
def test_a_campaign_is_live_in_a_minute_and_twelve_clicks(
    context: BrowserContext, system: System, language: str
) -> None:
    """Counted in the page itself: every click that a hand made, from the list to live."""
    say = WORDS[language]
    context.add_init_script(COUNTING)
    page = context.new_page()
    page.goto("/ads")
    settle(page)
    switch(page, language, "light")
    began = time.monotonic()
    page.get_by_role("button", name=say["new"]).first.click()
    expect(page.get_by_role("heading", name=say["start"])).to_be_visible()
    page.get_by_role("button", name=say["goal"]).click()
    page.get_by_role("combobox", name=say["goods"]).click()
    page.get_by_title(re.compile("TEA-1")).click()
    for heading in ("audience", "money", "seen", "last"):
        page.get_by_role("button", name=re.compile(_spaced(say["next"]))).click()
        expect(page.get_by_role("heading", name=say[heading])).to_be_visible()
        if heading == "audience":
            expect(page.get_by_test_id("reach")).to_have_text(re.compile(r"\d"))
    page.get_by_role("button", name=say["publish"]).click()
    expect(page.locator(".page-head .tag")).to_have_text(say["live"])
    assert time.monotonic() - began <= SECONDS_MAX
    assert int(page.evaluate("sessionStorage.getItem('clicks')")) <= CLICKS_MAX
    campaign = page.url.rpartition("/")[2].partition("?")[0]
    with admin(system) as boss:
        item = good(boss.get(f"/api/v1/campaigns/{campaign}"))
        assert item["state"] == "live"
        (creative,) = item["document"]["creatives"]
        assert (creative["sku"], creative["title"]) == ("TEA-1", "龙井茶")
        (cap,) = item["document"]["caps"]
        assert (cap["level"], cap["times"], cap["per"]) == ("campaign", 5, "day")
        good(boss.post(f"/api/v1/campaigns/{campaign}/archive"))


def _spaced(words: str) -> str:
    """Two Chinese characters on a button of antd's have a blank between them."""
    return r"\s*".join(words)


def test_what_the_server_refuses_stands_at_its_field_and_step(page: Page, system: System) -> None:
    """The step is marked, leads back, and the draft outlives a reload."""
    del system
    page.goto("/ads/new?step=creatives&goal=manual")
    page.get_by_label("标题").fill("早茶")
    page.get_by_role("button", name="4 出价与预算").click()
    page.get_by_label("日预算").fill("0.50")
    page.get_by_label("最高点击出价").fill("3")
    page.get_by_role("button", name="6 确认").click()
    page.get_by_role("button", name="保存并发布").click()
    expect(page.get_by_role("alert").first).to_be_visible()
    page.get_by_role("button", name="4 出价与预算 有问题").click()
    expect(page.get_by_text("预算不能低于出价").last).to_be_visible()
    page.reload()
    expect(page.get_by_label("最高点击出价")).to_have_value("3")
    page.get_by_role("button", name="重新开始").click()
    expect(page.get_by_label("日预算")).to_have_value("500")


def _week(page: Page) -> list[str]:
    """Return the marks as the page shows them."""
    rows = page.get_by_role("grid", name="投放时段").get_by_role("row").all()
    marks = "els => els.map(one => one.ariaSelected === 'true' ? '1' : '0').join('')"
    return [row.get_by_role("gridcell").evaluate_all(marks) for row in rows]


def test_a_week_is_drawn_by_hand_and_by_keys_and_kept(page: Page, system: System) -> None:
    """A drag over Monday and Tuesday morning, keys for one more hour, then the stored document."""
    page.goto("/ads/form")
    week = page.get_by_role("grid", name="投放时段")
    week.wait_for()
    assert _week(page) == ["1" * 48] * 7
    page.get_by_role("button", name="周末").click()
    first, last = week.locator("[data-cell='0-18']"), week.locator("[data-cell='1-23']")
    week.scroll_into_view_if_needed()
    first.hover()
    page.mouse.down()
    last.hover()
    page.mouse.up()
    morning = "0" * 18 + "1" * 6 + "0" * 24
    assert _week(page) == [morning, morning, *["0" * 48] * 3, *["1" * 48] * 2]
    week.focus()
    for key in ("ArrowDown", "ArrowDown", "Space", "Shift+ArrowRight"):
        page.keyboard.press(key)
    wednesday = "0" * 18 + "11" + "0" * 28
    assert _week(page)[2] == wednesday
    page.get_by_label("名称", exact=True).fill("上午投放")
    page.get_by_label("广告主").fill("茶庄")
    page.get_by_label("广告位").click()
    page.get_by_title(re.compile("首页横幅")).click()
    page.get_by_label("标题").fill("早茶")
    page.get_by_role("button", name="加一个条件").click()
    page.get_by_label("看什么").select_option("device.type")
    page.get_by_role("combobox", name="值").fill("mobile")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="保存草稿").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("上午投放")
    campaign = page.url.rpartition("/")[2].partition("?")[0]
    with admin(system) as boss:
        item = until(lambda: good(boss.get(f"/api/v1/campaigns/{campaign}")), 5)
        (device,) = item["document"]["targeting"]["expression"]["and"]
        assert device == {"field": "device.type", "op": "one_of", "value": ["mobile"]}
        assert item["document"]["hours"][:3] == [morning, morning, wednesday]
        good(boss.post(f"/api/v1/campaigns/{campaign}/archive"))


def test_its_pages_are_for_everyone(chromium: Browser, owner: Path, system: System) -> None:
    with desk(chromium, owner, system) as page:
        paths = [f"/ads/new?step={step}" for step in ("goal", "audience", "review")]
        assert faults(page, [*paths, "/ads/form"], "wizard.") == {}
