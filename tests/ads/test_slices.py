"""Slices: budgets promised from memory are never passed, whoever dies, and nothing is stranded."""

import asyncio
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ads.shop import NOW_US

from queqiao.decide.ads.budgets import Asked, Budgets, Lease, counter, total_counter
from queqiao.decide.ads.charging import Bill, free, late_key_of, settle
from queqiao.decide.ads.slices import AHEAD_US, LEASE_US, SHARE, USE_US, Purse, Slice, Terms
from queqiao.decide.ads.targeting.index import PART_BITS, Index
from queqiao.decide.ads.traffic.refunds import refund
from queqiao.decide.ads.wallets.account import Account, purse, wallet_counter
from queqiao.kernel.clock import SECOND_US, day_start_us
from queqiao.kernel.errors import Unavailable
from queqiao.kernel.ids import uuid7
from queqiao.ports.ledger.base import Balance
from queqiao.ports.ledger.embedded import EmbeddedLedger
from queqiao.ports.ledger.purses import put_on

ZONE = "Asia/Shanghai"
BRAND = Account("brand", "CNY", prepaid=True)
TODAY = "2026-06-18"


class Counted:
    """A ledger that counts how often it is asked."""

    def __init__(self, ledger):
        self.ledger, self.asked = ledger, 0

    async def reserve_many(self, asks, now_us):
        self.asked += 1
        return await self.ledger.reserve_many(asks, now_us)

    def __getattr__(self, name):
        return getattr(self.ledger, name)


@pytest.fixture
async def ledger(tmp_path):
    ledger = EmbeddedLedger.open(tmp_path)
    yield Counted(ledger)
    assert (await ledger.prove()).balanced
    await ledger.close()


def asked(price_minor, daily_minor=10_000, campaign_id="a", account=None):
    return Asked(campaign_id, price_minor, daily_minor, account)


async def promise(budgets, wanted, now_us=NOW_US):
    return budgets.take(wanted, now_us) or await budgets.lease(wanted, now_us)


async def balance(ledger, day=TODAY):
    name = counter("a", day)
    return (await ledger.balances([name]))[name]


async def test_a_campaign_that_shows_now_and_then_holds_the_price_of_one_ad(ledger):
    budgets = Budgets(ledger, ZONE, "w")
    for number in range(5):
        now_us = NOW_US + number * 2 * AHEAD_US
        assert isinstance(await promise(budgets, asked(80), now_us), Lease)
        await budgets.tidy(now_us)
        assert (await balance(ledger)).leased <= 80 * (number + 2)
    await budgets.close(NOW_US + 10 * AHEAD_US)
    assert (await balance(ledger)).leased == 5 * 80


async def test_a_burst_asks_the_ledger_seldom_and_waits_for_it_more_seldom(ledger):
    budgets, waited = Budgets(ledger, ZONE, "w"), 0
    wanted = asked(100, 10**9)
    for number in range(20_000):  # 1,000 a second
        now_us = NOW_US + number * 1_000
        if budgets.take(wanted, now_us) is None:
            waited += 1
            assert isinstance(await budgets.lease(wanted, now_us), Lease)
        if number % 100 == 0:
            await asyncio.sleep(0.001)
    assert waited <= 12
    assert ledger.asked <= 30
    await budgets.close(NOW_US + 20 * SECOND_US)
    assert (await balance(ledger)).leased == 20_000 * 100


@pytest.mark.parametrize("workers", [1, 4])
async def test_a_budget_is_promised_to_the_last_price_and_never_beyond(ledger, workers):
    crowd = [Budgets(ledger, ZONE, f"w{n}") for n in range(workers)]

    async def show(budgets):
        leases = []
        while isinstance(found := await promise(budgets, asked(7, 1_000)), Lease):
            leases.append(found)
            await asyncio.sleep(0)
        assert found == "budget"
        return leases

    shown = await asyncio.gather(*(show(one) for one in crowd))
    promised = [lease for leases in shown for lease in leases]
    for one in crowd:
        await one.tidy(NOW_US + USE_US)
    found = await balance(ledger)
    assert found.leased == 7 * len(promised)
    assert found.free >= 1_000 - found.leased
    stranded = found.free // 7
    assert stranded == 0 if workers == 1 else stranded <= workers


