"""Cards: sold, topped up, paid with, refunded, moved. Money is whole whatever is retried."""

import asyncio
from contextlib import suppress
from random import Random

import pytest
from sqlalchemy import select
from tests.promotions.cards.counter import NOW_US, SECRET

from queqiao.decide.promotions.cards import card_rows
from queqiao.decide.promotions.cards.card_book import CardBook
from queqiao.decide.promotions.cards.checks import check_card_product
from queqiao.decide.promotions.cards.contracts import CardProductDocument
from queqiao.kernel.clock import DAY_US, MINUTE_US, parse_rfc3339
from queqiao.kernel.errors import Conflict, InvalidInput, NotFound, Refused
from queqiao.kernel.problem import problem
from queqiao.ports.ledger import purses
from queqiao.ports.records.tables import audit


async def refused(awaited):
    with pytest.raises(Refused) as refusal:
        await awaited
    return refusal.value.reason


async def paths(awaited):
    with pytest.raises(InvalidInput) as refusal:
        await awaited
    return [field.path for field in refusal.value.fields]


async def test_a_card_is_sold_paid_with_and_refunded(counter):
    counter.offer(value=10_000)
    sold = await counter.sold(3)
    assert (sold["balance"], sold["held"], sold["currency"]) == (10_000, 0, "CNY")
    held = await counter.do("hold", 3, order_id="o1", amount=4_000)
    assert (held["state"], held["amount"]) == ("held", 4_000)
    assert await counter.do("hold", 3, NOW_US + MINUTE_US, order_id="o1", amount=4_000) == held
    assert (await counter.do("balance", 3))["balance"] == 6_000
    paid = await counter.do("capture", 3, order_id="o1", amount=3_500)
    assert (paid["state"], paid["amount"]) == ("captured", 3_500)
    assert (await counter.do("balance", 3))["balance"] == 6_500
    back = await counter.do("refund", 3, order_id="o1", amount=1_000, request_id="r1")
    assert back["amount"] == 2_500
    assert await counter.do("refund", 3, order_id="o1", amount=1_000, request_id="r1") == back
    assert (await counter.do("balance", 3))["balance"] == 7_500
    too_much = counter.do("refund", 3, order_id="o1", amount=2_501, request_id="r2")
    assert await refused(too_much) == "refund_exceeds"
    assert (await counter.money())["captured"] == 2_500


async def test_every_verb_may_be_sent_again(counter):
    counter.offer(reloadable=True)
    for _ in range(3):
        await counter.sold(1, 5_000)
        await counter.do("top-up", 1, request_id="t", amount=1_000)
        await counter.do("capture", 1, order_id="o", amount=2_000)
        await counter.do("refund", 1, order_id="o", amount=2_000, request_id="r")
    # A payment that was refunded whole is not taken a second time.
    assert (await counter.do("capture", 1, order_id="o", amount=2_000))["amount"] == 0
    assert (await counter.do("balance", 1))["balance"] == 6_000
    assert (await counter.money())["put_on"] == 6_000


async def test_an_order_pays_what_it_holds_and_the_rest_is_free(counter):
    counter.offer(value=10_000)
    await counter.sold(1)
    await counter.do("hold", 1, order_id="o1", amount=8_000)
    short = counter.do("hold", 1, order_id="o2", amount=2_001)
    assert await refused(short) == "insufficient_balance"
    more = counter.do("capture", 1, order_id="o1", amount=8_001)
    assert await refused(more) == "capture_exceeds_hold"
    with pytest.raises(Conflict):
        await counter.do("hold", 1, order_id="o1", amount=7_000)
    assert (await counter.do("release", 1, order_id="o1"))["state"] == "released"
    assert (await counter.do("hold", 1, order_id="o1", amount=7_000))["amount"] == 7_000
    assert (await counter.do("capture", 1, order_id="o1"))["amount"] == 7_000
    with pytest.raises(Conflict):
        await counter.do("release", 1, order_id="o1")
    assert await refused(counter.do("hold", 1, order_id="o1", amount=7_000)) == "captured_by_order"


async def test_a_hold_ends_by_itself(counter):
    counter.offer(value=1_000, hold_minutes=10)
    await counter.sold(1)
    held = await counter.do("hold", 1, order_id="o1", amount=1_000)
    ends_us = parse_rfc3339(held["expires_at"])
    assert NOW_US + 10 * MINUTE_US <= ends_us <= NOW_US + 11 * MINUTE_US
    late = await counter.do("hold", 1, ends_us, order_id="o2", amount=1_000)
    assert late["state"] == "held"
    again = counter.do("capture", 1, ends_us, order_id="o1", amount=1_000)
    assert await refused(again) == "insufficient_balance"


