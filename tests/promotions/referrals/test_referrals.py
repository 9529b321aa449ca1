"""Referrals under retries, at once, when somebody dies, and of the erased."""

import asyncio
from contextlib import suppress

import msgspec
import pytest
from sqlalchemy import select
from tests.promotions.loyalty.points_till import BACK
from tests.promotions.referrals.referral_till import BATCHES, FRIENDS
from tests.promotions.till import NOW_US, coupon

from queqiao.decide.promotions.contracts import COUPON_BATCH
from queqiao.decide.promotions.documents.referral_programme import ReferralProgrammeDocument
from queqiao.decide.promotions.loyalty.contracts import POINTS_PROGRAMME
from queqiao.decide.promotions.referrals import referral_rows
from queqiao.decide.promotions.referrals.checks import check_referral_programme
from queqiao.decide.promotions.referrals.contracts import REFERRAL_PROGRAMME
from queqiao.decide.promotions.referrals.publishing import check_live_referral_programme
from queqiao.decide.promotions.referrals.tables import members, referrals
from queqiao.kernel.clock import DAY_US, HOUR_US
from queqiao.kernel.errors import InvalidInput, NotFound, Refused, TooManyRequests, Unavailable
from queqiao.ports.records import documents
from queqiao.ports.records.audit import SYSTEM
from queqiao.profile.contracts import Buyer

WEEK_US = NOW_US + 7 * DAY_US
EDIT = documents.Edit(SYSTEM, NOW_US)


async def brought(till, newcomer="new", order="o1"):
    """Let a newcomer come by the member's code and pay a first order."""
    code = (await till.code())["code"]
    await till.accept(code, newcomer)
    return await till.buy(order, 1, customer=newcomer)


def names(till):
    return [event["event"] for event in till.events() if event["event"].startswith("Referral")]


async def test_a_member_has_one_code_and_a_link(till):
    till.begin()
    shown = await till.code()
    assert shown == await till.code(device_id="d") == await till.code()
    assert len(shown["code"]) == 12
    assert shown["link"] == f"https://s.test/?r={shown['code']}"
    assert (await till.code("other"))["code"] != shown["code"]
    assert shown["rewards_left_this_month"] == 10


async def test_a_code_is_read_however_it_is_written(till):
    till.begin()
    code = (await till.code())["code"]
    assert (await till.accept(f" {code.lower()} "))["state"] == "accepted"


async def test_who_has_bought_before_is_no_newcomer_whatever_the_shop_says(till):
    till.begin()
    code = (await till.code())["code"]
    till.buyers["new"] = Buyer(orders=1)
    with pytest.raises(Refused) as refused:
        await till.accept(code, orders=0)
    assert (refused.value.reason, refused.value.fields) == ("referral_refused", ())


async def test_a_newcomer_who_comes_many_times_at_once_has_one_coupon(till):
    till.begin()
    code = (await till.code())["code"]
    done = await asyncio.gather(*(till.accept(code) for _ in range(20)))
    assert len({one["coupon"]["code"] for one in done}) == 1
    assert await till.newcomers() == {"waiting": 1}


async def test_two_codes_at_once_bring_one_newcomer(till):
    till.begin()
    codes = [(await till.code(who))["code"] for who in ("a", "b")]
    done = await asyncio.gather(*(till.accept(code) for code in codes), return_exceptions=True)
    assert sum(isinstance(one, Refused) for one in done) == 1


async def test_who_guesses_codes_waits(till):
    till.begin()
    for number in range(10):
        with pytest.raises(Refused):
            await till.accept(f"{number:012}")
    with pytest.raises(TooManyRequests):
        await till.accept("000000000011")


async def test_runs_at_once_reward_once(till):
    till.begin()
    await brought(till)
    await asyncio.gather(*(till.rewarding.run(WEEK_US) for _ in range(5)))
    assert await till.has("old", WEEK_US) == (500, 0, 0)
    assert await till.newcomers() == {"rewarded": 1}
    assert names(till) == ["Referral Accepted", "Referral Ordered", "Referral Rewarded"]


@pytest.mark.parametrize(
    "reward",
    [
        {"type": "points", "points": 500},
        {"type": "store_credit", "amount": 2_000},
        {"type": "coupon", "batch": "thanks"},
    ],
)
@pytest.mark.parametrize("after", [0, 1, 2])
async def test_who_died_while_it_rewarded_is_finished_by_the_next_run(till, reward, after):
    till.begin(reward=reward)
    await brought(till)
    till.mortal_log.dies_next, till.mortal_log.dies_after = not after, after or None
    try:
        await till.rewarding.run(WEEK_US)
    except Unavailable:
        await till.rewarding.run(WEEK_US)
    till.mortal_log.dies_next, till.mortal_log.dies_after = False, None
    await till.rewarding.run(WEEK_US)
    has = await till.has("old", WEEK_US), await till.has_credit("old", WEEK_US)
    coupons = await till.wallet("old", WEEK_US)
    given = (has[0][0], has[1][0], len(coupons))
    expected = {"points": (500, 0, 0), "store_credit": (0, 2_000, 0), "coupon": (0, 0, 1)}
    assert given == expected[reward["type"]]
    assert names(till).count("Referral Rewarded") == 1


