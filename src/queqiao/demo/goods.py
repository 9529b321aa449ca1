"""The living store's goods: 100 products in ten categories, 300 SKUs, made from a seed."""

from random import Random
from typing import Any, Final

import msgspec

CURRENCY: Final = "CNY"

_BRANDS = ("青石", "鹿鸣", "云帆", "禾木", "拾光", "北岸", "知夏", "南屿")

_RANGES = {
    "手机数码": (
        "旗舰手机/3999 轻薄平板/2399 降噪耳机/699 运动手表/899 快充充电器/129"
        " 移动电源/159 蓝牙音箱/299 机械键盘/399 无线鼠标/119 行车记录仪/359"
    ),
    "家用电器": (
        "空气炸锅/329 扫地机器人/1799 变频空调/2899 滚筒洗衣机/2299 净饮机/999"
        " 破壁机/459 吹风机/259 电饭煲/349 除湿机/1099 落地风扇/269"
    ),
    "服饰鞋包": (
        "羊毛大衣/899 棉质衬衫/169 牛仔裤/219 运动鞋/359 双肩包/199"
        " 针织衫/189 羽绒服/699 帆布鞋/129 真皮腰带/149 遮阳帽/69"
    ),
    "美妆个护": (
        "保湿面霜/239 防晒乳/129 口红/159 洗发水/69 电动牙刷/299"
        " 面膜礼盒/189 香水/399 剃须刀/349 护手霜/49 卸妆油/119"
    ),
    "食品生鲜": (
        "坚果礼盒/128 精品咖啡豆/88 有机大米/79 冷鲜牛排/199 橄榄油/109"
        " 春茶/168 蜂蜜/59 车厘子/139 鲜牛奶/69 手工水饺/45"
    ),
    "母婴玩具": (
        "婴儿推车/1299 纸尿裤/149 积木套装/229 儿童水杯/79 安全座椅/1599"
        " 绘本套装/98 婴儿睡袋/179 遥控赛车/199 奶瓶/89 拼图/49"
    ),
    "家居家装": (
        "乳胶枕/259 四件套/329 落地灯/299 收纳箱/59 人体工学椅/1299"
        " 窗帘/239 不粘锅/199 餐具套装/159 地毯/349 香薰机/129"
    ),
    "运动户外": (
        "瑜伽垫/99 折叠帐篷/499 登山杖/149 泳镜/89 公路车头盔/259"
        " 羽毛球拍/299 保温壶/129 冲锋衣/599 跳绳/39 哑铃/199"
    ),
    "图书文娱": (
        "科幻小说集/68 儿童百科/128 钢笔/159 手账本/59 尤克里里/349"
        " 桌游/139 水彩套装/119 黑胶唱片/229 字帖/29 地球仪/99"
    ),
    "宠物生活": (
        "全价猫粮/189 犬粮/219 自动喂食器/299 猫爬架/259 宠物推车/359"
        " 豆腐猫砂/69 宠物窝/139 牵引绳/59 饮水机/129 逗猫棒/25"
    ),
}
"""Category → products with their price in yuan."""

_VARIANTS = (("标准款", 1.0), ("升级款", 1.25), ("礼盒装", 1.6))

CATEGORIES: Final = tuple(_RANGES)


class Good(msgspec.Struct, frozen=True):
    """One SKU as the store knows it. ``popularity`` weighs how often it is looked at."""

    sku: str
    product_id: str
    name: str
    category: str
    brand: str
    price_minor: int
    cost_minor: int
    stock: int
    variant: str
    popularity: float


def make_goods(chance: Random) -> list[Good]:
    """Return the goods; the same chance gives the same goods."""
    names = [
        (category, *_split(text)) for category, texts in _RANGES.items() for text in texts.split()
    ]
    ranks = list(range(1, len(names) + 1))
    chance.shuffle(ranks)
    return [
        good
        for number, (named, rank) in enumerate(zip(names, ranks, strict=True), 1)
        for good in _skus(f"P{number:03d}", named, rank**-0.8, chance)
    ]


def _split(text: str) -> tuple[str, int]:
    name, yuan = text.split("/")
    return name, int(yuan)


def _skus(
    product_id: str, named: tuple[str, str, int], popularity: float, chance: Random
) -> list[Good]:
    category, name, yuan = named
    brand = chance.choice(_BRANDS)
    cost_share = chance.randint(52, 74)
    goods = []
    for at, (variant, factor) in enumerate(_VARIANTS):
        price = round(yuan * factor) * 100
        goods.append(
            Good(
                sku=f"{product_id}-{'ABC'[at]}",
                product_id=product_id,
                name=f"{brand} {name} {variant}",
                category=category,
                brand=brand,
                price_minor=price,
                cost_minor=price * cost_share // 100,
                stock=chance.randint(50, 2000),
                variant=variant,
                popularity=popularity * (1.0, 0.5, 0.25)[at],
            )
        )
    return goods


def product_documents(goods: list[Good]) -> list[dict[str, Any]]:
    """Return the goods as ``/api/v1/products/bulk`` takes them."""
    products: dict[str, dict[str, Any]] = {}
    for good in goods:
        product = products.setdefault(
            good.product_id,
            {
                "product_id": good.product_id,
                "name": good.name.removesuffix(" " + good.variant),
                "brand": good.brand,
                "category": [good.category],
                "skus": [],
            },
        )
        product["skus"].append(
            {
                "sku": good.sku,
                "price_minor": good.price_minor,
                "list_price_minor": good.price_minor,
                "cost_minor": good.cost_minor,
                "stock": good.stock,
                "currency": CURRENCY,
                "attributes": {"款式": good.variant},
            }
        )
    return list(products.values())