async def test_refunds_need_a_payment(counter):
    counter.offer(value=1_000)
    await counter.sold(1)
    nothing = counter.do("refund", 1, order_id="o1", amount=1, request_id="r")
    assert await refused(nothing) == "not_captured"
    await counter.do("hold", 1, order_id="o1", amount=1_000)
    held = counter.do("refund", 1, order_id="o1", amount=1, request_id="r")
    assert await refused(held) == "not_captured"
    assert (await counter.do("balance", 1))["held"] == 1_000


async def test_a_card_is_sold_once(counter):
    counter.offer(value=1_000)
    first = await counter.sold(1)
    assert await counter.sold(1) == first
    with pytest.raises(Conflict):
        await counter.do("activate", 1, request_id="another")
    assert (await counter.money())["put_on"] == 1_000


@pytest.mark.parametrize(
    ("fields", "said", "path"),
    [
        ({"value": 1_000}, {"amount": 999}, "amount"),
        ({}, {}, "amount"),
        ({"balance_at_most": 5_000}, {"amount": 5_001}, "amount"),
        ({}, {"amount": 0}, "amount"),
        ({}, {"amount": 10**13}, "amount"),
        ({}, {"amount": "5"}, "amount"),
    ],
)
async def test_a_wrong_value_names_its_field(counter, fields, said, path):
    counter.offer(**fields)
    assert await paths(counter.do("activate", 1, request_id="a", **said)) == [path]


async def test_topping_up_has_a_bound_also_at_once(counter):
    counter.offer(reloadable=True, balance_at_most=10_000)
    counter.offer("once", value=1_000)
    await counter.sold(1, 4_000)
    await counter.sold(1, product_id="once")
    never = counter.do("top-up", 1, product_id="once", request_id="t", amount=1)
    assert await refused(never) == "not_reloadable"
    tops = [counter.do("top-up", 1, request_id=f"t{n}", amount=1_500) for n in range(12)]
    answers = await asyncio.gather(*tops, return_exceptions=True)
    assert all(isinstance(one, dict) or one.reason == "balance_at_most" for one in answers)
    assert (await counter.do("balance", 1))["balance"] <= 10_000
    while (await counter.do("balance", 1))["balance"] + 1_500 <= 10_000:
        has = (await counter.do("balance", 1))["balance"]
        await counter.do("top-up", 1, request_id=f"later{has}", amount=1_500)
    over = counter.do("top-up", 1, request_id="over", amount=1_500)
    assert await refused(over) == "balance_at_most"


async def test_the_rest_is_moved_to_another_card(counter):
    counter.offer()
    counter.offer("euro", currency="EUR", prefix="E-")
    await counter.sold(1, 5_000)
    await counter.sold(2, 1_000)
    await counter.sold(1, 1_000, "euro")
    to = counter.card(2)[0]
    rest = await counter.do("transfer", 1, request_id="m1", to=to, amount=2_000)
    assert rest["balance"] == 3_000
    assert (await counter.do("transfer", 1, request_id="m2", to=to))["balance"] == 0
    assert (await counter.do("transfer", 1, request_id="m2", to=to))["balance"] == 0
    assert (await counter.do("balance", 2))["balance"] == 6_000
    assert (
        await refused(counter.do("transfer", 1, request_id="m3", to=to)) == "insufficient_balance"
    )
    more = counter.do("transfer", 2, request_id="m4", to=counter.card(1)[0], amount=6_001)
    assert await refused(more) == "insufficient_balance"
    foreign = counter.do("transfer", 2, request_id="m5", to=counter.card(1, "euro")[0])
    assert await refused(foreign) == "currency_differs"
    assert await paths(counter.do("transfer", 2, request_id="m6", to=to)) == ["to"]
    money = await counter.money()
    assert (money["put_on"], money["on_cards"], money["moved"]) == (11_000, 6_000, 5_000)


async def test_a_move_whose_mover_died_is_finished_once(counter, monkeypatch):
    counter.offer()
    await counter.sold(1, 5_000)
    await counter.sold(2, 1_000)

    class Died(Exception):
        pass

    async def die(*_):
        raise Died

    for broken in ("finish", "_do"):
        monkeypatch.setattr(counter.cards._moves, broken, die)
        with pytest.raises(Died):
            await counter.do(
                "transfer", 1, request_id=f"m-{broken}", to=counter.card(2)[0], amount=1_000
            )
        monkeypatch.undo()
    refund = counter.ledger.refund
    monkeypatch.setattr(counter.ledger, "refund", die)
    with pytest.raises(Died):
        await counter.do("transfer", 1, request_id="m-half", to=counter.card(2)[0], amount=1_000)
    monkeypatch.setattr(counter.ledger, "refund", refund)
    assert (await counter.money())["on_cards"] == 5_000
    await counter.restart()
    late_us = NOW_US + MINUTE_US
    assert await counter.moves.finish_all(NOW_US) == 0
    assert await counter.moves.finish_all(late_us) == 3
    assert await counter.moves.finish_all(late_us) == 0
    assert (await counter.do("balance", 2))["balance"] == 4_000
    await counter.do("transfer", 1, request_id="m-half", to=counter.card(2)[0], amount=1_000)
    assert (await counter.do("balance", 1))["balance"] == 2_000


