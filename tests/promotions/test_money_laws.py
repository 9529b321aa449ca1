"""A million random carts: units add up, no floor is broken, no cap passed, order means nothing."""

from random import Random

import msgspec
import pytest
from tests.promotions.money_laws import violations
from tests.promotions.random_shops import random_profile, random_question, random_shop

from queqiao.decide.promotions.combination import settling
from queqiao.decide.promotions.quoting import quote

NOW_US = 1_780_000_000_000_000
CARTS_A_SHOP = 25
SAMPLE = 3_000
LONG = 50_000
"""Twenty such parts are a million carts."""


@pytest.mark.parametrize(
    ("part", "carts"),
    [(0, SAMPLE), *(pytest.param(part, LONG, marks=pytest.mark.long) for part in range(1, 21))],
)
@pytest.mark.timeout(3_600)
def test_no_cart_breaks_a_law(part, carts, record_property, monkeypatch):
    # Proofs try many prices and have tests of their own; here one price a cart is looked at.
    monkeypatch.setattr(settling, "PROOF_OFFERS_MAX", 0)
    random = Random(part)
    applied = 0
    for _ in range(carts // CARTS_A_SHOP):
        shop, bounds = random_shop(random)
        profile = random_profile(random)
        for _ in range(CARTS_A_SHOP):
            question = random_question(random, profile)
            answer = quote(question, shop, NOW_US)
            found = [*violations(answer, profile, bounds)]
            assert not found, (part, msgspec.json.encode(question))
            assert_same(answer, quote(shuffled(question, random), shop, NOW_US))
            applied += len(answer.applied)
    assert applied > carts
    record_property("carts", carts)
    record_property("violations", 0)


def shuffled(question, random):
    lines = list(question.cart.lines)
    random.shuffle(lines)
    cart = msgspec.structs.replace(question.cart, lines=tuple(lines))
    return msgspec.structs.replace(question, cart=cart)


def assert_same(answer, other):
    """Every line is the same, spare minor units included: its place in the cart says nothing."""
    assert {line.id: line for line in answer.lines} == {line.id: line for line in other.lines}
    assert (answer.totals, answer.applied) == (other.totals, other.applied)
