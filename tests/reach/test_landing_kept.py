"""What is kept of drawn pages, for how long, and how much work a drawing may be."""

import asyncio
from collections.abc import Sequence

import msgspec
import pytest
from tests.reach.landing import NOW_US, PRICES, ZONE, document, line, promotion
from tests.reach.landing_house import STOCKED, PagesHouse, said

from queqiao.catalog.contracts import PriceBook, ShownGoods
from queqiao.decide.promotions.quoting import Shop
from queqiao.decide.promotions.snapshot import compile_snapshot
from queqiao.kernel.clock import HOUR_US, MINUTE_US, SECOND_US, parse_rfc3339
from queqiao.kernel.errors import Refused
from queqiao.ports.records.audit import Actor
from queqiao.ports.records.documents import Edit
from queqiao.reach.landing_pages import drawing, publishing
from queqiao.reach.landing_pages.drawing import PRICED_AT_ONCE, REST_US, Drawings, Look
from queqiao.reach.landing_pages.kind import LANDING_PAGE
from queqiao.reach.landing_pages.publishing import check_live
from queqiao.reach.landing_pages.scene import LivePage, Priced, References
from queqiao.wiring.shop_prices import PriceVersion

LATER_US = NOW_US + HOUR_US // 2
LOOK = Look(ZONE, "", "")


async def test_a_page_is_drawn_once_while_nothing_changes(pages: PagesHouse) -> None:
    await pages.add(LANDING_PAGE, "lp1", document("goods"))
    first = said(await pages.page())["etag"]
    for _ in range(5):
        assert said(await pages.page(now_us=LATER_US))["etag"] == first
    assert pages.asked == 1


async def test_new_prices_are_seen_when_the_page_has_rested(pages: PagesHouse) -> None:
    await pages.add(LANDING_PAGE, "lp1", document("goods"))
    await pages.page()
    pages.version += 1
    await pages.page(now_us=NOW_US + REST_US - 1)
    assert pages.asked == 1
    await pages.page(now_us=NOW_US + REST_US)
    assert pages.asked == 2


async def test_what_operators_change_is_seen_at_once(pages: PagesHouse) -> None:
    await pages.add(LANDING_PAGE, "lp1", document())
    await pages.page()
    changed = document(title=line("换了标题"))
    await pages.documents.replace(LANDING_PAGE, "lp1", changed, Edit(Actor("u", "u"), NOW_US))
    await pages.load()
    assert "换了标题" in (await pages.page()).body.decode()


async def test_a_change_of_other_things_leaves_the_page_and_its_drawing(pages: PagesHouse) -> None:
    await pages.add(LANDING_PAGE, "lp1", document())
    await pages.page()
    before = pages.snapshot.pages["618-main"]
    await pages.add(LANDING_PAGE, "lp2", document(slug="other"))
    assert pages.snapshot.pages["618-main"] is before
    await pages.page()
    assert pages.asked == 1


@pytest.mark.parametrize(
    ("block", "turns_us"),
    [
        ("flash", NOW_US + HOUR_US),
        ("countdown", parse_rfc3339("2026-06-19T00:00:00+08:00", "")),
    ],
)
async def test_a_page_turns_when_its_clocks_do(
    pages: PagesHouse, block: str, turns_us: int
) -> None:
    await pages.add(LANDING_PAGE, "lp1", document(block, "hero"))
    first = said(await pages.page())["etag"]
    assert said(await pages.page(now_us=turns_us - 1))["etag"] == first
    assert said(await pages.page(now_us=turns_us))["etag"] != first


def test_the_next_turn_is_of_promotions_and_coupons_too() -> None:
    at = [f"2026-06-{day}T00:00:00Z" for day in (10, 11, 12)]
    over = promotion("过时", starts_at=None, ends_at=at[1])
    soon = promotion("将来", starts_at=at[0], ends_at=at[2])
    live = LivePage("lp1", document("hero"), References(promotions={"a": over, "b": soon}))
    moments = [parse_rfc3339(one, "") for one in at]
    assert live.turns_us(NOW_US) == moments[0]
    assert live.turns_us(moments[0]) == moments[1]
    assert live.turns_us(moments[2]) is None


def big_page(goods: int) -> LivePage:
    names = {f"S-{n}": ShownGoods(f"S-{n}", f"P-{n}", f"商品 {n}") for n in range(goods)}
    references = References(goods=names, shelves={"goods": tuple(names)})
    return LivePage("big", document("goods"), references)


