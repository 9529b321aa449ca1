"""A landing page from a template to a phone, and back as numbers; for everyone, by any way."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from bench.harness import System
from playwright.sync_api import Browser, Page, expect
from tests.browser.everyone import AXE, OVER, PHONE, RULES, desk, faults, violations

pytestmark = pytest.mark.browser

BATCH = {"name": "新人券", "prefix": "NEW", "count": 100, "personal": {}}
GOODS_URL = "https://shop.example/goods/{sku}"
SIGN_IN_URL = "https://shop.example/sign-in?next={page}"
SALE = {
    "name": "整点秒杀",
    "sessions": [{"starts_at": "2020-01-01T00:00:00Z", "ends_at": "2099-01-01T00:00:00Z"}],
    "items": [{"sku": "TEA-1", "price_minor": 9_900, "stock": 5, "limit_per_customer": 5}],
}


def words(zh: str, en: str = "") -> dict[str, str]:
    return {"zh": zh, "en": en}


def every_block(slug: str) -> dict[str, Any]:
    """A page of every block that this shop can fill."""
    return {
        "name": f"页面 {slug}",
        "slug": slug,
        "title": words("全部区块", "Every block"),
        "goods_url": GOODS_URL,
        "sign_in_url": SIGN_IN_URL,
        "consent": "ask",
        "blocks": [
            {"type": "tabs", "id": "nav", "items": [
                {"label": words("领券", "Coupon"), "block": "coupon"},
                {"label": words("商品", "Goods"), "block": "goods"},
            ]},
            {"type": "hero", "id": "hero", "heading": words("大促", "Sale"),
             "text": words("全场优惠", "Offers"),
             "button": {"label": words("去抢购", "Shop"), "url": "#goods"}},
            {"type": "coupon", "id": "coupon", "batch": "page-new", "value": words("¥50"),
             "title": words("新人券", "Welcome"), "note": words("满 300", "from 300")},
            {"type": "countdown", "id": "ends", "title": words("距结束", "Ends in"),
             "until": "2099-01-01"},
            {"type": "goods", "id": "goods", "title": words("爆款", "Best"),
             "items": [{"sku": "TEA-1", "badge": words("热卖", "Hot")}, {"sku": "CUP-1"}]},
            {"type": "flash_sale", "id": "flash", "sale": "page-sale"},
            {"type": "text", "id": "text", "heading": words("说明", "About"),
             "text": words("一\n\n二", "One\n\nTwo")},
            {"type": "spacer", "id": "gap", "line": True},
            {"type": "rules", "id": "rules", "text": words("每人一张", "One each")},
        ],
    }  # fmt: skip


@pytest.fixture(scope="module")
def shop(system: System) -> Iterator[httpx.Client]:
    """The shop's API, with a live coupon batch and a live page of every block."""
    headers = {"authorization": f"Bearer {system.admin_key}"}
    with httpx.Client(base_url=system.base_url, headers=headers, timeout=30) as client:
        for path, name, document in (
            ("coupon-batches", "page-new", BATCH),
            ("flash-sales", "page-sale", SALE),
            ("landing-pages", "every", every_block("every")),
        ):
            body = {"id": name, "document": document}
            client.post(f"/api/v1/{path}", json=body).raise_for_status()
            client.post(f"/api/v1/{path}/{name}/publish").raise_for_status()
        until(lambda: client.get("/p/every").status_code == httpx.codes.OK, 2)
        yield client


def until(ask: Any, within_s: float) -> float:
    """Ask until it is so; return how long it took."""
    began = time.monotonic()
    while not ask():
        assert time.monotonic() - began < within_s, "not in time"
        time.sleep(0.02)
    return time.monotonic() - began


