"""Kinds of promotions that run in the store's history.

None reads what the system knows of a customer, which is a second or two old: so a history is the
same each time it is lived.
"""

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

_DAYS: Final = tuple(
    zip("一二三四五六日", ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), strict=True)
)


def category_thresholds(shelf: Shelf, chance: Random) -> Made:
    """Yield 品类满减: of each category several thresholds, of which the best gives."""
    for times in (1.2, 2.0, 3.5, 6.0):
        for category, goods in shelf.by_category.items():
            benefit = _threshold(median_minor(goods) * times, chance.choice((4, 5, 6)))
            zh, en = _threshold_words(benefit)
            words = CATEGORY_WORDS[category]
            yield (
                f"category-{words.lower()}-{times:g}",
                offer(
                    f"{category} {zh}",
                    f"{words}: {en}",
                    benefit,
                    scope={"categories": [category]},
                    group=f"category/{words.lower()}",
                    funding={"platform": 50, "shop": 50, "brand": 0},
                ),
            )


def brand_thresholds(shelf: Shelf, chance: Random) -> Made:
    """Yield 品牌满减, which the brand pays for the most part."""
    for times in (1.5, 3.0, 5.0):
        for brand, goods in shelf.by_brand.items():
            benefit = _threshold(median_minor(goods) * times, chance.choice((5, 6, 8)))
            zh, en = _threshold_words(benefit)
            name = BRAND_WORDS[brand]
            yield (
                f"brand-{slug(name)}-{times:g}",
                offer(
                    f"{brand}品牌日 {zh}",
                    f"{name} day: {en}",
                    benefit,
                    scope={"brands": [brand]},
                    group=f"brand/{slug(name)}",
                    funding={"platform": 10, "shop": 20, "brand": 70},
                ),
            )


def _threshold(amount: float, percent: int) -> Document:
    at_least = round_minor(amount)
    return {
        "type": "threshold",
        "tiers": [{"at_least": at_least, "discount": round_minor(at_least * percent / 100, 1)}],
    }


def _threshold_words(benefit: Document) -> tuple[str, str]:
    tier = benefit["tiers"][0]
    over, less = yuan(tier["at_least"]), yuan(tier["discount"])
    return f"满{over}减{less}", f"¥{less} off ¥{over}"


def second_units(shelf: Shelf, chance: Random) -> Made:
    """Yield 第二件折扣, a product each."""
    for product in shelf.products:
        percent = chance.choice((10, 15, 20, 30))
        yield (
            f"second-{product.product_id.lower()}",
            offer(
                f"{product_words(product)} 第二件{fold(percent)}折",
                f"2nd unit {percent} % off, {product.product_id}",
                {"type": "nth_unit", "percents": ["0", str(percent)]},
                scope=skus_of(shelf.variants(product)),
                priority=20,
            ),
        )


def price_cuts(shelf: Shelf, chance: Random) -> Made:
    """Yield 直降: a SKU each, a few percent."""
    for good in chance.sample(shelf.goods, len(shelf.goods)):
        price = less_minor(good.price_minor, chance.choice((3, 4, 5, 6)))
        yield (
            f"cut-{good.sku.lower()}",
            offer(
                f"{product_words(good)}（{good.variant}）直降至 ¥{yuan(price)}",
                f"{good.sku} now ¥{yuan(price)}",
                {"type": "fixed_price", "price": price},
                scope={"skus": [good.sku]},
                priority=30,
                limits={"per_customer": 5},
            ),
        )


def weekday_hours(shelf: Shelf, chance: Random) -> Made:
    """Yield 限时折扣: a category on one day of the week, in the evening."""
    for number, (zh, en) in enumerate(_DAYS, 1):
        for category in shelf.by_category:
            percent = chance.choice((3, 4, 5))
            words = CATEGORY_WORDS[category]
            yield (
                f"hours-{words.lower()}-{en.lower()}",
                offer(
                    f"周{zh}晚场 {category} {fold(percent)}折",
                    f"{en} evening: {percent} % off {words}",
                    {"type": "percent", "percent": str(percent), "cap": 10_000},
                    scope={"categories": [category]},
                    condition=_hours([number], "18:00", "23:00"),
                    group=f"hours/{words.lower()}",
                ),
            )


def _hours(weekdays: list[int], since: str, until: str) -> Document:
    window = {"weekdays": weekdays, "from_time": since, "until_time": until}
    return {"windows": [window], "timezone": "Asia/Shanghai"}


def any_two(shelf: Shelf, chance: Random) -> Made:
    """Yield N 件任选: two or three pieces of a category's small goods for less."""
    for count, percent in ((2, 6), (3, 9), (5, 12)):
        for category, goods in shelf.by_category.items():
            words = CATEGORY_WORDS[category]
            small = round_minor(median_minor(goods) * chance.choice((0.8, 1.0)))
            yield (
                f"any-{count}-{words.lower()}",
                offer(
                    f"{category} {count}件{fold(percent)}折",
                    f"{words}: any {count}, {percent} % off",
                    {
                        "type": "bundle",
                        "items": [{"quantity": count}],
                        "percent": str(percent),
                        "times_max": 2,
                    },
                    scope={"categories": [category], "price_at_most": small},
                    priority=10,
                    group=f"any/{words.lower()}",
                ),
            )


def channel_prices(shelf: Shelf, chance: Random) -> Made:
    """Yield 渠道专享: a brand in the app or the mini program."""
    for channel, zh, en in (("app", "App专享", "App"), ("mini_program", "小程序专享", "Mini app")):
        for brand in shelf.by_brand:
            percent = chance.choice((2, 3))
            yield (
                f"{channel.replace('_', '-')}-{slug(BRAND_WORDS[brand])}",
                offer(
                    f"{zh} {brand} {fold(percent)}折",
                    f"{en} only: {percent} % off {BRAND_WORDS[brand]}",
                    {"type": "percent", "percent": str(percent), "cap": 5_000},
                    scope={"brands": [brand]},
                    condition={"channels_any": [channel]},
                    group=f"channel/{channel}",
                ),
            )


def point_days(shelf: Shelf, _chance: Random) -> Made:
    """Yield 送积分 of each category, for every hundred yuan."""
    for category in shelf.by_category:
        words = CATEGORY_WORDS[category]
        yield (
            f"points-{words.lower()}",
            offer(
                f"{category} 每百元送 5 积分",
                f"{words}: 5 points for each ¥100",
                {"type": "points", "points": 5, "every_amount": 10_000, "cap": 500},
                scope={"categories": [category]},
            ),
        )


EARLY: Final = (
    (category_thresholds, 40),
    (brand_thresholds, 24),
    (second_units, 40),
    (price_cuts, 40),
    (weekday_hours, 70),
    (any_two, 30),
    (channel_prices, 16),
    (point_days, 10),
)
"""Each kind, and how many of it the store has."""
