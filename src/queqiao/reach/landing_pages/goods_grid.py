"""Goods and flash sales as a grid of cards: picture, name, price, and where a tap leads."""

from urllib.parse import quote

from queqiao.kernel.clock import SECOND_US, format_rfc3339
from queqiao.reach.landing_pages import words
from queqiao.reach.landing_pages.checks import SKU_PLACE
from queqiao.reach.landing_pages.document import FlashSaleBlock, GoodsBlock, GoodsItem, ShortText
from queqiao.reach.landing_pages.html import Markup, Value, joined, tag
from queqiao.reach.landing_pages.pieces import absent, image, section, spoken
from queqiao.reach.landing_pages.scene import Priced, Sale, SaleItem, Scene


def goods(block: GoodsBlock, place: int, scene: Scene) -> Markup:
    """Return a grid of those of a block's goods that have a price."""
    named = {item.sku: item for item in block.items}
    shown = [sku for sku in scene.page.references.shelves.get(block.id, ()) if sku in scene.prices]
    if not shown:
        return absent(words.ABSENT_GOODS, scene)
    if block.sort in {"price_asc", "price_desc"}:
        falling = block.sort == "price_desc"
        shown.sort(key=lambda sku: scene.prices[sku].now_minor, reverse=falling)
    cards = [
        _card(named.get(sku, GoodsItem(sku)), scene.prices[sku], number, scene)
        for number, sku in enumerate(shown, 1)
    ]
    title = _title(block.title, words.GOODS.in_language(scene.language), scene)
    listed = tag("ul", {"class": "grid", "data-qq-list-id": block.id}, *cards)
    return section("goods", block, place, scene, title, listed)


def flash_sale(block: FlashSaleBlock, place: int, scene: Scene) -> Markup:
    """Return the goods of a flash sale with its price, its stock and the session's time."""
    sale = scene.page.references.sales.get(block.sale)
    if sale is None:
        return absent(words.ABSENT_SALE, scene)
    turn_us = sale.turn_us(scene.now_us)
    if turn_us is None:
        return absent(words.OVER, scene)
    cards = [
        _card(GoodsItem(item.sku), _sale_price(item, scene), number, scene, _stock(item, scene))
        for number, item in enumerate(sale.items[: block.limit], 1)
    ]
    usual = words.FLASH_SALE.in_language(scene.language)
    title = tag("h2", None, spoken(block.title, scene) or usual)
    head = tag("div", {"class": "head"}, title, _session(sale, turn_us, scene))
    listed = tag("ul", {"class": "grid", "data-qq-list-id": block.id}, *cards)
    more: dict[str, Value] = {"data-sale": block.sale, "data-qq-promotion-id": block.sale}
    return section("flash", block, place, scene, head, listed, more=more)


def _title(title: ShortText | None, usual: str, scene: Scene) -> Markup:
    """A grid always has a heading, or those of its cards would hang in the air."""
    css = {"class": None if title else "hidden"}
    return tag("h2", css, spoken(title, scene) or usual)


def _session(sale: Sale, turn_us: int, scene: Scene) -> Markup:
    label = words.ENDS if sale.is_open(scene.now_us) else words.BEGINS
    said: dict[str, Value] = {
        "datetime": format_rfc3339(turn_us),
        "data-until": turn_us * 1000 // SECOND_US,
        "data-turns": True,
    }
    clock = tag("time", said, words.moment(turn_us, scene.zone, scene.language))
    return tag("p", {"class": "muted"}, f"{label.in_language(scene.language)} ", clock)


def _sale_price(item: SaleItem, scene: Scene) -> Priced:
    usual = scene.prices.get(item.sku)
    was = None
    if usual is not None and usual.currency == item.currency:
        was = usual.now_minor if usual.now_minor > item.price_minor else usual.was_minor
    return Priced(item.price_minor, was, item.currency)


def _stock(item: SaleItem, scene: Scene) -> Markup:
    """A bar that the page's script fills with what is left; hidden until it knows."""
    label = words.LEFT.in_language(scene.language)
    bar = tag("progress", {"max": item.stock, "value": item.stock, "aria-label": label})
    said: dict[str, Value] = {"class": "muted", "data-left": label}
    gone = words.SOLD_OUT.in_language(scene.language)
    told = tag("span", {**said, "data-none": gone})
    return tag("div", {"data-stock": item.sku, "hidden": True}, bar, told)


def _card(
    item: GoodsItem, priced: Priced, number: int, scene: Scene, below: Markup | None = None
) -> Markup:
    known = scene.page.references.goods.get(item.sku)
    name = spoken(item.title, scene) or (known.name if known else item.sku)
    badge = tag("span", {"class": "badge"}, spoken(item.badge, scene)) if item.badge else None
    about = tag(
        "div", {"class": "about"}, tag("h3", None, name), badge, _price(priced, scene), below
    )
    inside = joined([_picture(item, name, known.image if known else None, scene), about])
    told: dict[str, Value] = {
        "data-qq-sku": item.sku,
        "data-qq-product-id": known.product_id if known else None,
        "data-qq-name": name,
        "data-qq-price-minor": priced.now_minor,
        "data-qq-currency": priced.currency,
        "data-qq-position": number,
    }
    return tag("li", told, _linked(item.sku, inside, scene))


def _linked(sku: str, inside: Markup, scene: Scene) -> Markup:
    url = scene.document.goods_url
    if url is None:
        return tag("div", {"class": "card"}, inside)
    href = url.replace(SKU_PLACE, quote(sku, safe=""))
    return tag("a", {"class": "card", "href": href, "data-qq-event": "Product Clicked"}, inside)


def _picture(item: GoodsItem, name: str, path: str | None, scene: Scene) -> Markup:
    if item.image is not None:
        return image(item.image, scene)
    if path is not None:
        attributes = {"src": path, "alt": "", "loading": "lazy", "decoding": "async"}
        return tag("img", attributes)
    return tag("span", {"class": "art", "aria-hidden": "true"}, name[:1])


def _price(priced: Priced, scene: Scene) -> Markup:
    now = words.price(priced.now_minor, priced.currency)
    if priced.was_minor is None or priced.was_minor <= priced.now_minor:
        return tag("p", {"class": "price"}, now)
    label = tag("span", {"class": "hidden"}, f"{words.WAS.in_language(scene.language)} ")
    was = tag("s", None, label, words.price(priced.was_minor, priced.currency))
    return tag("p", {"class": "price"}, now, was)
