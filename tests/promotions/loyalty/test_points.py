"""Points that orders earn and use: when they come, when they go, and who has how many."""

import asyncio
from decimal import Decimal

import pytest
from msgspec.structs import replace
from sqlalchemy import select
from tests.promotions.loyalty.points_till import EARN, PAY, live_again, tier_price
from tests.promotions.till import NOW_US

from queqiao.decide.promotions.documents.benefit import PercentBenefit, PointsBenefit
from queqiao.decide.promotions.documents.points_programme import PointsWorth
from queqiao.decide.promotions.loyalty import account_rows
from queqiao.decide.promotions.loyalty.contracts import POINTS_PROGRAMME
from queqiao.decide.promotions.loyalty.tables import accounts, moves
from queqiao.kernel.clock import DAY_US, HOUR_US, MINUTE_US, parse_rfc3339
from queqiao.kernel.errors import Conflict, InvalidInput, Refused, Unavailable
from queqiao.ports.records import documents
from queqiao.ports.records.audit import SYSTEM
from queqiao.ports.records.tables import audit


async def test_points_are_earned_when_the_order_is_paid_and_can_be_used_later(till):
    till.start(available_after_days=7)
    order = await till.buy("o1", 5, commit=False)
    assert await till.has() == (0, 0, 0)
    await till.redemption("POST", "commit", name=order["id"])
    assert await till.has() == (0, 50, 0)
    shown = await till.points()
    assert shown["becoming_available"] == [{"points": 50, "at": "2026-06-25T04:00:00Z"}]
    week = NOW_US + 7 * DAY_US
    assert await till.has(now_us=week - 1) == (0, 50, 0)
    assert await till.has(now_us=week) == (50, 0, 0)
    (earned,) = till.told("Points Earned")
    assert earned["user_id"] == "u1"
    assert earned["properties"]["points"] == 50
    assert earned["properties"]["order_id"] == "o1"


async def test_an_order_uses_points_in_its_own_step_and_only_once(till):
    till.start()
    await till.adjust(40)
    order = await till.buy("o1", 1, points=30)
    assert order["quote"]["points"] == {"earned": 0, "used": 30, "worth": 3_000}
    assert await till.has() == (10, 0, 0)
    assert await till.buy("o1", 1, points=30) == order
    assert await till.has() == (10, 0, 0)
    moves = (await till.points())["moves"]
    assert [(move["kind"], move["points"]) for move in moves] == [
        ("spent", -30),
        ("adjusted", 40),
    ]
    (spent,) = till.told("Points Spent")
    assert spent["properties"]["points"] == 30


async def test_a_quote_says_how_many_points_are_missing(till):
    till.start()
    await till.adjust(40)
    enough = await till.quote(1, 40)
    assert enough["points"]["used"] == 40
    short = await till.quote(1, 45)
    assert short["points"]["used"] == 0
    (why,) = [one for one in short["refused"] if one["promotion_id"] == "pay"]
    assert (why["reason"], why["shortfall"], why["shortfall_unit"]) == ("points_short", 5, "point")
    nobody = await till.post(
        "quote", {"cart": {"lines": [{"sku": "A"}], "points": 1}}, now_us=NOW_US
    )
    assert [one["reason"] for one in nobody["refused"]] == ["points_short"]


async def test_what_the_caller_says_of_points_and_tier_is_not_believed(till):
    till.start()
    said = {"loyalty": {"programme_id": "club", "points": 1_000, "tier": "gold"}}
    answer = await till.quote(1, 45, **said)
    assert answer["points"]["used"] == 0


@pytest.mark.parametrize("said", [{}, {"loyalty": {"programme_id": "club", "points": 1_000}}])
async def test_without_a_programme_nobody_uses_points_and_the_answer_says_so(till, said):
    till.show({"pay": PAY}, {})
    answer = await till.quote(1, 45, **said)
    assert answer["points"]["used"] == 0
    assert [one["reason"] for one in answer["refused"]] == ["no_points_programme"]
    with pytest.raises(Refused) as refused:
        await till.buy("o1", 1, points=45)
    assert refused.value.reason == "no_points_programme"
    assert [field.path for field in refused.value.fields] == ["question.cart.points"]
    order = await till.buy("o1", 1, points=45, when_used_up="leave_out", request_id="again")
    assert order["quote"]["points"]["used"] == 0


async def test_without_a_programme_a_tier_is_the_shops_own_word(till):
    till.show({"gold": tier_price("gold", PercentBenefit(Decimal(10)))}, {})
    said = {"loyalty": {"programme_id": "elsewhere", "tier": "gold"}}
    assert (await till.quote(1, **said))["totals"]["discount"] == 1_000


