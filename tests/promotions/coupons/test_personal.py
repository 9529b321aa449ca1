"""Personal coupons: claimed within their limits, good for who holds them, returned by rule."""

import asyncio

import pytest
from tests.promotions.till import NOW_US, coupon

from queqiao.decide.promotions.coupons import holdings, voids
from queqiao.decide.promotions.coupons.claims import GatheredIssues
from queqiao.decide.promotions.documents.coupon_batch import CouponBatchDocument, PersonalCoupons
from queqiao.kernel.clock import DAY_US, HOUR_US, format_rfc3339, parse_rfc3339
from queqiao.kernel.errors import Conflict, InvalidInput, NotFound, Refused

WALLET = "GET /api/v1/customers/{id}/coupons"
CLAIM = "POST /api/v1/customers/{id}/coupons"


def show(till, count=100, batch=None, **personal):
    document = CouponBatchDocument(
        name="会员券", count=count, personal=PersonalCoupons(**personal), **(batch or {})
    )
    till.keep("b", document)
    till.show({"p": coupon("b")}, {"b": document})


async def claim(till, customer="u1", request_id="", now_us=NOW_US):
    body = {"batch_id": "b", "request_id": request_id}
    status, answer = await till.ask(CLAIM, {"id": customer}, body, now_us=now_us)
    assert status == 201
    return answer


async def wallet(till, customer="u1", now_us=NOW_US, **query):
    return (await till.ask(WALLET, {"id": customer}, query=query, now_us=now_us))[1]


async def refused(awaited):
    with pytest.raises(Refused) as refusal:
        await awaited
    return refusal.value.reason


async def test_a_claimed_coupon_is_in_the_wallet_and_good_for_its_holder_alone(till):
    show(till)
    had = await claim(till)
    assert had["state"] == "issued"
    assert had["promotions"] == [{"id": "p", "name": "welcome"}]
    assert (await wallet(till))["items"] == [had]
    assert (await wallet(till, "u2"))["items"] == []
    assert await refused(till.use("redeem", had["code"], "u2")) == "code_unknown"
    assert (await till.use("lock", had["code"]))["state"] == "locked"
    assert (await wallet(till))["items"][0]["state"] == "locked"
    assert (await till.use("redeem", had["code"]))["state"] == "redeemed"
    assert (await wallet(till))["items"][0]["state"] == "redeemed"
    assert [event["event"] for event in till.events()] == ["Coupon Issued", "Coupon Applied"]


async def test_a_retry_gets_the_same_coupon_and_a_wish_of_its_own_another(till):
    show(till, per_customer=2)
    first = await claim(till, request_id="r1")
    assert await claim(till, request_id="r1") == first
    second = await claim(till, request_id="r2")
    assert second["code"] != first["code"]
    assert await refused(claim(till, request_id="r3")) == "claim_limit"
    assert await claim(till, request_id="r1") == first


async def test_a_rush_takes_each_coupon_once_and_no_more_than_there_are(till):
    show(till, count=40)
    wishes = [claim(till, f"u{number % 60}", f"r{number // 60}") for number in range(180)]
    answers = await asyncio.gather(*wishes, return_exceptions=True)
    had = [answer for answer in answers if isinstance(answer, dict)]
    assert len({one["code"] for one in had}) == len(had) == 40
    reasons = {answer.reason for answer in answers if isinstance(answer, Refused)}
    assert reasons <= {"claim_limit", "batch_exhausted"}


@pytest.mark.parametrize(
    ("personal", "now_us", "reason"),
    [
        ({"claim_starts_at": "2026-06-19T00:00:00Z"}, NOW_US, "claim_not_started"),
        ({"claim_ends_at": "2026-06-18T00:00:00Z"}, NOW_US, "claim_ended"),
        ({"segments_any": ("vip",)}, NOW_US, "segment_missing"),
    ],
)
async def test_not_everybody_may_claim_at_any_time(till, personal, now_us, reason):
    show(till, **personal)
    assert await refused(claim(till, now_us=now_us)) == reason
    if reason == "segment_missing":
        till.segments["u1"] = {"vip"}
        assert (await claim(till))["state"] == "issued"


