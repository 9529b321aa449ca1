"""Charging: from a slice or late, for one notice or a part of a thousand; sums are exact."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ads.shop import NOW_US

from queqiao.decide.ads.charging import LATE_US, Bill, free, parts_counter, settle
from queqiao.kernel.ids import uuid7
from queqiao.ports.ledger.base import Balance, Take
from queqiao.ports.ledger.embedded import EmbeddedLedger

BUDGET, WALLET = "ads:budget:a:2026-06-18", "ads:wallet:brand"
END_US = NOW_US + 60_000_000


def bill(number, price_minor=40, per=1, lease="slice", counters=(BUDGET, WALLET)):
    return Bill(uuid7(NOW_US, lambda _: number), counters, price_minor, per, lease)


@pytest.fixture
async def ledger(tmp_path):
    ledger = EmbeddedLedger.open(tmp_path)
    takes = [Take(BUDGET, 100, 150), Take(WALLET, 100, 150)]
    await ledger.reserve("slice", takes, END_US, NOW_US)
    yield ledger
    assert (await ledger.prove()).balanced
    await ledger.close()


async def balance(ledger, counter=BUDGET):
    return (await ledger.balances([counter]))[counter]


async def test_a_notice_spends_its_part_of_the_slice_from_all_counters_once(ledger):
    for _ in range(3):
        assert await settle(ledger, bill(1), NOW_US) == 40
    for counter in (BUDGET, WALLET):
        assert await balance(ledger, counter) == Balance(150, 60, 40, 50)


async def test_an_invalid_notice_frees_its_part_and_a_valid_one_after_it_is_late(ledger):
    for _ in range(2):
        await free(ledger, bill(1), NOW_US)
    assert await balance(ledger) == Balance(150, 60, 0, 90)
    for _ in range(2):
        assert await settle(ledger, bill(1), NOW_US) == 40
    await free(ledger, bill(1), NOW_US)  # what is spent stays spent
    assert await balance(ledger) == Balance(150, 60, 40, 50)


@pytest.mark.parametrize("lease", ["slice", "nobody", ""])
async def test_a_notice_after_its_lease_costs_what_is_free(ledger, lease):
    late = END_US
    await ledger.expire(late)
    if not lease:  # a reservation of its own, as exchanges' bids have
        await ledger.reserve(bill(1).decision_id, [Take(BUDGET, 40), Take(WALLET, 40)], late, 1)
        await ledger.expire(late)
    await ledger.spend("others", [Take(BUDGET, 80)], late)
    assert await settle(ledger, bill(1, lease=lease), late) == 40
    assert await settle(ledger, bill(2, lease="slice"), late) == 0
    assert await settle(ledger, bill(1, lease=lease), late + LATE_US) == 40
    assert await settle(ledger, bill(3, 1), NOW_US + LATE_US + 1000) == 0


async def test_what_the_slice_has_not_any_more_is_taken_from_what_is_free(ledger):
    assert [await settle(ledger, bill(n), NOW_US) for n in range(4)] == [40, 40, 40, 0]
    assert await balance(ledger) == Balance(150, 20, 120, 10)


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 2_500), st.sampled_from([1, 1_000]), st.integers(1, 3)),
        max_size=12,
    ),
    st.randoms(use_true_random=False),
)
def test_the_costs_of_a_day_are_the_sum_of_its_prices(tmp_path_factory, impressions, random):
    folder = tmp_path_factory.mktemp("ledger")
    bills = [
        (bill(number, price, per), times) for number, (price, per, times) in enumerate(impressions)
    ]
    asyncio.run(_bill_all(folder, bills, random))


async def _bill_all(folder, bills, random):
    ledger = EmbeddedLedger.open(folder)
    most = sum(one.most_minor for one, _ in bills)
    await ledger.reserve("slice", [Take(c, most, most) for c in (BUDGET, WALLET)], END_US, NOW_US)
    told = [one for one, times in bills for _ in range(times)]
    random.shuffle(told)
    costs = dict.fromkeys((one.decision_id for one in told), 0)
    for one in told:
        cost = await settle(ledger, one, NOW_US)
        assert costs[one.decision_id] in (0, cost), "a notice told again costs the same"
        assert cost <= one.most_minor
        costs[one.decision_id] = cost
    whole = sum(one.price_minor for one, _ in bills if one.per == 1)
    parts = sum(one.price_minor for one, _ in bills if one.per == 1_000)
    assert sum(costs.values()) == whole + parts // 1_000
    for counter in (BUDGET, WALLET):
        found = await balance(ledger, counter)
        assert (found.spent, found.leased) == (whole + parts // 1_000, 0)
    assert (await balance(ledger, parts_counter(BUDGET))).spent == parts
    assert (await ledger.prove()).balanced
    await ledger.close()