async def test_an_expired_card_is_written_off_and_good_again_for_a_refund(counter):
    counter.offer(value=5_000, valid_days=30)
    sold = await counter.sold(1)
    await counter.do("capture", 1, order_id="o1", amount=2_000)
    ends_us = parse_rfc3339(sold["expires_at"])
    assert await refused(counter.do("balance", 1, ends_us)) == "card_expired"
    assert await counter.moves.write_off(ends_us - 1) == 0
    assert await counter.moves.write_off(ends_us) == 1
    assert await counter.moves.write_off(ends_us) == 0
    money = await counter.money(now_us=ends_us)
    assert (money["written_off"], money["on_cards"]) == (3_000, 0)
    await counter.do("refund", 1, ends_us, order_id="o1", amount=2_000, request_id="r")
    again = await counter.do("balance", 1, ends_us)
    assert again["balance"] == 2_000
    assert parse_rfc3339(again["expires_at"]) >= ends_us + 30 * DAY_US


async def test_a_void_card_is_refused_and_what_was_held_is_written_off_later(counter):
    counter.offer(value=5_000)
    await counter.sold(1)
    await counter.do("hold", 1, order_id="o1", amount=1_000)
    name = "POST /api/v1/cards/{code}/void"
    seen = await counter.ask(name, {"reason": "stolen"}, code=counter.card(1)[0])
    assert (seen["state"], seen["void_reason"]) == ("void", "stolen")
    assert await refused(counter.do("capture", 1, order_id="o2", amount=1)) == "card_unknown"
    await counter.moves.write_off(NOW_US)
    assert (await counter.money())["written_off"] == 4_000
    await counter.moves.write_off(NOW_US + DAY_US)
    assert (await counter.money(now_us=NOW_US + DAY_US))["written_off"] == 5_000
    assert await counter.moves.write_off(NOW_US + DAY_US) == 0
    rows = counter.records.read_now(
        lambda conn: conn.execute(select(audit).where(audit.c.action == "card.void")).all()
    )
    assert [(row.target_id, row.summary) for row in rows] == [("gift/1", "stolen")]


async def test_operators_see_a_cards_movements(counter):
    counter.offer(reloadable=True)
    code = counter.card(1)[0]
    assert (await counter.ask("GET /api/v1/cards/{code}", code=code))["state"] == "unsold"
    await counter.sold(1, 3_000)
    await counter.sold(2, 1_000)
    await counter.do("transfer", 1, NOW_US + 1, request_id="m", to=counter.card(2)[0], amount=500)
    seen = await counter.ask("GET /api/v1/cards/{code}", code=code.lower())
    moves = [(one["kind"], one["amount"], one["state"]) for one in seen["moves"]]
    assert moves == [("activate", 3_000, "done"), ("transfer", -500, "done")]
    assert (seen["balance"], seen["customer_id"]) == (2_500, "u1")
    with pytest.raises(NotFound):
        await counter.ask("GET /api/v1/cards/{code}", code="NOTHING")


async def test_wrong_cards_get_one_answer_after_the_same_work(counter, monkeypatch):
    counter.offer(value=1_000)
    for number in (1, 2):
        await counter.sold(number)
    voided = counter.card(2)[0]
    await counter.ask("POST /api/v1/cards/{code}/void", {"reason": "x"}, code=voided)
    calls = []
    space, aes = counter.book.space, counter.book.space._aes
    monkeypatch.setattr(space, "_aes", lambda block: (calls.append("aes"), aes(block))[1])
    for part, names in ((counter.records, ["read"]), (counter.ledger, ["balances", "reserve"])):
        for name in names:
            call = getattr(part, name)

            def noted(*arguments, call=call, name=name):
                calls.append(name)
                return call(*arguments)

            monkeypatch.setattr(part, name, noted)
    shown = [
        ("G-0123456789AB", "000000"),
        ("x", ""),
        (counter.card(1)[0], "999999" if counter.card(1)[1] != "999999" else "999998"),
        (counter.card(1)[0], ""),
        counter.card(2),
        counter.card(77),
        ("Z-" + counter.card(1)[0][2:], counter.card(1)[1]),
    ]
    seen = set()
    for number, (code, pin) in enumerate(shown):
        calls.clear()
        body = {"customer_id": f"guesser{number}", "pin": pin}
        with pytest.raises(Refused) as refusal:
            await counter.ask("POST /api/v1/cards/{code}/balance", body, code=code)
        seen.add((problem(refusal.value, "en", None), tuple(calls)))
    ((answer, work),) = seen
    assert b"card_unknown" in answer
    assert [call for call in work if call != "aes"] == ["read", "balances", "reserve"]
    assert work.count("aes") == 11


