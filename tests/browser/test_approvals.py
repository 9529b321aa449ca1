"""What is dangerous to have live waits for a second person, and says so."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from bench.harness import System
from playwright.sync_api import Browser, Page, expect
from tests.system.things import admin, good, set_aside
from tests.system.waiting import until

pytestmark = pytest.mark.browser
ASK = """async ([path, body]) => {
  const { csrf_token } = await (await fetch("/api/v1/session")).json();
  const headers = { "content-type": "application/json", "x-csrf-token": csrf_token };
  return (await fetch(path, { method: "POST", headers, body: JSON.stringify(body) })).status;
}"""


def test_a_promotion_that_gives_goods_away_is_asked_for(page: Page, system: System) -> None:
    """Publishing is refused with its reason; one asks, sees it waiting, and takes it back."""
    del system
    page.goto("/promotions/new")
    page.get_by_role("button", name="折扣").click()
    page.get_by_label("减百分之几").fill("95")
    page.get_by_label("名称", exact=True).fill("几乎白送")
    page.get_by_role("button", name="保存草稿").click()
    page.get_by_role("button", name=re.compile(r"发\s*布")).click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile(r"发\s*布")).click()
    page.get_by_role("button", name="请另一位所有者批准").click()
    expect(page.get_by_text("已请求批准")).to_be_visible()
    page.goto("/settings?tab=approvals")
    row = page.get_by_role("row").filter(has_text="等待中").first
    expect(row).to_contain_text("发布 促销")
    row.get_by_role("button", name=re.compile(r"撤\s*回")).click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile(r"撤\s*回")).click()
    expect(page.get_by_text("已撤回").first).to_be_visible()


@contextmanager
def second_owner(chromium: Browser, system: System, name: str) -> Iterator[Page]:
    """Yield a page of another owner, who signs in by a link of their own."""
    with admin(system) as boss:
        person = {"email": f"{name}@example.com", "name": name, "role": "owner"}
        token = good(boss.post("/api/v1/users", json=person))["token"]
    context = chromium.new_context(locale="zh-CN", base_url=system.base_url)
    page = context.new_page()
    page.goto(f"/sign-in?token={token}")
    expect(page.get_by_role("heading", name="总览")).to_be_visible()
    yield page
    context.close()


def allow(page: Page, words: str) -> None:
    """Approve the one that waits and says so."""
    page.goto("/settings?tab=approvals")
    row = page.get_by_role("row").filter(has_text="等待中").filter(has_text=words)
    row.get_by_role("button", name=re.compile(r"批\s*准")).click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile(r"批\s*准")).click()
    expect(row).to_have_count(0)


def test_another_owner_allows_a_promotion_and_it_is_live(
    page: Page, chromium: Browser, system: System
) -> None:
    """Who asked cannot say yes; another owner does, and in that moment it is published."""
    free = {"name": "白送", "benefit": {"type": "percent", "percent": "96"}}
    with admin(system) as boss, second_owner(chromium, system, "lin") as other:
        good(boss.post("/api/v1/promotions", json={"id": "allowed", "document": free}))
        page.goto("/promotions/allowed")
        page.get_by_role("button", name=re.compile(r"发\s*布")).click()
        page.get_by_role("dialog").get_by_role("button", name=re.compile(r"发\s*布")).click()
        page.get_by_role("button", name="请另一位所有者批准").click()
        expect(page.get_by_text("已请求批准")).to_be_visible()
        page.goto("/settings?tab=approvals")
        own = page.get_by_role("row").filter(has_text="allowed")
        expect(own.get_by_role("button", name=re.compile(r"撤\s*回"))).to_be_visible()
        expect(own.get_by_role("button", name=re.compile(r"批\s*准"))).to_have_count(0)
        allow(other, "allowed")
        other.goto("/promotions/allowed")
        expect(other.locator(".page-head .tag")).to_have_text("进行中")
        good(boss.post("/api/v1/promotions/allowed/archive"))


def test_points_above_the_bound_name_their_customer_and_are_given_when_allowed(
    page: Page, chromium: Browser, system: System
) -> None:
    """The owner asks, as the dialog of an account does; whose account it is stands in the list."""
    with admin(system) as boss, second_owner(chromium, system, "mei") as other:
        set_aside(boss, "points-programmes")
        club = {"id": "four-eyes", "document": {"name": "会员积分"}}
        good(boss.post("/api/v1/points-programmes", json=club))
        good(boss.post("/api/v1/points-programmes/four-eyes/publish"))
        account, path = "/api/v1/customers/u-gift/points", "/api/v1/points-programmes/four-eyes"
        until(lambda: boss.get(account).is_success, 20)
        wanted = {"customer_id": "u-gift", "points": 90_000, "reason": "gift", "request_id": "g"}
        page.goto("/settings?tab=approvals")
        assert page.evaluate(ASK, [f"{path}/adjustments/approval", wanted]) == 201
        other.goto("/settings?tab=approvals")
        expect(other.get_by_role("link", name="u-gift")).to_be_visible()
        allow(other, "u-gift")
        until(lambda: boss.get(account).json()["balance"] == 90_000, 10)
        good(boss.post(f"{path}/archive"))
