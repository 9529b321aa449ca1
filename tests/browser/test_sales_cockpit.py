"""A flash sale from the form to its cockpit: watched as it sells, paused, resumed; for everyone."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from bench.harness import System
from playwright.sync_api import Browser, Page, Route, expect
from tests.browser.everyone import desk, faults

pytestmark = pytest.mark.browser

NAME = "整点抢龙井"
PAGES = "/promotions/flash-sales"


def document(stock: int = 5, **fields: Any) -> dict[str, Any]:
    session = {"starts_at": "2020-01-01T00:00:00Z", "ends_at": "2099-01-01T00:00:00Z"}
    item = {"sku": "TEA-1", "price_minor": 9_900, "stock": stock, "limit_per_customer": 2}
    return {"name": NAME, "sessions": [session], "items": [item], **fields}


class Shop:
    """The shop's server: reserves, pays, gives up."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.admin = self._client(system.admin_key)
        self.decide = self._client(system.decide_key)

    def _client(self, key: str) -> httpx.Client:
        headers = {"authorization": f"Bearer {key}"}
        return httpx.Client(base_url=self.system.base_url, headers=headers, timeout=30)

    def publish(self, sale: str, **fields: Any) -> None:
        body = {"id": sale, "document": document(**fields)}
        self.admin.post("/api/v1/flash-sales", json=body).raise_for_status()
        self.admin.post(f"/api/v1/flash-sales/{sale}/publish").raise_for_status()
        path = f"/api/v1/flash-sales/{sale}/state"
        until(lambda: self.admin.get(path).is_success)

    def reserve(self, sale: str, request: str, quantity: int = 1) -> httpx.Response:
        wish = {
            "request_id": request, "customer_id": request, "sku": "TEA-1", "quantity": quantity
        }  # fmt: skip
        return self.decide.post(f"/api/v1/flash-sales/{sale}/reserve", json=wish)

    def newcomer(self, sale: str) -> httpx.Response:
        """Reserve as somebody new: who asks the same again has the first answer, a refusal too."""
        return self.reserve(sale, f"new-{time.monotonic()}")

    def reserved(self, sale: str, request: str, quantity: int = 1) -> str:
        found: list[httpx.Response] = []

        def ask() -> bool:
            found.append(self.reserve(sale, request, quantity))
            return found[-1].is_success

        until(ask)
        return str(found[-1].json()["reservation_id"])

    def settle(self, key: str, verb: str, order: str = "") -> None:
        path = f"/api/v1/reservations/{key}/{verb}"
        self.decide.post(path, json={"order_id": order}).raise_for_status()


def until(ask: Any, within_s: float = 10) -> None:
    began = time.monotonic()
    while not ask():
        assert time.monotonic() - began < within_s, "not in time"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def shop(system: System) -> Iterator[Shop]:
    made = Shop(system)
    yield made
    made.admin.close()
    made.decide.close()


def test_a_sale_is_made_published_and_listed(page: Page, shop: Shop) -> None:
    """The form says what the sale comes to and how far under the usual price it is."""
    del shop
    page.goto(PAGES)
    page.get_by_role("button", name="新建秒杀").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("新建秒杀")
    page.get_by_label("名称").fill("周末秒杀")
    page.get_by_label("第 1 个商品", exact=True).fill("龙井")
    page.locator(".ant-select-item-option").filter(has_text="TEA-1").click()
    page.get_by_label("第 1 个商品的秒杀价").fill("99")
    page.get_by_label("第 1 个商品的库存").fill("50")
    expect(page.get_by_text("平时 ¥150.00，便宜 34%")).to_be_visible()
    expect(page.get_by_label("这场秒杀")).to_contain_text("全部售出 ¥4,950.00")
    page.get_by_role("button", name="保存草稿").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("周末秒杀")
    page.get_by_role("button", name=re.compile(r"发\s*布")).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("1 种商品共 50 件，全部售出 ¥4,950.00")
    dialog.get_by_role("button", name=re.compile(r"发\s*布")).click()
    expect(page.locator(".page-head .tag")).to_have_text("进行中")
    page.goto(PAGES)
    row = page.get_by_role("row").filter(has_text="周末秒杀")
    expect(row).to_contain_text("未开始")
    expect(row).to_contain_text("剩 50 / 50")


def test_the_servers_error_stands_beside_its_field(page: Page, shop: Shop) -> None:
    del shop
    page.goto(f"{PAGES}/new")
    page.get_by_label("名称").fill("时间反了")
    page.get_by_label("第 1 个商品", exact=True).fill("龙井")
    page.locator(".ant-select-item-option").filter(has_text="TEA-1").click()
    page.get_by_label("第 1 场结束").fill("2020-01-01T00:00")
    page.get_by_role("button", name="保存草稿").click()
    expect(page.locator(".times").get_by_role("alert")).to_have_text("结束须晚于开始")


