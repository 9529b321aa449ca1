"""Cards in a quote: looked up, not touched; a wrong one is worth nothing and says one reason."""

import msgspec
import pytest
from tests.promotions.cards.counter import NOW_US
from tests.promotions.orders import SHOP

from queqiao.decide.promotions.coupons.guesses import CARD_GUESSES_MAX
from queqiao.decide.promotions.quote_types import QuoteRequest
from queqiao.decide.promotions.quoting import quote
from queqiao.decide.promotions.totals.card_balances import with_balances, with_reasons
from queqiao.kernel.errors import TooManyRequests


async def priced(counter, *cards, **more):
    body = {
        "catalog": [{"sku": "A", "price": 10_000}],
        "cart": {"lines": [{"sku": "A"}], "cards": cards},
        **more,
    }
    asked = msgspec.convert(body, QuoteRequest)
    question, reasons = await with_balances(asked, counter.cards, NOW_US)
    assert all(card.pin == "" for card in question.cart.cards)
    return with_reasons(quote(question, SHOP, NOW_US), reasons)


@pytest.fixture
async def sold(counter):
    counter.offer(value=3_000)
    await counter.do("activate", 1, request_id="a")
    code, pin = counter.card(1)
    return {"code": code, "pin": pin}


async def test_what_a_card_holds_is_looked_up_and_stays_there(counter, sold):
    for _ in range(2):
        answer = await priced(counter, sold)
        assert (answer.totals.cards, answer.totals.due) == (3_000, 7_000)
        assert answer.payments[0].reason is None
    assert (await counter.do("balance", 1))["balance"] == 3_000


async def test_a_wrong_card_is_worth_nothing_and_says_one_reason(counter, sold):
    unsold, _ = counter.card(2)
    wrong = [{**sold, "pin": "000000"}, {"code": "G-NOSUCHCARD"}, {"code": unsold}]
    answer = await priced(counter, *wrong)
    assert [payment.reason for payment in answer.payments] == ["card_unknown"] * 3
    assert answer.totals.due == 10_000


async def test_pins_cannot_be_tried_out_in_quotes_of_nobody(counter, sold):
    for number in range(CARD_GUESSES_MAX):
        answer = await priced(counter, {**sold, "pin": f"wrong{number}"})
        assert answer.payments[0].reason == "card_unknown"
    with pytest.raises(TooManyRequests):
        await priced(counter, sold)


async def test_a_card_of_another_currency_pays_nothing(counter, sold):
    answer = await priced(counter, sold, currency="EUR")
    assert (answer.totals.cards, answer.payments[0].reason) == (0, "currency_differs")


async def test_a_balance_that_the_question_says_is_not_looked_up(counter):
    answer = await priced(counter, {"code": "what if", "balance": 4_000})
    assert (answer.totals.cards, answer.payments[0].reason) == (4_000, None)
