"""A file of receipts from the shop's till: dropped, checked, imported, seen in the events."""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[2] / "console" / "node_modules" / "axe-core" / "axe.min.js"
SHOTS = os.environ.get("QUEQIAO_SHOTS")
RECEIPTS = (
    "六月销售明细,,,,,,,\n"
    "门店,小票号,交易时间,商品编码,数量,单价,实付金额,会员号\n"
    "南京东路店,R1,2026/6/1 12:30,TEA-1,2,￥150.00,￥280.00,M1\n"
    "南京东路店,R1,2026/6/1 12:30,CUP-1,1,80,80,M1\n"
    "南京东路店,R3,2026/6/2 10:00,CUP-1,许多,80,80,\n"
    "合计,,,,3,,,\n"
)


def _seen(page: Page, name: str) -> None:
    """Look for what hinders people, and keep a picture where one is asked for."""
    page.wait_for_timeout(300)  # a picture of the page at rest; no proof rests on it
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate(
        "axe.run().then((all) => all.violations.map((v) => [v.id, v.nodes.map((n) => n.html)]))"
    )
    assert found == [], name


def _sent(page: Page, name: str, content: bytes) -> None:
    page.goto("/data/imports")
    file = {"name": name, "mimeType": "text/csv", "buffer": content}
    page.locator("input[type=file]").set_input_files(file)


def test_a_file_of_receipts_is_checked_and_then_imported(page: Page) -> None:
    """Nothing is written by the check; the import says where every row went."""
    page.goto("/data/imports")
    expect(page.get_by_text("把 CSV 或 XLSX 拖到这里")).to_be_visible()
    _seen(page, "file-zh")
    _sent(page, "六月小票.csv", RECEIPTS.encode("gb18030"))
    expect(page.get_by_label("编码", exact=True)).to_have_value("gb18030")
    expect(page.get_by_label("实付金额", exact=True)).to_have_value("实付金额")
    expect(page.get_by_text("表头在第 2 行")).to_be_visible()
    _seen(page, "columns-zh")
    page.get_by_label("把映射存为").last.fill("POS 日报")
    page.get_by_role("button", name="保存映射").click()
    expect(page.get_by_text("已保存", exact=True)).to_be_visible()
    page.get_by_role("button", name="检查（不写入）").click()
    expect(page.get_by_text("导入后会新增至多 1 个事件，来自 2 行")).to_be_visible()
    expect(page.get_by_role("region", name="有问题的格子")).to_contain_text("数量须为整数")
    _seen(page, "checked-zh")
    page.get_by_role("button", name="开始导入").click()
    expect(page.get_by_text("新增 1 个事件；0 个早已有")).to_be_visible()
    _seen(page, "done-zh")
    page.reload()
    expect(page.get_by_text("新增 1 个事件；0 个早已有")).to_be_visible()
    page.get_by_role("link", name="查看坏数据").click()
    expect(page.get_by_role("row").filter(has_text="数量")).to_contain_text("offline")


def test_in_english_in_the_dark_on_a_phone(context: BrowserContext, page: Page) -> None:
    """The same steps hold at 375 px; a kept mapping is offered; what is no table says so."""
    taste = "{language: 'en', mode: 'dark'}"
    script = f"localStorage.setItem('queqiao.preferences', JSON.stringify({taste}))"
    context.add_init_script(script)
    page.set_viewport_size({"width": 375, "height": 800})
    _sent(page, "again.csv", RECEIPTS.replace("许多", "2").replace(",R", ",P").encode())
    expect(page.get_by_label("Encoding", exact=True)).to_have_value("utf-8")
    _seen(page, "columns-en-phone")
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    page.get_by_role("button", name="Check (writes nothing)").click()
    expect(page.get_by_text("No problems were found.")).to_be_visible()
    page.get_by_role("button", name="Start the import").click()
    expect(
        page.get_by_text(re.compile(r"2 events were added; 0 were there already"))
    ).to_be_visible()
    _seen(page, "done-en-phone")
    _sent(page, "old.xls", b"\xd0\xcf\x11\xe0old excel")
    expect(page.get_by_role("alert")).to_contain_text("save it as XLSX")
    _seen(page, "error-en-phone")
