"""The laws of money: what holds for every cart, every set of promotions and every profile."""

from itertools import combinations

import hypothesis.strategies as st
import msgspec
from hypothesis import given, settings
from tests.promotions.money_laws import Bounds, violations
from tests.promotions.strategies import questions

from queqiao.catalog.contracts import PriceBook
from queqiao.decide.promotions.combination.bounds import upper_bound
from queqiao.decide.promotions.offers import compile_offer
from queqiao.decide.promotions.pricing.stacking import Stack, price
from queqiao.decide.promotions.quoting import Counter, Shop, quote
from queqiao.decide.promotions.snapshot import compile_snapshot

SHOP = Shop(compile_snapshot([], [], b"a key of the test"), PriceBook())
NOW_US = 1_780_000_000_000_000
FEW = 9
"""So many promotions are searched whole well within the usual effort."""


def ask(question):
    return quote(question, SHOP, NOW_US)


def amounts(value):
    """Yield every number in an answer."""
    if isinstance(value, dict):
        for item in value.values():
            yield from amounts(item)
    elif isinstance(value, list):
        for item in value:
            yield from amounts(item)
    elif not isinstance(value, str | bool | None):
        yield value


@given(questions())
@settings(max_examples=150, deadline=None)
def test_the_short_way_is_the_same_way(question):
    counter = Counter(question, SHOP, NOW_US)
    answered = counter.answer(question.cart.lines)
    basket, placed = answered.basket, answered.on_goods
    short, long = Stack(basket, counter.profile), Stack(basket, counter.profile)
    short.let_each(placed)
    for item in placed:
        long.let(item)
    assert (short.applied, short.unmet) == (long.applied, long.unmet)
    assert (short.till.running, short.till.pieces) == (long.till.running, long.till.pieces)
    assert upper_bound(basket, placed, short.applied) == upper_bound(basket, placed)


@given(questions())
@settings(max_examples=150, deadline=None)
def test_units_sum_to_lines_and_lines_to_totals(question):
    answer = ask(question)
    totals = answer.totals
    for line in answer.lines:
        assert len(line.units) == line.quantity
        assert sum(unit.discount for unit in line.units) == line.discount
        assert sum(unit.total for unit in line.units) == line.total
        assert line.discount + line.total == line.unit_price * line.quantity
        assert sum(share.amount for share in line.applied) == line.discount
    assert sum(line.discount for line in answer.lines) == totals.discount
    assert sum(line.total for line in answer.lines) == totals.items - totals.discount
    on_top = totals.tax if question.profile.tax == "exclusive" else 0
    shipping = totals.shipping - totals.shipping_discount
    assert totals.total == totals.items - totals.discount + shipping + on_top
    assert totals.cards + totals.due == totals.total
    assert sum(payment.amount for payment in answer.payments) == totals.cards
    assert given_off(answer, "items") == totals.discount
    assert given_off(answer, "shipping") == totals.shipping_discount


def given_off(answer, kind):
    return sum(item.amount for item in answer.applied if item.kind == kind)


@given(questions())
@settings(max_examples=150, deadline=None)
def test_taxes_sum_from_units_to_the_total(question):
    answer = ask(question)
    for line in answer.lines:
        assert sum(unit.tax for unit in line.units) == line.tax
        assert all(0 <= unit.tax <= unit.total for unit in line.units)
    assert sum(line.tax for line in answer.lines) + answer.shipping.tax == answer.totals.tax
    assert sum(row.tax for row in answer.taxes) == answer.totals.tax
    if question.profile.rounding != "none":
        for row in answer.taxes:
            tolerance = len(answer.lines) * 7 if question.profile.tax_level != "total" else 1
            assert abs(row.tax - row.net * row.rate / 100) <= tolerance + row.rate


@given(questions())
@settings(max_examples=150, deadline=None)
def test_gifts_come_from_what_is_left(question):
    answer = ask(question)
    stock = {item.sku: item.stock for item in question.catalog if item.stock is not None}
    for line in question.cart.lines:
        if line.sku in stock:
            stock[line.sku] -= line.quantity
    for gift in answer.gifts:
        assert gift.total == 0
        assert gift.quantity > 0
        if gift.sku in stock:
            stock[gift.sku] -= gift.quantity
            assert stock[gift.sku] >= 0


@given(questions())
@settings(max_examples=150, deadline=None)
def test_points_pay_at_most_what_is_offered_and_earn_only_on_what_is_paid(question):
    answer = ask(question)
    assert answer.points.used <= question.cart.points
    assert answer.points.earned == sum(item.points for item in answer.applied)
    assert answer.cashback == sum(i.value for i in answer.applied if i.kind == "cashback")


@given(questions())
@settings(max_examples=150, deadline=None)
def test_nothing_is_negative_or_above_its_original_or_a_fraction(question):
    answer = ask(question)
    minimum = {item.sku: item.minimum_price or 0 for item in question.catalog}
    for line in answer.lines:
        for unit in line.units:
            assert 0 <= unit.total <= line.unit_price
            assert unit.total >= min(minimum[line.sku], line.unit_price)
    assert all(item.amount > 0 for item in answer.applied if item.kind in {"items", "shipping"})
    assert all(type(number) is int and number >= 0 for number in amounts(to_builtins(answer)))