def phone(chromium: Browser, system: System, **options: Any) -> Page:
    """A visitor's phone, which fails the test when a script or the policy complains."""
    given = {"locale": "zh-CN", "viewport": PHONE, "base_url": system.base_url, **options}
    page = chromium.new_context(**given, has_touch=True).new_page()
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    page.on("console", lambda said: said.type == "error" and pytest.fail(said.text))
    return page


def test_a_page_is_made_from_a_template_published_and_opened_on_a_phone(
    page: Page, chromium: Browser, system: System, shop: httpx.Client
) -> None:
    """Four clicks publish it; a phone sees it; what the phone did is in the list."""
    clicks = 0

    def click(locator: Any) -> None:
        nonlocal clicks
        locator.click()
        clicks += 1

    page.goto("/promotions/pages")
    click(page.get_by_role("button", name="新建活动页").first)
    click(page.get_by_role("button", name=re.compile("618 大促会场")))
    preview = page.frame_locator("iframe")
    expect(preview.get_by_role("heading", level=1)).to_have_text("618 年中大促")
    click(page.get_by_role("button", name=re.compile(r"^发\s*布$")))
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("一秒内任何人都能打开这个页面")
    click(dialog.get_by_role("button", name=re.compile(r"发\s*布")))
    expect(page.locator(".page-head .tag")).to_have_text("进行中")
    assert clicks <= 6

    found = shop.get("/api/v1/landing-pages", params={"query": "618 大促会场"}).json()["items"][0]
    slug, placement = found["document"]["slug"], f"landing:{found['id']}"
    until(lambda: shop.get(f"/p/{slug}").status_code == httpx.codes.OK, 2)
    visitor = phone(chromium, system)
    visitor.goto(f"/p/{slug}?utm_source=weixin")
    expect(visitor.get_by_role("heading", level=1)).to_have_text("618 年中大促")
    clock = visitor.locator("#ends time")
    expect(clock).to_have_text(re.compile(r"^\d+ 天 \d\d:\d\d:\d\d$"))
    before = clock.text_content()
    expect(clock).not_to_have_text(before or "")
    visitor.get_by_role("link", name="立即抢购").tap()
    visitor.locator("#hero").wait_for()
    visitor.wait_for_timeout(1_200)  # a view counts after a second in sight
    visitor.close()  # what waits is sent as the page goes

    def counted() -> list[Any]:
        today = {"from": "2020-01-01", "to": "2100-01-01", "dimensions": ["placement"]}
        metrics = ["visitors", "page_views", "promotion_views", "promotion_clicks"]
        asked = {**today, "metrics": metrics}
        rows = shop.post("/api/v1/reports/query", json=asked).raise_for_status().json()["rows"]
        return next((row[1:] for row in rows if row[0] == placement), [])

    until(lambda: counted()[:2] == [1, 1] and counted()[3] == 1, 10)
    assert counted()[2] >= 1, "blocks in sight were seen"
    page.goto("/promotions/pages")
    row = page.get_by_role("row", name=re.compile("618 大促会场"))
    expect(row.get_by_role("cell").nth(5)).to_have_text("1", timeout=15_000)


def test_the_preview_follows_and_drafts_save_themselves(page: Page, shop: httpx.Client) -> None:
    page.goto("/promotions/pages/new")
    page.get_by_role("button", name=re.compile("新人专享")).click()
    blocks = page.get_by_role("list", name="页面区块")
    blocks.get_by_role("button", name=re.compile("头图")).click()
    page.get_by_label("标题", exact=True).fill("老友归来")
    preview = page.frame_locator("iframe")
    expect(preview.get_by_role("heading", level=1)).to_have_text("老友归来")
    expect(page.get_by_role("status").filter(has_text="已保存")).to_be_visible()
    page_id = page.url.rpartition("/")[2].partition("?")[0]
    stored = shop.get(f"/api/v1/landing-pages/{page_id}").json()["document"]
    assert stored["blocks"][0]["heading"]["zh"] == "老友归来"

    page.get_by_role("button", name="撤销").click()
    expect(preview.get_by_role("heading", level=1)).to_have_text("新人专享礼")
    page.get_by_role("button", name="重做").click()
    expect(preview.get_by_role("heading", level=1)).to_have_text("老友归来")

    preview.locator("#rules summary").click()
    expect(page.get_by_role("heading", level=2, name="规则")).to_be_visible()
    page.get_by_role("button", name="删除这一块").click()
    expect(preview.locator("#rules")).to_have_count(0)
    page.get_by_role("button", name="加一块").click()
    page.get_by_role("button", name=re.compile("倒计时")).click()
    expect(preview.locator("#countdown time")).to_be_visible()


