"""Orders at flash prices: the reservation is sold with the order and comes back with it, or never
was: whoever dies, whoever is quicker."""

import asyncio
from collections import Counter

import pytest
from tests.promotions.mortal import MortalLedger
from tests.promotions.redemptions.test_redeeming import promotion
from tests.promotions.redemptions.test_refunds import refund
from tests.promotions.redemptions.test_settlement import Books
from tests.promotions.till import NOW_US

from queqiao.decide.promotions.redemptions.settlement import Settlement
from queqiao.kernel.clock import MINUTE_US, SECOND_US, format_rfc3339
from queqiao.kernel.errors import Conflict, Gone, InvalidInput, Refused, Unavailable

LATER_US = NOW_US + 31 * MINUTE_US


def order(held, order_id="o1", customer="u1", *, quantity=1, others=(), **more):
    line = {"id": "1", "sku": "A", "quantity": quantity, "price_token": held["price_token"]}
    question = {"cart": {"lines": [line, *others]}, "customer": {"id": customer}}
    return {"order_id": order_id, "question": question, **more}


async def refusal(awaited):
    with pytest.raises(Refused) as refused:
        await awaited
    return refused.value.reason, [field.path for field in refused.value.fields]


def told(till, *names):
    events = [one for one in till.events() if one["event"].startswith("Reservation ")]
    return [(one["event"].split()[1], one["properties"].get("order_id")) for one in events]


class Overdue:
    """Names redemptions that are over, as the warehouse would."""

    def __init__(self, *names):
        self._names = names

    async def query(self, _sql, _parameters):
        return type("Found", (), {"rows": [(name,) for name in self._names]})


async def settle(till, *names, now_us=LATER_US):
    await Settlement(Overdue(*names), till.ledger, till.mortal_log).settle(now_us)


async def test_an_order_at_the_flash_price_sells_its_reservation(till):
    till.show({"p": promotion(500)}, {})
    till.flash()
    held = await till.hold()
    placed = await till.order(order(held, others=[{"id": "2", "sku": "B"}]))
    assert (placed["total"], placed["discount"]) == (3_000 + 4_500, 500)
    (reservation,) = placed["reservations"]
    assert (reservation["reservation_id"], reservation["line"]) == (held["reservation_id"], "1")
    assert await till.stock() == (9, 0, 1)
    assert told(till) == [("Committed", "o1")]
    paid = await till.redemption("POST", "commit", name=placed["id"])
    assert paid["state"] == "committed"
    assert await till.stock() == (9, 0, 1)


async def test_the_same_call_again_is_one_order_and_one_sale(till):
    till.flash()
    held = await till.hold()
    for commit in (False, False, True, True):
        answer = await till.order(order(held, commit=commit))
    assert answer["state"] == "committed"
    assert await till.stock() == (9, 0, 1)
    assert told(till) == [("Committed", "o1")]


async def test_what_is_given_up_before_payment_goes_back_into_stock(till):
    till.flash(returns_stock="never")
    placed = await till.order(order(await till.hold()))
    for _ in range(2):
        await till.redemption("POST", "release", name=placed["id"])
    assert await till.stock() == (10, 0, 0)
    assert told(till) == [("Committed", "o1"), ("Returned", "o1")]


@pytest.mark.parametrize(("rule", "left"), [("cancelled", 10), ("refunded", 10), ("never", 9)])
async def test_a_cancelled_order_gives_back_by_the_rule_of_its_sale(till, rule, left):
    till.flash(returns_stock=rule)
    paid = await till.order(order(await till.hold(), commit=True))
    for _ in range(2):
        given = await till.redemption("POST", "return", None, paid["id"])
    assert len(given["returns"][0]["reservations"]) == left - 9
    assert await till.stock() == (left, 0, 10 - left)


@pytest.mark.parametrize(("rule", "left"), [("cancelled", 7), ("refunded", 10), ("never", 7)])
async def test_refunded_goods_go_back_with_the_last_of_their_line(till, rule, left):
    till.flash(returns_stock=rule)
    held = await till.hold(quantity=3)
    paid = await till.order(order(held, quantity=3, commit=True))
    for number, quantity in enumerate((2, 1)):
        assert await till.stock() == (7, 0, 3)
        body = {"request_id": str(number), "items": [{"line": "1", "quantity": quantity}]}
        for _ in range(2):
            memo = await refund(till, paid["id"], body)
    assert len(memo["reservations"]) == (rule == "refunded")
    assert await till.stock() == (left, 0, 10 - left)


