"""Goods in the order of their prices."""

from itertools import islice
from random import Random

from queqiao.catalog.contracts import Facts, Goods, PriceBook

LISTS = [("category", "c1"), ("brand", "b2"), ("tag", "t0")]


def book(count, random):
    return PriceBook(
        Goods(
            f"s{number}",
            random.randrange(1, 5_000),
            random.choice(("CNY", "CNY", "EUR")),
            facts=Facts(
                (f"c{random.randrange(5)}",),
                f"b{random.randrange(5)}",
                None,
                (f"t{random.randrange(9)}",),
            ),
        )
        for number in range(count)
    )


def is_named(goods):
    facts = goods.facts
    return "c1" in facts.categories or facts.brand == "b2" or "t0" in facts.tags


def test_goods_come_in_the_order_of_price_then_sku():
    goods = book(2_000, Random(1))
    every = [goods.goods(sku) for sku in goods]
    yuan = sorted((g.price_minor, g.sku) for g in every if g.currency == "CNY")
    index = goods.by_price("CNY")
    assert list(index.rising(0)) == [sku for _, sku in yuan]
    assert list(index.rising(2_500)) == [sku for price, sku in yuan if price >= 2_500]


def test_lists_hold_the_goods_of_any_of_their_names():
    goods = book(2_000, Random(2))
    index = goods.by_price("CNY")
    found = list(dict.fromkeys(index.rising(1_000, LISTS)))
    every = [goods.goods(sku) for sku in goods]
    wanted = sorted(
        (g.price_minor, g.sku)
        for g in every
        if g.currency == "CNY" and g.price_minor >= 1_000 and is_named(g)
    )
    assert found == [sku for _, sku in wanted]
    assert list(index.rising(0, [("category", "none")])) == []


def test_the_index_is_made_once_and_finds_without_a_scan():
    goods = book(100_000, Random(3))
    index = goods.by_price("CNY")
    assert goods.by_price("CNY") is index
    first = next(islice(index.rising(4_990, LISTS), 1))
    assert goods.goods(first).price_minor >= 4_990