async def test_while_the_programme_is_paused_nobody_uses_points(till):
    till.start()
    await till.adjust(40)
    pause = documents.Edit(SYSTEM, NOW_US)
    till.records.write_now(
        lambda conn: documents.transition(conn, POINTS_PROGRAMME, "club", "paused", pause)
    )
    live_again(till)
    said = {"loyalty": {"programme_id": "club", "points": 1_000, "tier": "gold"}}
    for customer in (said, {}):
        assert (await till.quote(1, 30, **customer))["points"]["used"] == 0
    with pytest.raises(Refused) as error:
        await till.buy("o1", 1, points=30)
    assert error.value.reason == "no_points_programme"
    till.records.write_now(
        lambda conn: documents.transition(conn, POINTS_PROGRAMME, "club", "live", pause)
    )
    live_again(till)
    assert (await till.buy("o1", 1, points=30))["quote"]["points"]["used"] == 30


async def test_held_points_are_nobody_elses_and_come_free_with_the_order(till):
    till.start()
    await till.adjust(40)
    order = await till.buy("o1", 1, points=30, commit=False)
    assert (await till.points())["held"] == 30
    with pytest.raises(Refused) as error:
        await till.buy("o2", 1, points=30)
    assert error.value.reason == "points_short"
    await till.redemption("POST", "release", name=order["id"])
    assert await till.has() == (40, 0, 0)


async def test_points_expire_first_come_first_gone(till):
    """50 earned in June for 3 months, 20 in July; 30 are used: they are of June's."""
    till.start(expires="months", expires_after=3)
    await till.buy("o1", 5)
    july = parse_rfc3339("2026-07-10T09:00:00+08:00")
    await till.buy("o2", 2, now_us=july)
    await till.buy("o3", 1, points=30, now_us=july)
    assert await till.has(now_us=july) == (40, 0, 0)
    assert (await till.points(now_us=july))["expiring"] == [
        {"points": 20, "at": "2026-09-18T16:00:00Z"},
        {"points": 20, "at": "2026-10-10T16:00:00Z"},
    ]
    end_of_june = parse_rfc3339("2026-09-19T00:00:00+08:00")
    assert await till.has(now_us=end_of_june - 1) == (40, 0, 0)
    assert await till.has(now_us=end_of_june) == (20, 0, 0)
    assert await till.has(now_us=parse_rfc3339("2026-10-11T00:00:00+08:00")) == (0, 0, 0)
    assert [event["properties"]["points"] for event in till.told("Points Expired")] == [20, 20]


async def test_a_quote_knows_by_the_clock_what_has_come_and_gone(till):
    till.start(available_after_days=1, expires="year_end", expires_after=0)
    await till.buy("o1", 5)
    assert (await till.quote(1, 50))["points"]["used"] == 0
    assert (await till.quote(1, 50, NOW_US + DAY_US))["points"]["used"] == 50
    new_year = parse_rfc3339("2027-01-01T00:00:00+08:00")
    assert (await till.quote(1, 50, new_year - 1))["points"]["used"] == 50
    assert (await till.quote(1, 50, new_year))["points"]["used"] == 0


