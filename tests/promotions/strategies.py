"""Random carts, promotions and profiles."""

from decimal import Decimal

import hypothesis.strategies as st

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
from queqiao.decide.promotions.documents.promotion import Funding, InlinePromotion
from queqiao.decide.promotions.documents.scope import GoodsNames, Scope
from queqiao.decide.promotions.quote_types import (
    Cart,
    CartCard,
    CartLine,
    CatalogItem,
    Options,
    QuoteRequest,
    Shipping,
)
from queqiao.kernel.errors import InvalidInput

SKUS = "ABCDE"
AMOUNTS = st.integers(1, 30) | st.integers(1, 100_000)
CAPS = st.none() | AMOUNTS
PRICES = st.integers(0, 20) | st.integers(0, 50_000)


@st.composite
def thresholds(draw):
    steps = sorted(draw(st.sets(AMOUNTS, min_size=1, max_size=3)))
    discounts = sorted(draw(st.sets(st.integers(1, steps[0]), min_size=1, max_size=len(steps))))
    tiers = tuple(Tier(step, off) for step, off in zip(steps, discounts, strict=False))
    repeat = len(tiers) == 1 and draw(st.booleans())
    return ThresholdBenefit(tiers=tiers, repeat=repeat, cap=draw(CAPS))


@st.composite
def tiers_of_quantity(draw):
    steps = sorted(draw(st.sets(st.integers(1, 9), min_size=1, max_size=3)))
    discounts = sorted(draw(st.sets(AMOUNTS, min_size=len(steps), max_size=len(steps))))
    tiers = tuple(Tier(step, off) for step, off in zip(steps, discounts, strict=True))
    repeat = len(tiers) == 1 and draw(st.booleans())
    return ThresholdBenefit(tiers, repeat, draw(CAPS), "quantity")


@st.composite
def tiers_of_percents(draw):
    measure = draw(st.sampled_from(["amount", "quantity"]))
    reached = AMOUNTS if measure == "amount" else st.integers(1, 9)
    steps = sorted(draw(st.sets(reached, min_size=1, max_size=3)))
    percents = sorted(draw(st.sets(PERCENT, min_size=len(steps), max_size=len(steps))))
    tiers = tuple(Tier(step, percent=off) for step, off in zip(steps, percents, strict=True))
    return ThresholdBenefit(tiers, cap=draw(CAPS), measure=measure)


@st.composite
def tiers_of_prices(draw):
    measure = draw(st.sampled_from(["amount", "quantity"]))
    reached = AMOUNTS if measure == "amount" else st.integers(1, 9)
    steps = sorted(draw(st.sets(reached, min_size=1, max_size=3)))
    falling = sorted(draw(st.sets(PRICES, min_size=len(steps), max_size=len(steps))), reverse=True)
    tiers = tuple(Tier(step, price=price) for step, price in zip(steps, falling, strict=True))
    return ThresholdBenefit(tiers, measure=measure)


PERCENT = st.integers(1, 10_000).map(lambda n: Decimal(n) / 100)
LEVELS = st.sampled_from(["order", "line", "unit"])
PICKS = st.none() | st.builds(
    Pick,
    st.sampled_from(["cheapest", "dearest"]),
    st.integers(1, 5),
    st.sampled_from(["scope", "sku", "line"]),
)
PERCENTS = st.builds(PercentBenefit, percent=PERCENT, cap=CAPS, level=LEVELS, pick=PICKS)
FIXED = st.builds(FixedBenefit, amount=AMOUNTS, cap=CAPS, level=LEVELS, pick=PICKS)
PRICED = st.builds(FixedPriceBenefit, price=PRICES, pick=PICKS) | st.builds(
    PriceListBenefit,
    prices=st.dictionaries(st.sampled_from(SKUS), PRICES, min_size=1),
    pick=PICKS,
)
SHIPPING = (
    st.builds(ShippingBenefit, percent=PERCENT, cap=CAPS)
    | st.builds(ShippingBenefit, amount=AMOUNTS)
    | st.builds(ShippingBenefit, price=PRICES)
)
GIFTS = st.builds(
    GiftBenefit,
    gifts=st.lists(
        st.builds(Gift, sku=st.sampled_from(SKUS + "G"), quantity=st.integers(1, 3)),
        min_size=2,
        max_size=4,
        unique_by=lambda gift: gift.sku,
    ).map(tuple),
    choose=st.none() | st.integers(1, 2),
    every_amount=CAPS,
    times_max=st.none() | st.integers(1, 3),
)
POINTS = st.builds(
    PointsBenefit, points=st.integers(1, 20), every_amount=CAPS, cap=st.none() | st.integers(1, 99)
)
POINTS_PAYMENTS = st.builds(
    PointsPaymentBenefit,
    points=st.integers(1, 200),
    worth=st.integers(1, 200),
    percent_max=PERCENT,
    points_max=st.none() | st.integers(1, 3_000),
)
CASHBACK = st.builds(CashbackBenefit, percent=PERCENT, cap=CAPS) | st.builds(
    CashbackBenefit, amount=AMOUNTS
)
NTH_UNIT = st.builds(
    NthUnitBenefit,
    percents=st.lists(st.just(Decimal(0)) | PERCENT, min_size=2, max_size=4).filter(any).map(tuple),
    repeat=st.booleans(),
    last_goes_on=st.booleans(),
    arrange=st.sampled_from(["dearest_first", "cheapest_first"]),
    within=st.sampled_from(["scope", "sku"]),
).filter(lambda benefit: not (benefit.repeat and benefit.last_goes_on))
TIMES = st.none() | st.integers(1, 4)
CHOICES = st.sampled_from(["cheapest", "dearest"])
UNITS = st.integers(1, 3)
SKUS_OR_ALL = st.builds(Scope, skus=st.sets(st.sampled_from(SKUS), max_size=3).map(tuple))


