"""Shops, promotions, profiles and carts from a seed: much faster than hypothesis, never shrunk."""

from decimal import Decimal
from random import Random

from tests.promotions.money_laws import Bounds

from queqiao.catalog.contracts import Facts, Goods, PriceBook
from queqiao.decide.promotions.checks import check_promotion
from queqiao.decide.promotions.documents.benefit import (
    BundleBenefit,
    BundleItem,
    BuyGetBenefit,
    CashbackBenefit,
    FixedBenefit,
    FixedPriceBenefit,
    Gift,
    GiftBenefit,
    NthUnitBenefit,
    PercentBenefit,
    Pick,
    PointsBenefit,
    PointsPaymentBenefit,
    PriceListBenefit,
    ShippingBenefit,
    ThresholdBenefit,
    Tier,
)
from queqiao.decide.promotions.documents.condition import Condition
from queqiao.decide.promotions.documents.profile import LAYERS, Profile
from queqiao.decide.promotions.documents.promotion import Funding, PromotionDocument
from queqiao.decide.promotions.documents.scope import Scope
from queqiao.decide.promotions.profiles import PRESETS
from queqiao.decide.promotions.quote_types import (
    Cart,
    CartCard,
    CartLine,
    Options,
    QuoteRequest,
    Shipping,
)
from queqiao.decide.promotions.quoting import Shop
from queqiao.decide.promotions.snapshot import compile_snapshot
from queqiao.kernel.errors import InvalidInput

SKUS = [f"s{number}" for number in range(12)]
CATEGORIES = ["x", "y", "z"]
GROUPS = ["g", "h"]
PROMOTIONS_MAX = 9


def random_shop(random: Random) -> tuple[Shop, Bounds]:
    """Return twelve SKUs, some with a minimum price, and up to nine live promotions."""
    return shop_of(random, random_documents(random))


def random_documents(random: Random) -> list[tuple[str, PromotionDocument]]:
    """Return up to nine promotions with their ids."""
    return [(f"p{n}", promotion(random)) for n in range(random.randint(1, PROMOTIONS_MAX))]


def shop_of(random: Random, documents: list[tuple[str, PromotionDocument]]) -> tuple[Shop, Bounds]:
    """Return twelve SKUs and these promotions."""
    listed = [goods(random, sku) for sku in SKUS]
    caps = {name: getattr(document.benefit, "cap", None) for name, document in documents}
    bounds = Bounds(
        {item.sku: item.minimum_price_minor or 0 for item in listed},
        {name: cap for name, cap in caps.items() if cap is not None},
    )
    snapshot = compile_snapshot(documents, [], b"a key of the test")
    return Shop(snapshot, PriceBook(listed)), bounds


def goods(random: Random, sku: str) -> Goods:
    price = random.choice([random.randint(0, 20), random.randint(1, 50_000), 9_900])
    minimum = random.choice([None, None, random.randint(0, price)])
    categories = tuple(random.sample(CATEGORIES, random.randint(0, 2)))
    taxed = random.choice([None, "food", "books"])
    facts = Facts(categories, None, random.choice("mn"), (), taxed)
    stock = random.choice([None, None, random.randint(0, 60)])
    return Goods(sku, price, "CNY", None, minimum, facts, stock)


def promotion(random: Random) -> PromotionDocument:
    """Return one that its check allows."""
    while True:
        document = PromotionDocument(
            name="promotion",
            benefit=random.choice(BENEFITS)(random),
            priority=random.randint(0, 3),
            exclusive=random.random() < 0.1,
            layer=random.choice([None, None, *LAYERS]),
            group=random.choice([None, None, *GROUPS]),
            combines_with=names(random) if random.random() < 0.1 else None,
            excludes=names(random) if random.random() < 0.2 else (),
            scope=scope(random),
            condition=Condition(
                subtotal_at_least=random.choice([None, None, amount(random)]),
                quantity_at_least=random.choice([None, None, random.randint(1, 8)]),
                reads=random.choice([None, "running", "original"]),
            ),
            funding=Funding(50, 30, 20),
        )
        try:
            check_promotion(document)
        except InvalidInput:
            continue
        return document


def names(random: Random) -> tuple[str, ...]:
    everybody = [f"p{number}" for number in range(PROMOTIONS_MAX)] + GROUPS
    return tuple(random.sample(everybody, random.randint(0, 5)))


