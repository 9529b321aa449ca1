"""Blocks as markup. A block that has nothing to show draws nothing, or a note on a draft."""

from collections.abc import Callable, Mapping

from queqiao.decide.promotions.contracts import PromotionDocument
from queqiao.kernel.clock import SECOND_US, format_rfc3339, parse_rfc3339
from queqiao.kernel.errors import Message
from queqiao.reach.landing_pages import words
from queqiao.reach.landing_pages.document import (
    Block,
    Button,
    CountdownBlock,
    CouponBlock,
    FlashSaleBlock,
    GoodsBlock,
    HeroBlock,
    ImageBlock,
    PromotionBarBlock,
    RulesBlock,
    SpacerBlock,
    TabsBlock,
    TextBlock,
)
from queqiao.reach.landing_pages.goods_grid import flash_sale, goods
from queqiao.reach.landing_pages.html import Markup, Value, joined, tag
from queqiao.reach.landing_pages.pieces import absent, heading, image, paragraphs, section, spoken
from queqiao.reach.landing_pages.scene import Scene, window_us

EAGER_BLOCKS = 2
"""Images of so many first blocks are asked for at once; they are in sight."""


def draw(block: Block, place: int, scene: Scene) -> Markup:
    """Return the markup of a block; ``place`` counts the blocks from 0."""
    return _DRAW[type(block)](block, place, scene)


def _hero(block: HeroBlock, place: int, scene: Scene) -> Markup:
    first = next(one for one in scene.document.blocks if isinstance(one, HeroBlock))
    title = tag("h1" if block is first else "h2", None, spoken(block.heading, scene))
    text = tag("p", None, spoken(block.text, scene)) if block.text else None
    picture = image(block.image, scene, eager=place < EAGER_BLOCKS) if block.image else None
    inside = tag("div", None, title, text, _button(block.button, scene))
    return section("hero", block, place, scene, picture, inside)


def _button(button: Button | None, scene: Scene) -> Markup | None:
    return None if button is None else _link(button.url, spoken(button.label, scene), "button")


def _link(url: str, inside: str, css: str | None = None) -> Markup:
    said: dict[str, Value] = {"class": css, "href": url, "data-qq-event": "Promotion Clicked"}
    return tag("a", said, inside)


def _text(block: TextBlock, place: int, scene: Scene) -> Markup:
    title = heading(block.heading, scene) if block.heading else None
    text = paragraphs(block.text, scene) if block.text else None
    return section("text", block, place, scene, title, text)


def _image(block: ImageBlock, place: int, scene: Scene) -> Markup:
    shown = image(block.image, scene, eager=place < EAGER_BLOCKS)
    inside = shown if block.url is None else _link(block.url, shown)
    return section("picture", block, place, scene, inside)


def _coupon(block: CouponBlock, place: int, scene: Scene) -> Markup:
    batch = scene.page.references.coupons.get(block.batch)
    if batch is None:
        return absent(words.ABSENT_COUPON, scene)
    if batch.personal is None or not batch.personal.claimable:
        return absent(words.NOT_CLAIMABLE, scene)
    note = tag("p", {"class": "note"}, spoken(block.note, scene)) if block.note else None
    about = tag("div", {"class": "what"}, heading(block.title, scene), note)
    value = tag("div", {"class": "value"}, spoken(block.value, scene))
    claims = window_us(batch.personal.claim_starts_at, batch.personal.claim_ends_at)
    over = window_us(None, batch.ends_at)
    shut = _shut(claims, scene.now_us) or _shut(over, scene.now_us)
    promises = {"data-qq-coupon-id": block.batch, "data-qq-coupon-name": batch.name}
    said = tag("p", {"class": "said", "role": "status"})
    return section(
        "coupon", block, place, scene, value, about, _claim(block, shut, scene), said, more=promises
    )


def _shut(window: tuple[int | None, int | None], now_us: int) -> Message | None:
    """Return why a coupon cannot be had just now."""
    starts_us, ends_us = window
    if starts_us is not None and now_us < starts_us:
        return words.NOT_BEGUN
    return words.OVER if ends_us is not None and now_us >= ends_us else None


