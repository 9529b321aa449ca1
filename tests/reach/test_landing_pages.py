"""Landing pages over real records: what goes live is served, what ends is gone."""

import json
import random
from collections.abc import AsyncIterator, Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection
from tests.reach.landing import (
    GOODS,
    NOW_US,
    PRICES,
    SALE,
    ZONE,
    batch,
    body,
    document,
    line,
    png,
    promotion,
)

from queqiao.catalog.contracts import ShownGoods
from queqiao.decide.promotions.contracts import COUPON_BATCH, PROMOTION
from queqiao.kernel.clock import DAY_US, HOUR_US, SECOND_US
from queqiao.kernel.errors import Conflict, InvalidInput, NotFound, UnsupportedMedia
from queqiao.kernel.http import Request, Response, Route
from queqiao.kernel.tokens import Signer
from queqiao.ports.records import artifacts
from queqiao.ports.records.audit import Actor
from queqiao.ports.records.documents import Documents, Edit
from queqiao.ports.records.sqlite import SqliteRecords
from queqiao.reach.landing_pages import assets, hot_endpoints, images, preview
from queqiao.reach.landing_pages.document import GoodsBlock
from queqiao.reach.landing_pages.kind import LANDING_PAGE
from queqiao.reach.landing_pages.publishing import Examiner, check_live
from queqiao.reach.landing_pages.references import Stocked
from queqiao.reach.landing_pages.scene import Priced, Sale
from queqiao.reach.landing_pages.snapshot import PagesSnapshot, load


def named(_conn: Connection, skus: list[str]) -> list[ShownGoods]:
    return [GOODS[sku] for sku in skus if sku in GOODS]


def listed(conn: Connection, block: GoodsBlock) -> list[ShownGoods]:
    return named(conn, [item.sku for item in block.items] or list(GOODS))


def sales(_conn: Connection, ids: Iterable[str]) -> dict[str, Sale]:
    return {one: SALE for one in ids if one == "fs1"}


STOCKED = Stocked(listed=listed, named=named, sales=sales)


class House:
    """Records, and the desks of both roles over them."""

    def __init__(self, folder: Path) -> None:
        self.records = SqliteRecords(folder / "records.sqlite")
        self.records.upgrade()
        self.documents = Documents(self.records)
        self.snapshot = PagesSnapshot()
        self.asked = 0
        signer = Signer(b"k" * 32)
        previews = preview.Previews(
            self.records,
            STOCKED,
            self.prices,
            signer,
            zone=ZONE,
            security=hot_endpoints.SECURITY,
        )
        services = hot_endpoints.PageServices(
            snapshot=lambda: self.snapshot,
            prices=self.prices,
            records=self.records,
            previews=previews,
            zone=ZONE,
            public_url="",
            write_key="qq_intake_key",
        )
        examiner = Examiner(self.records, STOCKED, self.prices)
        self.routes: list[Route] = [
            *hot_endpoints.routes(services),
            examiner.route(),
            *images.routes(self.records),
            preview.link_route(self.records, signer),
        ]

    def prices(self, skus: Sequence[str], _now_us: int) -> dict[str, Priced]:
        self.asked += 1
        return {sku: PRICES[sku] for sku in skus if sku in PRICES}

    async def add(self, kind: Any, name: str, value: Any, state: str = "live") -> None:
        edit = Edit(Actor("u", "u"), NOW_US)
        await self.documents.create(kind, name, value, edit)
        if state != "draft":
            await self.documents.transition(kind, name, "live", edit)
        if state not in {"draft", "live"}:
            await self.documents.transition(kind, name, state, edit)
        await self.load()

    async def load(self) -> None:
        self.snapshot = await self.records.read(lambda conn: load(conn, STOCKED))

    async def ask(
        self,
        path: str,
        method: str = "GET",
        *,
        now_us: int = NOW_US,
        sent: bytes = b"",
        query: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        **params: str,
    ) -> Response:
        route = next(one for one in self.routes if (one.path, one.method) == (path, method))
        request = Request(
            method, path, params, query or {}, headers or {}, sent, "1.2.3.4", now_us, language="en"
        )
        return await route.handler(request)

    async def page(self, slug: str = "618-main", **asked: Any) -> Response:
        return await self.ask("/p/{slug}", slug=slug, **asked)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    built = House(tmp_path)
    await built.add(COUPON_BATCH, "NEW50", batch())
    await built.add(PROMOTION, "p1", promotion("全场九折"))
    await built.add(PROMOTION, "p2", promotion("未发布"), state="draft")
    yield built
    built.records.close()


