"""Best combinations where promotions after the units read only a part of the cart, or compete."""

from collections import Counter as Multiset
from decimal import Decimal
from itertools import combinations, product
from unittest.mock import patch

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from queqiao.catalog.contracts import PriceBook
from queqiao.decide.promotions.combination import outcomes, settling_parts
from queqiao.decide.promotions.combination.settling import settle
from queqiao.decide.promotions.documents.benefit import (
    BundleBenefit,
    BundleItem,
    BuyGetBenefit,
    FixedBenefit,
    FixedPriceBenefit,
    NthUnitBenefit,
    PercentBenefit,
    ThresholdBenefit,
    Tier,
)
from queqiao.decide.promotions.documents.condition import Condition
from queqiao.decide.promotions.documents.profile import Profile
from queqiao.decide.promotions.documents.promotion import InlinePromotion
from queqiao.decide.promotions.documents.scope import Scope
from queqiao.decide.promotions.pricing.outcomes import Applied
from queqiao.decide.promotions.pricing.till import Till
from queqiao.decide.promotions.quote_types import Cart, CartLine, CatalogItem, QuoteRequest
from queqiao.decide.promotions.quoting import Counter, Shop
from queqiao.decide.promotions.snapshot import compile_snapshot

SHOP = Shop(compile_snapshot([], [], b"a key of the test"), PriceBook())
NOW_US = 1_780_000_000_000_000
BEST = Profile(selection="best_combination")
PRICES = st.integers(3, 60) | st.integers(100, 3_000)
PERCENTS = st.sampled_from([10, 15, 50, 100]).map(Decimal)
SCOPES = st.sampled_from([(), ("A",), ("B",), ("A", "B"), ("B", "C")]).map(
    lambda skus: Scope(skus=skus)
)
ON_UNITS = st.one_of(
    st.builds(NthUnitBenefit, st.sampled_from([(0, 50), (0, 10, 100), (20, 50)]).map(
        lambda percents: tuple(map(Decimal, percents))
    )),
    st.builds(BuyGetBenefit, st.integers(1, 2), st.just(1), PERCENTS),
)  # fmt: skip
ON_SUMS = st.one_of(
    st.builds(
        lambda at_least, off: ThresholdBenefit((Tier(at_least, min(off, at_least)),)),
        st.integers(1, 4_000),
        st.integers(1, 900),
    ),
    st.builds(FixedBenefit, st.integers(1, 300)),
    st.builds(PercentBenefit, PERCENTS, st.none() | st.integers(1, 500)),
)
"""What a till spreads over its lines by what they still cost."""


@st.composite
def carts(draw, on_units, later, selection="best_combination"):
    goods = tuple(CatalogItem("ABC"[n], price) for n, price in
                  enumerate(draw(st.lists(PRICES, min_size=2, max_size=3))))  # fmt: skip
    units = [*draw(st.lists(ON_UNITS, min_size=on_units, max_size=on_units))]
    benefits = [*units, *draw(st.lists(later, min_size=2, max_size=5 if on_units == 0 else 3))]
    promotions = tuple(
        InlinePromotion(
            id=f"p{n}",
            name="promotion",
            benefit=benefit,
            scope=draw(SCOPES),
            priority=draw(st.integers(0, 1)),
            group=draw(st.sampled_from([None, None, "g", "h"])),
            exclusive=draw(st.integers(0, 19)) == 0,
            condition=Condition(subtotal_at_least=draw(st.none() | st.integers(1, 2_000)))
            if n >= len(units)
            else Condition(),
        )
        for n, benefit in enumerate(benefits)
    )
    counts = [draw(st.integers(1, 1 + (n < 2))) for n, _ in enumerate(goods)]
    lines = tuple(CartLine(g.sku, count, g.sku) for g, count in zip(goods, counts, strict=True))
    profile = Profile(selection=selection)
    return QuoteRequest(Cart(lines), profile=profile, catalog=goods, promotions=promotions)


def settled(question, effort=None):
    """Return the answered cart, with what is priced and proven by so much effort."""
    counter = Counter(question, SHOP, NOW_US)
    answered = counter.answer(question.cart.lines)
    if effort is not None:
        priced, proof = settle(answered.basket, answered.on_goods, counter.profile, effort)
        return answered._replace(priced=priced, proof=proof)
    return answered


def stands(chosen):
    """Say whether promotions may all give: one of a group in a layer, an exclusive one alone."""
    groups = [(one.offer.layer, one.offer.group) for one in chosen if one.offer.group]
    alone = any(one.offer.exclusive for one in chosen)
    return len(set(groups)) == len(groups) and (not alone or len(chosen) == 1)


def subsets(placed):
    for size in range(len(placed) + 1):
        yield from (some for some in combinations(placed, size) if stands(some))


def at_till(basket, profile, chosen):
    """Return what a set gives; 0 where more give than may."""
    till = Till(basket, profile)
    gave = [one.amount for one in map(till.take, chosen) if isinstance(one, Applied)]
    return 0 if profile.at_most is not None and len(gave) > profile.at_most else sum(gave)


PROFILES = {
    "usual": {},
    "original": {"base": "original"},
    "capped": {"order_cap": 700, "line_cap_percent": Decimal(40)},
    "unrounded": {"rounding": "none"},
    "two": {"at_most": 2},
    "two of original": {"at_most": 2, "base": "original"},
    "best of a layer": {"layer_among": {"order": "best"}},
}