async def test_an_erased_customers_card_is_nobodys_and_keeps_its_money(counter):
    counter.offer(value=1_000)
    await counter.sold(1)
    assert counter.records.write_now(lambda conn: card_rows.forget(conn, ["u1"])) == 1
    seen = await counter.ask("GET /api/v1/cards/{code}", code=counter.card(1)[0])
    assert (seen["customer_id"], seen["balance"]) == ("", 1_000)


async def test_a_file_holds_cards_and_pins(counter):
    counter.offer(count=70_000)
    counter.offer("plain", prefix="p", count=3, pin=False)
    name = "GET /api/v1/card-products/{id}/cards.csv"
    response = await counter.ask(name, id="gift")
    body = b"".join(response.stream)
    assert dict(response.headers)["content-length"] == str(len(body))
    lines = body.decode().split()
    assert lines[0] == "card,pin"
    assert len(lines) == 70_001
    for number in (0, 1, 65_535, 65_536, 69_999):
        assert lines[number + 1].split(",") == list(counter.card(number))
    plain = b"".join((await counter.ask(name, id="plain")).stream).decode().split()
    assert plain == ["card", *(counter.card(number, "plain")[0] for number in range(3))]


@pytest.mark.parametrize("seed", range(3))
async def test_money_is_whole_under_any_order_of_verbs(counter, monkeypatch, seed):
    """Small bases, so that several are laid; the conftest compares the books at the end."""
    monkeypatch.setattr(purses, "BASE", 9_000)
    counter.offer(reloadable=True, balance_at_most=8_000)
    random = Random(seed)
    known_errors = (Refused, Conflict, InvalidInput)
    for number in range(4):
        await counter.sold(number, random.randrange(1, 5_000))
    for step in range(120):
        number, order = random.randrange(4), f"o{random.randrange(6)}"
        amount, now_us = random.randrange(1, 3_000), NOW_US + step * MINUTE_US
        said = random.choice(
            [
                ("top-up", {"request_id": f"t{step}", "amount": amount}),
                ("hold", {"order_id": order, "amount": amount}),
                ("capture", {"order_id": order, "amount": amount}),
                ("capture", {"order_id": order}),
                ("release", {"order_id": order}),
                ("refund", {"order_id": order, "amount": amount, "request_id": f"r{step}"}),
                ("transfer", {"request_id": f"m{step}", "to": counter.card((number + 1) % 4)[0]}),
            ]
        )
        for _ in range(random.randrange(1, 3)):
            with suppress(*known_errors):
                await counter.do(said[0], number, now_us, **said[1])
        money = await counter.money(now_us=now_us)
        assert money["difference"] == 0, said
        assert min(money["on_cards"], money["held"], money["captured"]) >= 0


async def test_many_at_once_never_overspend_a_card(counter):
    counter.offer(value=10_000)
    await counter.sold(1)
    verbs = [
        counter.do("capture" if n % 2 else "hold", 1, order_id=f"o{n}", amount=900)
        for n in range(60)
    ]
    answers = await asyncio.gather(*verbs, return_exceptions=True)
    assert sum(isinstance(answer, dict) for answer in answers) == 11
    money = await counter.money()
    assert (money["on_cards"], money["held"] + money["captured"]) == (100, 9_900)


@pytest.mark.parametrize(
    ("fields", "path"),
    [({"currency": "XXQ"}, "currency"), ({"value": 2_000_000, "balance_at_most": 10}, "value")],
)
def test_a_wrong_product_names_its_field(fields, path):
    document = CardProductDocument(**{"name": "n", "currency": "CNY", "count": 1, **fields})
    with pytest.raises(InvalidInput) as refusal:
        check_card_product(document)
    assert [field.path for field in refusal.value.fields] == [path]


def test_cards_are_no_coupons():
    document = CardProductDocument(name="n", currency="CNY", count=9)
    card = CardBook([("gift", document)], SECRET).product("gift").maker.code(1)
    assert CardBook([("gift", document)], b"another key" * 4).find(card)[0] is None
    assert CardBook([("gift", document)], SECRET).find(card)[0].number == 1
