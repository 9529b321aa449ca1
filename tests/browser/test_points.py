"""Points: the programme's figures, one customer's account, and an adjustment with its reason."""

import re

import httpx
import pytest
from bench.harness import System
from playwright.sync_api import Page, expect
from tests.system.things import admin, good
from tests.system.waiting import until

pytestmark = pytest.mark.browser


def _start(system: System) -> None:
    """Make a programme live, once, and give a customer some points."""
    with admin(system) as boss:
        tiers = [{"name": "金卡", "at_least": 1_000}]
        worth = {"points": 100, "amount": 100, "currency": "CNY"}
        document = {"name": "会员积分", "tiers": tiers, "worth": worth}
        good(boss.post("/api/v1/points-programmes", json={"id": "club", "document": document}))
        good(boss.post("/api/v1/points-programmes/club/publish"))
        until(lambda: _is_known(boss), 20)
        given = {"customer_id": "u-1", "points": 250, "reason": "welcome", "request_id": "w"}
        good(boss.post("/api/v1/points-programmes/club/adjustments", json=given))


def _is_known(boss: httpx.Client) -> bool:
    return boss.get("/api/v1/customers/u-1/points").is_success


def test_an_operator_finds_an_account_and_adjusts_it(page: Page, system: System) -> None:
    page.goto("/promotions?tab=points")
    expect(page.get_by_text("还没有积分计划")).to_be_visible()
    _start(system)
    page.reload()
    expect(page.get_by_role("heading", name="会员积分")).to_be_visible()
    expect(page.get_by_test_id("points-summary")).to_contain_text("¥2.50")
    page.get_by_label("顾客编号").fill("u-1")
    page.get_by_role("button", name=re.compile(r"查\s*询")).click()
    expect(page.get_by_test_id("points-balance")).to_contain_text("250 · ¥2.50")
    expect(page.get_by_test_id("points-balance")).to_contain_text("距 金卡 还差")
    page.get_by_role("button", name="调整积分").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("增减").fill("-300")
    dialog.get_by_label("原因").fill("重复发放")
    dialog.get_by_role("button", name="调整积分").click()
    expect(dialog.get_by_role("alert").first).to_be_visible()
    dialog.get_by_label("增减").fill("-50")
    dialog.get_by_role("button", name="调整积分").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_test_id("points-balance")).to_contain_text("200 · ¥2.00")
    moves = page.get_by_role("region", name="积分变动")
    expect(moves).to_contain_text("重复发放")
    expect(moves).to_contain_text("−50")
    expect(page.get_by_test_id("points-summary")).to_contain_text("200")
