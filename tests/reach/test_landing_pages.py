"""Landing pages over real records: what goes live is served, what ends is gone."""

import json
from typing import Any

import pytest
from tests.reach.landing import (
    NOW_US,
    batch,
    body,
    document,
    line,
)
from tests.reach.landing_house import STOCKED, PagesHouse, said

from queqiao.decide.promotions.contracts import COUPON_BATCH
from queqiao.kernel.clock import DAY_US, HOUR_US, SECOND_US
from queqiao.kernel.errors import InvalidInput, NotFound, Refused
from queqiao.kernel.http import Response
from queqiao.ports.records.audit import Actor
from queqiao.ports.records.documents import Edit
from queqiao.reach.landing_pages import assets
from queqiao.reach.landing_pages.kind import LANDING_PAGE
from queqiao.reach.landing_pages.publishing import check_live
from queqiao.reach.landing_pages.words import REFUSALS


async def test_a_live_page_is_served_with_careful_headers(pages: PagesHouse) -> None:
    await pages.add(LANDING_PAGE, "lp1", document())
    answer = await pages.page()
    assert answer.status == 200
    assert answer.content_type == "text/html; charset=utf-8"
    assert "618 大促" in answer.body.decode(), "Chinese where the browser names no language"
    headers = said(answer)
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-cache"
    again = await pages.page(headers={"if-none-match": headers["etag"]})
    assert (again.status, again.body) == (304, b"")


async def test_the_language_is_asked_for_or_the_browsers(pages: PagesHouse) -> None:
    await pages.add(LANDING_PAGE, "lp1", document())
    browsers = await pages.page(headers={"accept-language": "en-US,en"})
    asked = await pages.page(query={"lang": "zh"}, headers={"accept-language": "en-US,en"})
    assert "618 sale" in browsers.body.decode()
    assert '<html lang="zh-CN"' in asked.body.decode()
    assert said(browsers)["etag"] != said(asked)["etag"]


@pytest.mark.parametrize(
    ("state", "window", "status"),
    [
        ("draft", {}, 404),
        ("paused", {}, 404),
        ("archived", {}, 410),
        ("live", {"starts_at": "2026-07-01"}, 404),
        ("live", {"ends_at": "2026-06-01"}, 410),
        ("live", {"starts_at": "2026-06-01", "ends_at": "2026-07-01"}, 200),
    ],
)
async def test_a_page_that_is_not_there_is_a_page_too(
    pages: PagesHouse, state: str, window: dict[str, str], status: int
) -> None:
    await pages.add(LANDING_PAGE, "lp1", document(**window), state=state)
    for language, word in (("zh", "zh-CN"), ("en", "en")):
        answer = await pages.page(query={"lang": language})
        assert answer.status == status
        assert f'<html lang="{word}"' in answer.body.decode()
        assert "default-src 'none'" in said(answer)["content-security-policy"]
    if status != 200:
        with pytest.raises(NotFound):
            await pages.ask("/p/{slug}/live.json", slug="618-main")


async def test_an_archived_slug_may_be_taken_again(pages: PagesHouse) -> None:
    await pages.add(LANDING_PAGE, "lp1", document(), state="archived")
    await pages.add(LANDING_PAGE, "lp2", document())
    assert (await pages.page()).status == 200


async def test_the_script_learns_the_servers_time(pages: PagesHouse) -> None:
    await pages.add(LANDING_PAGE, "lp1", document())
    answer = await pages.ask("/p/{slug}/live.json", slug="618-main")
    assert json.loads(answer.body)["now_ms"] == NOW_US // 1000
    assert said(answer)["cache-control"] == "no-store"


