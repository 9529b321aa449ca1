"""Store credit (返现): cashback earns it after the return window, later carts pay with it."""

import asyncio
from decimal import Decimal
from random import Random

import pytest
from msgspec.structs import replace
from tests.promotions.loyalty.points_till import BACK, EARN, PAY, WALLET
from tests.promotions.till import NOW_US

from queqiao.decide.promotions.documents.points_programme import (
    MemberTier,
    PointsProgrammeDocument,
    PointsWorth,
)
from queqiao.decide.promotions.loyalty.checks import check_points_programme
from queqiao.decide.promotions.loyalty.contracts import POINTS_PROGRAMME
from queqiao.decide.promotions.loyalty.publishing import check_live_points_programme
from queqiao.kernel.clock import DAY_US, HOUR_US, MINUTE_US
from queqiao.kernel.errors import Gone, InvalidInput, Refused, Unavailable
from queqiao.ports.records import documents
from queqiao.ports.records.audit import SYSTEM

WEEK_US = NOW_US + 7 * DAY_US


async def quote(till, credit, quantity=1, now_us=NOW_US, **customer):
    cart = {"lines": [{"sku": "A", "quantity": quantity}], "store_credit": credit}
    question = {"cart": cart, "customer": {"id": "u1", **customer}}
    return await till.post("quote", question, now_us=now_us)


def names(till):
    return [event["event"] for event in till.events() if event["event"].startswith("Store Credit")]


async def test_cashback_can_be_used_once_the_return_window_has_passed(till):
    till.start_credit(available_after_days=7)
    order = await till.buy("o1", 3)
    assert order["quote"]["cashback"] == 3_000
    assert await till.has_credit() == (0, 3_000, 0)
    assert await till.has_credit(now_us=WEEK_US - 1) == (0, 3_000, 0)
    assert await till.has_credit(now_us=WEEK_US) == (3_000, 0, 0)
    shown = await till.credit_of(now_us=WEEK_US)
    assert (shown["programme_id"], shown["currency"]) == (WALLET, "CNY")
    assert [move["amount"] for move in shown["moves"]] == [3_000]
    assert names(till) == ["Store Credit Earned"]


async def test_a_later_cart_pays_with_it_and_the_rest_is_due(till):
    till.start_credit()
    await till.buy("o1", 3)
    answer = await quote(till, 2_500)
    payment = {"method": "store_credit", "id": WALLET, "amount": 2_500}
    assert answer["payments"] == [payment]
    assert (answer["totals"]["total"], answer["totals"]["due"]) == (10_000, 7_500)
    held = await till.buy("o2", 1, credit=2_500, commit=False)
    assert await till.has_credit() == (500, 0, 0)
    assert (await till.credit_of())["held"] == 2_500
    await till.redemption("POST", "commit", name=held["id"])
    assert await till.has_credit() == (1_500, 0, 0)  # and o2 earned 1,000 of its own
    assert names(till).count("Store Credit Spent") == 1


async def test_it_pays_no_more_than_the_cart_costs(till):
    till.start_credit()
    await till.adjust(50_000, programme=WALLET)
    answer = await quote(till, 50_000)
    assert [one["amount"] for one in answer["payments"]] == [10_000]
    assert answer["totals"]["due"] == 0
    await till.buy("o1", 1, credit=50_000)
    assert await till.has_credit() == (41_000, 0, 0)


async def test_who_has_less_is_told_and_the_order_refused_or_paid_in_part(till):
    till.start_credit()
    await till.adjust(400, programme=WALLET)
    (payment,) = (await quote(till, 1_000))["payments"]
    assert (payment["amount"], payment["reason"]) == (400, "store_credit_short")
    with pytest.raises(Refused) as refused:
        await till.buy("o1", 1, credit=1_000)
    assert refused.value.reason == "store_credit_short"
    assert [field.path for field in refused.value.fields] == ["question.cart.store_credit"]
    assert await till.has_credit() == (400, 0, 0)
    order = await till.buy("o1", 1, credit=1_000, when_used_up="leave_out", request_id="again")
    assert [one["amount"] for one in order["quote"]["payments"]] == [400]


async def test_what_the_question_says_of_it_is_not_believed(till):
    till.start_credit()
    said = {"store_credit": {"programme_id": WALLET, "available": 10**6}}
    (payment,) = (await quote(till, 1_000, **said))["payments"]
    assert (payment["amount"], payment["reason"]) == (0, "store_credit_short")
    till.credit = None
    (payment,) = (await quote(till, 1_000, **said))["payments"]
    assert (payment["amount"], payment["reason"]) == (0, "no_store_credit")
    with pytest.raises(Refused) as refused:
        await till.buy("o1", 1, credit=1_000)
    assert refused.value.reason == "no_store_credit"


async def test_a_programme_of_another_currency_is_not_asked(till):
    till.start_credit(currency="EUR")
    order = await till.buy("o1", 3)
    assert order["quote"]["cashback"] == 3_000  # the shop's own affair
    assert await till.has_credit() == (0, 0, 0)
    assert (await quote(till, 100))["payments"][0]["reason"] == "no_store_credit"