async def test_goods_are_put_back_by_name_with_parts_of_an_order(till):
    till.flash(returns_stock="never")
    held = await till.hold()
    paid = await till.order(order(held, commit=True))
    wrong = {"request_id": "a", "promotions": [], "reservations": ["rsv_other"]}
    with pytest.raises(InvalidInput) as refused:
        await till.redemption("POST", "return", wrong, paid["id"])
    assert refused.value.fields[0].path == "reservations[0]"
    body = wrong | {"reservations": [held["reservation_id"]]}
    for _ in range(2):
        await till.redemption("POST", "return", body, paid["id"])
    assert await till.stock() == (10, 0, 0)
    with pytest.raises(InvalidInput):
        await till.redemption("POST", "return", body | {"request_id": "b"}, paid["id"])
    with pytest.raises(Conflict):
        await till.redemption("POST", "return", body | {"reservations": []}, paid["id"])


async def test_a_kept_flash_price_is_clawed_back_as_it_stacked(till):
    """Nothing was off the flash line, and nothing is when other goods come back."""
    document = promotion(1_000)
    till.flash()
    till.show({"p": document}, {})
    till.publish("p", document)
    lines = [{"id": "2", "sku": "B"}, {"id": "3", "sku": "A"}]
    paid = await till.order(order(await till.hold(), others=lines, commit=True))
    assert paid["total"] == 3_000 + 15_000 - 1_000
    body = {"request_id": "a", "items": [{"line": "3", "quantity": 1}]}
    memo = await refund(till, paid["id"], body | {"policy": {"discounts": "claw_back"}})
    kept = paid["total"] - memo["totals"]["total"]
    assert kept == 3_000 + 4_500


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"customer": "u2"}, "price_token_of_another"),
        ({"quantity": 2}, "price_token_other_quantity"),
        ({"now_us": NOW_US + 15 * MINUTE_US}, "price_token_expired"),
        ({"token": "AAAA"}, "price_token_unknown"),
    ],
)
async def test_a_token_that_does_not_fit_refuses_the_order(till, changes, reason):
    till.flash()
    held = await till.hold()
    now_us = changes.pop("now_us", NOW_US)
    held["price_token"] = changes.pop("token", held["price_token"])
    asked = order(held, **changes)
    path = "question.cart.lines[0].price_token"
    assert await refusal(till.order(asked, now_us)) == (reason, [path])
    placed = await till.order(asked | {"when_used_up": "leave_out"}, now_us)
    assert placed["total"] == 10_000 * changes.get("quantity", 1)
    assert placed["quote"]["lines"][0]["price_refused"] == reason
    assert placed["reservations"] == []
    assert told(till) == []


async def test_a_reservation_is_for_one_order(till):
    till.flash()
    held = await till.hold()
    first = await till.order(order(held))
    again = order(held, "o2")
    assert (await refusal(till.order(again)))[0] == "price_token_used"
    await till.redemption("POST", "release", name=first["id"])
    assert (await refusal(till.order(again)))[0] == "price_token_used"
    changed = order(held, request_id="2")
    assert (await refusal(till.order(changed)))[0] == "price_token_used"
    assert await till.stock() == (10, 0, 0)


@pytest.mark.parametrize(("verb", "left"), [("commit", 9), ("release", 10)])
async def test_a_reservation_that_was_settled_by_itself_is_no_orders(till, verb, left):
    till.flash()
    held = await till.hold()
    route = f"POST /api/v1/reservations/{{id}}/{verb}"
    await till.ask(route, {"id": held["reservation_id"]}, {"order_id": "other"})
    reason = {"commit": "price_token_used", "release": "price_token_expired"}[verb]
    assert (await refusal(till.order(order(held))))[0] == reason
    assert (await till.stock())[0] == left


@pytest.mark.parametrize("commit", [False, True])
async def test_goods_of_an_order_are_put_back_by_the_order(till, commit):
    till.flash()
    held = await till.hold()
    await till.order(order(held, commit=commit))
    route = "POST /api/v1/reservations/{id}/return"
    with pytest.raises(Conflict) as refused:
        await till.ask(route, {"id": held["reservation_id"]}, {"order_id": "o1"})
    assert "promotions/redemptions" in refused.value.detail.en
    assert await till.stock() == (9, 0, 1)