async def test_who_died_while_it_reversed_is_finished_by_the_next_run(till):
    till.begin()
    order = await brought(till)
    await till.rewarding.run(WEEK_US)
    till.mortal_log.dies_after = 3
    try:
        await till.refund(order, "r", WEEK_US, everything=True)
    except Unavailable:
        await till.refund(order, "r", WEEK_US, everything=True)
    till.mortal_log.dies_next, till.mortal_log.dies_after = False, None
    await till.rewarding.run(WEEK_US)
    assert await till.has("old", WEEK_US) == (0, 0, 0)
    assert await till.newcomers() == {"reversed": 1}


@pytest.mark.parametrize(
    "reward",
    [
        {"type": "points", "points": 500},
        {"type": "store_credit", "amount": 2_000},
        {"type": "coupon", "batch": "thanks"},
    ],
)
@pytest.mark.parametrize("after", [0, 1])
async def test_an_order_that_comes_back_after_who_rewarded_it_died_leaves_no_reward(
    till, reward, after
):
    till.begin(reward=reward)
    order = await brought(till)
    till.mortal_log.dies_next, till.mortal_log.dies_after = not after, after or None
    with suppress(Unavailable):
        await till.rewarding.run(WEEK_US)
    till.mortal_log.dies_next, till.mortal_log.dies_after = False, None
    await till.refund(order, "r", WEEK_US, everything=True)
    await till.rewarding.run(WEEK_US)
    assert await till.has("old", WEEK_US) == (0, 0, 0)
    assert await till.has_credit("old", WEEK_US) == (0, 0, 0)
    assert "usable" not in [state for _, state in await till.wallet("old", WEEK_US)]
    assert await till.newcomers() == {"reversed": 1}


async def test_an_order_that_comes_back_while_it_is_looked_at_brings_no_reward(till):
    """The run read it as kept; by the time it gives, the order is gone."""
    till.begin(rewards_per_month=1)
    order = await brought(till)
    read = till.records.read

    async def read_then_refund(work):
        found = await read(work)
        till.records.read = read
        await till.refund(order, "r", WEEK_US, everything=True)
        return found

    till.records.read = read_then_refund
    await till.rewarding.run(WEEK_US)
    assert await till.has("old", WEEK_US) == (0, 0, 0)
    assert await till.newcomers() == {"waiting": 1}
    assert (await till.code(now_us=WEEK_US))["rewards_left_this_month"] == 1


async def test_a_use_that_goes_back_cancels_no_first_order(till):
    till.begin()
    code = (await till.code())["code"]
    till.show({"back": BACK, **{name: coupon(name) for name in BATCHES}}, BATCHES)
    await till.accept(code)
    order = await till.buy("o1", 1, customer="new")
    await till.rewarding.run(WEEK_US)
    uses = [{"promotion_id": "back", "amount": 0, "use": True}]
    body = {"request_id": "u", "promotions": uses}
    await till.redemption("POST", "return", body, name=order["id"], now_us=WEEK_US)
    assert await till.newcomers() == {"rewarded": 1}
    await till.redemption("POST", "return", {"request_id": "r"}, name=order["id"], now_us=WEEK_US)
    assert await till.newcomers() == {"reversed": 1}


async def test_a_payment_that_is_told_twice_is_one_first_order(till):
    till.begin()
    order = await brought(till)
    for _ in range(2):
        await till.redemption("POST", "commit", name=order["id"])
    assert names(till).count("Referral Ordered") == 1


async def test_a_reward_waits_until_its_programme_is_live(till):
    till.begin()
    await brought(till)

    def bring(state):
        till.records.write_now(
            lambda conn: documents.transition(conn, POINTS_PROGRAMME, "club", state, EDIT)
        )

    bring("paused")
    await till.rewarding.run(WEEK_US)
    assert await till.newcomers() == {"ordered": 1}
    bring("live")
    await till.rewarding.run(WEEK_US)
    assert await till.newcomers() == {"ordered": 1}  # it is not tried at every turn
    await till.rewarding.run(WEEK_US + HOUR_US)
    assert await till.newcomers() == {"rewarded": 1}


async def test_a_programme_that_was_paused_still_rewards_who_came(till):
    till.begin()
    code = (await till.code())["code"]
    await brought(till)
    till.records.write_now(
        lambda conn: documents.transition(conn, REFERRAL_PROGRAMME, FRIENDS, "paused", EDIT)
    )
    till.referring = None
    with pytest.raises(NotFound):
        await till.accept(code, "another")
    await till.rewarding.run(WEEK_US)
    assert await till.has("old", WEEK_US) == (500, 0, 0)