def test_blocks_are_moved_by_keys_by_buttons_and_by_hand(page: Page, shop: httpx.Client) -> None:
    del shop
    page.goto("/promotions/pages/new")
    page.get_by_role("button", name=re.compile("品牌日")).click()
    names = page.locator(".block-list .block-name strong")
    expect(names.first).to_have_text("头图")
    first, second, third, *middle, last = names.all_inner_texts()  # by what is live in the shop
    page.locator(".block-list .block-name").first.focus()
    page.keyboard.press("Alt+ArrowDown")
    expect(names).to_have_text([second, first, third, *middle, last])
    page.get_by_role("button", name="下移").click()
    expect(names).to_have_text([second, third, first, *middle, last])
    rows = page.locator(".block-list li")
    rows.last.drag_to(rows.first)
    expect(names).to_have_text([last, second, third, first, *middle])


def test_what_is_wrong_stands_beside_its_field_and_keeps_it_from_going_live(
    page: Page, shop: httpx.Client
) -> None:
    body = {"id": "page-other", "document": SALE | {"name": "另一场"}}
    shop.post("/api/v1/flash-sales", json=body).raise_for_status()
    shop.post("/api/v1/flash-sales/page-other/publish").raise_for_status()
    page.goto("/promotions/pages/new")
    page.get_by_role("button", name=re.compile("新人专享")).click()
    page.get_by_role("list", name="页面区块").get_by_role("button", name=re.compile("头图")).click()
    title = page.get_by_label("标题", exact=True)
    title.fill("")
    expect(page.locator(".builder-form [role=alert]")).to_contain_text("请填写中文")
    expect(page.locator(".wrong-mark")).to_have_count(1)
    title.fill("好的标题")
    expect(page.locator(".builder-form [role=alert]")).to_have_count(0)
    page.get_by_role("button", name="加一块").click()
    page.get_by_role("button", name=re.compile("秒杀商品")).click()
    expect(page.get_by_label("秒杀活动")).to_have_value("page-other")
    shop.post("/api/v1/flash-sales/page-other/pause").raise_for_status()
    page.get_by_role("button", name=re.compile(r"^发\s*布$")).click()
    expect(page.get_by_role("alert")).to_contain_text("没有已发布的这个秒杀活动")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_live_page_changes_when_told_so_and_a_pause_is_seen_within_a_second(
    page: Page, shop: httpx.Client
) -> None:
    body = {"id": "quick", "document": every_block("quick")}
    shop.post("/api/v1/landing-pages", json=body).raise_for_status()
    shop.post("/api/v1/landing-pages/quick/publish").raise_for_status()
    until(lambda: shop.get("/p/quick").status_code == httpx.codes.OK, 1)
    page.goto("/promotions/pages/quick")
    page.get_by_role("list", name="页面区块").get_by_role("button", name=re.compile("头图")).click()
    page.get_by_label("标题", exact=True).fill("新的标题")
    expect(page.get_by_role("status").first).to_have_text("有改动还没有更新到线上")
    assert "新的标题" not in shop.get("/p/quick?lang=zh").text
    page.get_by_role("button", name="更新线上页面").click()
    page.get_by_role("dialog").get_by_role("button", name="更新线上页面").click()
    expect(page.get_by_role("status").filter(has_text="已保存")).to_be_visible()
    until(lambda: "新的标题" in shop.get("/p/quick?lang=zh").text, 1)
    shop.post("/api/v1/landing-pages/quick/pause").raise_for_status()
    until(lambda: shop.get("/p/quick").status_code == httpx.codes.NOT_FOUND, 1)
    page.goto("/promotions/pages/quick?tab=history")
    expect(page.locator(".diff").filter(has_text="新的标题")).to_be_visible()


