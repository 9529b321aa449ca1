"""What a guesser learns: nothing. And how often one may guess."""

import pytest
from tests.promotions.till import NOW_US, coupon

from queqiao.decide.promotions.coupons import holdings
from queqiao.decide.promotions.coupons.code_book import PURPOSE
from queqiao.decide.promotions.coupons.codes import CodeMaker, CodeSpace
from queqiao.decide.promotions.coupons.guesses import (
    ADDRESS_GUESSES_MAX,
    CUSTOMER_GUESSES_MAX,
    WINDOW_US,
)
from queqiao.decide.promotions.coupons.ranges import Ranges
from queqiao.decide.promotions.documents.coupon_batch import CouponBatchDocument, PersonalCoupons
from queqiao.kernel.errors import Refused, TooManyRequests
from queqiao.kernel.problem import problem

SECRET = b"the coupon key of the test, long"
OPEN = CouponBatchDocument(name="open", prefix="o-", count=100)
MINE = CouponBatchDocument(name="mine", prefix="m-", count=100, personal=PersonalCoupons())


def code(batch, number):
    document = {"open": OPEN, "mine": MINE}[batch]
    return CodeMaker(CodeSpace(SECRET, PURPOSE), batch, document.prefix, 1_000).code(number)


@pytest.fixture
def shop(till):
    """Number 5 of ``mine`` is of u1; number 3 of ``open`` is void."""
    voids = {"open": Ranges([(3, 4)])}
    till.show({"p": coupon("open"), "q": coupon("mine")}, {"open": OPEN, "mine": MINE}, voids)
    for number in range(6):
        wanted = holdings.Issue("mine", 100, "u1", "claim", f"r{number}", 2**62)
        till.records.write_now(lambda conn, wanted=wanted: holdings.issue(conn, wanted, NOW_US))
    return till


WRONG = {
    "a guess": "O-0123456789AB",
    "no form of a code": "x",
    "another prefix": "Z-" + code("open", 1)[2:],
    "above the count": code("open", 100),
    "void": code("open", 3),
    "somebody else's": code("mine", 5),
    "nobody's": code("mine", 50),
}


class Spy:
    """Notes every call of a part, and passes it on."""

    def __init__(self, part, name, calls):
        self._part, self._name, self._calls = part, name, calls

    def __getattr__(self, method):
        call = getattr(self._part, method)

        def noted(*arguments):
            self._calls.append(f"{self._name}.{method}")
            return call(*arguments)

        return noted


def spied(till, monkeypatch):
    """Return the list that calls of ledger, records and log, and blocks of the cipher, go to."""
    calls = []
    coupons = till.coupons
    for name in ("ledger", "records", "event_log"):
        monkeypatch.setattr(coupons, f"_{name}", Spy(getattr(coupons, f"_{name}"), name, calls))
    monkeypatch.setattr(coupons._guesses, "_ledger", Spy(till.ledger, "ledger", calls))
    space = till.shop.promotions.code_book._space
    aes = space._aes
    monkeypatch.setattr(space, "_aes", lambda block: (calls.append("aes"), aes(block))[1])
    return calls


@pytest.mark.parametrize("verb", ["validate", "lock", "redeem", "release", "return"])
async def test_every_wrong_code_costs_the_same_work_and_gets_the_same_answer(
    shop, monkeypatch, verb
):
    calls = spied(shop, monkeypatch)
    seen = set()
    for number, wrong in enumerate(WRONG.values()):
        calls.clear()
        try:
            answer = repr(await shop.use(verb, wrong, f"guesser{number}"))
        except Refused as refused:
            answer = problem(refused, "en", None)
        seen.add((answer, tuple(calls)))
    ((answer, work),) = seen
    assert "code_unknown" in str(answer)
    assert work.count("aes") == 10
    assert [call for call in work if call != "aes"] == [
        "records.read",
        "ledger.balances",
        "ledger.reserve",
    ]


