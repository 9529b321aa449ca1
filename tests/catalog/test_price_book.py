"""The price book is small: at most 40 MB at 92,000 SKUs."""

import tracemalloc

from queqiao.catalog.contracts import Facts, Goods, PriceBook

SKUS = 23_000
"""A quarter of what is promised, so that the test is quick; memory grows in proportion."""
BYTES_MAX = 40_000_000 // 4


def goods():
    for number in range(SKUS):
        commodity = number % 2_383 % 308
        levels = (f"department {commodity % 44}", f"commodity {commodity}", f"sub {number % 2_383}")
        facts = Facts(levels, f"brand {number % 6_476}")
        yield Goods(f"sku-{number:08}", number, "CNY", number + 5, None, facts)


def test_the_book_is_small():
    tracemalloc.start()
    book = PriceBook(goods())
    held, _peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(book) == SKUS
    assert held <= BYTES_MAX, f"{held / 1e6:.1f} MB"
    found = book.goods("sku-00022999")
    assert found.price_minor == SKUS - 1
    assert found.facts.brand == f"brand {(SKUS - 1) % 6_476}"
