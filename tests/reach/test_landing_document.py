"""What a landing page's document may say: every slip is named by its path, in both languages."""

from typing import Any

import msgspec
import pytest
from tests.reach.landing import BLOCKS, body, decoded, document, line

from queqiao.kernel.errors import InvalidInput
from queqiao.reach.landing_pages.document import LandingPageDocument
from queqiao.reach.landing_pages.kind import LANDING_PAGE


def block(kind: str, **fields: Any) -> dict[str, Any]:
    return {"id": kind, **BLOCKS[kind], **fields}


def test_a_document_of_every_block_is_good() -> None:
    found = document()
    assert {part.__struct_config__.tag for part in found.blocks} == {
        "tabs", "hero", "text", "image", "coupon", "countdown", "goods", "flash_sale",
        "promotion_bar", "rules", "spacer",
    }  # fmt: skip
    again = msgspec.json.decode(msgspec.json.encode(found), type=LandingPageDocument)
    assert again == found


WRONG: dict[str, tuple[dict[str, Any], list[str]]] = {
    "blank title": ({"title": line("  ")}, ["title.zh"]),
    "reserved slug": ({"slug": "images"}, ["slug"]),
    "goods_url without a place": ({"goods_url": "https://shop.example/"}, ["goods_url"]),
    "goods_url that runs": ({"goods_url": "javascript:alert('{sku}')"}, ["goods_url"]),
    "end before begin": ({"starts_at": "2026-06-02", "ends_at": "2026-06-01"}, ["ends_at"]),
    "no moment": ({"starts_at": "tomorrow"}, ["starts_at"]),
    "share image elsewhere": (
        {"share": {"image": {"url": "https://cdn.example/a.png"}}},
        ["share.image.url"],
    ),
    "nul in a text": ({"title": line("a\x00b")}, ["title.zh"]),
    "same ids": (
        {"blocks": [block("hero"), block("hero")]},
        ["blocks[1].id"],
    ),
    "button that runs": (
        {"blocks": [block("hero", button={"label": line("x"), "url": "javascript:alert(1)"})]},
        ["blocks[0].button.url"],
    ),
    "protocol-relative": (
        {"blocks": [block("image", url="//evil.example/")]},
        ["blocks[0].url"],
    ),
    "image by backslash": (
        {"blocks": [block("image", image={"url": "/\\evil.example/a.png"})]},
        ["blocks[0].image.url"],
    ),
    "data image": (
        {"blocks": [block("image", image={"url": "data:image/svg+xml,<svg/>"})]},
        ["blocks[0].image.url"],
    ),
    "empty text": ({"blocks": [{"id": "a", "type": "text"}]}, ["blocks[0]"]),
    "two ends": (
        {"blocks": [block("countdown", flash_sale="fs1")]},
        ["blocks[0].until"],
    ),
    "no end": (
        {"blocks": [{"id": "a", "type": "countdown", "title": line("x")}]},
        ["blocks[0].until"],
    ),
    "two sources": ({"blocks": [block("goods", category="茶叶")]}, ["blocks[0].items"]),
    "a SKU twice": (
        {"blocks": [block("goods", items=[{"sku": "A"}, {"sku": "A"}])]},
        ["blocks[0].items[1].sku"],
    ),
    "tab to nowhere": (
        {"blocks": [block("tabs")]},
        ["blocks[0].items[0].block", "blocks[0].items[1].block"],
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_document_names_every_field(name: str) -> None:
    fields, paths = WRONG[name]
    with pytest.raises(InvalidInput) as refusal:
        LANDING_PAGE.check(decoded(body("hero", **fields)))
    assert [error.path for error in refusal.value.fields] == paths
    for error in refusal.value.fields:
        assert error.message.zh
        assert error.message.en
        assert "evil" not in error.message.en


MISTYPED: dict[str, dict[str, Any]] = {
    "slug in capitals": {"slug": "Main"},
    "slug with a slash": {"slug": "a/b"},
    "slug too long": {"slug": "a" * 61},
    "unknown theme": {"theme": "beige"},
    "no blocks": {"blocks": []},
    "too many blocks": {"blocks": [{"id": f"s{n}", "type": "spacer"} for n in range(61)]},
    "unknown block": {"blocks": [{"id": "a", "type": "script", "text": line("x")}]},
    "unknown field": {"blocks": [{"id": "a", "type": "spacer", "style": "x"}]},
    "id with a quote": {"blocks": [{"id": 'a"b', "type": "spacer"}]},
    "a text too long": {"title": line("长" * 201)},
    "limit": {"blocks": [{"id": "a", "type": "goods", "limit": 61}]},
}


@pytest.mark.parametrize("name", MISTYPED)
def test_the_types_alone_refuse(name: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        decoded(body("hero", **MISTYPED[name]))
