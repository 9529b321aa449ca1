"""The landing page as operators write it: a slug, a theme and blocks in order.

Texts stand in both languages; a page in English shows the Chinese text where the English one is
empty. Everything here is text: nothing of it is ever read as markup. Times are RFC 3339.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

BLOCKS_MAX = 60
GOODS_A_BLOCK_MAX = 60
URL_LENGTH_MAX = 2_000

Name = Annotated[str, Meta(min_length=1, max_length=200)]
Id = Annotated[str, Meta(min_length=1, max_length=128)]
Slug = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=60,
        pattern="^[a-z0-9]+(-[a-z0-9]+)*$",
        description="The page stands at /p/{slug}",
        examples=["618-main"],
    ),
]
BlockId = Annotated[str, Meta(max_length=40, pattern="^[a-z][a-z0-9-]*$", examples=["hero"])]
Url = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=URL_LENGTH_MAX,
        description="https://, http://, a path on this host, or #block",
    ),
]
Moment = Annotated[str, Meta(max_length=40, examples=["2026-06-18T00:00:00+08:00"])]
ThemeName = Literal["red", "orange", "gold", "green", "blue", "purple", "ink"]
Sort = Literal["listed", "newest", "price_asc", "price_desc"]


class _Part(Struct, frozen=True, forbid_unknown_fields=True):
    """A part of a document: an unknown field is a slip, so it is refused by its path."""


class ShortText(_Part, frozen=True):
    """A short text, at most 200 characters a language."""

    zh: Annotated[str, Meta(max_length=200)]
    en: Annotated[str, Meta(max_length=200)] = ""


class LongText(_Part, frozen=True):
    """A longer text, at most 5,000 characters a language; an empty line begins a paragraph."""

    zh: Annotated[str, Meta(max_length=5_000)]
    en: Annotated[str, Meta(max_length=5_000)] = ""


class Image(_Part, frozen=True):
    """An image on this host: uploaded (``/p/images/…``) or a path. ``alt`` says what it shows."""

    url: Url
    alt: ShortText | None = None


class Button(_Part, frozen=True):
    """A button that leads somewhere."""

    label: ShortText
    url: Url


class Share(_Part, frozen=True):
    """What a chat shows of a shared link: text below the title, and an image."""

    text: ShortText | None = None
    image: Image | None = None


class HeroBlock(_Part, frozen=True, tag_field="type", tag="hero"):
    """头图: what the page is about, on the theme's colour."""

    id: BlockId
    heading: ShortText
    text: ShortText | None = None
    image: Image | None = None
    button: Button | None = None


class TextBlock(_Part, frozen=True, tag_field="type", tag="text"):
    """A heading, paragraphs, or both."""

    id: BlockId
    heading: ShortText | None = None
    text: LongText | None = None


class ImageBlock(_Part, frozen=True, tag_field="type", tag="image"):
    """An image over the whole width, which may lead somewhere."""

    id: BlockId
    image: Image
    url: Url | None = None


class CouponBlock(_Part, frozen=True, tag_field="type", tag="coupon"):
    """领券: a coupon of a batch. ``value`` is the large word on it, such as ¥50."""

    id: BlockId
    batch: Id
    value: ShortText
    title: ShortText
    note: ShortText | None = None


class CountdownBlock(_Part, frozen=True, tag_field="type", tag="countdown"):
    """倒计时: to a moment, or to the next begin or end of a flash sale."""

    id: BlockId
    title: ShortText
    until: Moment | None = None
    flash_sale: Id | None = None


class GoodsItem(_Part, frozen=True):
    """One SKU of a grid. Without ``title`` the catalogue's name stands there."""

    sku: Id
    title: ShortText | None = None
    image: Image | None = None
    badge: ShortText | None = None


class GoodsBlock(_Part, frozen=True, tag_field="type", tag="goods"):
    """商品: the listed SKUs, or those of a category or a tag, or else the newest of the shop."""

    id: BlockId
    title: ShortText | None = None
    items: Annotated[tuple[GoodsItem, ...], Meta(max_length=GOODS_A_BLOCK_MAX)] = ()
    category: Name | None = None
    tag: Name | None = None
    limit: Annotated[int, Meta(ge=1, le=GOODS_A_BLOCK_MAX)] = 12
    sort: Sort = "listed"


class FlashSaleBlock(_Part, frozen=True, tag_field="type", tag="flash_sale"):
    """秒杀: the goods of a flash sale with price, stock and the session's time."""

    id: BlockId
    sale: Id
    title: ShortText | None = None
    limit: Annotated[int, Meta(ge=1, le=GOODS_A_BLOCK_MAX)] = 12


class PromotionBarBlock(_Part, frozen=True, tag_field="type", tag="promotion_bar"):
    """促销条: the names of live promotions; those that are not live are left out."""

    id: BlockId
    promotions: Annotated[tuple[Id, ...], Meta(min_length=1, max_length=10)]


class RulesBlock(_Part, frozen=True, tag_field="type", tag="rules"):
    """活动规则: small print that opens on a tap."""

    id: BlockId
    text: LongText
    title: ShortText | None = None


class SpacerBlock(_Part, frozen=True, tag_field="type", tag="spacer"):
    """Room between two blocks, with a line across it if wished."""

    id: BlockId
    size: Literal["small", "medium", "large"] = "medium"
    line: bool = False


class Tab(_Part, frozen=True):
    """One entry of the tabs: a word, and the id of the block that it leads to."""

    label: ShortText
    block: BlockId


class TabsBlock(_Part, frozen=True, tag_field="type", tag="tabs"):
    """导航: a bar that stays in sight and leads to other blocks of the page."""

    id: BlockId
    items: Annotated[tuple[Tab, ...], Meta(min_length=2, max_length=8)]


Block = (
    HeroBlock
    | TextBlock
    | ImageBlock
    | CouponBlock
    | CountdownBlock
    | GoodsBlock
    | FlashSaleBlock
    | PromotionBarBlock
    | RulesBlock
    | SpacerBlock
    | TabsBlock
)


class LandingPageDocument(_Part, frozen=True):
    """A page at ``/p/{slug}`` from ``starts_at`` until before ``ends_at``.

    ``goods_url`` is where a tap on goods leads; ``{sku}`` in it stands for the SKU.
    ``sign_in_url`` is where visitors sign in who want a coupon; ``{page}`` in it stands for the way
    back. ``consent`` ``ask``: nothing is measured before the visitor has agreed on the page.
    """

    name: Name
    slug: Slug
    title: ShortText
    blocks: Annotated[tuple[Block, ...], Meta(min_length=1, max_length=BLOCKS_MAX)]
    theme: ThemeName = "red"
    share: Share = Share()
    goods_url: Url | None = None
    sign_in_url: Url | None = None
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    consent: Literal["implied", "ask"] = "implied"