async def test_calls_of_different_hours_do_not_wait_for_each_other(ledger):
    """Each had to ask in its turn: on a busy machine the last ones got no ad, or other ones."""
    wanted, count = asked(1_000, 30_000), 16
    asked_at_once = asyncio.Event()

    class Slow:
        """Answers nobody before all have asked, as a disk that is busy."""

        waiting = 0

        async def reserve_many(self, asks, now_us):
            self.waiting += 1
            if self.waiting == count:
                asked_at_once.set()
            await asked_at_once.wait()
            return await ledger.reserve_many(asks, now_us)

    budgets = Budgets(Slow(), ZONE, "w", alone=True)
    calls = (promise(budgets, wanted, NOW_US + at * 20 * 60 * SECOND_US) for at in range(count))
    leases = await asyncio.wait_for(asyncio.gather(*calls), 5)
    assert len({lease.key for lease in leases}) == count
    assert ledger.asked == count


async def test_who_asks_alone_promises_the_budget_and_no_more(ledger):
    budgets = Budgets(ledger, ZONE, "w", alone=True)
    found = [await promise(budgets, asked(60, 200)) for _ in range(4)]
    assert [isinstance(one, Lease) for one in found] == [True] * 3 + [False]
    assert found[3] == "budget"
    assert budgets.short(NOW_US) == {}, "what another call met is no reason for this one"
    bill = Bill(uuid7(NOW_US, lambda bits: 7), found[0].counters, 60, lease=found[0].key)
    assert await settle(ledger, bill, NOW_US + SECOND_US) == 60
    await budgets.tidy(NOW_US + 400 * 24 * 3_600 * SECOND_US)
    assert (await balance(ledger)).leased == 120, "the machine's clock ends nothing of the past"
    paid = asked(60, 10_000, account=BRAND)
    assert await promise(budgets, paid) == "wallet"


async def test_who_finds_an_answer_that_others_took_asks_again(ledger):
    """An ask that has come to its end is nobody's wait: its slice may be promised already."""
    budgets, wanted = Budgets(ledger, ZONE, "w"), asked(60)
    for _ in range(3):
        await promise(budgets, wanted)
    (purse_of,) = budgets._purses.values()
    asking = budgets._asking.get(purse_of) or budgets._ask_for(purse_of, wanted, NOW_US)
    while not asking.done():  # noqa: ASYNC110  # the moment between its end and its callbacks
        await asyncio.sleep(0)
    while budgets.take(wanted, NOW_US) is not None:
        continue
    async with asyncio.timeout(5):
        assert isinstance(await budgets.lease(wanted, NOW_US), Lease)


async def test_the_slices_of_a_killed_worker_pay_for_its_ads_and_end(ledger):
    killed, other = Budgets(ledger, ZONE, "killed"), Budgets(ledger, ZONE, "other")
    leases = [await promise(killed, asked(50)) for _ in range(40)]
    del killed
    assert (await balance(ledger)).leased >= 40 * 50
    for number, lease in enumerate(leases[:10]):
        bill = Bill(uuid7(NOW_US, lambda _, n=number: n), lease.counters, 50, 1, lease.key)
        assert await settle(ledger, bill, NOW_US + LEASE_US - 1) == 50
    await ledger.expire(NOW_US + USE_US + LEASE_US)
    assert await balance(ledger) == Balance(10_000, 0, 500, 9_500)
    later = NOW_US + USE_US + LEASE_US
    assert isinstance(await promise(other, asked(9_500), later), Lease)


async def test_a_worker_that_stops_gives_back_what_it_did_not_promise(ledger):
    budgets = Budgets(ledger, ZONE, "w")
    for _ in range(100):
        await promise(budgets, asked(9, 100_000))
    held = (await balance(ledger)).leased
    assert held > 900
    await budgets.close(NOW_US)
    assert (await balance(ledger)).leased == 900