def test_a_sale_is_watched_as_it_sells(page: Page, shop: Shop) -> None:
    """Stock, flow, refusals by reason, the chart by the second and the books follow the sale."""
    shop.publish("watched")
    paid = shop.reserved("watched", "a", 2)
    page.goto(f"{PAGES}/watched")
    expect(page.get_by_test_id("stock-reserved")).to_have_text("2")
    shop.settle(paid, "commit", "order-a")
    given_up = shop.reserved("watched", "b", 2)
    shop.settle(given_up, "release")
    assert shop.reserve("watched", "a-again", 2).is_success
    assert shop.reserve("watched", "c", 2).status_code == 422
    for part, pieces in {"sold": 2, "reserved": 2, "left": 1}.items():
        expect(page.get_by_test_id(f"stock-{part}")).to_have_text(str(pieces))
    for part, pieces in {"sold": 2, "open": 2, "released": 2, "expired": 0}.items():
        expect(page.get_by_test_id(f"flow-{part}")).to_have_text(str(pieces))
    reasons = page.locator(".reasons")
    expect(reasons).to_contain_text("抢光了")
    books = page.locator(".books")
    expect(books).to_contain_text("已售 2 + 预留 2 + 剩余 1 = 库存 5")
    expect(books).to_contain_text("账本已售 2 = 日志提交 2 − 退回 0", timeout=30_000)
    expect(books.locator(".agrees")).to_have_count(2, timeout=30_000)
    expect(page.locator(".chart h2")).to_contain_text("最近一分钟预留 6 件，售出 2 件")
    page.get_by_role("button", name="看表格").click()
    expect(page.locator(".chart table")).to_contain_text("预留")


def test_pausing_says_what_it_touches_and_resuming_goes_on(page: Page, shop: Shop) -> None:
    shop.publish("paused", stock=9, queue={"admissions_per_s": 1})
    shop.publish("paused-2", stock=900)
    shop.reserved("paused-2", "x", 2)
    page.goto(f"{PAGES}/paused-2")
    expect(page.get_by_test_id("stock-reserved")).to_have_text("2")
    page.get_by_role("button", name="暂停销售").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("2 件已预留，正在等付款")
    expect(dialog).to_contain_text("898 件还没卖")
    expect(dialog).to_contain_text("反悔：随时可以恢复")
    dialog.get_by_role("button", name="暂停销售").click()
    expect(page.locator(".cockpit-head strong")).to_have_text("已暂停")
    until(lambda: shop.newcomer("paused-2").json().get("reason") == "paused")
    expect(page.locator(".reasons")).to_contain_text("活动暂停")
    page.get_by_role("button", name="恢复销售").click()
    page.get_by_role("dialog").get_by_role("button", name="恢复销售").click()
    expect(page.locator(".cockpit-head strong")).to_have_text("抢购中")
    until(lambda: shop.newcomer("paused-2").is_success)
    page.goto(f"{PAGES}/paused")
    expect(page.get_by_test_id("stock-left")).to_have_text("9")
    page.get_by_role("button", name="结束活动").click()
    expect(page.get_by_role("dialog")).to_contain_text("0 人正在排队")
    page.get_by_role("dialog").get_by_role("button", name="结束活动").click()
    expect(page.locator(".page-head .tag")).to_have_text("已归档")


def test_a_part_that_fails_leaves_the_others_be(page: Page, shop: Shop) -> None:
    """While the books cannot be reckoned the rest goes on; a cockpit that fails says so."""
    shop.publish("half")
    page.route("**/reconciliation*", _fail)
    page.goto(f"{PAGES}/half")
    expect(page.locator(".books").get_by_role("alert")).to_be_visible()
    expect(page.get_by_test_id("stock-left")).to_have_text("5")
    page.route("**/cockpit*", _fail)
    expect(page.get_by_role("alert").first).to_be_visible()
    expect(page.get_by_test_id("stock-left")).to_have_text("5")


def _fail(route: Route) -> None:
    body = '{"status": 503, "code": "unavailable", "title": "暂时不可用"}'
    route.fulfill(status=503, content_type="application/problem+json", body=body)


@pytest.mark.timeout(600)
def test_the_pages_of_flash_sales_are_for_everyone(
    chromium: Browser, owner: Path, system: System, shop: Shop
) -> None:
    shop.publish("everyone", queue={"admissions_per_s": 5})
    shop.reserve("everyone", "nobody")
    one = f"{PAGES}/everyone"
    paths = (PAGES, f"{PAGES}/new", one, f"{one}?tab=rule", f"{one}?tab=history")
    with desk(chromium, owner, system) as page:
        assert faults(page, paths, "flash.") == {}
