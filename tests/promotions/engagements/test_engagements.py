"""Groups, bargains and deposits on real records and log, and what quotes make of them."""

import asyncio
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from tests.promotions.till import NOW_US

from queqiao.decide.promotions.contracts import PROMOTION
from queqiao.decide.promotions.documents.benefit import FixedBenefit, FixedPriceBenefit
from queqiao.decide.promotions.documents.mechanic import Bargain, GroupBuy, Presale
from queqiao.decide.promotions.documents.promotion import Limits, PromotionDocument
from queqiao.decide.promotions.engagements import book
from queqiao.decide.promotions.engagements.engaging import tell_ended
from queqiao.decide.promotions.engagements.stages import cut_of
from queqiao.decide.promotions.engagements.tables import engagements, steps
from queqiao.kernel.clock import DAY_US, HOUR_US, format_rfc3339
from queqiao.kernel.errors import InvalidInput, NotFound, Refused

GROUP = GroupBuy(size=3, lasts_minutes=60)
BARGAIN = Bargain(floor=6_000, helpers=4, lasts_minutes=60)
PRESALE = Presale(
    deposit=1_000,
    deposit_worth=2_500,
    deposit_until=format_rfc3339(NOW_US + DAY_US),
    balance_from=format_rfc3339(NOW_US + 2 * DAY_US),
    balance_until=format_rfc3339(NOW_US + 3 * DAY_US),
)


def group(rules=GROUP, **limits):
    return PromotionDocument(
        name="p", benefit=FixedBenefit(4_000), mechanic=rules, limits=Limits(**limits)
    )


def bargain(rules=BARGAIN):
    return PromotionDocument(name="p", benefit=FixedPriceBenefit(rules.floor), mechanic=rules)


def presale(rules=PRESALE):
    return PromotionDocument(name="p", benefit=FixedBenefit(rules.deposit_worth), mechanic=rules)


async def begin(till, customer="u1", now_us=NOW_US, **more):
    body = {"promotion_id": "p", "customer_id": customer, **more}
    return (await till.ask("POST /api/v1/engagements", {}, body, now_us=now_us))[1]


async def step(till, name, customer, verb="join", now_us=NOW_US, **more):
    body = {"customer_id": customer, **more}
    path = f"POST /api/v1/engagements/{{id}}/{verb}"
    return (await till.ask(path, {"id": name}, body, now_us=now_us))[1]


async def show(till, name, now_us=NOW_US):
    return (await till.ask("GET /api/v1/engagements/{id}", {"id": name}, now_us=now_us))[1]


def question(customer, *names):
    cart = {"lines": [{"sku": "A"}], "engagements": list(names)}
    return {"cart": cart, "customer": {"id": customer}}


async def price(till, customer, *names, now_us=NOW_US):
    answer = await till.post("quote", question(customer, *names), now_us=now_us)
    reasons = [item["reason"] for item in answer["refused"]]
    return answer["totals"]["total"], reasons


async def refusal(awaited):
    with pytest.raises(Refused) as refused:
        await awaited
    return refused.value.reason


def told(till):
    return [e["event"] for e in till.events() if e["event"].startswith(("Engagement", "Deposit"))]


async def test_a_group_gives_its_price_once_it_is_full_and_to_its_members(till):
    till.show({"p": group()}, {})
    opened = await begin(till)
    assert (opened["state"], opened["wanted"], len(opened["steps"])) == ("open", 3, 1)
    await step(till, opened["id"], "u2")
    assert await price(till, "u1", opened["id"]) == (10_000, ["group_not_full"])
    full = await step(till, opened["id"], "u3")
    assert full["state"] == "full"
    for member in ("u1", "u2", "u3"):
        assert await price(till, member, opened["id"]) == (6_000, [])
    assert await price(till, "u4", opened["id"]) == (10_000, ["engagement_of_another"])
    assert await price(till, "u1") == (10_000, ["engagement_missing"])
    assert await price(till, "u1", "0" * 32) == (10_000, ["engagement_missing"])
    assert told(till) == [
        "Engagement Started", "Engagement Joined", "Engagement Joined", "Engagement Completed",
    ]  # fmt: skip