@st.composite
def buy_gets(draw):
    price = draw(st.none() | PRICES)
    same_sku = draw(st.booleans())
    return BuyGetBenefit(
        draw(UNITS),
        draw(UNITS),
        Decimal(100) if price is not None else draw(PERCENT),
        price,
        None if same_sku else draw(st.none() | SKUS_OR_ALL),
        same_sku,
        draw(CHOICES),
        draw(TIMES),
    )


@st.composite
def bundles(draw):
    items = st.builds(BundleItem, SKUS_OR_ALL, UNITS)
    gives = st.sampled_from(["price", "percent", "amount"])
    values = {"price": PRICES, "percent": PERCENT, "amount": AMOUNTS}
    name = draw(gives)
    return BundleBenefit(
        draw(st.lists(items, min_size=1, max_size=3).filter(is_bundle).map(tuple)),
        times_max=draw(TIMES),
        choose=draw(CHOICES),
        **{name: draw(values[name])},
    )


def is_bundle(items):
    return sum(item.quantity for item in items) > 1


THRESHOLDS = thresholds() | tiers_of_quantity() | tiers_of_percents() | tiers_of_prices()
ON_GOODS = THRESHOLDS | PERCENTS | FIXED | PRICED | NTH_UNIT | buy_gets() | bundles()
BENEFITS = ON_GOODS | SHIPPING | GIFTS | POINTS | POINTS_PAYMENTS | CASHBACK
SCOPES = st.builds(
    Scope,
    skus=st.lists(st.sampled_from(SKUS), max_size=2).map(tuple),
    categories=st.lists(st.sampled_from("xyz"), max_size=1).map(tuple),
    price_at_least=st.none() | st.integers(0, 20_000),
    price_at_most=st.none() | st.integers(20_000, 50_000),
    excluded=st.none() | st.just(GoodsNames(skus=("A",), categories=("z",))),
)
CART_CONDITIONS = st.builds(
    Condition,
    subtotal_at_least=CAPS,
    quantity_at_least=st.none() | st.integers(1, 8),
    kinds_at_least=st.sampled_from([None, None, 2]),
    goods=st.none() | st.just(Scope(skus=("B", "C"))),
    reads=st.sampled_from([None, None, "running", "original"]),
)
CEILINGS = st.builds(Condition, subtotal_at_most=AMOUNTS, goods=st.none() | st.just(Scope()))


def asks(condition):
    """Leave out conditions that ask for nothing, which are refused inside others."""
    bounds = (condition.subtotal_at_least, condition.quantity_at_least, condition.kinds_at_least)
    return any(bounds)


CONDITIONS = CART_CONDITIONS | st.builds(
    Condition,
    all=st.lists(CEILINGS, max_size=1).map(tuple),
    any=st.lists(CART_CONDITIONS.filter(asks), max_size=2).map(tuple),
    not_=st.none() | CEILINGS,
)
FUNDINGS = st.integers(0, 100).flatmap(
    lambda platform: st.integers(0, 100 - platform).map(
        lambda shop: Funding(platform, shop, 100 - platform - shop)
    )
)


def stands(promotion):
    """Leave out what a check refuses, such as bundles that the scope can never fill."""
    try:
        check_promotion(promotion)
    except InvalidInput:
        return False
    return True


