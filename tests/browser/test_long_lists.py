"""A thousand rows: only those that are seen are drawn, and none is lost by it."""

import json
import re
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import pytest
from bench.harness import System
from playwright.sync_api import Browser, Page, Route, expect
from tests.browser.everyone import PHONE, RULES, desk, settle, switch, violations

pytestmark = pytest.mark.browser
ROWS, PAGE = 1_000, 200
DRAWN_MAX = 140
"""What is seen and 600 pixels around it, in whole parts of twenty rows."""


def _item(number: int) -> dict[str, object]:
    document = {
        "name": f"促销 {number:04}",
        "benefit": {"type": "percent", "percent": "5"},
        "starts_at": "2026-11-01T00:00:00+08:00",
        "ends_at": "2026-12-31T00:00:00+08:00",
    }
    stamp = "2026-11-01T00:00:00Z"
    state = {"id": f"p{number}", "revision": 1, "state": "live", "document": document}
    return {**state, "created_at": stamp, "updated_at": stamp, "updated_by": "boss"}


def _answer(route: Route) -> None:
    """Answer as the server does: page by page, and by what the name holds."""
    asked = {name: said[0] for name, said in parse_qs(urlparse(route.request.url).query).items()}
    found = [n for n in range(ROWS) if asked.get("query", "") in f"促销 {n:04}"]
    first = int(asked.get("cursor", "0"))
    following = str(first + PAGE) if first + PAGE < len(found) else None
    items = [_item(number) for number in found[first : first + PAGE]]
    body = json.dumps({"items": items, "next_cursor": following})
    route.fulfill(body=body, content_type="application/json")


def _open(page: Page) -> None:
    page.route("**/api/v1/promotions?*", _answer)
    page.goto("/promotions")
    expect(page.get_by_role("row", name="促销 0000")).to_be_visible()


def _scroll_to_the_end(page: Page, box: str) -> None:
    """Scroll as a person who looks for the end does, until nothing further comes."""
    for _ in range(60):
        page.evaluate(f"(box => box.scrollTo(0, box.scrollHeight))({box})")
        page.wait_for_timeout(100)
        if page.get_by_text("促销 0999").count():
            return
    pytest.fail("the last row never came")


SCROLLER = "document.querySelector('.table-scroll')"


def test_a_thousand_rows_scroll_to_the_last_one(page: Page, system: System) -> None:
    del system
    _open(page)
    assert page.locator("tbody tr:not(.gap)").count() <= DRAWN_MAX
    _scroll_to_the_end(page, SCROLLER)
    last = page.get_by_role("row", name="促销 0999")
    expect(last).to_be_in_viewport()
    expect(last).to_have_attribute("aria-rowindex", "1001")
    expect(page.get_by_role("table").first).to_have_attribute("aria-rowcount", "1001")
    expect(page.locator(".table-tools")).to_contain_text("1000 行")
    assert page.locator("tbody tr:not(.gap)").count() <= DRAWN_MAX
    page.get_by_role("checkbox", name="全选").check()
    expect(page.locator(".bulk")).to_contain_text("已选 1000 项")


def test_what_was_drawn_once_keeps_its_place(page: Page, system: System) -> None:
    """Gaps are as high as the rows that they stand for: going back finds the same row there."""
    del system
    _open(page)
    row_px = page.locator("tbody tr").first.evaluate("row => row.offsetHeight")
    _scroll_to_the_end(page, SCROLLER)
    page.evaluate(f"{SCROLLER}.scrollTo(0, {300 * row_px})")
    expect(page.get_by_role("row", name="促销 0305")).to_be_in_viewport()


def test_a_name_is_looked_for_while_one_types(page: Page, system: System) -> None:
    """The field shows each key at once; the address and the server hear of it when it settles."""
    del system
    _open(page)
    finder = page.get_by_role("searchbox", name="按名称搜索")
    finder.press_sequentially("099")
    expect(finder).to_have_value("099")
    expect(page.locator(".table-tools")).to_contain_text("11 行")
    expect(page).to_have_url(re.compile("q=099"))
    page.reload()
    expect(finder).to_have_value("099")


def test_no_time_is_written_in_two_lines(page: Page, system: System) -> None:
    del system
    _open(page)
    heights = page.locator("tbody tr:not(.gap)").evaluate_all(
        "rows => rows.map(r => r.offsetHeight)"
    )
    assert max(heights) <= 34


def test_a_long_table_is_for_everyone(chromium: Browser, owner: Path, system: System) -> None:
    with desk(chromium, owner, system) as page:
        _open(page)
        for language, mode in (("zh", "light"), ("en", "dark")):
            switch(page, language, mode)
            assert violations(page, RULES) == []
        page.set_viewport_size(PHONE)
        settle(page)
        _scroll_to_the_end(page, "document.scrollingElement")
        expect(page.get_by_text("促销 0999")).to_be_visible()
        assert page.locator("tbody tr:not(.gap)").count() <= DRAWN_MAX