@pytest.mark.parametrize("name", PROFILES)
@given(st.data())
@settings(max_examples=60, deadline=None)
def test_no_set_gives_more_at_a_till(name, data):
    question = data.draw(carts(0, ON_SUMS | st.builds(FixedPriceBenefit, st.integers(1, 2_000))))
    profile = Profile(selection="best_combination", **PROFILES[name])
    found = settled(replace(question, profile=profile))
    among = profile.layer_among.get("order")
    sets = [
        some
        for some in subsets(found.on_goods)
        if not among or sum(one.offer.layer == "order" for one in some) <= 1
    ]
    best = max(at_till(found.basket, profile, some) for some in sets)
    assert found.priced.discount == max(best, by_sequence(question, profile))
    assert found.proof.optimal


def by_sequence(question, profile=BEST):
    """Return what contests in their turn give: a group's stands at the place of its first one."""
    other = replace(question, profile=replace(profile, selection="best_in_group"))
    return settled(other).priced.discount


def pools_of(benefit, mine):
    """Return the units that a promotion takes, in groups from the dearest down; None: not whole."""
    ordered = sorted(mine, key=lambda unit: -unit[1])
    size = benefit.buy + 1 if isinstance(benefit, BuyGetBenefit) else max(1, len(mine))
    if len(mine) % size:
        return None
    return [Multiset(ordered[start : start + size]) for start in range(0, len(mine), size)]


def allotted(found, profile, takers, units, owners):
    """Return the till after units went to these owners; None where they may not."""
    till = Till(found.basket, profile)
    for number, taker in enumerate(takers):
        pairs = list(zip(units, owners, strict=True))
        mine = [unit for unit, owner in pairs if owner == number]
        left = [unit for unit, owner in pairs if owner < 0 and unit[0] in taker.lines]
        if not mine:
            continue
        pools = pools_of(taker.offer.stated, mine)
        is_outside = any(line not in taker.lines for line, _ in mine)
        if is_outside or pools is None or (left and isinstance(taker.offer.stated, NthUnitBenefit)):
            return None
        if not isinstance(till.take_each(taker, pools), Applied):
            return None
    return till


def by_trying(found, profile):
    """Return the best of all sets and all ways to share the units out."""
    best = 0
    units = [(place, line.price) for place, line in enumerate(found.basket.lines)
             for _ in range(line.quantity)]  # fmt: skip
    for some in subsets(found.on_goods):
        takers = [one for one in some if one.offer.benefit.takes_units]
        later = [one for one in some if not one.offer.benefit.takes_units]
        for owners in product(range(-1, len(takers)), repeat=len(units)):
            till = allotted(found, profile, takers, units, owners)
            if till is not None:
                for item in later:
                    till.take(item)
                best = max(best, found.basket.subtotal - sum(till.running))
    return best


@given(st.integers(1, 2).flatmap(lambda count: carts(count, ON_SUMS)))
@settings(max_examples=100, deadline=None)
def test_no_way_to_share_units_out_gives_more(question):
    found = settled(question)
    best = by_trying(found, BEST)
    assert found.priced.discount == max(best, by_sequence(question))
    assert found.proof.upper_bound >= best


@given(carts(1, ON_SUMS), st.integers(0, 12))
@settings(max_examples=60, deadline=None)
def test_little_effort_keeps_the_bound_valid(question, effort):
    best, found = settled(question), settled(question, effort)
    assert found.priced.discount <= best.priced.discount <= found.proof.upper_bound
    assert found.proof.optimal == (found.priced.discount == found.proof.upper_bound)


@given(st.integers(1, 2).flatmap(lambda count: carts(count, ON_SUMS)))
@settings(max_examples=60, deadline=None)
def test_where_only_the_best_ways_are_tried_the_bound_is_valid(question):
    with patch.object(settling_parts, "WAYS_MAX", 0), patch.object(outcomes, "WAYS_ENOUGH", 1):
        found = settled(question)
    best = max(by_trying(found, BEST), by_sequence(question))
    assert found.priced.discount <= best <= found.proof.upper_bound
    assert found.proof.optimal == (found.priced.discount == found.proof.upper_bound)


def asked(prices, promotions, **profile):
    """Return a question of one unit for each price, its SKUs ``s0``, ``s1`` …"""
    goods = tuple(CatalogItem(f"s{n}", price) for n, price in enumerate(prices))
    lines = tuple(CartLine(item.sku, 1, item.sku) for item in goods)
    best = Profile(selection="best_combination", **profile)
    return QuoteRequest(Cart(lines), profile=best, catalog=goods, promotions=promotions)


@pytest.mark.parametrize("profile", [{}, {"at_most": 1_000}], ids=["all", "counted"])
def test_a_thousand_that_give_are_taken_one_after_the_other(profile):
    fixed = [
        InlinePromotion(id=f"p{n:03}", name="p", benefit=FixedBenefit(1)) for n in range(1_000)
    ]
    found = settled(asked([50_000, 50_000], tuple(fixed), **profile), effort=100)
    assert found.priced.discount == 1_000 <= found.proof.upper_bound


def test_units_of_a_few_lines_are_shared_out_in_a_cart_of_hundreds():
    both = BundleBenefit(tuple(BundleItem(Scope(skus=(sku,))) for sku in ("s0", "s399")), amount=90)
    rules = (
        InlinePromotion(id="b", name="b", benefit=both),
        InlinePromotion(
            id="t",
            name="t",
            benefit=ThresholdBenefit((Tier(1_990, 150),)),
            scope=Scope(skus=("s0", "s1")),
        ),
    )
    found = settled(asked([1_000] * 400, rules))
    assert (found.priced.discount, found.proof.optimal) == (150, True)


def test_those_that_give_most_alone_are_known_before_all_sets_are_tried():
    fixed = [
        InlinePromotion(id=f"p{n:03}", name="p", benefit=FixedBenefit(n + 1)) for n in range(60)
    ]
    found = settled(asked([50_000], tuple(fixed), at_most=3), effort=100)
    assert found.priced.discount == 58 + 59 + 60