async def test_each_call_may_be_sent_again(till):
    till.show({"p": group()}, {})
    first = await begin(till)
    assert await begin(till) == first
    for _ in range(3):
        found = await step(till, first["id"], "u2")
    assert [one["customer_id"] for one in found["steps"]] == ["u1", "u2"]
    assert told(till) == ["Engagement Started", "Engagement Joined"]


async def test_spaces_around_a_customer_make_nobody_else(till):
    """One person fills no group of two, and an order finds what was begun with a space."""
    till.show({"p": group(GroupBuy(size=2, lasts_minutes=60))}, {})
    opened = await begin(till, " u1")
    assert await begin(till, "u1") == opened
    for again in ("u1", "u1 ", "\u3000u1"):
        found = await step(till, opened["id"], again)
        assert [one["customer_id"] for one in found["steps"]] == ["u1"]
    await step(till, opened["id"], "u2")
    assert await price(till, "u1", opened["id"]) == (6_000, [])
    with pytest.raises(InvalidInput) as refused:
        await step(till, opened["id"], " ")
    assert [field.path for field in refused.value.fields] == ["customer_id"]


async def test_seats_are_never_more_than_there_are(till):
    till.show({"p": group(GroupBuy(size=5, joins_per_customer=None))}, {})
    opened = await begin(till)
    asked = [step(till, opened["id"], f"j{n}") for n in range(40)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(one, dict) for one in answers) == 4
    reasons = {one.reason for one in answers if isinstance(one, Refused)}
    assert reasons == {"engagement_full"}
    assert len((await show(till, opened["id"]))["steps"]) == 5


async def test_a_group_that_is_not_full_in_time_has_failed_and_is_told_once(till):
    till.show({"p": group()}, {})
    opened = await begin(till)
    await step(till, opened["id"], "u2")
    later_us = NOW_US + HOUR_US
    assert (await show(till, opened["id"], later_us))["state"] == "expired"
    assert await refusal(step(till, opened["id"], "u3", now_us=later_us)) == "engagement_expired"
    assert await tell_ended(till.records, till.log, later_us - 1) == 0
    assert await tell_ended(till.records, till.log, later_us) == 1
    assert await tell_ended(till.records, till.log, later_us) == 0
    event = till.events()[-1]
    assert event["event"] == "Engagement Expired"
    assert event["properties"]["customers"] == 2
    assert b"u2" not in msgspec.json.encode(event)


async def test_erased_customers_keep_their_seats_and_no_name(till):
    till.show({"p": group()}, {})
    opened = await begin(till)
    await step(till, opened["id"], "u2")
    forgotten = till.records.write_now(lambda conn: book.forget(conn, ["u1", "u2", "nobody"]))
    assert forgotten == 3
    shown = await step(till, opened["id"], "u3")
    assert shown["state"] == "full"
    assert shown["customer_id"] == ""
    assert [one["customer_id"] for one in shown["steps"]] == ["", "", "u3"]
    rows = till.records.read_now(
        lambda conn: [*conn.execute(select(engagements)), *conn.execute(select(steps))]
    )
    assert not {"u1", "u2"} & {value for row in rows for value in row}
    for customer in ("u1", "u2", ""):
        assert await price(till, customer, opened["id"]) == (10_000, ["engagement_of_another"])
    assert await price(till, "u3", opened["id"]) == (6_000, [])


async def test_an_erased_customers_bargain_is_nobodys(till):
    till.show({"p": presale()}, {})
    paid = await begin(till)
    till.records.write_now(lambda conn: book.forget(conn, ["u1"]))
    due_us = NOW_US + 2 * DAY_US
    assert (await price(till, "", paid["id"], now_us=due_us))[1] == ["engagement_of_another"]
    assert await tell_ended(till.records, till.log, NOW_US + 3 * DAY_US) == 1
    event = till.events()[-1]
    assert (event["event"], event.get("user_id")) == ("Deposit Forfeited", None)


