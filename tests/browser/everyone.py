"""For everyone: axe in both languages and themes, and a phone's width, on any page."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.harness import System
from playwright.sync_api import Browser, Page, expect

AXE = Path(__file__).parents[2] / "console" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOURS = ["color-contrast"]
TASTES = [("zh", "light", RULES), ("zh", "dark", COLOURS), ("en", "dark", RULES),
          ("en", "light", COLOURS)]  # fmt: skip
"""Both languages and both themes; two of them differ from the others in colours only."""
DESK = {"width": 1440, "height": 900}
PHONE = {"width": 375, "height": 812}
OVER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
SET = "[document.documentElement.lang.slice(0, 2), document.documentElement.dataset.mode]"


def settle(page: Page) -> None:
    """Wait until the page shows content instead of placeholders."""
    page.locator("h1").first.wait_for()
    expect(page.locator(".waiting")).to_have_count(0, timeout=20_000)


def switch(page: Page, language: str, mode: str) -> None:
    """Go to a language and a theme as a person does, by the keys for it."""
    page.evaluate("document.activeElement.blur()")
    now = page.evaluate(SET)
    for key, is_so in (("l", now[0] == language), ("t", now[1] == mode)):
        if not is_so:
            page.keyboard.press(key)
    root = page.locator("html")
    expect(root).to_have_attribute("data-mode", mode)
    expect(root).to_have_attribute("lang", re.compile(f"^{language}"))
    settle(page)


def violations(page: Page, rules: list[str]) -> list[str]:
    """Return what axe finds, each rule with the first place that breaks it."""
    found = page.evaluate(
        "rules => axe.run(document, {runOnly: rules}).then(result => result.violations)", rules
    )
    return [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in found]


def too_wide_px(page: Page) -> int:
    """Return by how much a page stays wider than a phone's screen; charts follow it by and by."""
    page.set_viewport_size(PHONE)
    for _ in range(100):
        over = int(page.evaluate(OVER))
        if over <= 0:
            break
        page.wait_for_timeout(20)
    page.set_viewport_size(DESK)
    return over


@contextmanager
def desk(chromium: Browser, owner: Path, system: System) -> Iterator[Page]:
    """Yield an owner's page of its own with axe in it, which ends with its context."""
    context = chromium.new_context(
        storage_state=owner, locale="zh-CN", viewport=DESK, base_url=system.base_url,
        reduced_motion="reduce",
    )  # fmt: skip
    context.add_init_script(path=AXE)
    yield context.new_page()
    context.close()


def faults(page: Page, paths: Iterable[str], keys: str = "") -> dict[tuple[str, ...], list[str]]:
    """Return what is wrong with pages: by axe, by width, and ``keys`` of words that are missing.

    Each is looked at in every taste; ``keys`` is how the names of its words begin, as ``flash.``.
    """
    wrong: dict[tuple[str, ...], list[str]] = {}
    for path in paths:
        page.goto(path)
        settle(page)
        for language, mode, rules in TASTES:
            switch(page, language, mode)
            if found := violations(page, rules):
                wrong[path, language, mode] = found
            if rules is RULES and (over := too_wide_px(page)) > 0:
                wrong[path, language, "wide"] = [f"{over} px"]
            if keys and keys in page.locator("main").inner_text():
                wrong[path, language, "words"] = [keys]
    return wrong