async def test_many_orders_at_once_with_one_token_are_one(till):
    till.flash()
    held = await till.hold()
    calls = [till.order(order(held, f"o{n}")) for n in range(20)]
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(one, dict) for one in answers) == 1
    assert {one.reason for one in answers if isinstance(one, Refused)} == {"price_token_used"}
    assert await till.stock() == (9, 0, 1)
    assert Counter(verb for verb, _ in told(till)) == {"Committed": 1}


async def test_an_order_that_nobody_pays_gives_its_goods_back(till):
    books = Books(till)
    await books.open()
    till.flash()
    placed = await till.order(order(await till.hold()))
    assert await till.stock(LATER_US) == (9, 0, 1)
    assert await books.settle() == 1
    assert await till.stock(LATER_US) == (10, 0, 0)
    assert await books.settle() == 0
    with pytest.raises(Gone):
        await till.redemption("POST", "commit", name=placed["id"], now_us=LATER_US)
    assert await till.stock(LATER_US) == (10, 0, 0)
    books.records.close()
    books.warehouse.close()


async def test_a_late_payment_has_no_flash_price(till):
    till.flash()
    placed = await till.order(order(await till.hold()))
    with pytest.raises(Gone):
        await till.redemption("POST", "commit", name=placed["id"], now_us=LATER_US)
    await settle(till, placed["id"])
    assert await till.stock(LATER_US) == (10, 0, 0)
    assert (await till.redemption("GET", "{id}", name=placed["id"]))["state"] == "expired"


async def test_a_reservation_that_ends_while_its_order_is_placed_ends_the_order(till):
    """Of two reservations the second is given up between the record and its sale."""
    till.flash(skus=("A", "B"))
    ledger = till.ledger = MortalLedger(till.ledger)
    till._open()
    held, other = await till.hold(), await till.hold("r2", sku="B")

    async def meddle(name, arguments):
        if name == "commit" and arguments[0] == other["reservation_id"]:
            ledger.before = None
            await ledger.release(other["reservation_id"], NOW_US)

    ledger.before = meddle
    line = {"id": "2", "sku": "B", "price_token": other["price_token"]}
    asked = order(held, others=[line])
    for _ in range(2):
        assert (await refusal(till.order(asked)))[0] == "price_token_expired"
    assert [await till.stock(sku=sku) for sku in "AB"] == [(10, 0, 0), (10, 0, 0)]
    balance = (await till.ledger.balances(["redemption:order:o1"]))["redemption:order:o1"]
    assert (balance.leased, balance.spent) == (0, 0)


STEPS, WORDS = range(4), range(3)
"""Of the ledger and of the log, that an order at a flash price takes: each may be the last."""


async def check_books(till, *, stands, now_us=NOW_US):
    """Of three reservations two are others'. The order has one sold, or nobody does."""
    left, reserved, sold = await till.stock(now_us)
    assert (sold, left + reserved) == ((1, 9) if stands else (0, 10))
    verbs = Counter(verb for verb, _ in told(till))
    assert verbs["Committed"] - verbs["Returned"] == sold
    assert (await till.ledger.prove()).balanced


def killers(till):
    """Yield every way to die in turn: at a step of the ledger, done or not, or at the log."""
    for step in STEPS:
        for is_done in (False, True):
            yield lambda step=step, is_done=is_done: till.ledger.arm(step, is_done=is_done)
    yield lambda: setattr(till.mortal_log, "dies_next", True)
    for word in WORDS:
        yield lambda word=word: setattr(till.mortal_log, "dies_after", word + 1)


def disarm(till):
    till.ledger.arm(None)
    till.mortal_log.dies_next, till.mortal_log.dies_after = False, None


def deaths():
    return range(2 * len(STEPS) + 1 + len(WORDS))


async def mortal(till, death):
    till.show({"p": promotion(500, total=5)}, {})
    till.flash(stacks_with=("order",))
    till.ledger = MortalLedger(till.ledger)
    till._open()
    held = await till.hold()
    list(killers(till))[death]()
    return order(held, commit=True)