async def test_a_changed_budget_or_payer_holds_from_the_next_ad_on(ledger):
    budgets = Budgets(ledger, ZONE, "w")
    for _ in range(100):
        await promise(budgets, asked(9, 100_000))
    assert await promise(budgets, asked(9, 850)) == "budget"
    await budgets.tidy(NOW_US)
    assert await balance(ledger) == Balance(900, 900, 0, 0)
    bound = Asked("a", 9, 2_000, total_minor=900)
    found = await promise(budgets, bound)
    assert found.counters == (counter("a", TODAY), total_counter("a"))
    await put_on(ledger, purse("brand"), 9, "pay", NOW_US)
    paid = await promise(budgets, asked(9, 2_000, account=BRAND))
    assert paid.counters == (counter("a", TODAY), *BRAND.counters(TODAY))
    assert await promise(budgets, asked(9, 2_000, account=BRAND)) == "wallet"
    assert budgets.short(NOW_US) == {"a": "wallet"}


async def test_a_clock_that_steps_back_over_midnight_gives_no_second_budget(ledger):
    budgets, midnight_us = Budgets(ledger, ZONE, "w"), day_start_us("2026-06-19", ZONE)
    promised = {TODAY: 0, "2026-06-19": 0}
    for number in range(200):
        step_us = 1_000 + number
        now_us = midnight_us + (step_us if number // 20 % 2 else -step_us)
        found = await promise(budgets, asked(9, 450), now_us)
        if isinstance(found, Lease):
            day = budgets.day(now_us)
            assert found.counters == (counter("a", day),)
            promised[day] += 9
    assert promised == {TODAY: 450, "2026-06-19": 450}
    await budgets.close(midnight_us)
    for day, amount in promised.items():
        assert (await balance(ledger, day)).leased == amount


async def test_without_the_ledger_only_what_is_held_is_promised(ledger):
    class Away:
        async def reserve_many(self, asks, now_us):
            raise Unavailable

    budgets = Budgets(ledger, ZONE, "w")
    for _ in range(30):
        await promise(budgets, asked(9, 100_000))
    held, promised = (await balance(ledger)).leased, 30 * 9
    budgets._ledger = Away()
    while budgets.take(asked(9, 100_000), NOW_US) is not None:
        promised += 9
    with pytest.raises(Unavailable):
        await budgets.lease(asked(9, 100_000), NOW_US)
    assert held - 9 < promised <= held


def test_a_slice_is_at_most_a_share_of_the_day_or_one_price():
    held = Purse(Terms(1_000), NOW_US)
    held.waiting_minor = 500
    assert held.wanted_minor(3, NOW_US) == 1_000 // SHARE
    assert held.wanted_minor(70, NOW_US) == 70
    held.asked = 5
    assert not held.is_low(70, NOW_US), "what may never be promised is not asked ahead"


def test_a_slice_promises_no_more_when_its_time_is_over():
    held = Purse(Terms(1_000), NOW_US)
    held.put(Slice("s1", ("c",), 100, NOW_US + USE_US))
    assert held.take(60, NOW_US + USE_US - 1).key == "s1"
    assert held.take(30, NOW_US + USE_US) is None
    assert [(one.key, one.left_minor) for one in held.spare] == [("s1", 40)]


@given(st.sets(st.integers(0, 4 * PART_BITS)))
def test_bits_are_walked_in_their_order(positions):
    index = SimpleNamespace(entries=range(4 * PART_BITS + 1))
    bits = sum(1 << position for position in positions)
    assert list(Index.walk(index, bits)) == sorted(positions)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("show"), st.integers(0, 3), st.sampled_from("ab"), st.integers(1, 30)),
        st.tuples(st.just("click"), st.integers(0, 30)),
        st.tuples(st.just("invalid"), st.integers(0, 30)),
        st.tuples(st.just("refund"), st.integers(0, 30)),
        st.tuples(st.just("die"), st.integers(0, 3)),
        st.tuples(st.just("stop"), st.integers(0, 3)),
        st.tuples(st.just("restart")),
        st.tuples(st.just("budget"), st.sampled_from("ab"), st.integers(30, 200)),
        st.tuples(st.just("pay"), st.integers(1, 100)),
        st.tuples(st.just("wait"), st.sampled_from((1, 20, 45, 700, 40_000))),
    ),
    max_size=60,
)


