"""Coupon batches looked after: states, files, gifts, voids, one code; for everyone."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from bench.harness import System
from playwright.sync_api import Browser, Page, Route, expect
from tests.browser.everyone import desk, faults

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def admin(system: System) -> Iterator[httpx.Client]:
    headers = {"authorization": f"Bearer {system.admin_key}"}
    with httpx.Client(base_url=system.base_url, headers=headers, timeout=30) as client:
        yield client


def batch(admin: httpx.Client, name: str, **fields: Any) -> str:
    """Make a live batch; return its page."""
    body = {"id": name, "document": {"name": f"批次 {name}", "count": 1000, **fields}}
    admin.post("/api/v1/coupon-batches", json=body).raise_for_status()
    admin.post(f"/api/v1/coupon-batches/{name}/publish").raise_for_status()
    return f"/promotions/batches/{name}"


def codes(admin: httpx.Client, name: str) -> list[str]:
    answer = admin.get(f"/api/v1/coupon-batches/{name}/codes.txt").raise_for_status()
    return answer.text.split()


def test_a_file_of_codes_comes_with_progress(
    page: Page, admin: httpx.Client, tmp_path: Path
) -> None:
    page.goto(batch(admin, "file", count=20_000, prefix="F-"))
    expect(page.get_by_test_id("state-available")).to_have_text("20,000")
    page.get_by_label("文件格式").select_option("txt")
    page.get_by_label("从第几个").fill("101")
    page.get_by_label("共几个").fill("5000")
    with page.expect_download() as downloading:
        page.get_by_role("button", name="下载 5,000 个码").click()
    downloading.value.save_as(tmp_path / "codes.txt")
    expect(page.get_by_text("已保存到下载文件夹")).to_be_visible()
    assert (tmp_path / "codes.txt").read_text().split() == codes(admin, "file")[100:5100]


def test_a_download_is_cancelled_on_the_way(page: Page, admin: httpx.Client) -> None:
    """What came of a file that was cancelled is not saved."""
    page.goto(batch(admin, "long", count=100_000_000))
    page.on("download", lambda _: pytest.fail("half a file was saved"))
    page.get_by_role("button", name="下载 100,000,000 个码").click()
    expect(page.get_by_label("下载进度")).to_be_visible()
    page.get_by_role("button", name=re.compile(r"取\s*消")).click()
    expect(page.get_by_text("没有保存")).to_be_visible()


def test_a_segment_and_customers_by_name_are_given_coupons(page: Page, admin: httpx.Client) -> None:
    where = batch(admin, "gift", count=50, personal={"claimable": False})
    page.goto(f"{where}?tab=gifts")
    page.get_by_label("发给谁").select_option("names")
    page.get_by_label("顾客编号").fill("u1\nu2\n u2 \nu3")
    expect(page.get_by_text("共 3 人，每人一张")).to_be_visible()
    page.get_by_role("button", name=re.compile(r"发\s*放")).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("会给 3 位顾客每人一张；这批还有 50 张没发。")
    dialog.get_by_role("button", name=re.compile(r"发\s*放")).click()
    expect(dialog).to_have_count(0)
    expect(page.locator(".gift")).to_contain_text("已发 3 / 3")
    page.get_by_label("发给谁").select_option("segment")
    page.get_by_label("人群", exact=True).select_option(label="买过茶的人")
    page.get_by_role("button", name=re.compile(r"发\s*放")).click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile(r"发\s*放")).click()
    first = page.locator(".gift").first
    expect(first).to_contain_text("买过茶的人")
    expect(first.locator(".tag")).to_have_text(re.compile("已完成|失败"), timeout=30_000)


def test_leaked_codes_are_made_void_and_looked_up(page: Page, admin: httpx.Client) -> None:
    where = batch(admin, "leak", count=20)
    leaked = codes(admin, "leak")[3]
    page.goto(f"{where}?tab=voids")
    page.get_by_label("券码", exact=True).fill(f"{leaked.lower()}\nNO-SUCH-CODE")
    page.get_by_label("原因").fill("代理商泄露")
    _void(page)
    expect(page.locator(".field.wrong")).to_contain_text("不是该批次的券码")
    page.get_by_label("券码", exact=True).fill(leaked.lower())
    _void(page)
    table = page.get_by_label("已作废 1 个码").first
    expect(table).to_contain_text("代理商泄露")
    page.get_by_label("作废哪些").select_option("range")
    page.get_by_label("从第几个").fill("1")
    page.get_by_label("到第几个").fill("10")
    page.get_by_label("原因").fill("整盒丢失")
    _void(page)
    expect(page.get_by_label("已作废 10 个码").first).to_be_visible()
    page.goto(where)
    expect(page.get_by_test_id("state-void")).to_have_text("10")
    page.get_by_label("输入券码").fill(leaked)
    page.get_by_role("button", name=re.compile(r"查\s*询")).click()
    found = page.get_by_test_id("code")
    expect(found).to_contain_text("已作废：代理商泄露")
    page.goto("/promotions?tab=batches")
    page.get_by_label("输入券码").fill("NOBODY")
    page.get_by_role("button", name=re.compile(r"查\s*询")).click()
    expect(page.get_by_text("没有这个券码")).to_be_visible()
    row = page.get_by_role("row").filter(has_text="批次 leak")
    expect(row.locator("td", has_text=re.compile("^10$")).first).to_be_visible()


def _void(page: Page) -> None:
    page.get_by_role("button", name=re.compile(r"作\s*废"), exact=False).last.click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile(r"作\s*废")).click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_statistics_that_fail_leave_the_page(page: Page, admin: httpx.Client) -> None:
    where = batch(admin, "broken")
    page.route("**/statistics", _fail)
    page.goto(where)
    expect(page.get_by_role("alert").first).to_be_visible()
    expect(page.get_by_role("button", name="下载 1,000 个码")).to_be_enabled()


def _fail(route: Route) -> None:
    body = '{"status": 503, "code": "unavailable", "title": "暂时不可用"}'
    route.fulfill(status=503, content_type="application/problem+json", body=body)


@pytest.mark.timeout(600)
def test_the_pages_of_batches_are_for_everyone(
    chromium: Browser, owner: Path, system: System, admin: httpx.Client
) -> None:
    where = batch(admin, "everyone", personal={})
    paths = [f"{where}?tab={tab}" for tab in ("overview", "rule", "gifts", "voids")]
    with desk(chromium, owner, system) as page:
        assert faults(page, paths, "coupons.") == {}
