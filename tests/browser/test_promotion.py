"""A 满减 from the first click to an order that used it and a number that moved."""

import re

import pytest
from bench.harness import System
from playwright.sync_api import Page, Route, expect
from tests.browser.store import gmv_today_minor, order, publish, quote

pytestmark = pytest.mark.browser


def test_a_threshold_promotion_is_made_priced_published_and_used(
    page: Page, system: System
) -> None:
    """Create, preview, publish; an order uses it; the Overview shows it within ten seconds."""
    page.goto("/promotions/new")
    page.get_by_label("第 1 档门槛").fill("200")
    page.get_by_label("第 1 档优惠").fill("30")
    page.get_by_label("名称").fill("全场满 200 减 30")

    page.get_by_label("第 1 行商品").select_option("TEA-1")
    page.get_by_label("第 1 行件数").fill("2")
    while page.get_by_label(re.compile("删除第 2 行")).count():
        page.get_by_label(re.compile("删除第 2 行")).click()
    preview = page.get_by_test_id("quote")
    expect(page.get_by_test_id("quote-total")).to_have_text("¥270.00")
    expect(preview).to_contain_text("因为「全场满 200 减 30」")
    expect(preview).to_contain_text("−¥30.00")
    assert quote(system)["totals"]["discount"] == 0, "a draft must not price anything yet"

    page.get_by_role("button", name="保存草稿").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("全场满 200 减 30")
    page.get_by_role("button", name=re.compile(r"发\s*布")).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("满 ¥200.00 减 ¥30.00")
    expect(dialog).to_contain_text("随时可以暂停")
    dialog.get_by_role("button", name=re.compile(r"发\s*布")).click()
    expect(page.locator(".page-head .tag")).to_have_text("进行中")
    _until_priced(page, system, 3_000)

    before_minor = gmv_today_minor(system)
    order(system, "O-1", quote(system))
    page.goto("/")
    gmv = page.locator(".key-number").first
    expect(gmv).to_contain_text(f"¥{(before_minor + 27_000) / 100:,.2f}", timeout=10_000)
    expect(page.get_by_label("让利最多的促销")).to_contain_text("全场满 200 减 30", timeout=15_000)


def _until_priced(page: Page, system: System, discount_minor: int) -> None:
    """Every role sees a change within a second; ask until then."""
    for _ in range(20):
        if quote(system)["totals"]["discount"] == discount_minor:
            return
        page.wait_for_timeout(100)
    pytest.fail("the published promotion gave no discount within two seconds")


def test_the_history_tells_what_changed_and_goes_back(page: Page, system: System) -> None:
    """A second version stands in the history as a readable diff."""
    del system
    page.goto("/promotions/new")
    page.get_by_label("名称").fill("历史测试")
    page.get_by_role("button", name="保存草稿").click()
    page.get_by_role("button", name=re.compile(r"编\s*辑")).click()
    page.get_by_label("第 1 档优惠").fill("50")
    page.get_by_role("button", name="保存新版本").click()
    page.get_by_role("link", name="历史").click()
    diff = page.locator(".diff").first
    expect(diff).to_contain_text("¥40.00")
    expect(diff).to_contain_text("¥50.00")


def test_the_servers_error_stands_beside_its_field(page: Page, system: System) -> None:
    """A rule that cannot be is refused in words, and nothing typed is lost."""
    del system
    page.goto("/promotions/new")
    page.get_by_label("名称").fill("优惠大于门槛")
    page.get_by_label("第 1 档门槛").fill("10")
    page.get_by_label("第 1 档优惠").fill("40")
    page.get_by_role("button", name="保存草稿").click()
    expect(page.locator(".rule [role=alert]")).to_be_visible()
    page.reload()
    expect(page.get_by_label("名称")).to_have_value("优惠大于门槛")


def _fill(page: Page, label: str, text: str) -> None:
    """Write into a field as a person without a Tab key does: a click, then the keys."""
    field = page.get_by_label(label, exact=True)
    field.click()
    field.press("Control+a")
    field.press_sequentially(text)