@settings(max_examples=25, deadline=None)
@given(STEPS)
def test_the_law_holds_at_every_step(tmp_path_factory, steps):
    asyncio.run(History(tmp_path_factory.mktemp("ledger")).live(steps))


class History:
    """Four workers, two campaigns of one wallet, clicks in time and late, deaths and restarts."""

    def __init__(self, folder):
        self.folder, self.now_us, self.serial = folder, NOW_US, 0
        self.daily, self.most = {"a": 100, "b": 60}, {}
        self.workers, self.bills, self.costs, self.paid_in = {}, [], {}, 0

    async def live(self, steps):
        self.ledger = EmbeddedLedger.open(self.folder)
        for what, *told in steps:
            await getattr(self, what)(*told)
            await self.check()
        await self.ledger.close()

    async def show(self, worker, campaign_id, price_minor):
        self.serial += 1
        budgets = self.workers.setdefault(worker, Budgets(self.ledger, ZONE, f"w{self.serial}"))
        await budgets.tidy(self.now_us)
        wanted = asked(price_minor, self.daily[campaign_id], campaign_id, BRAND)
        found = await promise(budgets, wanted, self.now_us)
        if isinstance(found, Lease):
            day = counter(campaign_id, budgets.day(self.now_us))
            self.most[day] = max(self.most.get(day, 0), self.daily[campaign_id])
            decision_id = uuid7(self.now_us, lambda _: self.serial)
            self.bills.append(Bill(decision_id, found.counters, price_minor, 1, found.key))

    async def click(self, number):
        if number < len(self.bills):
            bill = self.bills[number]
            cost = await settle(self.ledger, bill, self.now_us)
            assert cost in (0, bill.price_minor)
            assert cost == self.costs.setdefault(bill.decision_id, cost), "told again"

    async def invalid(self, number):
        if number < len(self.bills):
            await free(self.ledger, self.bills[number], self.now_us)

    async def refund(self, number):
        if number < len(self.bills):
            bill = self.bills[number]
            keys = (bill.decision_id, late_key_of(bill.decision_id))
            back = await refund(self.ledger, keys, bill.counters[0], self.now_us)
            assert back == self.costs.get(bill.decision_id, 0)
            self.refunded = {*getattr(self, "refunded", set()), bill.decision_id}

    async def die(self, worker):
        self.workers.pop(worker, None)

    async def stop(self, worker):
        if worker in self.workers:
            await self.workers.pop(worker).close(self.now_us)

    async def restart(self):
        for budgets in self.workers.values():
            await budgets.close(self.now_us)
        await self.ledger.close()
        self.ledger = EmbeddedLedger.open(self.folder)
        self.workers = {}

    async def budget(self, campaign_id, daily_minor):
        self.daily[campaign_id] = daily_minor

    async def pay(self, amount):
        self.serial += 1
        await put_on(self.ledger, purse("brand"), amount, f"pay{self.serial}", self.now_us)
        self.paid_in += amount

    async def wait(self, seconds):
        self.now_us += seconds * SECOND_US

    async def check(self):
        """Spent + leased + free is the limit, nothing is below 0, and costs are what was spent."""
        proof = await self.ledger.prove()
        assert proof.balanced, proof.faults
        gone = getattr(self, "refunded", set())
        costs = {
            bill.decision_id: 0 if bill.decision_id in gone else self.costs.get(bill.decision_id, 0)
            for bill in self.bills
        }
        for day, most in self.most.items():
            found = (await self.ledger.balances([day]))[day]
            spent = sum(costs[bill.decision_id] for bill in self.bills if bill.counters[0] == day)
            assert found.spent == spent <= most
        wallet = wallet_counter("brand")
        found = (await self.ledger.balances([wallet]))[wallet]
        assert min(found.free, found.leased) >= 0
        assert found.free + found.leased == self.paid_in - sum(costs.values())