async def test_a_refund_takes_pending_cashback_back_and_what_was_used_is_owed(till):
    till.start_credit(available_after_days=7)
    first = await till.buy("o1", 3)
    memo = await till.refund(first, "r1", items=[{"line": "1", "quantity": 1}])
    assert memo["cashback_taken_back"] == 1_000
    assert await till.has_credit() == (0, 2_000, 0)
    await till.buy("o2", 1, credit=2_000, now_us=WEEK_US)
    await till.refund(first, "r2", items=[{"line": "1", "quantity": 2}], now_us=WEEK_US)
    assert await till.has_credit(now_us=WEEK_US) == (0, 1_000, 2_000)
    later = WEEK_US + 7 * DAY_US
    assert await till.has_credit(now_us=later) == (0, 0, 1_000)  # what o2 earned pays of it


async def test_a_refund_gives_back_what_store_credit_paid_in_its_share(till):
    till.start_credit(promotions={})
    await till.adjust(6_000, programme=WALLET)
    order = await till.buy("o1", 3, credit=6_000)
    assert await till.has_credit() == (0, 0, 0)
    memo = await till.refund(order, "r1", items=[{"line": "1", "quantity": 1}])
    assert [(one["method"], one["amount"]) for one in memo["payments"]] == [
        ("store_credit", 2_000), ("original", 8_000),
    ]  # fmt: skip
    assert await till.has_credit() == (2_000, 0, 0)
    await till.refund(order, "r1", items=[{"line": "1", "quantity": 1}])  # a retry
    assert await till.has_credit() == (2_000, 0, 0)
    await till.refund(order, "r2", items=[{"line": "1", "quantity": 2}])
    assert await till.has_credit() == (6_000, 0, 0)
    assert names(till).count("Store Credit Returned") == 2


@pytest.mark.parametrize("promotions", [{}, {"back": BACK}])
async def test_a_cancelled_order_gives_all_of_it_back(till, promotions):
    till.start_credit(promotions=promotions)
    await till.adjust(6_000, programme=WALLET)
    order = await till.buy("o1", 3, credit=6_000)
    for _ in range(2):
        await till.redemption("POST", "return", {"request_id": "r"}, name=order["id"])
        assert await till.has_credit() == (6_000, 0, 0)


async def test_only_the_use_of_a_promotion_that_goes_back_cancels_no_order(till):
    """The shop lets a customer use a coupon again who keeps the goods, and what paid for them."""
    till.start_credit(promotions={"back": BACK})
    await till.adjust(6_000, programme=WALLET)
    order = await till.buy("o1", 3, credit=6_000)
    had = await till.has_credit()
    uses = [{"promotion_id": "back", "amount": 0, "use": True}]
    body = {"request_id": "u", "promotions": uses}
    await till.redemption("POST", "return", body, name=order["id"])
    assert await till.has_credit() == had
    await till.redemption("POST", "return", {"request_id": "rest"}, name=order["id"])
    assert await till.has_credit() == (6_000, 0, 0)


async def test_a_return_of_nothing_is_refused_and_cancels_no_order(till):
    """Of an order without promotions, only a return of all that is left gives back what paid."""
    till.start_credit(promotions={})
    await till.adjust(6_000, programme=WALLET)
    order = await till.buy("o1", 3, credit=6_000)
    had = await till.has_credit()
    body = {"request_id": "n", "promotions": []}
    with pytest.raises(InvalidInput) as refused:
        await till.redemption("POST", "return", body, name=order["id"])
    assert refused.value.fields[0].path == "promotions"
    assert await till.has_credit() == had
    await till.redemption("POST", "return", {"request_id": "rest"}, name=order["id"])
    assert await till.has_credit() == (6_000, 0, 0)


async def test_a_part_that_goes_back_without_a_memo_takes_its_cashback(till):
    till.start_credit()
    order = await till.buy("o1", 3)
    parts = [{"promotion_id": "back", "amount": 1_200}]
    body = {"request_id": "r", "promotions": parts}
    await till.redemption("POST", "return", body, name=order["id"])
    assert await till.has_credit() == (1_800, 0, 0)


async def test_orders_at_once_never_use_the_same_money(till):
    till.start_credit(promotions={})
    await till.adjust(5_000, programme=WALLET)
    done = await asyncio.gather(
        *(till.buy(f"o{n}", 1, credit=1_000) for n in range(20)), return_exceptions=True
    )
    assert sum(not isinstance(one, Refused) for one in done) == 5
    assert await till.has_credit() == (0, 0, 0)


async def test_released_and_expired_orders_free_it(till):
    till.start_credit(promotions={})
    await till.adjust(1_000, programme=WALLET)
    order = await till.buy("o1", 1, credit=1_000, commit=False)
    await till.redemption("POST", "release", name=order["id"])
    assert await till.has_credit() == (1_000, 0, 0)
    await till.buy("o2", 1, credit=1_000, commit=False)
    assert await till.has_credit(now_us=NOW_US + HOUR_US) == (1_000, 0, 0)


