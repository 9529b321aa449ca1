"""Kinds of promotions that start when the store's history ends: they may read customers."""

from collections.abc import Callable
from random import Random
from typing import Final

from queqiao.demo.shelf import (
    BRAND_WORDS,
    CATEGORY_WORDS,
    Document,
    Made,
    Shelf,
    fold,
    less_minor,
    median_minor,
    offer,
    product_words,
    round_minor,
    skus_of,
    slug,
    yuan,
)
from queqiao.demo.shoppers import REGIONS
from queqiao.kernel.clock import DAY_US, format_rfc3339

Kind = tuple[Callable[[Shelf, Random], Made], int]

_REGION_WORDS: Final = (
    "Guangdong Jiangsu Shandong Zhejiang Henan Sichuan Hubei Fujian Hunan Shanghai Anhui Beijing"
    " Hebei Shaanxi Liaoning Chongqing"
).split()

BRAND_BATCHES: Final = {name: f"brand-{slug(_word)}" for name, _word in BRAND_WORDS.items()}
CODES_A_BRAND: Final = 2_000


def coupon_batches() -> dict[str, Document]:
    """Return a batch of codes for each brand, made by the system."""
    return {
        batch: {
            "name": f"{brand}品牌券 · {BRAND_WORDS[brand]} coupons",
            "count": CODES_A_BRAND,
            "uses_per_code": 1,
        }
        for brand, batch in BRAND_BATCHES.items()
    }


def member_prices(shelf: Shelf, chance: Random) -> Made:
    """Yield 会员价: a product's prices for loyal buyers."""
    for product in shelf.products:
        percent = chance.choice((4, 5, 6, 8))
        prices = {
            good.sku: less_minor(good.price_minor, percent) for good in shelf.variants(product)
        }
        yield (
            f"member-{product.product_id.lower()}",
            offer(
                f"会员价 {product_words(product)} ¥{yuan(prices[product.sku])} 起",
                f"Member price, {product.product_id}, from ¥{yuan(prices[product.sku])}",
                {"type": "price_list", "prices": prices},
                scope={"skus": list(prices)},
                condition={"segments_any": ["loyal-buyers"]},
                priority=40,
                funding={"platform": 100, "shop": 0, "brand": 0},
            ),
        )


def third_units(shelf: Shelf, chance: Random) -> Made:
    """Yield 第 N 件 N 折 with the third unit, a product each."""
    for product in shelf.products:
        second, third = chance.choice(((10, 20), (10, 30), (15, 30)))
        yield (
            f"third-{product.product_id.lower()}",
            offer(
                f"{product_words(product)} 第二件{fold(second)}折，第三件{fold(third)}折",
                f"2nd {second} %, 3rd {third} % off, {product.product_id}",
                {"type": "nth_unit", "percents": ["0", str(second), str(third)], "within": "sku"},
                scope=skus_of(shelf.variants(product)),
                priority=15,
            ),
        )


def brand_coupons(shelf: Shelf, chance: Random) -> Made:
    """Yield 品牌券: a brand's goods of one category, with a code of the brand's batch."""
    for category, brand in shelf.pairs():
        goods = [one for one in shelf.by_brand[brand] if one.category == category]
        at_least = round_minor(median_minor(goods) * chance.choice((0.9, 1.2, 1.8)))
        less = round_minor(at_least * chance.choice((6, 8, 10)) / 100, 1)
        words = BRAND_WORDS[brand], CATEGORY_WORDS[category]
        yield (
            f"coupon-{slug('-'.join(words))}",
            offer(
                f"{brand}{category}券 满{yuan(at_least)}减{yuan(less)}",
                f"{' '.join(words)} coupon: ¥{yuan(less)} off ¥{yuan(at_least)}",
                {"type": "fixed", "amount": less},
                scope=skus_of(goods),
                condition={"subtotal_at_least": at_least},
                code_batch=BRAND_BATCHES[brand],
                limits={"per_customer": 2},
                funding={"platform": 0, "shop": 20, "brand": 80},
            ),
        )