def test_a_draft_is_shown_by_the_link_in_a_code(
    page: Page, chromium: Browser, system: System, shop: httpx.Client
) -> None:
    body = {"id": "draft-page", "document": every_block("draft-page")}
    shop.post("/api/v1/landing-pages", json=body).raise_for_status()
    page.goto("/promotions/pages/draft-page")
    page.get_by_role("button", name="扫码预览").click()
    expect(page.get_by_role("img", name="页面二维码").locator("svg")).to_be_visible()
    link = page.get_by_role("link", name="在新窗口打开").get_attribute("href")
    assert link is not None
    visitor = phone(chromium, system)
    visitor.goto(link)
    expect(visitor.get_by_text("预览，尚未对外发布")).to_be_visible()
    expect(visitor.get_by_role("heading", level=1)).to_have_text("大促")
    assert shop.get("/p/draft-page").status_code == httpx.codes.NOT_FOUND
    visitor.close()


def test_nothing_is_measured_before_a_yes_and_the_campaign_goes_along(
    chromium: Browser, system: System, shop: httpx.Client
) -> None:
    del shop
    visitor = phone(chromium, system)
    sent: list[str] = []
    visitor.on("request", lambda asked: "/v1/" in asked.url and sent.append(asked.url))
    visitor.goto("/p/every?utm_source=weixin&utm_campaign=june")
    card = visitor.locator("#goods a").first
    expect(card).to_have_attribute("href", "https://shop.example/goods/TEA-1")
    assert visitor.evaluate("Object.keys(localStorage).length") == 0
    assert sent == []
    visitor.route("https://shop.example/**", lambda route: route.fulfill(status=200, body="ok"))
    with visitor.expect_request(re.compile("/v1/"), timeout=20_000):
        visitor.get_by_role("button", name="同意", exact=True).tap()
    expect(visitor.locator(".consent")).to_be_hidden()
    card.tap()
    visitor.wait_for_url("https://shop.example/goods/TEA-1?utm_source=weixin&utm_campaign=june")
    visitor.close()


def decide(system: System, path: str, asked: dict[str, Any]) -> dict[str, Any]:
    """Ask as the shop's own server does."""
    headers = {"authorization": f"Bearer {system.decide_key}"}
    answer = httpx.post(f"{system.base_url}{path}", headers=headers, json=asked, timeout=30)
    told: dict[str, Any] = answer.raise_for_status().json()
    return told


def test_a_visitor_whom_the_shop_vouches_for_gets_a_coupon(
    chromium: Browser, system: System, shop: httpx.Client
) -> None:
    """By a tap, into the wallet, once; the token leaves the address at once."""
    token = decide(system, "/api/v1/landing-pages/visitors", {"customer_id": "页面顾客"})["token"]
    visitor = phone(chromium, system)
    visitor.goto(f"/p/every?utm_source=weixin#visitor={token}")
    expect(visitor).to_have_url(re.compile(r"/p/every\?utm_source=weixin$"))
    visitor.get_by_role("button", name="同意", exact=True).tap()
    visitor.get_by_role("button", name="领取 新人券").tap()
    said = visitor.locator("#coupon .said")
    expect(said).to_have_text(re.compile("^领取成功：NEW"))
    wallet = shop.get("/api/v1/customers/页面顾客/coupons").raise_for_status().json()["items"]
    assert [one["code"] for one in wallet] == [(said.text_content() or "").partition("：")[2]]
    visitor.reload()
    visitor.get_by_role("button", name="领取 新人券").tap()
    expect(said).to_have_text(f"领取成功：{wallet[0]['code']}")
    assert len(shop.get("/api/v1/customers/页面顾客/coupons").json()["items"]) == 1
    visitor.close()

    def claims() -> int:
        asked = {
            "metrics": ["coupon_claims"],
            "filters": [{"dimension": "placement", "op": "eq", "value": "landing:every"}],
            "from": "2020-01-01",
            "to": "2100-01-01",
        }
        return int(shop.post("/api/v1/reports/query", json=asked).json()["rows"][0][0])

    until(lambda: claims() >= 1, 10)