async def test_a_full_group_stays_full_and_is_not_told_as_failed(till):
    till.show({"p": group(GroupBuy(size=2, lasts_minutes=60))}, {})
    opened = await begin(till)
    await step(till, opened["id"], "u2")
    later_us = NOW_US + 2 * HOUR_US
    assert await tell_ended(till.records, till.log, later_us) == 1
    assert "Engagement Expired" not in told(till)
    assert (await price(till, "u2", opened["id"], now_us=later_us))[0] == 6_000


async def test_a_customer_joins_as_often_as_it_allows(till):
    till.show({"p": group()}, {})
    mine, other = await begin(till), await begin(till, "u9")
    assert await refusal(step(till, other["id"], "u1")) == "joins_used_up"
    assert await refusal(begin(till, request_id="2")) == "joins_used_up"
    assert len((await show(till, mine["id"]))["steps"]) == 1


async def test_only_new_customers_where_it_says_so(till):
    till.show({"p": group(GroupBuy(size=2, new_customers_only=True))}, {})
    assert await refusal(begin(till)) == "customer_unknown"
    assert await refusal(begin(till, new_customer=False)) == "not_first_purchase"
    opened = await begin(till, new_customer=True)
    assert await refusal(step(till, opened["id"], "u2")) == "customer_unknown"
    assert (await step(till, opened["id"], "u2", new_customer=True))["state"] == "full"


async def test_the_rules_are_those_of_the_beginning(till):
    till.show({"p": group(GroupBuy(size=2))}, {})
    opened = await begin(till)
    till.show({"p": group(GroupBuy(size=9))}, {})
    assert (await step(till, opened["id"], "u2"))["state"] == "full"


async def test_one_order_uses_an_engagement_once(till):
    till.show({"p": group(GroupBuy(size=2))}, {})
    opened = await begin(till)
    await step(till, opened["id"], "u2")
    first = await till.order({"order_id": "o1", "question": question("u1", opened["id"])})
    assert first["discount"] == 4_000
    again = till.order({"order_id": "o2", "question": question("u1", opened["id"])})
    assert await refusal(again) == "engagement_used"
    other = await till.order({"order_id": "o3", "question": question("u2", opened["id"])})
    assert other["discount"] == 4_000


async def test_friends_cut_a_price_down_to_its_floor(till):
    till.show({"p": bargain()}, {})
    started = await begin(till, sku="A", price=10_000)
    assert (started["price"], started["wanted"]) == (10_000, 4)
    assert await refusal(step(till, started["id"], "u1", "cut")) == "own_bargain"
    prices = [10_000]
    for number in range(4):
        cut = await step(till, started["id"], f"f{number}", "cut")
        prices.append(cut["price"])
        assert (await price(till, "u1", started["id"]))[0] == cut["price"]
    assert prices == sorted(prices, reverse=True)
    assert (cut["price"], cut["state"]) == (6_000, "reached")
    assert sum(one["amount"] for one in cut["steps"]) == 4_000
    assert await step(till, started["id"], "f0", "cut") == cut
    assert await refusal(step(till, started["id"], "f9", "cut")) == "engagement_full"


async def test_a_bargain_is_for_one_unit_of_who_began_it(till):
    till.show({"p": bargain(Bargain(floor=6_000, helpers=1))}, {})
    started = await begin(till, sku="A", price=10_000)
    await step(till, started["id"], "f", "cut")
    asked = question("u1", started["id"])
    asked["cart"]["lines"][0]["quantity"] = 3
    answer = await till.post("quote", asked)
    assert answer["totals"]["total"] == 26_000
    assert await price(till, "f", started["id"]) == (10_000, ["engagement_of_another"])


async def test_a_bargain_may_have_to_reach_its_floor_and_ends(till):
    till.show({"p": bargain(Bargain(floor=6_000, helpers=2, must_reach_floor=True))}, {})
    started = await begin(till, sku="A", price=10_000)
    await step(till, started["id"], "f1", "cut")
    assert await price(till, "u1", started["id"]) == (10_000, ["floor_not_reached"])
    await step(till, started["id"], "f2", "cut")
    assert await price(till, "u1", started["id"]) == (6_000, [])
    over_us = NOW_US + DAY_US
    late = await price(till, "u1", started["id"], now_us=over_us)
    assert late == (10_000, ["engagement_expired"])