def said(answer: Response) -> dict[str, str]:
    return dict(answer.headers)


async def test_a_live_page_is_served_with_careful_headers(house: House) -> None:
    await house.add(LANDING_PAGE, "lp1", document())
    answer = await house.page()
    assert answer.status == 200
    assert answer.content_type == "text/html; charset=utf-8"
    assert "618 大促" in answer.body.decode(), "Chinese where the browser names no language"
    headers = said(answer)
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-cache"
    again = await house.page(headers={"if-none-match": headers["etag"]})
    assert (again.status, again.body) == (304, b"")


async def test_the_language_is_asked_for_or_the_browsers(house: House) -> None:
    await house.add(LANDING_PAGE, "lp1", document())
    browsers = await house.page(headers={"accept-language": "en-US,en"})
    asked = await house.page(query={"lang": "zh"}, headers={"accept-language": "en-US,en"})
    assert "618 sale" in browsers.body.decode()
    assert '<html lang="zh-CN"' in asked.body.decode()
    assert said(browsers)["etag"] != said(asked)["etag"]


async def test_a_page_is_drawn_once_in_two_seconds_and_anew_when_it_changes(house: House) -> None:
    await house.add(LANDING_PAGE, "lp1", document())
    for _ in range(5):
        await house.page()
    assert house.asked == 1
    await house.page(now_us=NOW_US + 2 * SECOND_US)
    assert house.asked == 2
    changed = document(title=line("换了标题"))
    await house.documents.replace(LANDING_PAGE, "lp1", changed, Edit(Actor("u", "u"), NOW_US))
    await house.load()
    assert "换了标题" in (await house.page(now_us=NOW_US + 2 * SECOND_US)).body.decode()


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
    house: House, state: str, window: dict[str, str], status: int
) -> None:
    await house.add(LANDING_PAGE, "lp1", document(**window), state=state)
    for language, word in (("zh", "zh-CN"), ("en", "en")):
        answer = await house.page(query={"lang": language})
        assert answer.status == status
        assert f'<html lang="{word}"' in answer.body.decode()
        assert "default-src 'none'" in said(answer)["content-security-policy"]
    if status != 200:
        with pytest.raises(NotFound):
            await house.ask("/p/{slug}/live.json", slug="618-main")


async def test_an_archived_slug_may_be_taken_again(house: House) -> None:
    await house.add(LANDING_PAGE, "lp1", document(), state="archived")
    await house.add(LANDING_PAGE, "lp2", document())
    assert (await house.page()).status == 200


async def test_the_script_learns_the_servers_time(house: House) -> None:
    await house.add(LANDING_PAGE, "lp1", document())
    answer = await house.ask("/p/{slug}/live.json", slug="618-main")
    assert json.loads(answer.body)["now_ms"] == NOW_US // 1000
    assert said(answer)["cache-control"] == "no-store"


async def test_what_a_page_names_must_be_there_before_it_goes_live(house: House) -> None:
    wrong = document("hero", "coupon", "goods", "flash", "bar")
    blocks = [
        {"type": "coupon", "id": "c", "batch": "NO", "value": line("¥5"), "title": line("x")},
        {"type": "goods", "id": "g", "items": [{"sku": "TEA-1"}, {"sku": "NO"}]},
        {"type": "flash_sale", "id": "f", "sale": "NO"},
        {"type": "promotion_bar", "id": "b", "promotions": ["p1", "NO"]},
        {"type": "countdown", "id": "d", "title": line("x"), "flash_sale": "NO"},
    ]
    await house.records.read(lambda conn: check_live(wrong, conn, STOCKED))
    with pytest.raises(InvalidInput) as refusal:
        await house.records.read(lambda conn: check_live(document(blocks=blocks), conn, STOCKED))
    assert [field.path for field in refusal.value.fields] == [
        "blocks[0].batch",
        "blocks[1].items[1].sku",
        "blocks[2].sale",
        "blocks[3].promotions[1]",
        "blocks[4].flash_sale",
    ]


