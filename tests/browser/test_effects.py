"""What promotions brought, on the page of each and on that of all; and a cart that is tried out."""

import re
from uuid import uuid4

import httpx
import pytest
from bench.harness import System
from playwright.sync_api import Page, expect
from tests.browser.store import publish, send
from tests.system.waiting import until

pytestmark = pytest.mark.browser

OFF = {"type": "fixed", "amount": 1_000}


def tea(name: str, **more: object) -> dict[str, object]:
    """Return a promotion on tea that holds nobody back."""
    scope = {"categories": ["茶叶"]}
    return {"name": name, "benefit": OFF, "scope": scope, "holdback_percent": "0"} | more


def buy(system: System, channel: str, customer: str) -> set[str]:
    """Place and pay an order in a channel, and tell of it; return the promotions it used."""
    order_id = f"O-{uuid4().hex[:8]}"
    question = {
        "channel": channel,
        "customer": {"id": customer},
        "cart": {"lines": [{"sku": "TEA-1", "quantity": 2}]},
    }
    asked = {"order_id": order_id, "question": question, "commit": True}
    headers = {"authorization": f"Bearer {system.decide_key}"}
    path = f"{system.base_url}/api/v1/promotions/redemptions"
    placed = httpx.post(path, json=asked, headers=headers, timeout=30).raise_for_status().json()
    line = {"sku": "TEA-1", "product_id": "TEA", "quantity": 2, "price_minor": 15_000}
    properties = {
        "order_id": order_id,
        "currency": "CNY",
        "discount_minor": placed["discount"],
        "total_minor": placed["total"],
        "products": [line | {"discount_minor": placed["discount"]}],
    }
    event = {"type": "track", "event": "Order Completed", "properties": properties}
    send(system, event | {"userId": customer})
    return {one["promotion_id"] for one in placed["promotions"]}


def bought_with(system: System, channel: str) -> str:
    """Publish a promotion of a channel, wait until it holds, and buy with it; return its id."""
    name = publish(
        system,
        "promotions",
        tea(
            f"茶友节 {channel}",
            condition={"channels_any": [channel]},
            limits={"budget": 100_000},
            funding={"platform": 30, "shop": 70, "brand": 0},
        ),
    )
    customers = iter(range(1_000))
    until(lambda: name in buy(system, channel, f"{channel}-{next(customers)}"), 20, 0.2)
    return name


def test_the_effect_of_a_promotion_stands_on_its_page(page: Page, system: System) -> None:
    """Orders, money, budget, who pays; no holdback said plainly; equal to the ledger."""
    name = bought_with(system, "effect-zh")
    page.goto(f"/promotions/{name}?tab=results")
    expect(page.get_by_test_id("effect-orders")).to_have_text("1", timeout=30_000)
    expect(page.get_by_test_id("effect-answer")).to_contain_text("没有对照组")
    expect(page.get_by_test_id("effect-discount_net")).to_have_text("¥10.00")
    expect(page.get_by_test_id("effect-budget")).to_contain_text("预算已用 1.00%")
    payers = page.get_by_test_id("effect-payers")
    expect(payers).to_contain_text("店铺出得最多，占 70.0%")
    expect(payers).to_contain_text("¥7.00")
    books = page.get_by_test_id("effect-books")
    expect(books).to_contain_text("与订单、券账分毫不差", timeout=40_000)
    expect(books).to_contain_text(re.compile(r"截至 \d\d:\d\d:\d\d"))
    chart = page.locator("figure.chart").first
    expect(chart.locator("h2")).to_contain_text("让利 ¥10.00")
    chart.get_by_role("button", name="看表格").click()
    expect(chart.locator("table")).to_contain_text("¥10.00")


def test_the_same_in_english_and_live(page: Page, system: System) -> None:
    """A second order is there without a reload."""
    name = bought_with(system, "effect-en")
    page.goto(f"/promotions/{name}?tab=results")
    page.locator("h1").wait_for()
    page.keyboard.press("l")
    expect(page.get_by_test_id("effect-orders")).to_have_text("1", timeout=30_000)
    expect(page.get_by_test_id("effect-answer")).to_contain_text("Nobody is held back")
    buy(system, "effect-en", "effect-en-later")
    expect(page.get_by_test_id("effect-orders")).to_have_text("2", timeout=30_000)
    expect(page.get_by_test_id("effect-books")).to_contain_text("Equal to orders and coupons")
    assert "effect." not in page.locator("main").inner_text()


def test_a_promotion_that_nobody_used_says_so(page: Page, system: System) -> None:
    """Nothing is shown as 0 that is not known."""
    name = publish(system, "promotions", tea("没人用的", condition={"channels_any": ["nowhere"]}))
    page.goto(f"/promotions/{name}?tab=results")
    expect(page.get_by_test_id("effect")).to_contain_text("这段时间没有人用过它", timeout=30_000)


def test_all_promotions_stand_beside_one_another(page: Page, system: System) -> None:
    """The table names each with what it gave, and leads to its page."""
    bought_with(system, "effect-all")
    page.goto("/promotions/effects")
    row = page.locator("tbody tr", has_text="茶友节 effect-all")
    expect(row).to_contain_text("¥10.00", timeout=30_000)
    expect(page.get_by_test_id("effects-answer")).to_contain_text("让利")
    expect(page.locator("figure.chart svg text", has_text="茶友节").first).to_be_visible()
    row.get_by_role("link").click()
    expect(page.get_by_test_id("effect-orders")).to_have_text("1", timeout=30_000)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_cart_that_is_tried_explains_itself(page: Page, system: System, language: str) -> None:
    """Each line to its units, what applied, what did not and how much is missing, who pays."""
    publish(system, "promotions", tea("立减十元", condition={"channels_any": ["app"]}))
    far = {"subtotal_at_least": 99_900, "reads": "original", "channels_any": ["app"]}
    publish(system, "promotions", tea(f"远处的 {language}", condition=far))
    page.goto("/promotions/try?channel=app&cart=TEA-1*2")
    page.locator("h1").wait_for()
    if language == "en":
        page.keyboard.press("l")
    trial = page.get_by_test_id("trial")
    expect(trial).to_contain_text("立减十元", timeout=20_000)
    expect(trial).to_contain_text("龙井茶")
    refused = page.get_by_test_id("trial-refused")
    group = refused.locator("details", has_text={"zh": "金额没到门槛", "en": "below the"}[language])
    group.locator("summary").click()
    expect(group).to_contain_text("¥699.00")
    refused.get_by_role("searchbox").fill(f"远处的 {language}")
    expect(refused.get_by_role("link")).to_have_count(1)
    before = page.get_by_test_id("trial-total").inner_text()
    page.get_by_label(re.compile("龙井茶 TEA-1")).first.fill("3")
    expect(page.get_by_test_id("trial-total")).not_to_have_text(before)
    expect(page).to_have_url(re.compile(r"cart=TEA-1\*3|cart=TEA-1%2A3"))
    words = page.locator("main").inner_text()
    assert "trying." not in words
    assert "whyNot." not in words