async def test_a_newcomer_who_comes_again_has_the_coupon_of_then(till):
    """Whatever batch the programme gives by now: a retry gives no second coupon."""
    till.begin()
    code = (await till.code())["code"]
    first = await till.accept(code)
    of_now = msgspec.structs.replace(till.referring.document, newcomer_batch="thanks")
    till.referring = till.referring._replace(document=of_now)
    assert await till.accept(code) == first
    assert [batch for batch, _ in await till.wallet("new")] == ["hello"]


async def test_the_erased_leave_counts_and_no_names(till):
    till.begin()
    await till.code(device_id="d1", address="10.0.0.1")
    order = await brought(till)
    till.records.write_now(lambda conn: referral_rows.forget(conn, ["new", "old"]))
    rows = till.records.read_now(
        lambda conn: [
            str(value)
            for table in (members, referrals)
            for row in conn.execute(select(table))
            for value in row
        ]
    )
    assert not {"new", "old"} & set(rows)
    await till.rewarding.run(WEEK_US)  # nobody is there to reward
    found = await till.figures()
    assert (found["members"], found["newcomers"]["lapsed"]) == (1, 1)
    await till.refund(order, "r", WEEK_US, everything=True)


async def test_operators_see_who_brought_whom_and_the_figures(till):
    till.begin()
    code = (await till.code())["code"]
    await brought(till)
    await till.accept(code, "second")
    with pytest.raises(Refused):
        await till.accept(code, "old")
    await till.rewarding.run(WEEK_US)
    path = "GET /api/v1/referral-programmes/{id}/referrals"
    first = await till.manage(path, query={"limit": "2"}, programme=FRIENDS)
    rest = await till.manage(
        path, query={"limit": "2", "cursor": first["next_cursor"]}, programme=FRIENDS
    )
    every = [*first["items"], *rest["items"]]
    assert {(one["newcomer_id"], one["state"], one["signal"]) for one in every} == {
        ("new", "rewarded", None), ("second", "accepted", None), ("old", "refused", "themselves"),
    }  # fmt: skip
    some = await till.manage(path, query={"state": "rewarded"}, programme=FRIENDS)
    assert [one["amount"] for one in some["items"]] == [500]
    with pytest.raises(InvalidInput):
        await till.manage(path, query={"state": "no"}, programme=FRIENDS)
    found = await till.figures()
    assert found["conversion_percent"] == 50.0
    assert found["rewards"] == [{"type": "points", "count": 1, "amount": 500}]
    with pytest.raises(NotFound):
        await till.manage(path, programme="none")


async def test_a_newcomer_coupon_that_is_out_is_told(till):
    till.begin()
    code = (await till.code())["code"]
    one = msgspec.structs.replace(
        till.records.read_now(lambda conn: documents.get(conn, COUPON_BATCH, "hello")).document,
        count=1,
    )
    till.records.write_now(lambda conn: documents.replace(conn, COUPON_BATCH, "hello", one, EDIT))
    await till.accept(code, "first")
    with pytest.raises(Refused) as refused:
        await till.accept(code, "second")
    assert refused.value.reason == "batch_exhausted"
    assert await till.newcomers() == {"waiting": 1}


PROGRAMME = {
    "name": "p", "newcomer_batch": "hello", "reward": {"type": "points", "points": 1},
}  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"starts_at": "2026-07-01T00:00:00Z", "ends_at": "2026-06-01T00:00:00Z"}, "ends_at"),
        ({"starts_at": "soon"}, "starts_at"),
        ({"link": "https://s.test/"}, "link"),
        ({"link": "javascript:{code}"}, "link"),
        ({"link": "http://[{code}"}, "link"),
        ({"rewards_per_month": 101}, "rewards_per_month"),
    ],
)
def test_a_programme_that_cannot_stand(fields, path):
    document = msgspec.convert({**PROGRAMME, **fields}, ReferralProgrammeDocument)
    with pytest.raises(InvalidInput) as refused:
        check_referral_programme(document)
    assert [field.path for field in refused.value.fields] == [path]


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"newcomer_batch": "none"}, "newcomer_batch"),
        ({"reward": {"type": "coupon", "batch": "none"}}, "reward.batch"),
        ({}, "name"),
    ],
)
async def test_what_a_programme_gives_is_there_before_it_is_live(till, fields, path):
    till.begin()
    document = msgspec.convert({**PROGRAMME, **fields}, ReferralProgrammeDocument)

    def publish(conn):
        documents.create(conn, REFERRAL_PROGRAMME, "second", document, EDIT)
        stored = documents.transition(conn, REFERRAL_PROGRAMME, "second", "live", EDIT)
        check_live_referral_programme(stored, conn)

    with pytest.raises(InvalidInput) as refused:
        till.records.write_now(publish)
    assert [field.path for field in refused.value.fields] == [path]
