"""The drawing: text stays text, pages read without script, colours are readable, bytes few."""

import gzip
import re
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.reach.landing import (
    BLOCKS,
    GOODS,
    HOUR_US,
    NOW_US,
    PRICES,
    REFERENCES,
    batch,
    body,
    decoded,
    document,
    drawn,
)

from queqiao.catalog.contracts import ShownGoods
from queqiao.reach.landing_pages import assets
from queqiao.reach.landing_pages.html import Markup, tag
from queqiao.reach.landing_pages.scene import References
from queqiao.reach.landing_pages.themes import THEMES, Palette
from queqiao.reach.landing_pages.words import price


class Seen(HTMLParser):
    """Every element and attribute that a browser would see."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def with_every_text(text: str) -> dict[str, Any]:
    """Return a document in which every free text is the given one."""

    def filled(value: Any) -> Any:
        if isinstance(value, dict):
            if value.keys() == {"zh", "en"}:
                return {"zh": text, "en": text}
            return {key: filled(each) for key, each in value.items()}
        return [filled(each) for each in value] if isinstance(value, list) else value

    found: dict[str, Any] = filled(body())
    return found | {"name": text}


HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title></head><body onload=alert(1)>",
    "'; --><svg/onload=alert(1)>",
    "&lt;script&gt;{{7*7}}${7*7}",
)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("is_draft", [False, True])
def test_operators_text_is_text(text: str, is_draft: bool) -> None:
    plain = Seen(drawn(decoded(with_every_text("字")), is_draft=is_draft))
    seen = Seen(drawn(decoded(with_every_text(text)), is_draft=is_draft))
    assert seen.tags == plain.tags
    assert [name for name, _ in seen.attributes] == [name for name, _ in plain.attributes]
    assert text in seen.texts


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60))
def test_no_text_makes_an_element(text: str) -> None:
    assert Seen(tag("p", {"title": text}, text)).tags == ["p"]


def test_names_of_goods_are_text_too() -> None:
    goods = {**GOODS, "TEA-1": ShownGoods("TEA-1", "TEA", HOSTILE[0])}
    references = References(goods=goods, shelves=REFERENCES.shelves)
    seen = Seen(drawn(document("goods"), references=references))
    assert seen.tags.count("script") == 2
    assert HOSTILE[0] in seen.texts


def test_an_attribute_is_named_by_the_code_only() -> None:
    with pytest.raises(ValueError, match="attribute"):
        tag("p", {'x" onload': "1"})
    assert tag("p", None, Markup("<b>"), "<b>") == "<p><b>&lt;b&gt;</p>"


def test_nothing_comes_from_elsewhere_and_nothing_runs_inline() -> None:
    seen = Seen(drawn(document()))
    said = dict.fromkeys(name for name, _ in seen.attributes)
    assert not [name for name in said if name.startswith("on") or name == "style"]
    asked = [value for name, value in seen.attributes if name == "src"]
    assert asked
    assert all(value and value.startswith("/") for value in asked)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_page_has_one_heading_and_its_parts_in_order(language: Any) -> None:
    seen = Seen(drawn(document(), language))
    assert seen.tags.count("h1") == 1
    levels = [int(name[1]) for name in seen.tags if re.fullmatch("h[1-6]", name)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert Seen(drawn(document("goods"))).tags.count("h1") == 1


def test_english_falls_back_to_chinese() -> None:
    html = drawn(document(), "en")
    assert "618 sale" in html
    assert "全场五折" in html, "no English text was written"
    assert 'lang="en"' in html


def test_goods_cost_what_the_live_promotions_make_of_them() -> None:
    html = drawn(document("goods"))
    assert "¥135<s>" in html
    assert "¥150</s>" in html
    assert "¥80<" in html
    assert 'href="https://shop.example/goods/TEA-1"' in html
    assert 'data-qq-price-minor="13500"' in html


def test_goods_are_in_order_of_what_they_cost_now() -> None:
    listed = {**BLOCKS["goods"], "sort": "price_asc"}
    html = drawn(decoded(body(blocks=[{"id": "goods", **listed}])))
    assert html.index("盖碗") < html.index("龙井茶")


def test_a_sku_in_an_address_is_quoted() -> None:
    sku = 'a/b"?'
    known = References(goods={sku: ShownGoods(sku, "P", "x")}, shelves={"goods": (sku,)})
    html = drawn(document("goods"), references=known, prices={sku: PRICES["TEA-1"]})
    assert 'href="https://shop.example/goods/a%2Fb%22%3F"' in html


def test_what_is_not_live_is_not_there_and_a_draft_says_so() -> None:
    kinds = ("hero", "coupon", "goods", "flash", "bar")
    public = drawn(document(*kinds), references=References())
    assert "absent" not in public
    assert "data-claim" not in public
    draft = drawn(document(*kinds), references=References(), is_draft=True)
    assert draft.count('class="absent"') == 4
    assert "noindex" in draft
    assert "queqiao.js" not in draft


def test_only_promotions_of_this_moment_are_named() -> None:
    html = drawn(document("bar"))
    assert "全场九折" in html
    assert "未到" not in html


@pytest.mark.parametrize(
    ("window", "word"),
    [
        ({"personal": {"claim_starts_at": "2026-07-01"}}, "未开始"),
        ({"personal": {"claim_ends_at": "2026-06-01"}}, "已结束"),
        ({"ends_at": "2026-06-01"}, "已结束"),
    ],
)
def test_a_coupon_out_of_its_time_cannot_be_had(window: dict[str, Any], word: str) -> None:
    html = drawn(document("coupon"), references=References(coupons={"NEW50": batch(**window)}))
    assert word in html
    assert "disabled" in html
    assert "data-claim" not in html


def test_printed_codes_are_not_given_on_a_page() -> None:
    printed = References(coupons={"NEW50": batch(personal={"claimable": False})})
    assert "data-claim" not in drawn(document("coupon"), references=printed)
    assert "absent" in drawn(document("coupon"), references=printed, is_draft=True)


def test_a_flash_sale_shows_its_price_and_the_end_of_its_session() -> None:
    html = drawn(document("flash"))
    assert "¥99<s>" in html, "beside what it costs otherwise"
    assert 'data-sale="fs1"' in html
    assert 'data-stock="TEA-1" hidden' in html, "the script knows what is left"
    assert f'data-until="{(NOW_US + HOUR_US) // 1000}" data-turns' in html
    between = drawn(document("flash"), now_us=NOW_US + HOUR_US)
    assert "开抢" in between
    assert f'data-until="{(NOW_US + 2 * HOUR_US) // 1000}"' in between
    assert "data-sale" not in drawn(document("flash"), now_us=NOW_US + 9 * HOUR_US)


def test_a_countdown_may_follow_a_flash_sale() -> None:
    block = {"type": "countdown", "id": "c", "title": {"zh": "下一场"}, "flash_sale": "fs1"}
    html = drawn(document(blocks=[block]))
    assert f'data-until="{(NOW_US + HOUR_US) // 1000}" data-turns' in html


def test_a_countdown_reads_without_script() -> None:
    html = drawn(document("countdown"))
    assert "2026年6月19日 00:00" in html
    assert f'data-until="{1_781_798_400_000}"' in html
    assert "data-until" not in drawn(document("countdown"), now_us=NOW_US + 30 * 86_400_000_000)


def test_chats_and_search_engines_are_told() -> None:
    share = {"text": {"zh": "先领券", "en": ""}, "image": {"url": "/p/images/a.png"}}
    html = drawn(document(share=share))
    assert '<meta property="og:image" content="https://promo.example/p/images/a.png">' in html
    assert '<meta property="og:description" content="先领券">' in html
    assert '<link rel="canonical" href="https://promo.example/p/618-main">' in html


def test_consent_is_asked_where_the_document_says_so() -> None:
    assert 'data-consent="required"' in drawn(document(consent="ask"))
    assert 'class="consent"' in drawn(document(consent="ask"))
    assert "consent" not in drawn(document())


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2.2."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def meeting(palette: Palette) -> list[tuple[str, str]]:
    grounds = (palette.paper, palette.card)
    inks = (palette.text, palette.muted, palette.accent_text)
    pairs = [(ink, ground) for ink in inks for ground in grounds]
    pairs += [(palette.on_accent, palette.accent), (palette.on_hero, palette.hero)]
    return [*pairs, (palette.text, palette.rule)]


@pytest.mark.parametrize("name", THEMES)
def test_every_pair_of_colours_that_meets_is_readable(name: Any) -> None:
    theme = THEMES[name]
    for palette in (theme.light, theme.dark):
        for ink, ground in meeting(palette):
            assert contrast(ink, ground) >= 4.5, (name, ink, ground, contrast(ink, ground))


def test_a_page_is_light() -> None:
    goods = {f"S{n}": ShownGoods(f"S{n}", f"P{n}", f"商品 {n} 的名称") for n in range(60)}
    many = References(goods=goods, shelves={"goods": tuple(goods)})
    prices = dict.fromkeys(goods, PRICES["TEA-1"])
    html = drawn(document(), references=many, prices=prices).encode()
    parts = [gzip.compress(html), assets.asset("css").zipped, assets.asset("js").zipped]
    assert sum(map(len, parts)) <= 20_000, "with the SDK's 5 KB far below 60 KB"
    assert len(assets.asset("js").body) <= 10_000


@pytest.mark.parametrize(
    ("minor", "currency", "shown"),
    [
        (19_900, "CNY", "¥199"),
        (19_950, "CNY", "¥199.50"),
        (123_456_789, "CNY", "¥1,234,567.89"),
        (1_500, "JPY", "¥1,500"),
        (5, "USD", "$0.05"),
        (100, "CHF", "CHF 1"),
    ],
)
def test_prices_are_written_as_shops_write_them(minor: int, currency: str, shown: str) -> None:
    assert price(minor, currency) == shown