GROUPS = "gh"
IDS = [f"p{n}" for n in range(12)]
NAMES = st.sets(st.sampled_from([*IDS, *GROUPS]), max_size=4).map(tuple)
PROMOTIONS = st.lists(
    st.builds(
        InlinePromotion,
        id=st.sampled_from(IDS),
        name=st.just("promotion"),
        benefit=BENEFITS,
        scope=SCOPES,
        condition=CONDITIONS,
        priority=st.integers(0, 3),
        exclusive=st.integers(0, 5).map(lambda n: n == 0),
        funding=FUNDINGS,
        code_batch=st.sampled_from([None, None, "W"]),
        layer=st.none() | st.sampled_from(LAYERS),
        group=st.none() | st.sampled_from(GROUPS),
        combines_with=st.none() | st.none() | NAMES,
        excludes=st.just(()) | NAMES,
    ).filter(stands),
    max_size=9,
    unique_by=lambda promotion: promotion.id,
).map(tuple)
RATES = st.sampled_from([Decimal(0), Decimal(9), Decimal(13), Decimal("8.875")])
AMONG = st.sampled_from(["all", "best", "least", "first"])
FEW = st.none() | st.integers(1, 3)
PROFILES = st.builds(
    Profile,
    rounding=st.sampled_from(["half_up", "half_down", "half_even", "down", "up", "none"]),
    remainder=st.sampled_from(["first", "last", "largest_fraction"]),
    base=st.sampled_from(["running", "original"]),
    exclusivity=st.sampled_from(["first_exclusive_wins", "by_priority"]),
    priority=st.sampled_from(["high_first", "low_first"]),
    minimum_price=st.sampled_from(["redistribute", "cap"]),
    selection=st.sampled_from(["sequence", "sequence", "best_in_group", "best_combination"]),
    layer_among=st.dictionaries(st.sampled_from(LAYERS), AMONG, max_size=3),
    group_among=st.dictionaries(st.sampled_from(GROUPS), AMONG),
    at_most=FEW,
    layer_at_most=st.just({}) | st.dictionaries(st.sampled_from(LAYERS), st.integers(1, 2)),
    group_at_most=st.just({}) | st.dictionaries(st.sampled_from(GROUPS), st.integers(1, 2)),
    layers=st.permutations(LAYERS).map(tuple),
    one_per_unit=st.just(()) | st.sets(st.sampled_from(LAYERS), max_size=3).map(tuple),
    line_cap_percent=st.none() | PERCENT,
    order_cap_percent=st.none() | PERCENT,
    order_cap=CAPS,
    tax=st.sampled_from(["inclusive", "exclusive"]),
    tax_rate=RATES,
    tax_rates=st.dictionaries(st.sampled_from("uv"), RATES, max_size=2),
    shipping_tax_rate=RATES,
    tax_level=st.sampled_from(["unit", "line", "total"]),
)
CATALOGS = st.tuples(
    *(
        st.builds(
            CatalogItem,
            sku=st.just(sku),
            price=PRICES,
            minimum_price=st.none() | PRICES,
            categories=st.lists(st.sampled_from("xyz"), max_size=2).map(tuple),
            shop=st.sampled_from([None, "s", "t"]),
            tax_category=st.sampled_from([None, "u", "v", "w"]),
            stock=st.none() | st.integers(-1, 9),
        )
        for sku in SKUS
    )
)
LINES = st.lists(
    st.builds(CartLine, sku=st.sampled_from(SKUS), quantity=st.integers(1, 7)), max_size=6
)


CARDS = st.lists(
    st.builds(
        CartCard,
        code=st.sampled_from("KLM"),
        balance=st.none() | st.integers(0, 3_000),
        amount=st.none() | st.integers(0, 500),
    ),
    max_size=2,
    unique_by=lambda card: card.code,
).map(tuple)
GIFT_CHOICES = st.dictionaries(
    st.sampled_from([f"p{n}" for n in range(12)]),
    st.lists(st.sampled_from(SKUS + "G"), max_size=3).map(tuple),
    max_size=2,
)


@st.composite
def questions(draw):
    lines = draw(LINES)
    if draw(st.booleans()):
        lines = [CartLine(line.sku, line.quantity, f"l{place}") for place, line in enumerate(lines)]
    return QuoteRequest(
        cart=Cart(
            tuple(lines),
            Shipping(amount=draw(st.integers(0, 2_000))),
            points=draw(st.sampled_from([0, 0, 150, 10_000])),
            gift_choices=draw(GIFT_CHOICES),
            cards=draw(CARDS),
        ),
        profile=draw(PROFILES),
        catalog=draw(CATALOGS),
        promotions=draw(PROMOTIONS),
        codes=draw(st.sampled_from([(), ("W",)])),
        options=Options(suggest=draw(st.integers(0, 9)) == 0),
    )