def bulk_prices(shelf: Shelf, chance: Random) -> Made:
    """Yield 满件折: more pieces of one product, more percent."""
    for product in shelf.products:
        low = chance.choice((3, 4, 5))
        yield (
            f"bulk-{product.product_id.lower()}",
            offer(
                f"{product_words(product)} {low}件95折，{2 * low}件9折",
                f"{low} pieces 5 %, {2 * low} pieces 10 % off, {product.product_id}",
                {
                    "type": "threshold",
                    "measure": "quantity",
                    "tiers": [
                        {"at_least": low, "percent": "5"},
                        {"at_least": 2 * low, "percent": "10"},
                    ],
                },
                scope=skus_of(shelf.variants(product)),
                layer="line",
            ),
        )


def gifts(shelf: Shelf, _chance: Random) -> Made:
    """Yield 满赠: two pieces of a product bring the category's smallest good, for nothing."""
    for product in shelf.products:
        gift = shelf.cheapest(product.category)
        if gift.product_id == product.product_id or gift.price_minor > product.price_minor // 4:
            continue
        yield (
            f"gift-{product.product_id.lower()}",
            offer(
                f"买两件{product_words(product)}赠{product_words(gift)}",
                f"Two of {product.product_id}: {gift.sku} free",
                {"type": "gift", "gifts": [{"sku": gift.sku}], "every_quantity": 2, "times_max": 2},
                scope=skus_of(shelf.variants(product)),
                limits={"per_customer": 1},
            ),
        )


def buy_more(shelf: Shelf, chance: Random) -> Made:
    """Yield 买三送一 of small goods: the cheapest of four is free."""
    small = [product for product in shelf.products if product.price_minor <= 20_000]
    for product in chance.sample(small, len(small)):
        yield (
            f"three-{product.product_id.lower()}",
            offer(
                f"{product_words(product)} 买三送一",
                f"Buy three get one, {product.product_id}",
                {"type": "buy_get", "buy": 3, "get": 1, "times_max": 1},
                scope=skus_of(shelf.variants(product)),
                priority=5,
            ),
        )


def sets(shelf: Shelf, chance: Random) -> Made:
    """Yield 套装: one of each of two products."""
    for number in range(400):
        one, other = chance.sample(shelf.products, 2)
        items = [{"goods": skus_of(shelf.variants(each))} for each in (one, other)]
        yield (
            f"set-{number:03d}",
            offer(
                f"{product_words(one)}+{product_words(other)} 套装立减 6%",
                f"Set of {one.product_id} and {other.product_id}: 6 % off",
                {"type": "bundle", "items": items, "percent": "6", "times_max": 2},
                priority=8,
            ),
        )


def regions(shelf: Shelf, chance: Random) -> Made:
    """Yield 地区专享: a category for the people of one province."""
    for category in shelf.by_category:
        for zh, en in zip(REGIONS, _REGION_WORDS, strict=True):
            percent = chance.choice((2, 3))
            words = CATEGORY_WORDS[category]
            yield (
                f"region-{en.lower()}-{words.lower()}",
                offer(
                    f"{zh}专享 {category} {fold(percent)}折",
                    f"{en} only: {percent} % off {words}",
                    {"type": "percent", "percent": str(percent), "cap": 3_000},
                    scope={"categories": [category]},
                    condition={"attributes": [{"name": "region", "any_of": [zh]}]},
                    group=f"region/{words.lower()}",
                ),
            )


def newcomers(shelf: Shelf, chance: Random) -> Made:
    """Yield 首单礼: a category's first order."""
    for category, goods in shelf.by_category.items():
        at_least = round_minor(median_minor(goods))
        less, words = (
            round_minor(at_least * chance.choice((4, 5)) / 100, 1),
            CATEGORY_WORDS[category],
        )
        yield (
            f"first-{words.lower()}",
            offer(
                f"首单 {category} 满{yuan(at_least)}减{yuan(less)}",
                f"First order, {words}: ¥{yuan(less)} off ¥{yuan(at_least)}",
                {"type": "fixed", "amount": less},
                scope={"categories": [category]},
                condition={"first_purchase": True, "subtotal_at_least": at_least},
                limits={"per_customer": 1},
            ),
        )