async def test_prices_of_a_large_page_leave_room_for_other_requests() -> None:
    asked: list[int] = []
    turns = 0

    def prices(skus: Sequence[str], _now_us: int) -> dict[str, Priced]:
        asked.append(len(skus))
        return dict.fromkeys(skus, PRICES["TEA-1"])

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    drawings, live = Drawings(prices, lambda _: 0, LOOK), big_page(200)
    beside = asyncio.create_task(others())
    drawn = await drawings.drawn(live, "zh", NOW_US)
    beside.cancel()
    assert max(asked) == PRICED_AT_ONCE
    assert turns >= 200 // PRICED_AT_ONCE
    assert drawn.body.count(b"data-qq-sku") == 200
    await drawings.drawn(live, "en", NOW_US)
    assert sum(asked) == 200, "one price a SKU, whatever the language"


async def test_a_large_page_rests_for_longer() -> None:
    version = 0
    drawings = Drawings(
        lambda skus, _: dict.fromkeys(skus, PRICES["TEA-1"]), lambda _: version, LOOK
    )
    live = big_page(3_600)
    first = await drawings.drawn(live, "zh", NOW_US)
    version = 1
    assert await drawings.drawn(live, "zh", NOW_US + 10 * SECOND_US) is first
    assert await drawings.drawn(live, "zh", NOW_US + 11 * SECOND_US) is not first


async def test_visitors_of_one_moment_share_one_drawing() -> None:
    asked = 0

    def prices(skus: Sequence[str], _now_us: int) -> dict[str, Priced]:
        nonlocal asked
        asked += 1
        return dict.fromkeys(skus, PRICES["TEA-1"])

    drawings, live = Drawings(prices, lambda _: 0, LOOK), big_page(5)
    found = await asyncio.gather(*(drawings.drawn(live, "zh", NOW_US) for _ in range(50)))
    assert len({id(one) for one in found}) == 1
    assert asked == 1


async def test_a_drawing_that_fails_is_tried_again() -> None:
    is_broken = True

    def prices(_skus: Sequence[str], _now_us: int) -> dict[str, Priced]:
        if is_broken:
            raise Refused
        return {}

    drawings, live = Drawings(prices, lambda _: 0, LOOK), big_page(5)
    with pytest.raises(Refused):
        await drawings.drawn(live, "zh", NOW_US)
    is_broken = False
    assert (await drawings.drawn(live, "zh", NOW_US)).body


async def test_what_is_kept_is_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    drawings = Drawings(lambda _, __: {}, lambda _: 0, LOOK)
    pages = [
        LivePage(f"p{n}", msgspec.structs.replace(document("hero"), slug=f"p{n}")) for n in range(4)
    ]
    first = await drawings.drawn(pages[0], "zh", NOW_US)
    room = 2 * (len(first.body) + len(first.zipped)) + 100
    monkeypatch.setattr(drawing, "BYTES_MAX", room)
    for one in pages[1:]:
        last = await drawings.drawn(one, "zh", NOW_US)
    assert await drawings.drawn(pages[3], "zh", NOW_US) is last
    assert await drawings.drawn(pages[0], "zh", NOW_US) is not first


async def test_every_live_page_is_served_and_one_too_many_is_refused(
    pages: PagesHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "PAGES_MAX", 3)
    for number in range(3):
        slug = f"page-{number}"
        await pages.add(LANDING_PAGE, slug, document("hero", slug=slug))
        await pages.records.read(
            lambda conn, s=slug: check_live(document("hero", slug=s), conn, STOCKED)
        )
        assert (await pages.page(slug)).status == 200
    with pytest.raises(Refused) as refused:
        await pages.records.read(
            lambda conn: check_live(document("hero", slug="page-4"), conn, STOCKED)
        )
    assert refused.value.reason == "too_many_pages"


def test_the_version_of_prices_changes_with_what_makes_them() -> None:
    snapshot = compile_snapshot(
        [("p1", promotion("半点开始", starts_at="2026-06-10T00:00:30Z"))], [], b"a key"
    )
    shop = Shop(snapshot, PriceBook())
    version = PriceVersion(lambda: shop)
    start_us = parse_rfc3339("2026-06-10T00:00:00Z", "")
    first = version(start_us)
    assert version(start_us + 29 * SECOND_US) == first
    assert version(start_us + 30 * SECOND_US) != first, "a promotion begins"
    second = version(start_us + 31 * SECOND_US)
    assert version(start_us + MINUTE_US) != second, "conditions may speak of minutes"
    third = version(start_us + MINUTE_US)
    shop = shop._replace(restraints=shop.restraints._replace(rests={"p1": 5}))
    fourth = version(start_us + MINUTE_US)
    shop = shop._replace(restraints=shop.restraints._replace(rests=dict(shop.restraints.rests)))
    assert third != fourth == version(start_us + MINUTE_US)
    shop = shop._replace(price_book=PriceBook())
    assert version(start_us + MINUTE_US) != fourth