def scope(random: Random) -> Scope:
    kind = random.random()
    if kind < 0.4:
        return Scope()
    if kind < 0.7:
        return Scope(skus=tuple(random.sample(SKUS, random.randint(1, 4))))
    return Scope(categories=(random.choice(CATEGORIES),))


def amount(random: Random) -> int:
    return random.choice([random.randint(1, 30), random.randint(1, 100_000)])


def percent(random: Random) -> Decimal:
    return Decimal(random.randint(1, 10_000)) / 100


def cap(random: Random) -> int | None:
    return random.choice([None, None, amount(random)])


def pick(random: Random) -> Pick | None:
    where = random.choice(["scope", "sku", "line"])
    picked = Pick(random.choice(["cheapest", "dearest"]), random.randint(1, 5), where)
    return random.choice([None, picked])


def level(random: Random) -> str:
    return random.choice(["order", "line", "unit"])


def tiers_of_amounts(random: Random) -> ThresholdBenefit:
    count = random.randint(1, 3)
    steps = sorted(random.sample(range(1, 60_000), count))
    off = sorted(random.sample(range(1, max(count + 1, steps[0])), count))
    tiers = tuple(Tier(step, discount) for step, discount in zip(steps, off, strict=True))
    return ThresholdBenefit(tiers, count == 1 and random.random() < 0.5, cap(random))


def tiers_of_quantity(random: Random) -> ThresholdBenefit:
    steps = sorted(random.sample(range(1, 12), 2))
    if random.random() < 0.5:
        tiers = (Tier(steps[0], percent=Decimal(5)), Tier(steps[1], percent=Decimal("12.5")))
    else:
        tiers = (Tier(steps[0], amount(random)),)
    repeat = len(tiers) == 1 and random.random() < 0.5
    return ThresholdBenefit(tiers, repeat, cap(random), "quantity")


def off_percent(random: Random) -> PercentBenefit:
    return PercentBenefit(percent(random), cap(random), level(random), pick(random))


def off_amount(random: Random) -> FixedBenefit:
    return FixedBenefit(amount(random), level(random), pick(random), cap(random))


def fixed_price(random: Random) -> FixedPriceBenefit:
    return FixedPriceBenefit(random.randint(0, 20_000), pick(random))


def price_list(random: Random) -> PriceListBenefit:
    prices = {sku: random.randint(0, 20_000) for sku in random.sample(SKUS, 4)}
    return PriceListBenefit(prices, pick(random))


def tiers_of_prices(random: Random) -> ThresholdBenefit:
    steps = sorted(random.sample(range(1, 12), 2))
    prices = sorted(random.sample(range(20_000), 2), reverse=True)
    tiers = tuple(Tier(step, price=price) for step, price in zip(steps, prices, strict=True))
    return ThresholdBenefit(tiers, measure="quantity")


def nth_unit(random: Random) -> NthUnitBenefit:
    places = tuple(
        random.choice([Decimal(0), percent(random)]) for _ in range(random.randint(2, 4))
    )
    repeat = random.random() < 0.7
    return NthUnitBenefit(
        places,
        repeat,
        not repeat and random.random() < 0.5,
        random.choice(["dearest_first", "cheapest_first"]),
        random.choice(["scope", "sku"]),
    )


def buy_get(random: Random) -> BuyGetBenefit:
    price = random.choice([None, random.randint(0, 9_000)])
    same_sku = random.random() < 0.3
    return BuyGetBenefit(
        random.randint(1, 3),
        random.randint(1, 3),
        percent(random) if price is None else Decimal(100),
        price,
        None if same_sku else random.choice([None, scope(random)]),
        same_sku,
        random.choice(["cheapest", "dearest"]),
        random.choice([None, random.randint(1, 3)]),
    )


def bundle(random: Random) -> BundleBenefit:
    items = tuple(
        BundleItem(scope(random), random.randint(1, 3)) for _ in range(random.randint(1, 3))
    )
    gives = random.choice(["price", "percent", "amount"])
    value = percent(random) if gives == "percent" else amount(random)
    return BundleBenefit(
        items,
        times_max=random.choice([None, random.randint(1, 3)]),
        choose=random.choice(["cheapest", "dearest"]),
        **{gives: value},
    )