async def test_points_that_an_unpaid_order_holds_when_they_expire_go_when_it_gives_them_up(till):
    till.start(expires="year_end", expires_after=0)
    await till.adjust(30)
    new_year = parse_rfc3339("2027-01-01T00:00:00+08:00")
    order = await till.buy("o1", 1, points=30, commit=False, now_us=new_year - HOUR_US // 4)
    assert (await till.points(now_us=new_year))["held"] == 30
    await till.redemption("POST", "release", name=order["id"], now_us=new_year + 1)
    later = new_year + HOUR_US
    await till.keeper.keep_due(later)
    assert await till.has(now_us=later) == (0, 0, 0)


async def test_a_refund_gives_points_back_and_takes_those_earned(till):
    till.start()
    await till.adjust(100)
    order = await till.buy("o1", 4, points=100)
    assert order["quote"]["points"] == {"earned": 30, "used": 100, "worth": 10_000}
    assert await till.has() == (30, 0, 0)
    memo = await till.refund(order, "r1", items=[{"line": "1", "quantity": 1}])
    assert memo["points"] == {"returned": 25, "taken_back": 7, "charged": 0}
    assert await till.has() == (48, 0, 0)
    again = await till.refund(order, "r1", items=[{"line": "1", "quantity": 1}])
    assert again == memo
    assert await till.has() == (48, 0, 0)
    await till.refund(order, "r2", everything=True)
    assert await till.has() == (100, 0, 0)
    kinds = {event["event"] for event in till.told("Points Returned", "Points Taken Back")}
    assert kinds == {"Points Returned", "Points Taken Back"}


async def test_a_return_of_the_whole_order_does_the_same(till):
    till.start()
    await till.adjust(100)
    order = await till.buy("o1", 4, points=100)
    for _ in range(2):
        await till.redemption("POST", "return", {"request_id": "cancel"}, name=order["id"])
    assert await till.has() == (100, 0, 0)


async def test_points_used_already_are_owed_and_paid_by_the_next(till):
    till.start()
    order = await till.buy("o1", 5)
    await till.buy("o2", 1, points=50)
    await till.refund(order, "r1", everything=True)
    assert await till.has() == (0, 0, 50)
    await till.adjust(20)
    assert await till.has() == (0, 0, 30)
    await till.adjust(100, "r2")
    assert await till.has() == (70, 0, 0)


async def test_points_not_yet_available_are_taken_back_before_others(till):
    till.start(available_after_days=7)
    order = await till.buy("o1", 5)
    await till.refund(order, "r1", items=[{"line": "1", "quantity": 2}])
    assert await till.has() == (0, 30, 0)
    assert await till.has(now_us=NOW_US + 7 * DAY_US) == (30, 0, 0)


async def test_returned_points_live_as_long_as_they_would_have_but_some_days_at_least(till):
    till.start(expires="year_end", expires_after=0, returned_days=10)
    await till.adjust(30)
    order = await till.buy("o1", 1, points=30)
    new_year = parse_rfc3339("2027-01-01T00:00:00+08:00")
    await till.refund(order, "r1", new_year, everything=True)
    assert await till.has(now_us=new_year) == (30, 0, 0)
    assert await till.has(now_us=new_year + 10 * DAY_US - 1) == (30, 0, 0)
    assert await till.has(now_us=new_year + 10 * DAY_US) == (0, 0, 0)


async def test_two_orders_at_once_never_use_the_same_points(till):
    till.start()
    await till.adjust(100)

    async def attempt(number):
        try:
            await till.buy(f"o{number}", 1, points=10)
        except Refused as error:
            return error.reason
        return "paid"

    got = await asyncio.gather(*(attempt(number) for number in range(64)))
    assert (got.count("paid"), got.count("points_short")) == (10, 54)
    assert await till.has() == (0, 0, 0)


async def test_the_figures_add_up(till):
    till.start(worth=PointsWorth(points=10, amount=7))
    await till.buy("o1", 5)
    await till.buy("o2", 1, points=20)
    await till.adjust(3, customer="u2")
    path = "GET /api/v1/points-programmes/{id}/statistics"
    figures = await till.manage(path, query={"days": "3"})
    assert figures["accounts"] == 2
    assert figures["outstanding"] == 33
    assert figures["liability_minor"] == 23
    *before, day = figures["days"]
    assert [one["day"] for one in before] == ["2026-06-16", "2026-06-17"]
    assert not any(one["earned"] for one in before)
    assert (day["day"], day["earned"], day["spent"], day["adjusted"]) == ("2026-06-18", 50, 20, 3)
    proof = await till.proof()
    assert (proof["agrees"], proof["moved"], proof["held"]) == (True, 33, 33)
    assert (proof["earned_in_ledger"], proof["spent_in_ledger"]) == (50, 20)


async def test_the_movements_are_told_page_by_page(till):
    till.start(promotions={"earn": EARN})
    for number in range(5):
        await till.adjust(number + 1, f"r{number}")
    first = await till.points(limit=3)
    assert [move["points"] for move in first["moves"]] == [5, 4, 3]
    second = await till.points(limit=3, cursor=first["next_cursor"])
    assert [move["points"] for move in second["moves"]] == [2, 1]
    assert second["next_cursor"] is None


async def test_or_their_worth_is_taken_from_the_refund(till):
    """100 points are worth 1.00: 50 earned on 500.00, all used, and 1 of 5 units comes back."""
    till.start(taken_back="cash")
    order = await till.buy("o1", 5)
    await till.buy("o2", 1, points=45)
    part = {"items": [{"line": "1", "quantity": 1}]}
    dry = {"redemption_id": order["id"], "request_id": "r0", **part}
    path, query = "POST /api/v1/promotions/refund", {"dry_run": "true"}
    _, tried = await till.ask(path, {}, dry, query=query)
    memo = await till.refund(order, "r1", **part)
    assert (tried["totals"], tried["points"]) == (memo["totals"], memo["points"])
    assert memo["points"] == {"returned": 0, "taken_back": 10, "charged": 5}
    assert memo["totals"]["points_charged"] == 5
    assert memo["totals"]["total"] == 10_000 - 5
    assert memo["payments"] == [{"method": "original", "amount": 9_995, "id": None}]
    assert await till.has() == (0, 0, 0)
    assert await till.refund(order, "r1", **part) == memo
    rest = await till.refund(order, "r2", everything=True)
    assert rest["points"] == {"returned": 0, "taken_back": 40, "charged": 40}
    assert rest["totals"]["total"] == 40_000 - 40
    assert await till.has() == (0, 0, 0)


async def test_an_erased_customer_leaves_numbers_and_nothing_to_spend(till):
    till.start()
    await till.buy("o1", 5)
    await till.adjust(7, reason="for u1 personally")
    till.records.write_now(lambda conn: account_rows.forget(conn, ["u1"]))
    await till.keeper.keep_due(NOW_US)
    rows = till.records.read_now(
        lambda conn: [
            str(value)
            for table in (accounts, moves)
            for row in conn.execute(select(table))
            for value in row
        ]
    )
    assert rows
    assert not [value for value in rows if "u1" in value or value == "o1"]
    figures = await till.manage("GET /api/v1/points-programmes/{id}/statistics")
    assert figures["outstanding"] == 0
    assert await till.has() == (0, 0, 0)
    await till.adjust(3, "again")
    shown = await till.points()
    assert [move["points"] for move in shown["moves"]] == [3]


@pytest.mark.parametrize(
    ("points", "reason", "error"),
    [(0, "x", InvalidInput), (1_001, "x", InvalidInput), (-1, "x", Refused)],
)
async def test_an_adjustment_is_bounded(till, points, reason, error):
    till.start(adjust_at_most=1_000)
    with pytest.raises(error):
        await till.adjust(points, reason=reason)
    assert await till.has() == (0, 0, 0)


async def test_an_adjustment_is_done_once_and_audited(till):
    till.start()
    for _ in range(2):
        shown = await till.adjust(200, "case-17", reason="late parcel")
        assert shown["balance"] == 200
    with pytest.raises(Conflict):
        await till.adjust(100, "case-17", reason="late parcel")
    assert (await till.adjust(-50, "case-18"))["balance"] == 150
    rows = till.records.read_now(lambda conn: list(conn.execute(select(audit))))
    summaries = [row.summary for row in rows if row.action == "points.adjust"]
    assert summaries == ["+200 for u1: late parcel", "-50 for u1: gift"]


async def test_who_died_before_the_order_was_written_has_its_points_by_the_same_call(till):
    """Its own 30 of the 40 points are no reason to refuse it; another order's are."""
    till.start()
    await till.adjust(40)
    till.mortal_log.dies_next = True
    with pytest.raises(Unavailable):
        await till.buy("o1", 1, points=30)
    assert (await till.points())["held"] == 30
    with pytest.raises(Refused) as error:
        await till.buy("o2", 1, points=30)
    assert error.value.reason == "points_short"
    order = await till.buy("o1", 1, points=30, now_us=NOW_US + MINUTE_US)
    assert (order["state"], order["quote"]["points"]["used"]) == ("committed", 30)
    assert await till.has() == (10, 0, 0)


async def test_a_late_payment_takes_of_each_promotion_its_own_points(till):
    """Both earn of one counter: the ledger's sum is no promotion's part. The books tell."""
    more = replace(EARN, name="再送五积分", benefit=PointsBenefit(5, every_amount=10_000))
    till.start(promotions={"earn": EARN, "more": more})
    order = await till.buy("o1", 2, commit=False)
    assert [
        one["takes"]["points-of:club:earned"] for one in order["promotions"]
    ] == [20, 10]  # fmt: skip
    late = NOW_US + HOUR_US
    await till.redemption("POST", "commit", name=order["id"], now_us=late)
    assert await till.has(now_us=late) == (30, 0, 0)
    proof = await till.proof(late)
    assert (proof["earned"], proof["earned_in_ledger"]) == (30, 30)


async def test_a_return_under_the_name_of_a_memo_is_refused(till):
    till.start()
    order = await till.buy("o1", 5)
    with pytest.raises(InvalidInput) as refused:
        await till.redemption("POST", "return", {"request_id": "memo-0"}, name=order["id"])
    assert [field.path for field in refused.value.fields] == ["request_id"]
    await till.redemption("POST", "return", {"request_id": "r"}, name=order["id"])
    assert await till.has() == (0, 0, 0)


async def test_spaces_around_a_customer_make_no_other_account(till):
    till.start()
    await till.adjust(40, customer=" u1")
    assert await till.has() == (40, 0, 0)
    assert await till.has("u1 ") == (40, 0, 0)
    assert (await till.buy("o1", 1, points=40, customer="u1 "))["quote"]["points"]["used"] == 40
    with pytest.raises(InvalidInput):
        await till.adjust(40, "r2", customer=" ")
