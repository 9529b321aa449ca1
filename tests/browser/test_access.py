"""Everyone can use it: axe on every page, the keyboard, a phone's width, the door."""

import re
from pathlib import Path

import pytest
from bench.harness import System
from playwright.sync_api import Browser, Page, expect
from tests.browser.everyone import PHONE, desk, faults, settle, too_wide_px

pytestmark = pytest.mark.browser

PAGES = [
    "/",
    "/promotions",
    "/promotions/new",
    "/promotions?tab=calendar",
    "/promotions?tab=batches",
    "/promotions?tab=points",
    "/promotions/batches/new",
    "/promotions/effects",
    "/promotions/try?cart=TEA-1*2,CUP-1*1",
    "/ads",
    "/ads/new",
    "/ads/spring-tea",
    "/ads?tab=placements",
    "/ads/placements/home",
    "/ads/why",
    "/audience",
    "/audience?tab=people",
    "/audience/new",
    "/audience/tea-buyers",
    "/audience/people/shopper-1",
    "/data",
    "/reach",
    "/reach?tab=deliveries",
    "/data/sources",
    "/data/sources/bench",
    "/data/events",
    "/data/bad-rows",
    "/data/schemas",
    "/data/schemas/new?like=Order+Completed",
    "/data/pipeline",
    "/operations",
    "/operations/metrics",
    "/operations?tab=keys",
    "/settings",
    "/settings?tab=approvals",
    "/settings?tab=audit",
    "/settings?tab=taste",
]


@pytest.mark.timeout(600)
def test_every_page_is_for_everyone(chromium: Browser, owner: Path, system: System) -> None:
    """axe finds nothing in each language and theme; nothing is wider than a phone of 375 px."""
    with desk(chromium, owner, system) as page:
        assert faults(page, PAGES) == {}


def test_a_phone_has_five_places_at_the_bottom(
    chromium: Browser, owner: Path, system: System
) -> None:
    context = chromium.new_context(
        storage_state=owner, locale="zh-CN", viewport=PHONE, base_url=system.base_url
    )
    page = context.new_page()
    page.goto("/")
    settle(page)
    assert page.locator(".rail > .rail-link:visible, .rail > .more:visible").count() == 5
    assert too_wide_px(page) <= 0
    page.set_viewport_size(PHONE)
    page.goto("/data/pipeline")  # the last tab of its row
    settle(page)
    expect(page.locator(".tab.open")).to_be_in_viewport(ratio=1)
    context.close()


def test_the_keyboard_goes_everywhere(page: Page, system: System) -> None:
    """Help by ``?``, search by Ctrl+K, pages by ``g`` and a letter, content by the skip link."""
    del system
    page.goto("/")
    page.get_by_role("heading", name="总览").wait_for()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("快捷键")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.keyboard.press("Control+k")
    finder = page.get_by_role("combobox", name="搜索与跳转")
    finder.fill("春茶")
    hits = page.get_by_role("listbox", name="搜索与跳转").get_by_role("option")
    expect(hits.first).to_contain_text("春茶上新")
    finder.press("Enter")  # the opening dialog may still move the focus
    expect(page.get_by_role("heading", level=1)).to_have_text("春茶上新")
    page.keyboard.press("g")
    page.keyboard.press("u")
    expect(page).to_have_url(re.compile("/audience"))
    page.goto("/")
    page.get_by_role("heading", name="总览").wait_for()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="跳到正文")).to_be_focused()


def test_the_door_stays_shut_and_says_why(chromium: Browser, system: System) -> None:
    """Without a session every page leads to the sign-in; a wrong password is told in words."""
    context = chromium.new_context(locale="zh-CN", base_url=system.base_url)
    page = context.new_page()
    page.goto("/promotions?state=live")
    expect(page).to_have_url(re.compile(r"/sign-in\?next="))
    page.get_by_label("邮箱").fill("nobody@example.com")
    page.get_by_label("密码").fill("wrong password")
    page.get_by_role("button", name=re.compile(r"登\s*录")).click()
    expect(page.get_by_role("alert")).to_be_visible()
    context.close()
