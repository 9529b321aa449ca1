"""Card money moves once: retries at once, a request for two targets, refunds that were refused."""

import asyncio

import pytest
from tests.promotions.cards.counter import NOW_US
from tests.promotions.cards.test_cards import refused

from queqiao.decide.promotions.cards import card_rows
from queqiao.kernel.clock import DAY_US
from queqiao.kernel.errors import Conflict


async def test_retries_at_once_do_not_pass_the_bound(counter):
    counter.offer(reloadable=True, balance_at_most=10_000)
    await counter.sold(1, 6_000)
    same = [counter.do("top-up", 1, request_id="x", amount=5_000) for _ in range(4)]
    answers = await asyncio.gather(*same, return_exceptions=True)
    assert [one.reason for one in answers] == ["balance_at_most"] * 4
    money = await counter.money()
    assert (money["on_cards"], money["difference"]) == (6_000, 0)


async def test_what_is_done_stays_done(counter):
    counter.offer(reloadable=True)
    await counter.sold(1, 6_000)
    await counter.do("top-up", 1, request_id="x", amount=5_000)
    (move,) = [one for one in await moves_of(counter) if one.kind == "top_up"]
    await counter.records.write(lambda conn: card_rows.settle(conn, move.id, "refused"))
    assert (await counter.money())["difference"] == 0


async def moves_of(counter):
    return await counter.records.read(lambda conn: card_rows.moves_of(conn, "gift", 1))


async def test_one_request_moves_money_to_one_card(counter):
    counter.offer()
    for number in (1, 2, 3):
        await counter.sold(number, 5_000)
    for said in ({"amount": 1_000}, {}):
        asked = {"request_id": f"m{len(said)}", **said}
        await counter.do("transfer", 1, to=counter.card(2)[0], **asked)
        with pytest.raises(Conflict):
            await counter.do("transfer", 1, to=counter.card(3)[0], **asked)
    assert (await counter.do("balance", 3))["balance"] == 5_000


async def test_only_a_new_refund_makes_an_expired_card_good_again(counter):
    counter.offer(value=5_000, valid_days=10)
    await counter.sold(1)
    await counter.do("capture", 1, order_id="o1", amount=2_000)
    back = {"order_id": "o1", "amount": 500, "request_id": "r1"}
    await counter.do("refund", 1, **back)
    late_us = NOW_US + 11 * DAY_US
    await counter.do("refund", 1, late_us, **back)
    assert await refused(counter.do("balance", 1, late_us)) == "card_expired"
    much = counter.do("refund", 1, late_us, **{**back, "amount": 5_000, "request_id": "r2"})
    assert await refused(much) == "refund_exceeds"
    assert await refused(counter.do("balance", 1, late_us)) == "card_expired"
    await counter.do("refund", 1, late_us, **{**back, "request_id": "r3"})
    assert (await counter.do("balance", 1, late_us))["balance"] == 4_000


async def test_a_refund_that_died_before_the_card_was_good_again_is_finished(counter, monkeypatch):
    counter.offer(value=5_000, valid_days=10)
    await counter.sold(1)
    await counter.do("capture", 1, order_id="o1", amount=2_000)
    late_us = NOW_US + 11 * DAY_US
    assert await counter.moves.write_off(late_us) == 1
    back = {"order_id": "o1", "amount": 500, "request_id": "r1"}

    class Died(Exception):
        pass

    async def die(*_):
        raise Died

    monkeypatch.setattr(counter.payments, "_extend", die)
    with pytest.raises(Died):
        await counter.do("refund", 1, late_us, **back)
    monkeypatch.undo()
    await counter.do("refund", 1, late_us, **back)
    assert (await counter.do("balance", 1, late_us))["balance"] == 500