async def test_what_a_page_names_must_be_there_before_it_goes_live(pages: PagesHouse) -> None:
    wrong = document("hero", "coupon", "goods", "flash", "bar")
    blocks = [
        {"type": "coupon", "id": "c", "batch": "NO", "value": line("¥5"), "title": line("x")},
        {"type": "goods", "id": "g", "items": [{"sku": "TEA-1"}, {"sku": "NO"}]},
        {"type": "flash_sale", "id": "f", "sale": "NO"},
        {"type": "promotion_bar", "id": "b", "promotions": ["p1", "NO"]},
        {"type": "countdown", "id": "d", "title": line("x"), "flash_sale": "NO"},
    ]
    await pages.records.read(lambda conn: check_live(wrong, conn, STOCKED))
    with pytest.raises(InvalidInput) as refusal:
        await pages.records.read(lambda conn: check_live(document(blocks=blocks), conn, STOCKED))
    assert [field.path for field in refusal.value.fields] == [
        "blocks[0].batch",
        "blocks[1].items[1].sku",
        "blocks[2].sale",
        "blocks[3].promotions[1]",
        "blocks[4].flash_sale",
    ]


async def test_two_live_pages_cannot_share_an_address(pages: PagesHouse) -> None:
    first = document("hero")
    await pages.add(LANDING_PAGE, "lp1", first)
    await pages.records.read(lambda conn: check_live(first, conn, STOCKED))
    other = document("hero", title=line("另一个"))
    with pytest.raises(InvalidInput) as refusal:
        await pages.records.read(lambda conn: check_live(other, conn, STOCKED))
    assert [field.path for field in refusal.value.fields] == ["slug"]


async def findings(pages: PagesHouse, value: dict[str, Any], **asked: Any) -> list[tuple[str, str]]:
    sent = json.dumps({"document": value}).encode()
    answer = await pages.ask("/api/v1/landing-pages/check", "POST", sent=sent, **asked)
    return [(one["path"], one["level"]) for one in json.loads(answer.body)["items"]]


async def test_an_operator_is_told_before_publishing(pages: PagesHouse) -> None:
    assert await findings(pages, body("hero", "coupon", "goods")) == []
    ended = await pages.documents.get(COUPON_BATCH, "NEW50")
    over = batch(ends_at="2026-06-01")
    assert ("sign_in_url", "warning") in await findings(pages, body("coupon", sign_in_url=None))
    await pages.documents.replace(
        COUPON_BATCH, "NEW50", over, Edit(Actor("u", "u"), NOW_US, expected_revision=ended.revision)
    )
    found = await findings(
        pages,
        body("coupon", "bar", "countdown", goods_url=None, ends_at="2026-06-01"),
        now_us=NOW_US + 20 * DAY_US,
    )
    assert found == [
        ("ends_at", "warning"),
        ("blocks[0].batch", "warning"),
        ("blocks[1].promotions[1]", "warning"),
        ("blocks[2].until", "warning"),
    ]
    assert ("blocks[0].batch", "error") in await findings(
        pages, body(blocks=[{**body("coupon")["blocks"][0], "batch": "NO"}])
    )


async def test_a_draft_is_drawn_as_visitors_would_see_it(pages: PagesHouse) -> None:
    sent = json.dumps({"document": body(), "language": "en"}).encode()
    answer = await pages.ask("/api/v1/landing-pages/render", "POST", sent=sent)
    assert "618 sale" in answer.body.decode()
    assert said(answer)["cache-control"] == "no-store"
    sent = json.dumps({"document": body(slug="images")}).encode()
    with pytest.raises(InvalidInput) as refusal:
        await pages.ask("/api/v1/landing-pages/render", "POST", sent=sent)
    assert refusal.value.fields[0].path == "document.slug"


async def test_a_link_to_a_draft_is_signed_and_ends(pages: PagesHouse) -> None:
    await pages.add(LANDING_PAGE, "lp1", document(), state="draft")
    path = "/api/v1/landing-pages/{id}/preview-link"
    made = json.loads((await pages.ask(path, "POST", id="lp1", sent=b'{"hours":2}')).body)
    token = made["path"].removeprefix("/p/preview/")

    async def shown(token: str, now_us: int = NOW_US) -> Response:
        return await pages.ask("/p/preview/{token}", token=token, now_us=now_us)

    answer = await shown(token)
    assert answer.status == 200
    assert "618 大促" in answer.body.decode()
    assert said(answer)["x-robots-tag"] == "noindex"
    assert (await shown(token, NOW_US + 2 * HOUR_US)).status == 410
    assert (await shown(token[:-2] + "AA")).status == 404
    assert (await shown("x")).status == 404
    with pytest.raises(NotFound):
        await pages.ask(path, "POST", id="other")
    with pytest.raises(InvalidInput):
        await pages.ask(path, "POST", id="lp1", sent=b'{"hours":1000}')


