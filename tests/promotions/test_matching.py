"""Matching by bits finds exactly what asking every promotion finds."""

from collections import Counter as Counted
from random import Random

import bench.pricing as shop_of_bench
import hypothesis.strategies as st
from hypothesis import given, settings
from msgspec.structs import replace
from tests.promotions.plain_conditions import in_scope
from tests.promotions.strategies import questions

from queqiao.catalog.contracts import PriceBook
from queqiao.decide.promotions.matching.bits import lines_by_place, places
from queqiao.decide.promotions.quote_types import Options
from queqiao.decide.promotions.quoting import Counter, Shop, quote
from queqiao.decide.promotions.snapshot import compile_snapshot

SHOP = Shop(compile_snapshot([], [], b"a key of the test"), PriceBook())


@given(st.sets(st.integers(0, 3_000)))
def test_places_are_the_set_bits(numbers):
    assert places(sum(1 << number for number in numbers)) == sorted(numbers)


@given(st.lists(st.sets(st.integers(0, 40)), max_size=20), st.sets(st.integers(0, 60)))
def test_line_bits_are_turned_around(named, holding):
    bits = [sum(1 << number for number in numbers) for numbers in named]
    found, lines = lines_by_place(bits, sum(1 << number for number in holding))
    assert found == sorted(holding)
    meant = [tuple(n for n, numbers in enumerate(named) if one in numbers) for one in found]
    assert lines == meant


def seen(found):
    return [(item.offer.id, list(item.lines)) for item in found]


def test_bits_and_scan_agree_on_a_thousand_promotions():
    shop = shop_of_bench.store(1_000, Random(5))
    for request in shop_of_bench.carts(Random(6))[:40]:
        matcher = Counter(request, shop, shop_of_bench.NOW_US).matcher
        basket = shop_of_bench.basket(shop, request)
        assert seen(matcher.match(basket)) == seen(shop_of_bench.scan_match(matcher, basket))


def test_everything_says_of_each_live_promotion_why_it_does_not_apply():
    shop = shop_of_bench.store(200, Random(5))
    live = Counted(offer.id for offer in shop.promotions.offers)
    for request in shop_of_bench.carts(Random(6))[:20]:
        asked = replace(request, options=Options(everything=True))
        answer = quote(asked, shop, shop_of_bench.NOW_US)
        assert Counted(one.promotion_id for one in [*answer.applied, *answer.refused]) == live
        brief = quote(request, shop, shop_of_bench.NOW_US)
        assert len(brief.refused) < len(answer.refused)
        assert replace(answer, refused=brief.refused) == brief


@given(questions())
@settings(max_examples=60, deadline=None)
def test_a_line_is_reached_only_where_it_is_in_scope(question):
    counter = Counter(question, SHOP, 0)
    answered = counter.answer(question.cart.lines)
    for item in answered.placed:
        for place, line in enumerate(answered.basket.lines):
            meant = in_scope(item.offer.scope, line.sku, line.facts, line.price)
            assert (place in item.lines) == meant