def off_shipping(random: Random) -> ShippingBenefit:
    gives = random.choice(["price", "percent", "amount"])
    value = percent(random) if gives == "percent" else random.randint(1, 2_000)
    return ShippingBenefit(cap=cap(random), **{gives: value})


def gifts(random: Random) -> GiftBenefit:
    listed = tuple(Gift(sku, random.randint(1, 2)) for sku in random.sample(SKUS, 3))
    every = random.choice([{}, {"every_amount": amount(random)}, {"every_quantity": 3}])
    choose = random.choice([None, None, 1, 2])
    return GiftBenefit(listed, choose=choose, times_max=random.choice([None, 2]), **every)


def points(random: Random) -> PointsBenefit:
    return PointsBenefit(random.randint(1, 9), random.choice([None, 100, 999]), cap(random))


def points_that_pay(random: Random) -> PointsPaymentBenefit:
    return PointsPaymentBenefit(random.randint(1, 100), random.randint(1, 100), percent(random))


def cashback(random: Random) -> CashbackBenefit:
    if random.random() < 0.5:
        return CashbackBenefit(percent(random), cap=cap(random))
    return CashbackBenefit(amount=amount(random))


BENEFITS = [
    tiers_of_amounts,
    tiers_of_quantity,
    off_percent,
    off_amount,
    fixed_price,
    price_list,
    tiers_of_prices,
    nth_unit,
    buy_get,
    bundle,
    off_shipping,
    gifts,
    points,
    points_that_pay,
    cashback,
]


def random_profile(random: Random) -> Profile:
    """Return a preset, or any profile of sequences and groups."""
    if random.random() < 0.3:
        return random.choice(list(PRESETS.values())).profile
    among = ["all", "best", "least", "first"]
    layers = random.sample(LAYERS, len(LAYERS)) if random.random() < 0.3 else LAYERS
    return Profile(
        rounding=random.choice(["half_up", "half_down", "half_even", "down", "up", "none"]),
        remainder=random.choice(["first", "last", "largest_fraction"]),
        base=random.choice(["running", "running", "original"]),
        exclusivity=random.choice(["first_exclusive_wins", "by_priority"]),
        priority=random.choice(["high_first", "low_first"]),
        minimum_price=random.choice(["redistribute", "cap"]),
        selection=random.choice(["sequence", "best_in_group"]),
        layers=tuple(layers),
        layer_among={layer: random.choice(among) for layer in random.sample(LAYERS, 2)},
        group_among={group: random.choice(among) for group in GROUPS},
        at_most=random.choice([None, None, None, 3]),
        layer_at_most=random.choice([{}, {}, {"order": 1}]),
        group_at_most=random.choice([{}, {}, {"g": 1}]),
        one_per_unit=tuple(random.sample(LAYERS, random.choice([0, 0, 2]))),
        line_cap_percent=random.choice([None, None, percent(random)]),
        order_cap_percent=random.choice([None, None, percent(random)]),
        order_cap=random.choice([None, None, amount(random)]),
        **taxes(random),
    )


def taxes(random: Random) -> dict[str, object]:
    if random.random() < 0.5:
        return {}
    return {
        "tax": random.choice(["inclusive", "exclusive"]),
        "tax_rate": random.choice([Decimal(13), Decimal("8.875")]),
        "tax_rates": {"food": random.choice([Decimal(0), Decimal(9)])},
        "shipping_tax_rate": Decimal(6),
        "tax_level": random.choice(["unit", "line", "total"]),
    }


def random_question(random: Random, profile: Profile) -> QuoteRequest:
    """Return a cart of up to six lines, some goods on two lines, quantities mostly small."""
    chosen = [random.choice(SKUS) for _ in range(random.randint(1, 6))]
    lines = [
        CartLine(sku, random.choice([1, 1, 2, 3, 5, 7, 40]), f"l{place}")
        for place, sku in enumerate(chosen)
    ]
    cart = Cart(
        tuple(lines),
        Shipping(amount=random.choice([0, 599, 2_000])),
        points=random.choice([0, 0, 500]),
        cards=(CartCard("K", random.randint(0, 9_000)),) if random.random() < 0.3 else (),
    )
    return QuoteRequest(cart, profile=profile, options=Options(explain=False))