def birthdays(shelf: Shelf, _chance: Random) -> Made:
    """Yield 生日礼 of each category, within three days of the birthday."""
    for category in shelf.by_category:
        words = CATEGORY_WORDS[category]
        yield (
            f"birthday-{words.lower()}",
            offer(
                f"生日礼 {category} 95折",
                f"Birthday: 5 % off {words}",
                {"type": "percent", "percent": "5", "cap": 8_000},
                scope={"categories": [category]},
                condition={"birthday_before_days": 3, "birthday_after_days": 3},
                limits={"per_customer": 1},
            ),
        )


def payments(shelf: Shelf, _chance: Random) -> Made:
    """Yield 支付返现: a means of payment on a category."""
    for method, zh, en in (
        ("alipay", "支付宝", "Alipay"),
        ("wechat", "微信支付", "WeChat Pay"),
        ("unionpay", "云闪付", "UnionPay"),
    ):
        for category in shelf.by_category:
            words = CATEGORY_WORDS[category]
            yield (
                f"{method}-{words.lower()}",
                offer(
                    f"{zh} {category} 返现 1%",
                    f"{en}: 1 % back on {words}",
                    {"type": "cashback", "percent": "1", "cap": 2_000},
                    scope={"categories": [category]},
                    condition={"payment_methods_any": [method], "subtotal_at_least": 20_000},
                ),
            )


def deliveries(shelf: Shelf, _chance: Random) -> Made:
    """Yield 包邮 of each category from an amount on."""
    for category, goods in shelf.by_category.items():
        at_least, words = round_minor(median_minor(goods) / 2), CATEGORY_WORDS[category]
        yield (
            f"delivery-{words.lower()}",
            offer(
                f"{category} 满{yuan(at_least)}包邮",
                f"{words}: free delivery from ¥{yuan(at_least)}",
                {"type": "shipping", "percent": "100", "cap": 1_500},
                condition={
                    "subtotal_at_least": at_least,
                    "goods": {"categories": [category]},
                },
            ),
        )


def groups(shelf: Shelf, chance: Random) -> Made:
    """Yield 拼团: three friends, one product."""
    for product in chance.sample(shelf.products, len(shelf.products)):
        yield (
            f"group-{product.product_id.lower()}",
            offer(
                f"三人拼团 {product_words(product)} 9折",
                f"Group of three: 10 % off {product.product_id}",
                {"type": "percent", "percent": "10", "level": "unit", "pick": _ONE},
                scope=skus_of(shelf.variants(product)),
                mechanic={"type": "group", "size": 3},
            ),
        )


_ONE: Final = {"units": "dearest", "count": 1}


def upcoming(shelf: Shelf, chance: Random, now_us: int) -> Made:
    """Yield 预告: price cuts of the weeks to come, published already."""
    for good in chance.sample(shelf.goods, len(shelf.goods)):
        starts_us = now_us + chance.randrange(1, 25) * DAY_US
        price = less_minor(good.price_minor, 8)
        yield (
            f"soon-{good.sku.lower()}",
            offer(
                f"预告 {product_words(good)}（{good.variant}）¥{yuan(price)}",
                f"Soon: {good.sku} at ¥{yuan(price)}",
                {"type": "fixed_price", "price": price},
                scope={"skus": [good.sku]},
                starts_at=format_rfc3339(starts_us),
                ends_at=format_rfc3339(starts_us + 3 * DAY_US),
            ),
        )


LATER: Final[tuple[Kind, ...]] = (
    (member_prices, 100),
    (third_units, 60),
    (brand_coupons, 60),
    (bulk_prices, 80),
    (gifts, 50),
    (buy_more, 30),
    (sets, 60),
    (regions, 96),
    (newcomers, 10),
    (birthdays, 10),
    (payments, 30),
    (deliveries, 10),
    (groups, 30),
)
"""Each kind, and how many of it the store has; ``upcoming`` make the thousand full."""