async def test_only_claimable_batches_can_be_claimed(till):
    show(till, claimable=False)
    with pytest.raises(NotFound):
        await claim(till)
    till.listed("SAVE10")
    with pytest.raises(NotFound):
        await till.ask(CLAIM, {"id": "u1"}, {"batch_id": "welcome"})
    with pytest.raises(InvalidInput) as wrong:
        await till.ask(CLAIM, {"id": "u1"}, {"batch_id": 7})
    assert wrong.value.fields[0].path == "batch_id"


async def test_a_coupon_is_good_for_so_many_days_to_the_end_of_the_hour(till):
    show(till, valid_days=7)
    had = await claim(till, now_us=NOW_US + 1)
    ends_us = parse_rfc3339(had["expires_at"])
    assert ends_us == NOW_US + 7 * DAY_US + HOUR_US
    assert (await wallet(till, now_us=ends_us))["items"][0]["state"] == "expired"
    assert await refused(till.use("redeem", had["code"], now_us=ends_us)) == "code_ended"
    assert (await till.use("redeem", had["code"], now_us=ends_us - 1))["state"] == "redeemed"


async def test_no_coupon_outlives_its_batch(till):
    show(till, valid_days=30, batch={"ends_at": format_rfc3339(NOW_US + DAY_US)})
    assert (await claim(till))["expires_at"] == format_rfc3339(NOW_US + DAY_US)


async def test_a_wallet_is_paged(till):
    show(till, per_customer=5)
    for number in range(5):
        await claim(till, request_id=f"r{number}", now_us=NOW_US + number)
    pages, cursor = [], {}
    while True:
        page = await wallet(till, limit="2", **cursor)
        pages.append([one["code"] for one in page["items"]])
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert [len(page) for page in pages] == [2, 2, 1]
    assert len({code for page in pages for code in page}) == 5


async def test_a_wallet_shows_the_coupons_of_a_state(till):
    show(till, per_customer=3)
    codes = [(await claim(till, request_id=f"r{n}"))["code"] for n in range(3)]
    await till.use("redeem", codes[1])
    usable = (await wallet(till, state="issued"))["items"]
    assert {one["code"] for one in usable} == {codes[0], codes[2]}
    assert [one["code"] for one in (await wallet(till, state="redeemed"))["items"]] == [codes[1]]
    with pytest.raises(InvalidInput) as wrong:
        await wallet(till, state="mine")
    assert wrong.value.fields[0].path == "state"


async def test_a_paused_batch_stays_in_the_wallet(till):
    show(till)
    had = await claim(till)
    till.show({}, {})
    (shown,) = (await wallet(till))["items"]
    assert (shown["code"], shown["state"]) == (had["code"], "unavailable")


@pytest.mark.parametrize(
    ("rule", "late", "reason"),
    [
        ("never", False, "return_never"),
        ("if_unexpired", True, "return_expired"),
        ("if_unexpired", False, None),
        ("always", True, None),
    ],
)
async def test_a_refund_returns_the_use_by_rule(till, rule, late, reason):
    show(till, valid_days=2, batch={"return_on_refund": rule})
    had = await claim(till)
    await till.use("redeem", had["code"])
    now_us = NOW_US + (3 if late else 1) * DAY_US
    if reason is not None:
        assert await refused(till.use("return", had["code"], now_us=now_us)) == reason
        return
    returned = await till.use("return", had["code"], now_us=now_us)
    assert returned["state"] == "returned"
    assert await till.use("return", had["code"], now_us=now_us + 1) == returned
    state = (await wallet(till, now_us=now_us))["items"][0]["state"]
    assert state == ("expired" if late else "issued")
    assert [event["event"] for event in till.events()][-1] == "Coupon Returned"
    assert len(till.events()) == 3


