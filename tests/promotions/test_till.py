"""The till: tried offers take nothing, and an allocation may be given instead of chosen."""

from decimal import Decimal

import pytest
from tests.promotions.random_shops import SKUS

from queqiao.decide.promotions.basket import Basket, Line
from queqiao.decide.promotions.documents.benefit import (
    BundleBenefit,
    BundleItem,
    BuyGetBenefit,
    FixedBenefit,
    NthUnitBenefit,
    PercentBenefit,
    Pick,
)
from queqiao.decide.promotions.documents.profile import Profile
from queqiao.decide.promotions.documents.promotion import PromotionDocument
from queqiao.decide.promotions.offers import compile_offer
from queqiao.decide.promotions.pricing.outcomes import Applied, Placed, Unmet
from queqiao.decide.promotions.pricing.till import Till

PRICES = (1_000, 600, 400)


def till(profile=None, prices=PRICES, quantity=2):
    lines = [Line(n, f"l{n}", SKUS[n], quantity, price) for n, price in enumerate(prices)]
    return Till(Basket(lines), profile or Profile())


def placed(benefit, lines=(0, 1, 2)):
    document = PromotionDocument(name="p", benefit=benefit)
    return Placed(compile_offer("p", document), lines)


CHEAPEST = placed(PercentBenefit(Decimal(50), pick=Pick("cheapest")))
ANY_TWO = placed(BundleBenefit((BundleItem(quantity=2),), price=100))


def given(outcome):
    assert isinstance(outcome, Applied)
    return dict(zip(outcome.lines, outcome.parts, strict=True))


def test_an_allocation_narrows_what_a_pick_may_choose():
    assert given(till().take(CHEAPEST)) == {2: 200}
    assert given(till().take(CHEAPEST, {0: 1})) == {0: 500}
    assert given(till().take(CHEAPEST, {0: 1, 1: 2})) == {1: 300}


def test_an_allocation_narrows_bundles():
    assert sum(given(till().take(ANY_TWO)).values()) == 4_000 - 300
    assert given(till().take(ANY_TWO, {1: 1, 2: 1})) == {1: 540, 2: 360}
    assert isinstance(till().take(ANY_TWO, {1: 1}), Unmet)


def test_an_allocation_narrows_what_is_given_too():
    offer = placed(BuyGetBenefit(1, 1))
    assert given(till().take(offer, {0: 1, 1: 1})) == {1: 600}


def test_units_of_an_allocation_are_taken_and_the_others_are_free():
    one = till()
    one.take(ANY_TWO, {0: 2})
    assert given(one.take(CHEAPEST, {0: 2, 1: 2})) == {1: 300}


@pytest.mark.parametrize("rounding", ["half_up", "none"])
def test_what_is_tried_takes_nothing(rounding):
    one = till(Profile(rounding=rounding), prices=(333, 335, 337))
    offers = [
        CHEAPEST,
        ANY_TWO,
        placed(NthUnitBenefit((Decimal(0), Decimal(33)))),
        placed(FixedBenefit(100, level="line")),
        placed(PercentBenefit(Decimal(7))),
    ]
    for offer in offers:
        before = list(one.running), {line: list(kept) for line, kept in one.pieces.items()}
        tried = one.tried(offer)
        assert (one.running, one.pieces) == before
        assert one.take(offer) == tried


def test_pieces_of_a_line_add_up_to_what_it_costs():
    one = till(prices=(1_000, 999, 998), quantity=7)
    percent, amount = placed(PercentBenefit(Decimal(13))), placed(FixedBenefit(101))
    for offer in (CHEAPEST, ANY_TWO, percent, amount):
        one.take(offer)
    for line, pieces in one.pieces.items():
        assert sum(piece.cost for piece in pieces) == one.running[line]
        assert sum(piece.quantity for piece in pieces) == 7
