"""Pieces that blocks are made of: sections that are measured, headings, texts, images."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from queqiao.kernel.errors import Message
from queqiao.reach.landing_pages.document import Block, Image, LongText, ShortText
from queqiao.reach.landing_pages.html import Markup, Value, tag
from queqiao.reach.landing_pages.scene import Scene
from queqiao.reach.landing_pages.words import said

_SIZE = re.compile(r"-(\d{1,5})x(\d{1,5})\.[a-z]+$")
"""Names of uploads end with their size, so that a page does not jump when they arrive."""
_PARAGRAPH = re.compile(r"\n\s*\n")
_NOTHING: Mapping[str, Value] = MappingProxyType({})


def spoken(text: ShortText | None, scene: Scene) -> str:
    """Return a text in the page's language."""
    return said(text, scene.language)


def section(
    css: str,
    block: Block,
    place: int,
    scene: Scene,
    *children: str | None,
    more: Mapping[str, Value] = _NOTHING,
) -> Markup:
    """Return a block's section. Its view and the clicks inside are told with these properties."""
    properties: dict[str, Value] = {
        "id": block.id,
        "class": css,
        "data-qq-exposure": "Promotion Viewed",
        "data-qq-promotion-id": scene.placement_id,
        "data-qq-creative-id": block.id,
        "data-qq-position": place + 1,
    }
    return tag("section", {**properties, **more}, *children)


def absent(why: Message, scene: Scene) -> Markup:
    """Return a note on a draft, and nothing on a page that visitors see."""
    return tag("p", {"class": "absent"}, why.in_language(scene.language)) if scene.is_draft else _NO


_NO = Markup("")


def heading(text: ShortText, scene: Scene) -> Markup:
    """Return a heading of the second level."""
    return tag("h2", None, spoken(text, scene))


def paragraphs(text: LongText, scene: Scene) -> Markup:
    """Return paragraphs; a single line break stays one."""
    whole = said(text, scene.language)
    parts = [_lines(part) for part in _PARAGRAPH.split(whole) if part.strip()]
    return tag("div", {"class": "paragraphs"}, *parts)


def _lines(part: str) -> Markup:
    children: list[str] = []
    for line in part.strip().splitlines():
        children += [tag("br"), line] if children else [line]
    return tag("p", None, *children)


def image(shown: Image, scene: Scene, *, eager: bool = False) -> Markup:
    """Return an image; only the first of a page is asked for at once."""
    size = _SIZE.search(shown.url)
    attributes: dict[str, Value] = {
        "src": shown.url,
        "alt": spoken(shown.alt, scene),
        "width": size[1] if size else None,
        "height": size[2] if size else None,
        "loading": None if eager else "lazy",
        "decoding": "async",
    }
    return tag("img", attributes)