async def test_the_quote_tells_no_more(shop):
    body = {
        "currency": "CNY",
        "customer": {"id": "u2"},
        "cart": {"lines": [{"id": "1", "sku": "A", "quantity": 1}]},
        "codes": [*WRONG.values(), code("open", 7)],
    }
    answer = await shop.post("quote", body)
    told = {one["code"]: one["reason"] for one in answer["refused"] if "code" in one}
    assert {told[wrong] for wrong in WRONG.values()} == {"code_unknown"}
    assert [one["code"] for one in answer["applied"]] == [code("open", 7)]


async def test_after_so_many_guesses_right_codes_are_refused_in_the_same_way(shop):
    for number in range(CUSTOMER_GUESSES_MAX):
        with pytest.raises(Refused):
            await shop.use("redeem", f"guess{number}", "u9")
    told = set()
    for text in ("guess", code("open", 1), code("mine", 5)):
        with pytest.raises(TooManyRequests) as refused:
            await shop.use("redeem", text, "u9")
        assert 0 < refused.value.retry_after_s <= WINDOW_US // 1_000_000
        told.add(problem(refused.value, "en", None))
    assert len(told) == 1
    assert (await shop.use("redeem", code("open", 1), "u8"))["state"] == "redeemed"
    later_us = NOW_US + WINDOW_US
    assert (await shop.use("redeem", code("open", 2), "u9", "o9", later_us))["state"] == "redeemed"


async def test_guesses_of_an_address_are_counted_whoever_asks(shop):
    for number in range(ADDRESS_GUESSES_MAX):
        with pytest.raises(Refused):
            await shop.use("lock", f"guess{number}", f"new{number}", address="10.1.1.1")
    with pytest.raises(TooManyRequests):
        await shop.use("lock", code("open", 1), "another", address="10.1.1.1")
    assert await shop.use("lock", code("open", 1), "another", address="10.1.1.2")


async def test_the_same_slip_again_is_one_guess(shop):
    for _ in range(3 * CUSTOMER_GUESSES_MAX):
        assert not (await shop.use("validate", "SLIP", "u9"))["valid"]
    assert (await shop.use("redeem", code("open", 1), "u9"))["state"] == "redeemed"


async def test_a_budget_survives_a_restart_of_the_till(shop):
    for number in range(CUSTOMER_GUESSES_MAX):
        await shop.use("validate", f"guess{number}", "u9")
    await shop.restart()
    with pytest.raises(TooManyRequests):
        await shop.use("redeem", code("open", 1), "u9")


async def test_counters_of_guesses_name_nobody(shop):
    await shop.use("validate", "guess", "a name", address="10.1.1.1")
    names = list(await shop.ledger.find("guess:", 10))
    assert len(names) == 2
    assert all(len(name.rsplit(":", 1)[1]) == 5 for name in names)


async def test_what_stands_for_a_code_of_an_inline_promotion_is_no_guess(shop):
    draft = {"name": "d", "benefit": {"type": "fixed", "amount": 1}, "code_batch": "try"}
    body = {"customer": {"id": "u2"}, "cart": {"lines": [{"sku": "A"}]}, "promotions": [draft]}
    for _ in range(CUSTOMER_GUESSES_MAX + 1):
        answer = await shop.post("quote", {**body, "codes": ["try"]})
        assert answer["totals"]["discount"] == 1
    for number in range(CUSTOMER_GUESSES_MAX):
        await shop.post("quote", {**body, "codes": [f"guess{number}"]})
    with pytest.raises(TooManyRequests):
        await shop.post("quote", {**body, "codes": ["one too many"]})


async def test_an_inline_promotion_does_not_tell_whether_a_code_is_real(shop):
    told = set()
    for text in ("O-0123456789AB", code("open", 1)):
        draft = {"name": "d", "benefit": {"type": "fixed", "amount": 1}, "code_batch": text}
        body = {"cart": {"lines": [{"sku": "A"}]}, "promotions": [draft], "codes": [text]}
        answer = await shop.post("quote", body)
        told.add((answer["totals"]["discount"], str(answer["refused"])))
    assert told == {(1, "[]")}