@pytest.mark.parametrize("death", deaths())
async def test_who_died_placing_an_order_has_it_by_the_same_call(till, death):
    asked = await mortal(till, death)
    with pytest.raises(Unavailable):
        await till.order(asked)
    disarm(till)
    answer = await till.order(asked)
    assert (answer["state"], answer["total"]) == ("committed", 2_500)
    await check_books(till, stands=True)


@pytest.mark.parametrize("death", deaths())
async def test_who_died_and_never_came_again_leaves_all_or_nothing(till, death):
    """The scheduler ends it: the promotion's use and the goods are both had, or both free."""
    asked = await mortal(till, death)
    with pytest.raises(Unavailable):
        await till.order(asked)
    disarm(till)
    names = {
        one["properties"]["redemption_id"]
        for one in till.events()
        if one["event"] == "Redemption Reserved"
    }
    settled = {
        one["properties"]["redemption_id"]
        for one in till.events()
        if one["event"] in {"Redemption Committed", "Redemption Released"}
    }
    await settle(till, *(names - settled))
    await till.ledger.expire(LATER_US)
    uses = (await till.ledger.balances(["promotion:p:total"]))["promotion:p:total"]
    assert uses.leased == 0
    await check_books(till, stands=uses.spent == 1, now_us=LATER_US)


@pytest.mark.parametrize("death", deaths())
async def test_who_died_giving_an_order_up_or_back_finishes_by_the_same_call(till, death):
    for verb, commit in (("release", False), ("return", True)):
        till.show({"p": promotion(500, total=5)}, {})
        till.flash(stacks_with=("order",))
        till.ledger = MortalLedger(till.ledger)
        till._open()
        held = await till.hold(f"r{verb}", now_us=NOW_US)
        placed = await till.order(order(held, f"o{verb}", commit=commit))
        list(killers(till))[death]()
        try:
            await till.redemption("POST", verb, None, placed["id"])
        except Unavailable:
            disarm(till)
            await till.redemption("POST", verb, None, placed["id"])
        disarm(till)
        await check_books(till, stands=False)


async def test_a_token_lasts_as_long_as_its_reservation(till):
    till.flash(reservation_expires_after_s=60)
    held = await till.hold()
    late = NOW_US + 60 * SECOND_US
    assert (await refusal(till.order(order(held), late)))[0] == "price_token_expired"
    assert (await till.order(order(held), late - 1))["total"] == 3_000


@pytest.mark.parametrize(("asked_minutes", "held_s"), [(60 * 24 * 30, 60), (1, 60), (2, 60)])
async def test_an_unpaid_order_keeps_flash_stock_as_long_as_a_reservation_would(
    till, asked_minutes, held_s
):
    """Counted from the order, so that who orders in the last second can still pay."""
    till.flash(reservation_expires_after_s=60)
    held = await till.hold()
    late_us = NOW_US + 59 * SECOND_US
    placed = await till.order(order(held, hold_minutes=asked_minutes), late_us)
    ends_us = late_us + held_s * SECOND_US
    assert placed["expires_at"] == format_rfc3339(ends_us)
    assert await till.stock(ends_us - 1) == (9, 0, 1)
    await settle(till, placed["id"], now_us=ends_us)
    assert await till.stock(ends_us) == (10, 0, 0)


async def test_an_order_with_no_flash_price_is_held_as_long_as_it_asks(till):
    till.flash(reservation_expires_after_s=60)
    plain = {"cart": {"lines": [{"id": "1", "sku": "A"}]}, "customer": {"id": "u1"}}
    placed = await till.order({"order_id": "o1", "question": plain, "hold_minutes": 10})
    assert placed["expires_at"] == format_rfc3339(NOW_US + 10 * MINUTE_US)


async def test_a_token_spelt_otherwise_is_none(till):
    """So one reservation never gives its price to two lines."""
    till.flash()
    held = await till.hold()
    token = held["price_token"]
    for other in (f"{token}=", f"{token[:5]}!{token[5:]}"):
        again = {"id": "2", "sku": "A", "price_token": other}
        asked = order(held, others=[again])
        answer = await till.post("quote", asked["question"])
        assert [line["total"] for line in answer["lines"]] == [3_000, 10_000]
        assert answer["lines"][1]["price_refused"] == "price_token_unknown"
        assert (await refusal(till.order(asked)))[0] == "price_token_unknown"