def test_a_promotion_goes_live_within_twelve_clicks(page: Page, system: System) -> None:
    """From the list on, every step has its say: each field is clicked into before it is filled."""
    del system
    page.goto("/promotions")
    page.evaluate(
        "addEventListener('click', () => (window.clicks = (window.clicks ?? 0) + 1), true)"
    )
    page.get_by_role("button", name="新建促销").first.click()
    page.get_by_role("button", name="折扣").click()
    page.get_by_label("品类").click()
    page.locator(".ant-select-item-option").first.click()
    _fill(page, "减百分之几", "15")
    _fill(page, "总次数", "500")
    page.get_by_label("首单").select_option("first")  # the browser's own list: one click opens it
    page.evaluate("window.clicks += 1")
    page.get_by_label("结束时间").click()
    page.get_by_label("结束时间").fill("2030-01-01T00:00")
    expect(page.locator(".sample-cart")).to_have_count(3)
    page.get_by_role("button", name="大单").click()
    expect(page.get_by_test_id("quote")).to_be_visible()
    page.get_by_role("button", name="保存并发布").click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile(r"发\s*布")).click()
    expect(page.locator(".page-head .tag")).to_have_text("进行中")
    expect(page.get_by_role("heading", level=1)).to_have_text("茶具 8.5 折（减 15%）")
    assert 10 <= page.evaluate("window.clicks") <= 12


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_template_has_its_picture_its_sentence_and_its_words(
    page: Page, system: System, language: str
) -> None:
    """Each kind of promotion can be chosen, and its rule is a sentence without a missing word."""
    del system
    page.goto("/promotions/new")
    cards = page.locator(".templates .pick-card")
    expect(cards).to_have_count(18)
    if language == "en":
        page.keyboard.press("l")
    expect(page.locator("html")).to_have_attribute("lang", re.compile(f"^{language}"))
    for place in range(18):
        cards.nth(place).click()
        expect(cards.nth(place)).to_have_attribute("aria-pressed", "true")
        rule = page.locator(".rule")
        expect(rule).to_be_visible()
        assert "promotion." not in page.locator("main").inner_text()
        assert "[" not in rule.inner_text()


def test_what_a_draft_would_do_stands_beside_it(page: Page, system: System) -> None:
    """The lowest prices, and the orders so far priced again, before anything is published."""
    order(system, "O-before", quote(system))
    page.goto("/promotions/new")
    page.get_by_role("button", name="折扣").click()
    checks = page.get_by_label("发布前检查")
    expect(checks.locator(".check.good")).to_be_visible(timeout=15_000)
    expect(checks.locator(".lowest tbody tr").first).to_be_visible()
    _until_replayed(page)
    expect(page.get_by_test_id("replay-result")).to_contain_text("影响顾客")
    page.get_by_label("减百分之几").fill("20")
    expect(page.get_by_text("规则改过了")).to_be_visible()
    page.reload()
    expect(page.get_by_test_id("replay-result")).to_contain_text("影响顾客")


def _until_replayed(page: Page) -> None:
    """The order is loaded within seconds; price last week's again until it is among them."""
    for _ in range(20):
        page.get_by_role("button", name="用上周订单重算").click()
        page.wait_for_timeout(1_500)
        if page.get_by_test_id("replay-result").count():
            return
    pytest.fail("no order of last week was priced within half a minute")


def test_a_replay_says_how_far_it_is_and_can_be_stopped(page: Page, system: System) -> None:
    """A week of many orders takes a while: the bar, the orders, and what was read when stopped."""
    del system
    state = {
        "id": "r1", "status": "running", "created_at": "2026-01-01T00:00:00Z",
        "from": "2026-01-01T00:00:00Z", "until": "2026-01-08T00:00:00Z", "currency": "CNY",
        "orders_total": 8_000, "orders_read": 2_000, "result": None, "failure": None,
    }  # fmt: skip

    def stop(route: Route) -> None:
        state["status"] = "cancelled"
        route.fulfill(json=state)

    page.route("**/api/v1/promotions/replay", lambda route: route.fulfill(json=state, status=202))
    page.route("**/api/v1/promotions/replays/r1", lambda route: route.fulfill(json=state))
    page.route("**/api/v1/promotions/replays/r1/cancel", stop)
    page.goto("/promotions/new")
    page.get_by_role("button", name="用上周订单重算").click()
    expect(page.get_by_role("progressbar", name="重算进度")).to_have_attribute(
        "aria-valuenow", "25"
    )
    expect(page.get_by_text("已重算 2,000 / 8,000 单")).to_be_visible()
    page.locator(".replay").get_by_role("button", name=re.compile(r"取\s*消")).click()
    expect(page.get_by_text("没有算完：2,000 / 8,000 单")).to_be_visible()


