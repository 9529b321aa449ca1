"""A points programme from its first field to members in its tiers, and tiers in the wizard."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from bench.harness import System
from playwright.sync_api import Browser, Page, expect
from tests.browser.everyone import desk, faults
from tests.system.things import admin, good, set_aside

pytestmark = pytest.mark.browser
PATH = "/api/v1/points-programmes"


@pytest.fixture
def boss(system: System) -> Iterator[httpx.Client]:
    """An admin's client; what was live before is live again afterwards."""
    with admin(system) as client:
        before = client.get(PATH, params={"state": "live"}).json()["items"]
        yield client
        set_aside(client, "points-programmes")
        for one in before:
            good(client.post(f"{PATH}/{one['id']}/publish"))


def _write(page: Page, name: str) -> None:
    """Fill in a programme with two tiers, the second below the first."""
    page.goto("/promotions/points/new")
    page.get_by_label("名称", exact=True).fill(name)
    page.get_by_role("button", name="加一个等级").click()
    page.get_by_label("第 1 个等级的名称").fill("银卡")
    page.get_by_label("第 1 个等级的门槛").fill("3000")
    page.get_by_role("button", name="加一个等级").click()
    page.get_by_label("第 2 个等级的名称").fill("金卡")
    page.get_by_label("第 2 个等级的门槛").fill("2000")


def test_a_programme_is_written_tried_and_published(page: Page, boss: httpx.Client) -> None:
    """The server's error beside its tier, the course of a customer, publishing, its history."""
    set_aside(boss, "points-programmes")
    _write(page, "钻石会员")
    page.get_by_role("button", name="保存草稿").click()
    second = page.get_by_role("group", name="第 2 个等级")
    expect(second.get_by_role("alert")).to_contain_text("须高于前一等级")
    page.get_by_label("第 2 个等级的门槛").fill("5000")
    course = page.get_by_test_id("points-course")
    expect(course).to_contain_text(re.compile("第 3 个月.*成为银卡"))
    expect(course).to_contain_text(re.compile("第 5 个月.*成为金卡"))
    expect(course).to_contain_text("第 13 个月起开始过期")
    page.get_by_label("每月花多少").fill("100")
    expect(course).to_contain_text("两年内到不了银卡")
    page.get_by_role("button", name="保存草稿").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("钻石会员")
    page.get_by_role("button", name=re.compile(r"发\s*布")).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("同时只有一个计划生效")
    dialog.get_by_role("button", name=re.compile(r"发\s*布")).click()
    expect(page.locator(".page-head .tag")).to_have_text("进行中")
    page.get_by_role("link", name="规则", exact=True).click()
    page.get_by_label("第 2 个等级的门槛").fill("6000")
    page.get_by_role("button", name="保存新版本").click()
    page.get_by_role("link", name="历史").click()
    expect(page.locator(".diff").first).to_contain_text("6000")
    page.goto("/promotions?tab=points")
    row = page.get_by_role("region", name="所有积分计划").get_by_role("row", name="钻石会员")
    expect(row).to_contain_text("银卡 3,000 · 金卡 6,000")


def test_a_second_programme_is_not_published_beside_the_first(
    page: Page, boss: httpx.Client
) -> None:
    set_aside(boss, "points-programmes")
    for name in ("甲计划", "乙计划"):
        made = good(boss.post(PATH, json={"document": {"name": name}}))
        if name == "甲计划":
            good(boss.post(f"{PATH}/{made['id']}/publish"))
    page.goto(f"/promotions/points/{made['id']}")
    page.get_by_role("button", name=re.compile(r"发\s*布")).click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile(r"发\s*布")).click()
    expect(page.locator(".note-box.failed")).to_contain_text("请先暂停它")


def test_the_wizard_offers_the_tiers_of_the_programme(page: Page, boss: httpx.Client) -> None:
    """A member's discount is tried on the cart of a member, and says its tier afterwards."""
    set_aside(boss, "points-programmes")
    page.goto("/promotions/new")
    expect(page.get_by_text("积分计划里还没有等级")).to_be_visible()
    tiers = [{"name": "银卡", "at_least": 10}, {"name": "金卡", "at_least": 100}]
    made = good(boss.post(PATH, json={"document": {"name": "等级计划", "tiers": tiers}}))
    good(boss.post(f"{PATH}/{made['id']}/publish"))
    page.reload()
    page.get_by_role("button", name="折扣").click()
    page.get_by_label("名称", exact=True).fill("金卡九折")
    page.get_by_label("会员等级", exact=True).click()
    page.locator(".ant-select-item-option", has_text="金卡").click()
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("quote")).to_contain_text("因为「金卡九折」")
    page.get_by_role("button", name="保存草稿").click()
    expect(page.locator(".facts")).to_contain_text("金卡")


@pytest.mark.timeout(300)
def test_its_pages_are_for_everyone(
    chromium: Browser, owner: Path, system: System, boss: httpx.Client
) -> None:
    tiers = [{"name": "银卡", "at_least": 10}, {"name": "金卡 " * 12, "at_least": 100}]
    document = {"name": "一个名字很长的积分计划 " * 4, "tiers": tiers}
    made = good(boss.post(PATH, json={"document": document}))
    page_of = f"/promotions/points/{made['id']}"
    paths = ["/promotions/points/new", page_of, f"{page_of}?tab=rule", f"{page_of}?tab=history"]
    with desk(chromium, owner, system) as page:
        assert faults(page, [*paths, "/promotions?tab=points"], "programme.") == {}
