"""Code batches and placements from the first click to live; long lists page by page."""

import re

import pytest
from bench.harness import System
from playwright.sync_api import Page, Route, expect
from tests.system.things import admin, good

pytestmark = pytest.mark.browser


def _publish(page: Page) -> None:
    page.get_by_role("button", name=re.compile(r"发\s*布")).click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile(r"发\s*布")).click()
    expect(page.locator(".page-head .tag")).to_have_text("进行中")


def _saved(page: Page) -> int:
    """Press the button; return the status of the server's answer."""
    with page.expect_response("**/api/v1/coupon-batches") as answer:
        page.get_by_role("button", name="保存草稿").click()
    return answer.value.status


def test_a_batch_of_codes_is_made_published_and_asked_for(page: Page, system: System) -> None:
    """Listed codes are sent as typed; a live batch can be chosen by a promotion."""
    del system
    page.goto("/promotions?tab=batches")
    page.get_by_role("button", name="新建优惠码批次").first.click()
    # The form is there once this is: the list before it has a field of names too.
    page.get_by_label("码从哪来").select_option("listed")
    page.get_by_label("名称").fill("老客码")
    page.get_by_label("优惠码", exact=True).fill("TEA-ONE\nTEA-TWO\nno")
    expect(page.get_by_label("这批码合计")).to_contain_text("3 个码")
    assert _saved(page) == 400
    expect(page.get_by_role("alert").first).to_be_visible()
    expect(page.locator(".ant-btn-loading")).to_have_count(0)
    page.get_by_label("优惠码", exact=True).fill("TEA-ONE\nTEA-TWO")
    assert _saved(page) == 201
    expect(page.get_by_role("heading", level=1)).to_have_text("老客码")
    _publish(page)
    expect(page.get_by_role("button", name="下载 2 个码")).to_be_enabled()
    page.goto("/promotions/new?step=audience")
    page.get_by_label("优惠码批次").select_option(label="老客码")


def test_a_placement_is_made_changed_and_published(page: Page, system: System) -> None:
    """The second version and the state stand in its history."""
    del system
    page.goto("/ads/placements/new")
    page.get_by_label("名称").fill("搜索页首位")
    page.get_by_label("底价", exact=True).fill("0.50")
    page.get_by_role("button", name="保存草稿").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("搜索页首位")
    page.get_by_label("底价", exact=True).fill("0.80")
    page.get_by_role("button", name="保存新版本").click()
    expect(page.get_by_text("已保存").last).to_be_visible()
    _publish(page)
    page.get_by_role("link", name="历史").click()
    expect(page.locator(".history")).to_contain_text("¥0.80")


def test_a_long_list_loads_further_pages(page: Page, system: System) -> None:
    """The server's cursor leads on; with one row a page, as a shop of many sees it."""
    del system

    def one_a_page(route: Route) -> None:
        route.continue_(url=route.request.url.replace("limit=200", "limit=1"))

    page.route("**/api/v1/audit?*", one_a_page)
    page.goto("/settings?tab=audit")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_role("button", name="载入更多").click()
    expect(page.locator("tbody tr")).to_have_count(2)
    assert len(set(page.locator("tbody tr").all_inner_texts())) == 2


MISSING = {
    "/promotions/nothing": "/promotions",
    "/promotions/nothing/edit": "/promotions",
    "/promotions/batches/nothing": "/promotions?tab=batches",
    "/promotions/points/nothing": "/promotions?tab=points",
    "/promotions/referrals/nothing": "/promotions/referrals",
    "/promotions/flash-sales/nothing": "/promotions/flash-sales",
    "/promotions/pages/nothing": "/promotions/pages",
    "/ads/nothing": "/ads",
    "/ads/nothing/edit": "/ads",
    "/ads/placements/nothing": "/ads?tab=placements",
    "/ads/advertisers/nothing": "/ads?tab=advertisers",
    "/audience/nothing": "/audience",
    "/data/schemas/nothing": "/data/schemas",
}


@pytest.mark.parametrize(("path", "back"), MISSING.items())
def test_where_there_is_no_such_document_the_page_says_so_and_leads_back(
    page: Page, system: System, path: str, back: str
) -> None:
    page.goto(path)
    expect(page.get_by_role("alert").first).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.locator(".page-back").click()
    expect(page).to_have_url(f"{system.base_url}{back}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_an_address_of_no_page_says_so_within_the_frame(page: Page, system: System) -> None:
    page.goto("/nowhere/at/all")
    expect(page.get_by_role("heading", level=1)).to_have_text("没有这个页面")
    page.get_by_role("link", name="回到总览").click()
    expect(page).to_have_url(f"{system.base_url}/")


def test_caps_of_a_campaign_are_written_and_said(page: Page, system: System) -> None:
    """A refused cap says why beside itself; a saved one is a sentence on the campaign's page."""
    with admin(system) as boss:
        place = {"name": "频次位", "floor_minor": 1, "currency": "CNY"}
        good(boss.post("/api/v1/placements", json={"id": "cap-place", "document": place}))
    page.goto("/ads/form")
    page.get_by_label("名称", exact=True).fill("有上限的广告")
    page.get_by_label("广告主").fill("茶商")
    page.get_by_label("广告位").click()
    page.get_by_title("频次位 · ¥0.01").click()
    page.get_by_label("标题").fill("明前龙井")
    for _ in range(2):
        page.get_by_role("button", name="加一个上限").click()
    page.get_by_role("button", name="保存草稿").click()
    second = page.get_by_role("group", name="上限 2")
    expect(second.get_by_role("alert")).to_contain_text("只能有一个上限")
    second.get_by_label("周期").select_option("lifetime")
    second.get_by_label("次数").fill("20")
    page.get_by_role("button", name="保存草稿").click()
    expect(page.get_by_text("每天最多 3 次（本计划）; 一共最多 20 次（本计划）")).to_be_visible()
