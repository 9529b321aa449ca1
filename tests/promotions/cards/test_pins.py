"""PINs: guessed a few times a card and customer, by whoever and however many at once."""

import asyncio

import pytest
from tests.promotions.cards.counter import NOW_US

from queqiao.decide.promotions.coupons.guesses import (
    CARD_GUESSES_MAX,
    CUSTOMER_GUESSES_MAX,
    WINDOW_US,
)
from queqiao.kernel.errors import Refused, TooManyRequests


async def refused(awaited):
    with pytest.raises(Refused) as refusal:
        await awaited
    return refusal.value.reason


async def test_pins_cannot_be_tried_out(counter):
    counter.offer(value=1_000)
    await counter.sold(1)
    for number in range(CUSTOMER_GUESSES_MAX):
        wrong = counter.do("balance", 1, pin=f"wrong{number}")
        assert await refused(wrong) == "card_unknown"
    with pytest.raises(TooManyRequests):
        await counter.do("balance", 1)


async def test_a_card_has_guesses_of_its_own_whoever_tries(counter):
    counter.offer(value=1_000)
    await counter.sold(1)
    await counter.sold(2)
    for number in range(CARD_GUESSES_MAX):
        wrong = counter.do("balance", 1, pin=f"wrong{number}", customer_id=f"thief{number}")
        assert await refused(wrong) == "card_unknown"
    with pytest.raises(TooManyRequests):
        await counter.do("balance", 1, customer_id="another")
    assert (await counter.do("balance", 2, customer_id="another"))["balance"] == 1_000
    later_us = NOW_US + WINDOW_US
    assert (await counter.do("balance", 1, later_us))["balance"] == 1_000


async def test_pins_tried_at_once_are_no_more_than_pins_tried_in_turn(counter):
    counter.offer(value=1_000)
    await counter.sold(1)
    tried = [
        counter.do("balance", 1, pin=f"wrong{number}", customer_id=f"thief{number}")
        for number in range(5 * CARD_GUESSES_MAX)
    ]
    answers = await asyncio.gather(*tried, return_exceptions=True)
    compared = [one for one in answers if isinstance(one, Refused)]
    assert len(compared) == CARD_GUESSES_MAX
    assert sum(isinstance(one, TooManyRequests) for one in answers) == 4 * CARD_GUESSES_MAX


async def test_right_pins_cost_no_guess(counter):
    counter.offer(value=1_000)
    await counter.sold(1)
    for _ in range(2 * CARD_GUESSES_MAX):
        assert (await counter.do("balance", 1))["balance"] == 1_000
    leased = await counter.ledger.find("guess:", 99)
    assert {balance.leased for balance in leased.values()} == {0}
