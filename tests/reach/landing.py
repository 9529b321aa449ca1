"""A shop in memory for landing pages: documents, goods and a house of records."""

import json
import struct
import zlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from queqiao.catalog.contracts import ShownGoods
from queqiao.decide.promotions.contracts import CouponBatchDocument, PromotionDocument
from queqiao.kernel.http import Language
from queqiao.reach.landing_pages.document import LandingPageDocument
from queqiao.reach.landing_pages.kind import LANDING_PAGE
from queqiao.reach.landing_pages.page import page
from queqiao.reach.landing_pages.scene import LivePage, Priced, References, Sale, SaleItem, Scene

NOW_US = 1_781_000_000_000_000
"""2026-06-09 in Shanghai."""
ZONE = "Asia/Shanghai"


def line(zh: str, en: str = "") -> dict[str, str]:
    return {"zh": zh, "en": en}


IMAGE = {"url": "/p/images/" + "0" * 32 + "-750x400.png", "alt": line("会场", "The hall")}
BLOCKS: dict[str, dict[str, Any]] = {
    "tabs": {
        "type": "tabs",
        "items": [
            {"label": line("商品", "Goods"), "block": "goods"},
            {"label": line("规则"), "block": "rules"},
        ],
    },
    "hero": {
        "type": "hero",
        "heading": line("618 大促", "618 sale"),
        "text": line("全场五折"),
        "image": IMAGE,
        "button": {"label": line("去抢购", "Shop now"), "url": "#goods"},
    },
    "text": {"type": "text", "heading": line("说明"), "text": line("一\n二\n\n三", "one\n\ntwo")},
    "image": {"type": "image", "image": IMAGE, "url": "https://shop.example/a?b=1&c=2"},
    "coupon": {
        "type": "coupon",
        "batch": "NEW50",
        "value": line("¥50"),
        "title": line("新人券", "For newcomers"),
        "note": line("满 300 可用"),
    },
    "countdown": {
        "type": "countdown",
        "title": line("距结束", "Ends in"),
        "until": "2026-06-19T00:00:00+08:00",
    },
    "goods": {
        "type": "goods",
        "title": line("爆款", "Best sellers"),
        "items": [{"sku": "TEA-1", "badge": line("热卖", "Hot")}, {"sku": "CUP-1"}],
    },
    "flash": {"type": "flash_sale", "sale": "fs1", "title": line("秒杀", "Flash sale")},
    "bar": {"type": "promotion_bar", "promotions": ["p1", "p2"]},
    "rules": {"type": "rules", "text": line("每人一张", "One each")},
    "spacer": {"type": "spacer", "line": True},
}


def body(*kinds: str, **fields: Any) -> dict[str, Any]:
    """Return a document as JSON of the named blocks, by default of every kind."""
    blocks = [{"id": kind, **BLOCKS[kind]} for kind in kinds or BLOCKS]
    return {
        "name": "618 主会场",
        "slug": "618-main",
        "title": line("618 大促", "618 sale"),
        "goods_url": "https://shop.example/goods/{sku}",
        "sign_in_url": "https://shop.example/sign-in?next={page}",
        "blocks": blocks,
        **fields,
    }


def document(*kinds: str, **fields: Any) -> LandingPageDocument:
    """Return a checked document."""
    found = decoded(body(*kinds, **fields))
    LANDING_PAGE.check(found)
    return found


def decoded(value: dict[str, Any]) -> LandingPageDocument:
    return msgspec.json.decode(json.dumps(value), type=LandingPageDocument)


def batch(personal: dict[str, Any] | None = None, **fields: Any) -> CouponBatchDocument:
    """Return a batch that customers may claim."""
    given = {"name": "新人券", "count": 100, "personal": personal or {}, **fields}
    return msgspec.convert(given, CouponBatchDocument)


def promotion(name: str, **fields: Any) -> PromotionDocument:
    return msgspec.convert(
        {"name": name, "benefit": {"type": "percent", "percent": "10"}, **fields}, PromotionDocument
    )


GOODS = {
    "TEA-1": ShownGoods("TEA-1", "TEA", "龙井茶"),
    "CUP-1": ShownGoods("CUP-1", "CUP", "盖碗", "/p/images/cup.png"),
}
PRICES = {"TEA-1": Priced(13_500, 15_000, "CNY"), "CUP-1": Priced(8_000, None, "CNY")}
HOUR_US = 3_600_000_000
SALE = Sale(
    "整点秒杀",
    ((NOW_US - HOUR_US, NOW_US + HOUR_US), (NOW_US + 2 * HOUR_US, NOW_US + 3 * HOUR_US)),
    (SaleItem("TEA-1", 9_900, "CNY", 50),),
)
REFERENCES = References(
    coupons={"NEW50": batch()},
    promotions={"p1": promotion("全场九折"), "p2": promotion("未到", starts_at="2027-01-01")},
    sales={"fs1": SALE},
    goods=GOODS,
    shelves={"goods": ("TEA-1", "CUP-1")},
)


def drawn(
    document: LandingPageDocument,
    language: Language = "zh",
    *,
    references: References = REFERENCES,
    is_draft: bool = False,
    now_us: int = NOW_US,
    prices: Mapping[str, Priced] = MappingProxyType(PRICES),
) -> str:
    live = LivePage("lp1", document, references)
    scene = Scene(live, language, now_us, ZONE, prices, is_draft)
    return page(scene, "https://promo.example", "qq_intake_key").decode()


def png(width: int = 3, height: int = 2) -> bytes:
    """A real PNG of one colour."""
    rows = b"".join(b"\0" + b"\xc0\x30\x20" * width for _ in range(height))

    def chunk(kind: bytes, data: bytes) -> bytes:
        checked = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + checked

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, data) for kind, data in parts)
