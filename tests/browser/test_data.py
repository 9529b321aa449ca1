"""Data on its way: sources to their first event, bad rows mended, schemas tried, the flow drawn."""

import re
from typing import Any

import httpx
import pytest
from bench.harness import System
from playwright.sync_api import Page, Route, expect
from tests.browser.store import send
from tests.system.commands import queqiao

pytestmark = pytest.mark.browser

STRICT = {
    "type": "object",
    "required": ["leaf"],
    "properties": {"leaf": {"type": "string"}, "phone": {"type": "string", "x-pii": "phone"}},
}


def _admin(system: System, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    headers = {"authorization": f"Bearer {system.admin_key}"}
    url = f"{system.base_url}/api/v1/{path}"
    return httpx.request(method, url, json=body, headers=headers, timeout=30).raise_for_status()


def test_a_source_is_made_and_its_first_event_arrives(page: Page, system: System) -> None:
    """The key is shown once within the client's own lines; revoked, it is out of the list."""
    page.goto("/data/sources")
    page.get_by_role("button", name="新建来源").click()
    page.get_by_role("textbox", name="来源").fill("mini-program")
    page.get_by_role("button", name="生成写入密钥").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="curl").click()
    snippet = dialog.locator("pre")
    expect(snippet).to_contain_text(system.base_url)
    found = re.search(r"qq_intake_[\w-]+", snippet.inner_text())
    assert found is not None
    expect(dialog).to_contain_text("正在等第一个事件")
    send(system, {"type": "track", "event": "Product Viewed"}, key=found.group())
    expect(dialog).to_contain_text("第一个事件已收到", timeout=20_000)
    dialog.get_by_role("button", name="已保存，查看来源").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("mini-program")
    expect(page.get_by_label("健康状况")).to_contain_text("累计收下")
    expect(page.locator(".stream li").first).to_contain_text("浏览商品")
    revoke = re.compile(r"停\s*用")
    page.get_by_role("button", name=revoke).click()
    page.get_by_role("dialog").get_by_role("button", name=revoke).click()
    expect(page.get_by_text("这个来源没有在用的写入密钥")).to_be_visible()


def test_the_stream_is_filtered_paused_and_read_as_json(page: Page, system: System) -> None:
    """What came in is seen as it was stored."""
    send(system, {"type": "track", "event": "Coupon Applied", "properties": {"coupon": "TEA"}})
    page.goto("/data/events")
    expect(page.locator(".stream li").filter(has_text="浏览商品").first).to_be_visible()
    page.get_by_label("事件", exact=True).select_option("Coupon Applied")
    expect(page.locator(".stream li").filter(has_text="浏览商品")).to_have_count(0)
    page.locator(".stream details").first.click()
    expect(page.locator(".stream")).to_contain_text("message_id")
    properties = page.locator(".stream .json > summary").filter(has_text="properties").first
    expect(properties).not_to_have_css("display", "grid")  # the rows' columns would cut its name
    page.get_by_role("button", name=re.compile(r"暂\s*停")).click()
    expect(page.locator(".stream")).to_contain_text("已暂停")


def test_bad_rows_of_one_cause_are_replayed_after_the_fix(page: Page, system: System) -> None:
    """Three rows, one line; refused again before the schema is mended, taken after it."""
    document = {"name": "Tea Brewed", "schema": STRICT, "mode": "strict"}
    _admin(system, "POST", "event-schemas", {"id": "tea-brewed", "document": document})
    _admin(system, "POST", "event-schemas/tea-brewed/publish")
    _until_refused(page, system)
    page.goto("/data/bad-rows")
    group = page.get_by_role("row").filter(has_text="Tea Brewed")
    expect(group).to_contain_text("properties.leaf")
    group.get_by_role("link").first.click()
    expect(page.locator(".originals")).to_contain_text("kettle")
    page.get_by_role("button", name=re.compile(r"重放全部 \d+ 条")).click()
    outcome = page.get_by_label("重放", exact=True).get_by_role("status")
    expect(outcome).to_contain_text("收下 0 条")

    mended = {"document": {**document, "mode": "lenient"}, "reason": "leaf may be missing"}
    revision = _admin(system, "GET", "event-schemas/tea-brewed").json()["revision"]
    headers = {"authorization": f"Bearer {system.admin_key}", "if-match": f'"{revision}"'}
    url = f"{system.base_url}/api/v1/event-schemas/tea-brewed"
    httpx.put(url, json=mended, headers=headers, timeout=30).raise_for_status()
    page.wait_for_timeout(1_500)  # each role follows a change within a second
    page.get_by_role("button", name=re.compile(r"重放全部 \d+ 条")).click()
    expect(outcome).to_contain_text("仍被拒 0 条")
    expect(page.locator(".originals .tag.good").first).to_contain_text("已作为")