def _claim(block: CouponBlock, shut: Message | None, scene: Scene) -> Markup:
    """The button works by script; without one, the page says so."""
    label = (shut or words.CLAIM).in_language(scene.language)
    title = tag("span", {"class": "hidden"}, f" {spoken(block.title, scene)}")
    said: dict[str, Value] = {"class": "button", "type": "button", "disabled": shut is not None}
    if shut is None:
        said |= {"data-claim": block.id, "data-qq-event": "Promotion Clicked"}
    needs = words.NEEDS_SCRIPT.in_language(scene.language)
    without = tag("p", {"class": "note needs-script"}, needs)
    return joined([tag("button", said, label, title), without if shut is None else None])


def _countdown(block: CountdownBlock, place: int, scene: Scene) -> Markup:
    until_us = _until_us(block, scene)
    if until_us is None:
        return absent(words.ABSENT_SALE, scene)
    if until_us <= scene.now_us:
        return absent(words.OVER, scene)
    shown = words.moment(until_us, scene.zone, scene.language)
    said: dict[str, Value] = {
        "datetime": format_rfc3339(until_us),
        "data-until": until_us * 1000 // SECOND_US,
        "data-turns": block.flash_sale is not None,
    }
    clock = tag("time", said, shown)
    return section("countdown", block, place, scene, heading(block.title, scene), clock)


def _until_us(block: CountdownBlock, scene: Scene) -> int | None:
    if block.until is not None:
        return parse_rfc3339(block.until, "until")
    sale = scene.page.references.sales.get(block.flash_sale or "")
    return None if sale is None else sale.turn_us(scene.now_us)


def _promotion_bar(block: PromotionBarBlock, place: int, scene: Scene) -> Markup:
    known = scene.page.references.promotions
    shown = [one for one in block.promotions if one in known and _is_now(known[one], scene.now_us)]
    if not shown:
        return absent(words.ABSENT_PROMOTIONS, scene)
    items = [tag("li", _seen(one, known[one].name), known[one].name) for one in shown]
    label = words.PROMOTIONS.in_language(scene.language)
    listed = tag("ul", {"aria-label": label}, *items)
    return section("bar", block, place, scene, listed)


def _is_now(promotion: PromotionDocument, now_us: int) -> bool:
    return _shut(window_us(promotion.starts_at, promotion.ends_at), now_us) is None


def _seen(promotion_id: str, name: str) -> dict[str, Value]:
    return {
        "data-qq-exposure": "Promotion Viewed",
        "data-qq-promotion-id": promotion_id,
        "data-qq-name": name,
    }


def _rules(block: RulesBlock, place: int, scene: Scene) -> Markup:
    title = spoken(block.title, scene) or words.RULES.in_language(scene.language)
    inside = tag("details", None, tag("summary", None, title), paragraphs(block.text, scene))
    return section("rules", block, place, scene, inside)


def _spacer(block: SpacerBlock, _place: int, _scene: Scene) -> Markup:
    line = tag("hr") if block.line else None
    return tag("div", {"id": block.id, "class": f"spacer {block.size}"}, line)


def _tabs(block: TabsBlock, _place: int, scene: Scene) -> Markup:
    items = [
        tag("li", None, tag("a", {"href": f"#{tab.block}"}, spoken(tab.label, scene)))
        for tab in block.items
    ]
    label = words.TABS.in_language(scene.language)
    said: dict[str, Value] = {"id": block.id, "class": "tabs", "aria-label": label}
    return tag("nav", said, tag("ul", None, *items))


_DRAW: Mapping[type, Callable[..., Markup]] = {
    HeroBlock: _hero,
    TextBlock: _text,
    ImageBlock: _image,
    CouponBlock: _coupon,
    CountdownBlock: _countdown,
    GoodsBlock: goods,
    FlashSaleBlock: flash_sale,
    PromotionBarBlock: _promotion_bar,
    RulesBlock: _rules,
    SpacerBlock: _spacer,
    TabsBlock: _tabs,
}