async def test_two_live_pages_cannot_share_an_address(house: House) -> None:
    first = document("hero")
    await house.add(LANDING_PAGE, "lp1", first)
    await house.records.read(lambda conn: check_live(first, conn, STOCKED))
    other = document("hero", title=line("另一个"))
    with pytest.raises(InvalidInput) as refusal:
        await house.records.read(lambda conn: check_live(other, conn, STOCKED))
    assert [field.path for field in refusal.value.fields] == ["slug"]


async def findings(house: House, value: dict[str, Any], **asked: Any) -> list[tuple[str, str]]:
    sent = json.dumps({"document": value}).encode()
    answer = await house.ask("/api/v1/landing-pages/check", "POST", sent=sent, **asked)
    return [(one["path"], one["level"]) for one in json.loads(answer.body)["items"]]


async def test_an_operator_is_told_before_publishing(house: House) -> None:
    assert await findings(house, body("hero", "coupon", "goods")) == []
    ended = await house.documents.get(COUPON_BATCH, "NEW50")
    over = batch(ends_at="2026-06-01")
    await house.documents.replace(
        COUPON_BATCH, "NEW50", over, Edit(Actor("u", "u"), NOW_US, expected_revision=ended.revision)
    )
    found = await findings(
        house,
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
        house, body(blocks=[{**body("coupon")["blocks"][0], "batch": "NO"}])
    )


async def test_a_draft_is_drawn_as_visitors_would_see_it(house: House) -> None:
    sent = json.dumps({"document": body(), "language": "en"}).encode()
    answer = await house.ask("/api/v1/landing-pages/render", "POST", sent=sent)
    assert "618 sale" in answer.body.decode()
    assert said(answer)["cache-control"] == "no-store"
    sent = json.dumps({"document": body(slug="images")}).encode()
    with pytest.raises(InvalidInput) as refusal:
        await house.ask("/api/v1/landing-pages/render", "POST", sent=sent)
    assert refusal.value.fields[0].path == "document.slug"


async def test_a_link_to_a_draft_is_signed_and_ends(house: House) -> None:
    await house.add(LANDING_PAGE, "lp1", document(), state="draft")
    path = "/api/v1/landing-pages/{id}/preview-link"
    made = json.loads((await house.ask(path, "POST", id="lp1", sent=b'{"hours":2}')).body)
    token = made["path"].removeprefix("/p/preview/")

    async def shown(token: str, now_us: int = NOW_US) -> Response:
        return await house.ask("/p/preview/{token}", token=token, now_us=now_us)

    answer = await shown(token)
    assert answer.status == 200
    assert "618 大促" in answer.body.decode()
    assert said(answer)["x-robots-tag"] == "noindex"
    assert (await shown(token, NOW_US + 2 * HOUR_US)).status == 410
    assert (await shown(token[:-2] + "AA")).status == 404
    assert (await shown("x")).status == 404
    with pytest.raises(NotFound):
        await house.ask(path, "POST", id="other")
    with pytest.raises(InvalidInput):
        await house.ask(path, "POST", id="lp1", sent=b'{"hours":1000}')


