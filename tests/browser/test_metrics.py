"""System metrics beside the shop's own: CPU and GMV on one time axis, each panel for itself."""

import re
from typing import Any

import pytest
from bench.harness import System
from playwright.sync_api import Locator, Page, Route, expect
from tests.browser.store import order, quote

from queqiao.kernel.clock import DAY_US, SystemClock, format_rfc3339

pytestmark = pytest.mark.browser

MINUTE_US = 60_000_000
MEASURED_MS = 150_000
"""A rate needs two looks of the collector within a minute that is over."""


def _last_hour(charts: str) -> str:
    """The last hour, as a part of two days, so that midnight is no gap in it."""
    now_us = SystemClock().now_us() + 8 * 3600 * 1_000_000  # the shop's days are Shanghai's
    days = [format_rfc3339(at)[:10] for at in (now_us - DAY_US, now_us)]
    return f"/operations/metrics?period={'~'.join(days)}&window=60&charts={charts}"


def _panel(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True)


def _add(page: Page, picker: str, name: str) -> None:
    box = page.get_by_role("combobox", name=picker)
    box.click()
    box.fill(name)
    page.keyboard.press("Enter")
    expect(_panel(page, name)).to_be_visible()


def test_cpu_beside_gmv_on_one_axis(page: Page, system: System) -> None:
    """Chosen by search, drawn one above the other, kept in the address, read at a moment."""
    before = format_rfc3339(SystemClock().now_us() - 3 * MINUTE_US)
    order(system, "beside-the-cpu", quote(system), timestamp=before)
    page.goto(_last_hour("none"))
    expect(page.get_by_text("还没选指标")).to_be_visible()
    _add(page, "加系统指标", "机器 CPU")
    _add(page, "加业务指标", "GMV")
    cpu, gmv = _panel(page, "机器 CPU"), _panel(page, "GMV")
    expect(gmv.get_by_role("heading")).to_have_text(re.compile(r"GMV：最高 ¥\d"))
    expect(cpu.get_by_role("heading")).to_have_text(
        re.compile(r"最高 [\d.]+ 核"), timeout=MEASURED_MS
    )
    cpu.get_by_label("mode").select_option("each")
    expect(cpu.get_by_role("heading")).to_have_text(re.compile("机器 CPU：.+ 最高"))
    expect(page).to_have_url(
        re.compile(r"charts=rate%28node_cpu_seconds_total%29\+by\+%28mode%29%3Bgmv")
    )
    page.reload()
    expect(cpu.get_by_label("mode")).to_have_value("each")

    expect(page.locator(".plot svg")).to_have_count(2)
    boxes: list[Any] = [box.bounding_box() or {} for box in page.locator(".plot svg").all()]
    assert boxes[0]["x"] == boxes[1]["x"]
    assert boxes[0]["width"] == boxes[1]["width"]
    moment = page.get_by_role("slider", name="时刻")
    moment.press("ArrowLeft")
    moment.press("ArrowLeft")
    expect(moment).to_have_attribute("aria-valuetext", re.compile(r"^\d\d:\d\d, .*user .*GMV ¥"))
    time = page.locator(".moment output").inner_text()
    for panel in (cpu, gmv):
        expect(panel.locator(".plot")).to_contain_text(time)


def test_a_panel_is_read_as_a_table_moved_and_removed(page: Page, system: System) -> None:
    """By the keyboard alone; what is left stands in the address."""
    del system
    page.goto(_last_hour("orders;gmv"))
    orders = _panel(page, "订单数")
    orders.get_by_role("button", name="看表格").press("Enter")
    expect(orders.get_by_role("table")).to_contain_text("订单数")
    orders.get_by_role("button", name="下移：订单数").press("Enter")
    expect(page).to_have_url(re.compile("charts=gmv%3Borders"))
    page.get_by_role("button", name="移除：GMV").press("Enter")
    expect(_panel(page, "GMV")).to_have_count(0)
    page.get_by_role("button", name="移除：订单数").press("Enter")
    expect(page.get_by_text("还没选指标")).to_be_visible()


def test_a_panel_that_fails_leaves_the_others_be(page: Page, system: System) -> None:
    """It tells what happened, with a retry that works."""
    del system
    broken = {"title": "系统内部错误", "status": 500, "code": "broken", "trace_id": "0197c0de5f0a"}

    def fail(route: Route) -> None:
        if "nothing_of_that_name" not in (route.request.post_data or ""):
            return route.fallback()
        return route.fulfill(status=500, json=broken, content_type="application/problem+json")

    asked = "**/api/v1/metrics/series/query"
    page.route(asked, fail)
    page.goto(_last_hour("avg(nothing_of_that_name);orders"))
    wrong = _panel(page, "nothing_of_that_name")
    expect(wrong.get_by_role("alert")).to_contain_text("0197c0de5f0a")
    expect(_panel(page, "订单数").locator(".plot svg")).to_be_visible()
    page.unroute(asked, fail)
    wrong.get_by_role("button", name=re.compile(r"重\s*试")).click()
    expect(wrong).to_contain_text("没有采到数据")
