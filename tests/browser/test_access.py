"""Everyone can use it: axe on every page, the keyboard, a phone's width, the door."""

import re
from pathlib import Path

import pytest
from bench.harness import System
from playwright.sync_api import Browser, BrowserContext, Page, expect

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[2] / "console" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PAGES = [
    "/",
    "/promotions",
    "/promotions/new",
    "/promotions?tab=batches",
    "/promotions/batches/new",
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
    "/operations?tab=keys",
    "/settings",
    "/settings?tab=audit",
    "/settings?tab=taste",
]
COLOURS = ["color-contrast"]
ALL_RULES_IN = [("zh", "light"), ("en", "dark")]
"""Both languages and both themes; the other two differ from these in colours only."""
TASTES = [("zh", "light"), ("zh", "dark"), ("en", "light"), ("en", "dark")]


def _settle(page: Page, path: str) -> None:
    """Open a page and wait until it shows content instead of placeholders."""
    page.goto(path)
    page.locator("h1").first.wait_for()
    expect(page.locator(".waiting")).to_have_count(0, timeout=20_000)


def _violations(page: Page, rules: list[str]) -> list[str]:
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate(
        "rules => axe.run(document, {runOnly: rules}).then(result => result.violations)", rules
    )
    return [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in found]


@pytest.mark.parametrize("taste", TASTES, ids="-".join)
def test_axe_finds_nothing(context: BrowserContext, taste: tuple[str, str]) -> None:
    """Every page, in each theme and language."""
    language, mode = taste
    said = f"JSON.stringify({{language:'{language}',mode:'{mode}',rise:'language'}})"
    context.add_init_script(f"localStorage.setItem('queqiao.preferences', {said})")
    page = context.new_page()
    rules = RULES if taste in ALL_RULES_IN else COLOURS
    wrong = {}
    for path in PAGES:
        _settle(page, path)
        if found := _violations(page, rules):
            wrong[path] = found
    assert wrong == {}


def test_a_phone_shows_everything_without_scrolling_sideways(
    chromium: Browser, owner: Path, system: System
) -> None:
    """At 375 px: five places at the bottom, no page wider than the screen."""
    context = chromium.new_context(
        storage_state=owner,
        locale="zh-CN",
        viewport={"width": 375, "height": 812},
        base_url=system.base_url,
    )
    page = context.new_page()
    wide = {}
    for path in PAGES:
        _settle(page, path)
        over = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        if over > 0:
            wide[path] = over
    assert page.locator(".rail > .rail-link:visible, .rail > .more:visible").count() == 5
    context.close()
    assert wide == {}


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
    page.get_by_role("combobox", name="搜索与跳转").fill("春茶")
    page.keyboard.press("Enter")
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