def test_who_is_not_signed_in_is_led_to_the_shop(
    chromium: Browser, system: System, shop: httpx.Client
) -> None:
    del shop
    visitor = phone(chromium, system, locale="en-US")
    visitor.route("https://shop.example/**", lambda route: route.fulfill(status=200, body="ok"))
    visitor.goto("/p/every")
    visitor.get_by_role("button", name="Get it Welcome").tap()
    visitor.wait_for_url(re.compile(r"^https://shop\.example/sign-in\?next=http.*%2Fp%2Fevery$"))
    visitor.close()


def test_a_flash_sale_shows_what_is_left_as_it_goes(
    chromium: Browser, system: System, shop: httpx.Client
) -> None:
    del shop
    visitor = phone(chromium, system)
    visitor.goto("/p/every")
    flash = visitor.locator("#flash")
    expect(flash).to_contain_text("¥99")
    expect(flash.locator("progress")).to_have_js_property("value", 5)
    expect(flash).to_contain_text("剩余 5")
    wish = {"request_id": "page-1", "customer_id": "c-1", "sku": "TEA-1", "quantity": 2}
    decide(system, "/api/v1/flash-sales/page-sale/reserve", wish)
    expect(flash).to_contain_text("剩余 3")
    wish = {"request_id": "page-2", "customer_id": "c-2", "sku": "TEA-1", "quantity": 3}
    decide(system, "/api/v1/flash-sales/page-sale/reserve", wish)
    expect(flash).to_contain_text("已抢光")
    visitor.close()


def test_it_reads_without_script(chromium: Browser, system: System, shop: httpx.Client) -> None:
    del shop
    visitor = phone(chromium, system, java_script_enabled=False, locale="en-US")
    visitor.goto("/p/every")
    expect(visitor.get_by_role("heading", level=1)).to_have_text("Sale")
    expect(visitor.locator("#ends time")).to_have_text("1 Jan 2099, 08:00")
    expect(visitor.locator("#goods")).to_contain_text("¥150")
    expect(visitor.get_by_text("Turn JavaScript on to get this coupon")).to_be_visible()
    visitor.close()


@pytest.mark.timeout(600)
def test_builder_and_page_are_for_everyone(
    chromium: Browser, owner: Path, system: System, shop: httpx.Client
) -> None:
    """axe finds nothing; nothing is wider than a phone."""
    del shop
    paths = ["/promotions/pages", "/promotions/pages/new", "/promotions/pages/every"]
    with desk(chromium, owner, system) as builder:
        wrong = faults(builder, [*paths, "/promotions/pages/every?tab=history"])
    given = {"locale": "zh-CN", "viewport": PHONE, "base_url": system.base_url}
    for scheme in ("light", "dark"):
        for language in ("zh", "en"):
            for path in ("/p/every", "/p/nobody"):
                context = chromium.new_context(**given, color_scheme=scheme)
                context.add_init_script(path=AXE)
                page = context.new_page()
                page.goto(f"{path}?lang={language}")
                if found := violations(page, RULES):
                    wrong[path, language, scheme] = found
                if (over := int(page.evaluate(OVER))) > 0:
                    wrong[path, language, "wide"] = [f"{over} px"]
                context.close()
    assert wrong == {}