async def test_a_late_payment_takes_it_again_or_finds_it_gone(till):
    till.start_credit(promotions={})
    await till.adjust(1_000, programme=WALLET)
    first = await till.buy("o1", 1, credit=1_000, commit=False)
    second = await till.buy("o2", 1, credit=1_000, commit=False, now_us=NOW_US + HOUR_US)
    late = NOW_US + 2 * HOUR_US
    await till.redemption("POST", "commit", name=first["id"], now_us=late)
    assert await till.has_credit(now_us=late) == (0, 0, 0)
    with pytest.raises(Gone):
        await till.redemption("POST", "commit", name=second["id"], now_us=late)


async def test_who_died_before_the_order_was_written_has_it_by_the_same_call(till):
    till.start_credit(promotions={})
    await till.adjust(1_000, programme=WALLET)
    till.mortal_log.dies_next = True
    with pytest.raises(Unavailable):
        await till.buy("o1", 1, credit=1_000)
    with pytest.raises(Refused):
        await till.buy("o2", 1, credit=1_000)
    order = await till.buy("o1", 1, credit=1_000, now_us=NOW_US + MINUTE_US)
    assert (order["state"], order["quote"]["payments"][0]["amount"]) == ("committed", 1_000)


async def test_it_expires_and_the_oldest_goes_first(till):
    till.start_credit(expires="months", expires_after=1, promotions={"back": BACK})
    await till.buy("o1", 1)
    await till.buy("o2", 2, credit=400, now_us=NOW_US + DAY_US)
    assert await till.has_credit(now_us=NOW_US + 30 * DAY_US) == (2_600, 0, 0)
    assert await till.has_credit(now_us=NOW_US + 31 * DAY_US) == (2_000, 0, 0)
    assert await till.has_credit(now_us=NOW_US + 32 * DAY_US) == (0, 0, 0)
    assert names(till).count("Store Credit Expired") == 2


async def test_points_and_store_credit_of_one_order_go_their_own_ways(till):
    till.start()
    till.start_credit(promotions={"earn": EARN, "pay": PAY, "back": BACK})
    await till.adjust(40)
    await till.adjust(2_000, programme=WALLET)
    order = await till.buy("o1", 2, points=40, credit=2_000)
    assert (await till.has())[0] == order["quote"]["points"]["earned"] > 0
    assert (await till.has_credit())[0] == order["quote"]["cashback"] > 0
    await till.redemption("POST", "return", {"request_id": "r"}, name=order["id"])
    assert await till.has() == (40, 0, 0)
    assert await till.has_credit() == (2_000, 0, 0)


async def test_a_person_gives_so_much_money_a_day(till):
    till.start()
    till.start_credit()
    await till.adjust(100_000, "a", programme=WALLET)
    with pytest.raises(Refused) as refused:
        await till.adjust(1, "b", programme=WALLET)
    assert refused.value.reason == "approval_needed"
    await till.adjust(100_000, "c")  # points have a bound of their own


@pytest.mark.parametrize("seed", range(3))
async def test_any_course_of_orders_refunds_and_days_leaves_books_that_agree(till, seed):
    """The fixture proves them at the end."""
    chance, now_us, orders = Random(seed), NOW_US, []
    back = replace(BACK, benefit=replace(BACK.benefit, percent=Decimal(33)))
    till.start_credit(available_after_days=3, expires="months", expires_after=1,
                      promotions={"back": back})  # fmt: skip
    for step in range(40):
        now_us += chance.randrange(4 * DAY_US)
        if not orders or chance.random() < 0.5:
            credit = chance.choice((0, 700, 5_000))
            orders.append(
                await till.buy(f"o{step}", chance.randint(1, 3), credit=credit, now_us=now_us,
                               when_used_up="leave_out")
            )  # fmt: skip
            continue
        order = orders.pop(chance.randrange(len(orders)))
        items = [{"line": "1", "quantity": 1}]
        await till.refund(order, f"r{step}", items=items, now_us=now_us)
    assert min(await till.has_credit(now_us=now_us)) >= 0


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"worth": PointsWorth(100, 1)}, "worth.points"),
        ({"tiers": (MemberTier("gold", 1),)}, "tiers"),
        ({"taken_back": "cash"}, "taken_back"),
    ],
)
def test_a_programme_of_money_is_money(fields, path):
    document = PointsProgrammeDocument(name="余额", holds="money", **fields)
    with pytest.raises(InvalidInput) as refused:
        check_points_programme(document)
    assert [field.path for field in refused.value.fields] == [path]


async def test_what_accounts_hold_never_becomes_something_else(till):
    till.start_credit()
    edit = documents.Edit(SYSTEM, NOW_US)
    for path, document in (
        ("holds", replace(till.credit.document, holds="points")),
        ("worth.currency", replace(till.credit.document, worth=PointsWorth(currency="JPY"))),
    ):

        def change(conn, document=document):
            stored = documents.replace(conn, POINTS_PROGRAMME, WALLET, document, edit)
            check_live_points_programme(stored, conn)

        with pytest.raises(InvalidInput) as refused:
            till.records.write_now(change)
        assert [field.path for field in refused.value.fields] == [path]