def test_the_calendar_draws_where_promotions_meet(page: Page, system: System) -> None:
    """Two promotions on the same goods: both bars, the overlap, and how low they go together."""
    for name in ("日历甲", "日历乙"):
        document = {"name": name, "benefit": {"type": "percent", "percent": "5"}}
        publish(system, "promotions", document)
    page.goto("/promotions/calendar")
    expect(page.locator(".calendar-row", has_text="日历甲")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/promotions\?tab=calendar"))
    meeting = page.locator(".overlaps li", has_text="日历甲").filter(has_text="日历乙")
    expect(meeting).to_contain_text("个共同单品")
    expect(meeting).to_contain_text("最低到")


def test_checks_that_fail_say_so_and_are_asked_again(page: Page, system: System) -> None:
    """A refusal that is not of the rule is no fault of the rule; the rest of the page lives on."""
    del system
    problem = '{"type": "x", "code": "too_many_requests", "title": "请求过于频繁", "status": 429}'
    kind = "application/problem+json"
    for verb in ("findings", "lowest-price"):
        page.route(
            f"**/api/v1/promotions/{verb}",
            lambda route: route.fulfill(status=429, content_type=kind, body=problem),
        )
    page.goto("/promotions/new")
    checks = page.get_by_label("发布前检查")
    expect(checks).to_contain_text("请求过于频繁", timeout=20_000)
    expect(page.get_by_test_id("quote")).to_be_visible()
    page.unroute_all()
    checks.get_by_role("button", name="重试").click()
    expect(checks.locator(".lowest tbody tr").first).to_be_visible(timeout=15_000)


def test_prices_by_tier_and_pieces_of_each_sku_are_in_the_sentence(
    page: Page, system: System
) -> None:
    """阶梯价 and 限购 are choices inside the rule; what is sent is what the server knows."""
    del system
    page.goto("/promotions/new")
    page.get_by_role("button", name="满减").first.click()
    page.get_by_label("减钱还是打折").select_option("price")
    page.get_by_label("门槛按什么算").select_option("quantity")
    page.get_by_label("第 1 档单价").fill("88")
    page.get_by_label("名称").fill("三件起 88")
    with page.expect_request("**/api/v1/promotions/quote") as asked:
        page.get_by_label("第 1 档门槛").fill("3")
    page.get_by_role("button", name="保存草稿").click()
    expect(page.locator(".big").first).to_have_text("满 3 件 每件 ¥88.00")
    assert asked.value.post_data is not None
    page.goto("/promotions/new")
    page.get_by_role("button", name="一口价").click()
    page.get_by_label("哪些件").select_option("dearest")
    page.get_by_label("几件", exact=True).fill("2")
    page.get_by_label("在哪里数件").select_option("sku")
    page.get_by_label("名称").fill("每款限两件")
    page.get_by_role("button", name="保存草稿").click()
    expect(page.locator(".big").first).to_have_text("每个 SKU 最贵的 2 件 每件 ¥99.00")


def test_a_gift_is_asked_for_at_once(page: Page, system: System) -> None:
    """The form begins with a place for the first gift; an empty one is refused beside the rule."""
    del system
    page.goto("/promotions/new")
    page.get_by_role("button", name="满赠").click()
    expect(page.get_by_label("第 1 种赠品", exact=True)).to_be_visible()
    page.get_by_role("button", name="保存草稿").click()
    expect(page.locator(".rule [role=alert]").first).to_be_visible()