async def test_an_image_is_kept_by_content_and_served_for_ever(house: House) -> None:
    upload = ("/api/v1/landing-images", "POST")
    made = json.loads((await house.ask(*upload, sent=png(750, 400))).body)
    again = json.loads((await house.ask(*upload, sent=png(750, 400))).body)
    assert made == again
    assert (made["width"], made["height"]) == (750, 400)
    for _ in range(2):
        answer = await house.ask("/p/images/{name}", name=made["name"])
        assert answer.body == png(750, 400)
        assert answer.content_type == "image/png"
    headers = said(answer)
    assert "immutable" in headers["cache-control"]
    assert "sandbox" in headers["content-security-policy"]
    asked = {"if-none-match": headers["etag"]}
    assert (await house.ask("/p/images/{name}", name=made["name"], headers=asked)).status == 304
    known = json.loads((await house.ask("/api/v1/landing-images")).body)
    assert known["items"] == [made]
    with pytest.raises(NotFound):
        await house.ask("/p/images/{name}", name="f" * 32 + "-1x1.png")
    with pytest.raises(NotFound):
        await house.ask("/p/images/{name}", name="../../secrets/coupons")


GIF = b"GIF89a\x05\x00\x04\x00" + b"\x00" * 20
JPEG = (
    b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
    b"\xff\xc0\x00\x11\x08\x00\x04\x00\x05\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01"
)
RIFF = b"RIFF\x00\x00\x00\x00WEBP"
WEBP = {
    "lossy": RIFF + b"VP8 \x00\x00\x00\x00\x30\x01\x00\x9d\x01\x2a\x05\x00\x04\x00",
    "lossless": RIFF + b"VP8L\x00\x00\x00\x00\x2f\x04\xc0\x00\x00",
    "extended": RIFF + b"VP8X\x0a\x00\x00\x00\x00\x00\x00\x00\x04\x00\x00\x03\x00\x00",
}


@pytest.mark.parametrize(
    ("sent", "ending"),
    [
        (png(5, 4), "png"),
        (GIF, "gif"),
        (JPEG, "jpg"),
        *((one, "webp") for one in WEBP.values()),
    ],
)
def test_images_are_known_by_their_bytes(sent: bytes, ending: str) -> None:
    assert images.shape_of(sent) == (ending, 5, 4)


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<html><script>alert(1)</script>",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xe0\x00\x00" * 3,
        b"RIFF\x00\x00\x00\x00WEBPVP8 ",
    ],
)
async def test_what_is_no_image_is_not_taken(house: House, sent: bytes) -> None:
    with pytest.raises(UnsupportedMedia):
        await house.ask("/api/v1/landing-images", "POST", sent=sent)


def test_any_bytes_are_looked_at_without_a_fault() -> None:
    chance = random.Random(5)
    heads = (b"\x89PNG\r\n\x1a\n", b"GIF89a", b"\xff\xd8\xff", b"RIFF\x00\x00\x00\x00WEBPVP8L")
    for _ in range(3_000):
        images.shape_of(chance.choice(heads) + chance.randbytes(chance.randrange(40)))


async def test_images_are_bounded(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    huge = png(1, 1)[:16] + (9_000).to_bytes(4, "big") + (1).to_bytes(4, "big") + png(1, 1)[24:]
    with pytest.raises(InvalidInput):
        await house.ask("/api/v1/landing-images", "POST", sent=huge)
    monkeypatch.setattr(images, "IMAGES_MAX", 1)
    await house.ask("/api/v1/landing-images", "POST", sent=png(1, 1))
    with pytest.raises(Conflict):
        await house.ask("/api/v1/landing-images", "POST", sent=png(2, 2))
    kept = await house.records.read(lambda conn: artifacts.names(conn, images.PREFIX))
    assert len(kept) == 1


async def test_files_of_pages_are_named_by_content(house: House) -> None:
    for ending in ("css", "js"):
        name = assets.asset(ending).name
        answer = await house.ask("/p/assets/{name}", name=name)
        assert "immutable" in said(answer)["cache-control"]
        old = await house.ask("/p/assets/{name}", name=f"page-{'0' * 16}.{ending}")
        assert said(old)["cache-control"] == "no-store"
        assert old.body == answer.body
    with pytest.raises(NotFound):
        await house.ask("/p/assets/{name}", name="other.css")