def to_builtins(answer):
    return msgspec.to_builtins(answer)


@given(questions())
@settings(max_examples=150, deadline=None)
def test_no_cap_is_passed(question):
    caps = {item.id: getattr(item.benefit, "cap", None) for item in question.promotions}
    bounds = Bounds(
        {item.sku: item.minimum_price or 0 for item in question.catalog},
        {name: cap for name, cap in caps.items() if cap is not None},
    )
    assert not [*violations(ask(question), question.profile, bounds)]


@given(questions())
@settings(max_examples=100, deadline=None)
def test_a_line_no_unit_of_which_was_picked_spreads_evenly(question):
    if any(takes_units(promotion, question.profile) for promotion in question.promotions):
        return
    for line in ask(question).lines:
        assert max(u.discount for u in line.units) - min(u.discount for u in line.units) <= 1


def takes_units(promotion, profile):
    offer = compile_offer("p", promotion)
    return offer.benefit.takes_units or offer.layer in profile.one_per_unit


@given(questions(), st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_the_order_of_lines_changes_nothing(question, random):
    answer = ask(question)
    places = list(range(len(question.cart.lines)))
    random.shuffle(places)
    lines = tuple(question.cart.lines[place] for place in places)
    cart = msgspec.structs.replace(question.cart, lines=lines)
    other = ask(msgspec.structs.replace(question, cart=cart))
    assert other.totals == answer.totals
    assert [a.amount for a in other.applied] == [a.amount for a in answer.applied]
    if all(line.id for line in lines):
        by_id = {line.id: line for line in answer.lines}
        assert all(by_id[line.id] == line for line in other.lines)


@given(questions())
@settings(max_examples=100, deadline=None)
def test_who_pays_sums_to_what_is_given(question):
    for item in ask(question).applied:
        funding = item.funding
        assert funding.platform + funding.shop + funding.brand == item.amount + item.value
        parts = item.funding_by_shop
        if parts:
            assert sum(part.platform for part in parts) == funding.platform
            assert sum(part.shop for part in parts) == funding.shop
            assert sum(part.brand for part in parts) == funding.brand
            assert all(min(part.platform, part.shop, part.brand) >= 0 for part in parts)


@given(questions())
@settings(max_examples=100, deadline=None)
def test_the_bound_bounds_every_allowed_set_and_best_reaches_it(question):
    counter = Counter(question, SHOP, NOW_US)
    answered = counter.answer(question.cart.lines)
    basket, placed, profile = answered.basket, answered.on_goods, counter.profile
    stackable = [item for item in placed if not item.offer.exclusive]
    sets = [c for size in range(len(stackable) + 1) for c in combinations(stackable, size)]
    sets += [(item,) for item in placed if item.offer.exclusive]
    best = max(price(basket, chosen, profile).discount for chosen in sets)
    assert upper_bound(basket, placed) >= best
    assert answered.proof.upper_bound >= best
    if answered.proof.optimal:
        assert answered.priced.discount >= best
    if profile.selection == "best_combination" and len(placed) <= FEW:
        assert answered.priced.discount >= best
        if not any(shares_units(item, profile) for item in placed):
            assert answered.priced.discount == best
            assert answered.proof.optimal


def shares_units(item, profile):
    return item.offer.benefit.takes_units or item.offer.layer in profile.one_per_unit


@given(questions())
@settings(max_examples=150, deadline=None)
def test_what_is_suggested_saves_what_it_says(question):
    question = msgspec.structs.replace(
        question, options=msgspec.structs.replace(question.options, suggest=True)
    )
    answer = ask(question)
    for suggestion in answer.suggestions:
        added = [type(question.cart.lines[0])(a.sku, a.quantity) for a in suggestion.add]
        lines = (*question.cart.lines, *added)
        cart = msgspec.structs.replace(question.cart, lines=lines)
        after = ask(msgspec.structs.replace(question, cart=cart)).totals
        before = answer.totals
        saved = after.discount + after.shipping_discount
        assert saved - before.discount - before.shipping_discount == suggestion.saves
        assert after.items - before.items == suggestion.cost
        assert suggestion.saves + suggestion.worth > 0


@given(questions())
@settings(max_examples=100, deadline=None)
def test_the_same_question_gets_the_same_bytes(question):
    assert msgspec.json.encode(ask(question)) == msgspec.json.encode(ask(question))


@given(questions())
@settings(max_examples=100, deadline=None)
def test_every_promotion_is_applied_or_says_why_not(question):
    answer = ask(question)
    told = [item.promotion_id for item in (*answer.applied, *answer.refused) if item.promotion_id]
    assert sorted(told) == sorted(promotion.id for promotion in question.promotions)
