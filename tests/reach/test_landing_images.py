"""Images of pages: known by their bytes, kept by content, bounded, served so that nothing runs."""

import json
import random

import pytest
from tests.reach.landing import NOW_US, document, png
from tests.reach.landing_house import PagesHouse, said

from queqiao.kernel.errors import Conflict, InvalidInput, NotFound, Refused, UnsupportedMedia
from queqiao.ports.records import artifacts
from queqiao.ports.records.audit import Actor
from queqiao.ports.records.documents import Edit
from queqiao.reach.landing_pages import images
from queqiao.reach.landing_pages.kind import LANDING_PAGE


async def test_an_image_is_kept_by_content_and_served_for_ever(pages: PagesHouse) -> None:
    upload = ("/api/v1/landing-images", "POST")
    made = json.loads((await pages.ask(*upload, sent=png(750, 400))).body)
    again = json.loads((await pages.ask(*upload, sent=png(750, 400))).body)
    assert made == again
    assert (made["width"], made["height"]) == (750, 400)
    for _ in range(2):
        answer = await pages.ask("/p/images/{name}", name=made["name"])
        assert answer.body == png(750, 400)
        assert answer.content_type == "image/png"
    headers = said(answer)
    assert "immutable" in headers["cache-control"]
    assert "sandbox" in headers["content-security-policy"]
    asked = {"if-none-match": headers["etag"]}
    assert (await pages.ask("/p/images/{name}", name=made["name"], headers=asked)).status == 304
    known = json.loads((await pages.ask("/api/v1/landing-images")).body)
    assert known["items"] == [made]
    with pytest.raises(NotFound):
        await pages.ask("/p/images/{name}", name="f" * 32 + "-1x1.png")
    with pytest.raises(NotFound):
        await pages.ask("/p/images/{name}", name="../../secrets/coupons")


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
async def test_what_is_no_image_is_not_taken(pages: PagesHouse, sent: bytes) -> None:
    with pytest.raises(UnsupportedMedia):
        await pages.ask("/api/v1/landing-images", "POST", sent=sent)


def test_any_bytes_are_looked_at_without_a_fault() -> None:
    chance = random.Random(5)
    heads = (b"\x89PNG\r\n\x1a\n", b"GIF89a", b"\xff\xd8\xff", b"RIFF\x00\x00\x00\x00WEBPVP8L")
    for _ in range(3_000):
        images.shape_of(chance.choice(heads) + chance.randbytes(chance.randrange(40)))


async def test_images_are_bounded(pages: PagesHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    huge = png(1, 1)[:16] + (9_000).to_bytes(4, "big") + (1).to_bytes(4, "big") + png(1, 1)[24:]
    with pytest.raises(InvalidInput):
        await pages.ask("/api/v1/landing-images", "POST", sent=huge)
    monkeypatch.setattr(images, "IMAGES_MAX", 1)
    await pages.ask("/api/v1/landing-images", "POST", sent=png(1, 1))
    with pytest.raises(Conflict):
        await pages.ask("/api/v1/landing-images", "POST", sent=png(2, 2))
    kept = await pages.records.read(lambda conn: artifacts.names(conn, images.PREFIX))
    assert len(kept) == 1


async def test_an_image_that_no_page_shows_can_be_deleted(pages: PagesHouse) -> None:
    path = "/api/v1/landing-images"
    made = json.loads((await pages.ask(path, "POST", sent=png(4, 4))).body)
    shown = document("hero", share={"image": {"url": made["url"]}})
    await pages.add(LANDING_PAGE, "lp1", shown, state="paused")

    async def delete(name: str) -> int:
        return (await pages.ask(f"{path}/{{name}}", "DELETE", name=name)).status

    with pytest.raises(Refused) as refusal:
        await delete(made["name"])
    assert refusal.value.reason == "image_used"
    edit = Edit(Actor("u", "u"), NOW_US)
    await pages.documents.transition(LANDING_PAGE, "lp1", "archived", edit)
    assert await delete(made["name"]) == 204
    for name in (made["name"], "f" * 32 + "-1x1.png", "%", "../records"):
        with pytest.raises(NotFound):
            await delete(name)
    with pytest.raises(NotFound):
        await pages.ask("/p/images/{name}", name=made["name"])