async def test_files_of_pages_are_named_by_content(pages: PagesHouse) -> None:
    for ending in ("css", "js"):
        name = assets.asset(ending).name
        answer = await pages.ask("/p/assets/{name}", name=name)
        assert "immutable" in said(answer)["cache-control"]
        old = await pages.ask("/p/assets/{name}", name=f"page-{'0' * 16}.{ending}")
        assert said(old)["cache-control"] == "no-store"
        assert old.body == answer.body
    with pytest.raises(NotFound):
        await pages.ask("/p/assets/{name}", name="other.css")


async def test_what_is_left_is_asked_once_a_second(pages: PagesHouse) -> None:
    await pages.add(LANDING_PAGE, "lp1", document("flash"))
    for at_us in (NOW_US, NOW_US + 1, NOW_US + SECOND_US):
        answer = await pages.ask("/p/{slug}/live.json", slug="618-main", now_us=at_us)
        assert json.loads(answer.body)["sales"] == {"fs1": {"TEA-1": 7}}
    assert pages.stock_asked == 2


async def visitor(pages: PagesHouse, customer_id: str = "u-1", hours: int = 2) -> str:
    sent = json.dumps({"customer_id": customer_id, "hours": hours}).encode()
    answer = await pages.ask("/api/v1/landing-pages/visitors", "POST", sent=sent)
    token: str = json.loads(answer.body)["token"]
    return token


async def claim(pages: PagesHouse, token: str, block: str = "coupon", **asked: Any) -> str:
    sent = json.dumps({"block": block, "visitor": token}).encode()
    answer = await pages.ask("/p/{slug}/claim", "POST", slug="618-main", sent=sent, **asked)
    assert answer.status == 201
    code: str = json.loads(answer.body)["code"]
    return code


async def test_a_visitor_whom_the_shop_vouches_for_gets_a_coupon_once(pages: PagesHouse) -> None:
    await pages.add(LANDING_PAGE, "lp1", document())
    token = await visitor(pages)
    assert await claim(pages, token) == await claim(pages, token)
    assert await claim(pages, await visitor(pages, "u-2")) != await claim(pages, token)
    assert set(pages.claimed) == {
        ("NEW50", "u-1", "landing:lp1:coupon"),
        ("NEW50", "u-2", "landing:lp1:coupon"),
    }


async def test_nobody_else_gets_one(pages: PagesHouse) -> None:
    await pages.add(LANDING_PAGE, "lp1", document())
    token = await visitor(pages)
    for wrong, at_us in (("", 0), ("x", 0), (token[:-2] + "AA", 0), (token, 2 * HOUR_US)):
        with pytest.raises(Refused) as refusal:
            await claim(pages, wrong, now_us=NOW_US + at_us)
        assert refusal.value.reason == "visitor_unknown"
    for block in ("hero", "nobody"):
        with pytest.raises(NotFound):
            await claim(pages, token, block)
    assert pages.claimed == {}
    await pages.documents.transition(LANDING_PAGE, "lp1", "paused", Edit(Actor("u", "u"), NOW_US))
    await pages.load()
    with pytest.raises(NotFound):
        await claim(pages, token)


@pytest.mark.parametrize("reason", REFUSALS)
async def test_a_refusal_says_why_in_both_languages(pages: PagesHouse, reason: str) -> None:
    await pages.add(LANDING_PAGE, "lp1", document())
    pages.refusal = reason
    with pytest.raises(Refused) as refusal:
        await claim(pages, await visitor(pages))
    assert refusal.value.reason == reason
    assert refusal.value.detail is not None
    assert refusal.value.detail.zh
    assert refusal.value.detail.en