async def test_a_deposit_is_worth_more_on_the_balance(till):
    till.show({"p": presale()}, {})
    paid = await begin(till)
    assert (paid["state"], paid["price"], paid["worth"]) == ("deposit_paid", 1_000, 2_500)
    assert await price(till, "u1", paid["id"]) == (10_000, ["balance_not_due"])
    due_us = NOW_US + 2 * DAY_US
    assert (await show(till, paid["id"], due_us))["state"] == "balance_due"
    assert await price(till, "u1", paid["id"], now_us=due_us) == (7_500, [])
    over_us = NOW_US + 3 * DAY_US
    assert (await show(till, paid["id"], over_us))["state"] == "forfeited"
    assert await price(till, "u1", paid["id"], now_us=over_us) == (10_000, ["engagement_expired"])
    assert await tell_ended(till.records, till.log, over_us) == 1
    assert told(till)[-1] == "Deposit Forfeited"


async def test_deposits_end_before_the_balance_begins(till):
    till.show({"p": presale()}, {})
    assert await refusal(begin(till, now_us=NOW_US + DAY_US)) == "deposit_ended"


async def test_what_is_not_there_is_not_found(till):
    till.show({"p": PromotionDocument(name="p", benefit=FixedBenefit(1))}, {})
    for awaited in (begin(till), show(till, "none"), step(till, "none", "u")):
        with pytest.raises(NotFound):
            await awaited


@given(
    left=st.integers(0, 10**9),
    helpers=st.integers(1, 40),
    seed=st.text(max_size=8),
    low=st.integers(0, 100),
    high=st.integers(100, 400),
)
def test_cuts_reach_the_floor_exactly_whatever_is_drawn(left, helpers, seed, low, high):
    rules = Bargain(
        floor=0, helpers=helpers, cut_percent_min=Decimal(low), cut_percent_max=Decimal(high)
    )
    rest = left
    for number in range(1, helpers + 1):
        cut = cut_of(rules, rest, number, seed)
        assert cut == cut_of(rules, rest, number, seed)
        assert 0 <= cut <= rest
        rest -= cut
    assert rest == 0


def test_cuts_are_spread_over_what_is_allowed():
    rules = Bargain(floor=0, helpers=10)
    cuts = {cut_of(rules, 10_000, 1, str(seed)) for seed in range(2_000)}
    assert min(cuts) >= 500
    assert max(cuts) <= 1_500
    assert len(cuts) > 800


SALE = (PRESALE.deposit_until, PRESALE.balance_from, PRESALE.balance_until)


@pytest.mark.parametrize(
    ("document", "path"),
    [
        (bargain(Bargain(floor=5, helpers=2, cut_percent_min=Decimal(-1))),
         "mechanic.cut_percent_min"),
        (bargain(Bargain(floor=5, helpers=2, cut_percent_min=Decimal(200))),
         "mechanic.cut_percent_max"),
        (PromotionDocument(name="p", benefit=FixedBenefit(5), mechanic=BARGAIN), "benefit"),
        (PromotionDocument(name="p", benefit=FixedBenefit(5), mechanic=PRESALE), "benefit"),
        (presale(Presale(5, 4, *SALE)), "mechanic.deposit_worth"),
        (presale(Presale(1, 4, SALE[1], SALE[0], SALE[2])), "mechanic.balance_from"),
        (presale(Presale(1, 4, SALE[0], SALE[1], SALE[1])), "mechanic.balance_until"),
        (presale(Presale(1, 4, "x", SALE[1], SALE[2])), "mechanic.deposit_until"),
    ],
)  # fmt: skip
def test_a_wrong_mechanic_is_named(document, path):
    with pytest.raises(InvalidInput) as refused:
        PROMOTION.check(document)
    assert [field.path for field in refused.value.fields] == [path]