def _until_refused(page: Page, system: System) -> None:
    """Send what the schema refuses until the intake has seen the schema, and twice more."""
    for number in range(40):
        bad = {"type": "track", "event": "Tea Brewed", "properties": {"kettle": number}}
        send(system, bad)
        groups = _admin(system, "GET", "bad-rows/groups").json()["items"]
        if sum(one["rows"] for one in groups if one["event"] == "Tea Brewed") >= 3:
            return
        page.wait_for_timeout(100)
    pytest.fail("the schema refused nothing within four seconds")


def test_a_schema_is_tried_on_a_sample_and_published(page: Page, system: System) -> None:
    """The verdict follows what is typed; nonsense is told in its place; personal fields show."""
    del system
    page.goto("/data/schemas")
    expect(page.get_by_label("自带的事件模式").first).to_contain_text("Order Completed")
    page.get_by_role("button", name="新建事件模式").first.click()
    page.get_by_label("事件名").fill("Gift Wrapped")
    verdict = page.locator("[data-outcome]")
    expect(verdict).to_contain_text("会收下")
    page.get_by_label("方式").select_option("strict")
    page.get_by_label("属性 properties").fill('{"order_id": 7}')
    expect(verdict).to_contain_text("会拒收")
    expect(verdict).to_contain_text("properties.order_id")
    page.get_by_label("JSON Schema").fill('{"type": "no such type"}')
    expect(page.get_by_text("这还不是能用的模式")).to_be_visible()
    page.get_by_label("JSON Schema").fill("{")
    expect(page.get_by_text("还不是 JSON 对象")).to_be_visible()
    page.get_by_label("JSON Schema").fill('{"type": "object"}')
    expect(verdict).to_contain_text("会收下")
    page.get_by_role("button", name="保存草稿").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Gift Wrapped")
    page.get_by_role("button", name=re.compile(r"发\s*布")).click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile(r"发\s*布")).click()
    expect(page.locator(".page-head .tag")).to_have_text("进行中")
    page.reload()
    expect(page.get_by_label("方式")).to_have_value("strict")


def test_the_pipeline_shows_the_flow_and_what_came_late(page: Page, system: System) -> None:
    """Five stages with what waits between them, every role's memory, and the late corrections."""
    late = {"type": "track", "event": "Product Viewed", "timestamp": "2024-06-18T12:00:00Z"}
    send(system, late)
    page.goto("/data/pipeline")
    flow = page.get_by_role("list", name="数据走到哪里")
    expect(flow.get_by_role("listitem")).to_have_count(5)
    expect(flow).to_contain_text("落盘才应答")
    expect(page.get_by_label("各角色内存")).to_contain_text("采集")
    corrections = page.get_by_label("迟到更正").first
    expect(corrections).to_contain_text("2024-06-18", timeout=20_000)
    expect(corrections).to_contain_text("已关账的日子")


def test_the_pipeline_draws_a_backfill_and_tells_of_the_last(page: Page, system: System) -> None:
    """What would begin one; how far one is; then when it swapped in, why, and of how many."""
    send(system, {"type": "track", "event": "Product Viewed"})
    page.goto("/data/pipeline")
    card = page.get_by_label("历史重算")
    expect(card).to_contain_text("queqiao backfill")

    def half(route: Route) -> None:
        told = route.fetch()
        state = told.json()
        half_done = {"phase": "filling", "offset": 50, "of_offset": 100, "cause": "settings"}
        state["backfill"] |= half_done | {"begun_at": state["now"]}
        route.fulfill(response=told, json=state)

    page.route("**/api/v1/pipeline*", half)
    expect(card).to_contain_text("已完成 50.0%")
    expect(card.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "50")
    expect(card).to_contain_text("影响历史的设置改过")
    page.unroute("**/api/v1/pipeline*")
    done = queqiao("backfill", home=system.home)
    assert done.returncode == 0, done.stderr
    expect(card).to_contain_text("手动发起")
    expect(card).to_contain_text("上次换上")