async def test_a_returned_coupon_may_be_good_for_longer_and_is_used_again(till):
    batch = {"return_on_refund": "always", "return_valid_days": 5}
    show(till, valid_days=1, batch=batch)
    had = await claim(till)
    await till.use("redeem", had["code"])
    late_us = NOW_US + 3 * DAY_US
    await till.use("return", had["code"], now_us=late_us)
    (shown,) = (await wallet(till, now_us=late_us))["items"]
    assert shown["state"] == "issued"
    assert parse_rfc3339(shown["expires_at"]) >= late_us + 5 * DAY_US
    assert (await till.use("redeem", had["code"], order="o2", now_us=late_us))[
        "state"
    ] == "redeemed"
    assert (await till.use("return", had["code"], order="o2", now_us=late_us))[
        "state"
    ] == "returned"
    assert (await till.use("redeem", had["code"], now_us=late_us))["state"] == "redeemed"


async def test_what_was_not_redeemed_is_not_returned(till):
    till.listed("SAVE10")
    assert await refused(till.use("return", "SAVE10")) == "not_redeemed"
    await till.use("lock", "SAVE10")
    with pytest.raises(Conflict):
        await till.use("return", "SAVE10")
    await till.use("release", "SAVE10")
    assert await refused(till.use("return", "SAVE10")) == "not_redeemed"


async def test_a_return_gives_every_counter_back(till):
    till.listed("SAVE10", promotion=coupon(total=3, per_customer=3))
    await till.use("lock", "SAVE10")
    await till.use("redeem", "SAVE10")
    await till.use("return", "SAVE10")
    counters = {**await till.ledger.find("coupon:", 99), **await till.ledger.find("promotion:", 99)}
    assert {balance.spent for balance in counters.values()} == {0}
    assert {balance.leased for balance in counters.values()} == {0}


async def order_of_nobody(till, code):
    body = {"order_id": "o9", "currency": "CNY"}
    given = {"promotion_id": "p", "amount": 1_000, "code": code}
    return await till.order({**body, "applied": [given]})


async def test_an_erased_customer_holds_nothing_and_has_no_name(till):
    show(till, per_customer=3)
    codes = [(await claim(till, request_id=f"r{n}"))["code"] for n in range(3)]
    other = await claim(till, "u2")
    erased = till.records.write_now(lambda conn: holdings.forget(conn, ["u1", "nobody"]))
    assert erased == 3
    assert (await wallet(till))["items"] == []
    assert await refused(till.use("redeem", codes[0])) == "code_unknown"
    assert await refused(order_of_nobody(till, codes[0])) == "code_unknown"
    assert (await till.use("redeem", other["code"], "u2"))["state"] == "redeemed"
    assert till.records.read_now(lambda conn: holdings.issued(conn, "b")) == 4


async def test_claims_that_come_while_one_is_written_share_a_transaction(till):
    writes = []

    class Counted:
        async def write(self, work):
            writes.append(1)
            return await till.records.write(work)

    gathered = GatheredIssues(Counted())
    wanted = [holdings.Issue("b", 90, f"u{n % 60}", "claim", f"r{n}", 2**62, 1) for n in range(120)]
    issuing = [gathered.issue(one, NOW_US) for one in wanted]
    answers = await asyncio.gather(*issuing, return_exceptions=True)
    numbers = [one.holding.number for one in answers if not isinstance(one, Refused)]
    assert numbers == list(range(60))
    assert {one.reason for one in answers if isinstance(one, Refused)} == {"claim_limit"}
    assert len(writes) <= 2
    again = await gathered.issue(wanted[0], NOW_US + 1)
    assert (again.holding.number, again.is_new) == (0, False)


def test_void_numbers_are_passed_over(till):
    def work(conn):
        voids.add(conn, "b", [(0, 3), (5, 6)], voids.Voiding("r", "boss", NOW_US))
        wanted = [holdings.Issue("b", 8, f"u{n}", "claim", "r", 2**62) for n in range(6)]
        return holdings.issue_all(conn, wanted, NOW_US)

    answers = till.records.write_now(work)
    assert [one.holding.number for one in answers[:4]] == [3, 4, 6, 7]
    assert [one.reason for one in answers[4:]] == ["batch_exhausted"] * 2
