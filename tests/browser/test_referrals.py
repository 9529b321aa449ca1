"""Referrals from the first field to who brought whom; store credit beside points."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from bench.harness import System
from playwright.sync_api import Browser, Page, expect
from tests.browser.everyone import desk, faults
from tests.system.things import admin, good, set_aside
from tests.system.waiting import until

pytestmark = pytest.mark.browser
BATCH = {"name": "新人专属券", "count": 100, "personal": {"per_customer": 1, "claimable": False}}
CREDIT = {"name": "返现余额", "holds": "money",
          "worth": {"points": 1, "amount": 1, "currency": "CNY"}}  # fmt: skip


@pytest.fixture
def boss(system: System) -> Iterator[httpx.Client]:
    """An admin's client; what a test made live rests afterwards."""
    with admin(system) as client:
        yield client
        for kind in ("referral-programmes", "points-programmes"):
            set_aside(client, kind)


def _live(boss: httpx.Client, kind: str, document: dict[str, Any]) -> str:
    made = good(boss.post(f"/api/v1/{kind}", json={"document": document}))
    good(boss.post(f"/api/v1/{kind}/{made['id']}/publish"))
    return str(made["id"])


def _publish(page: Page) -> None:
    page.get_by_role("button", name=re.compile(r"发\s*布")).click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile(r"发\s*布")).click()


def test_a_referral_programme_is_written_and_published(page: Page, boss: httpx.Client) -> None:
    """What it gives must be there: the server's words, then the whole way to live."""
    set_aside(boss, "points-programmes")
    _live(boss, "coupon-batches", BATCH)
    page.goto("/promotions/referrals")
    page.get_by_role("button", name="新建老带新计划").first.click()
    page.get_by_label("名称", exact=True).fill("老带新各得好处")
    page.get_by_label("新客得到").select_option(label="新人专属券")
    page.get_by_label("老客得到").select_option(label="余额")
    page.get_by_label("奖励多少余额").fill("8")
    story = page.get_by_role("complementary", name="会发生什么")
    expect(story).to_contain_text("得到一张「新人专属券」")
    expect(story).to_contain_text("老客得到 ¥8.00 余额")
    page.get_by_role("button", name="保存草稿").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("老带新各得好处")
    _publish(page)
    expect(page.locator(".note-box.failed")).to_contain_text("没有生效的余额计划")
    _live(boss, "points-programmes", CREDIT)
    _publish(page)
    expect(page.locator(".page-head .tag")).to_have_text("进行中")
    expect(page.get_by_test_id("referral-figures")).to_contain_text("还没有带来新客")


def test_store_credit_is_money_everywhere(page: Page, boss: httpx.Client) -> None:
    """The form asks for no tiers; what accounts hold is written as money."""
    set_aside(boss, "points-programmes")
    page.goto("/promotions/points/new")
    page.get_by_label("账户里是什么").select_option("money")
    expect(page.get_by_role("button", name="加一个等级")).to_have_count(0)
    page.get_by_label("名称", exact=True).fill("返现")
    page.get_by_label("返百分之几").fill("5")
    expect(page.get_by_test_id("points-course")).to_contain_text("当月过期 ¥50.00")
    page.get_by_role("button", name="保存草稿").click()
    _publish(page)
    expect(page.locator(".page-head .tag")).to_have_text("进行中")
    account = "/api/v1/customers/u-credit/store-credit"
    until(lambda: boss.get(account).is_success, 5)
    page.get_by_label("顾客编号").fill("u-credit")
    page.get_by_role("button", name=re.compile(r"查\s*询")).click()
    expect(page.get_by_test_id("points-balance")).to_contain_text("¥0.00")
    page.get_by_role("button", name="调整余额").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("增减").fill("12.50")
    dialog.get_by_label("原因").fill("迟到的包裹")
    dialog.get_by_role("button", name="调整余额").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_test_id("points-balance")).to_contain_text("¥12.50")
    expect(page.get_by_role("region", name="积分变动")).to_contain_text("+¥12.50")


@pytest.mark.timeout(300)
def test_its_pages_are_for_everyone(
    chromium: Browser, owner: Path, system: System, boss: httpx.Client
) -> None:
    batch = _live(boss, "coupon-batches", BATCH)
    reward = {"type": "coupon", "batch": batch}
    document = {"name": "名字很长的计划 " * 8, "newcomer_batch": batch, "reward": reward}
    page_of = f"/promotions/referrals/{_live(boss, 'referral-programmes', document)}"
    paths = ["/promotions/referrals", "/promotions/referrals/new", page_of, f"{page_of}?tab=rule"]
    with desk(chromium, owner, system) as page:
        assert faults(page, paths, "referrals.") == {}
