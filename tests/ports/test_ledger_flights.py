"""Reservations that fly together: everyone is answered, errors reach who they are for."""

import asyncio

import pytest

from queqiao.kernel.errors import Broken, Conflict, InvalidInput, Unavailable
from queqiao.ports.ledger.base import Ask, Clashed, Leased, Refused
from queqiao.ports.ledger.embedded import EmbeddedLedger
from queqiao.ports.ledger.flights import SEATS, Flights, Parties
from queqiao.ports.ledger.remote import RemoteLedger


def ask(key, counter="a", amount=1, limit=10**6):
    return Ask(key, {counter: amount}, {counter: limit}, 10**12)


@pytest.fixture
async def ledger(tmp_path):
    ledger = EmbeddedLedger.open(tmp_path)
    yield ledger
    assert (await ledger.prove()).balanced
    await ledger.close()


async def test_callers_who_come_one_after_the_other_are_all_answered(ledger):
    """Each asks again at once: some arrive in the very turn in which a flight has ended."""
    flights = Flights(ledger)

    async def caller(number):
        for turn in range(40):
            assert await flights.reserve(ask(f"{number}:{turn}"), 1) == Leased(10**12)

    async with asyncio.timeout(30):
        for at_once in (1, 2, 7, 50):
            await asyncio.gather(*(caller(f"{at_once}-{number}") for number in range(at_once)))
    assert (await ledger.balances(["a"]))["a"].leased == 40 * 60


async def test_each_has_its_own_answer(ledger):
    flights = Flights(ledger)
    told = await asyncio.gather(
        flights.reserve(ask("1", "b", 2, 3), 1),
        flights.reserve(ask("2", "b", 2, 3), 1),
        flights.reserve(ask("1", "b", 2, 3), 1),
        flights.reserve(ask("1", "b", 1, 3), 1),
        flights.reserve(ask("", "b"), 1),
        return_exceptions=True,
    )
    assert told[:3] == [Leased(10**12), Refused("b", 1), Leased(10**12)]
    assert [type(one) for one in told[3:]] == [Conflict, InvalidInput]


async def test_asks_of_other_times_do_not_share_a_moment(ledger):
    """A past that is lived again flies apart from today: the window is that of each."""
    flights = Flights(ledger)
    old = Ask("old", {"a": 1}, {"a": 9}, 10**12, 0, 5_000_000)
    told = await asyncio.gather(flights.reserve(old, 1), flights.reserve(ask("new"), 9_000_000))
    assert told == [Leased(10**12), Leased(10**12)]


@pytest.mark.parametrize(("raised", "told"), [(Unavailable(), Unavailable), (ValueError(), Broken)])
async def test_a_flight_that_fails_tells_everyone_and_the_next_one_flies(raised, told):
    class Failing:
        async def reserve_many(self, asks, now_us):
            await asyncio.sleep(0)
            if raised_now:
                raise raised
            return [Leased(1)] * len(asks)

    flights, raised_now = Flights(Failing()), True
    calls = [flights.reserve(ask(str(number)), 1) for number in range(3)]
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert {type(one) for one in results} == {told}
    raised_now = False
    async with asyncio.timeout(5):
        assert await flights.reserve(ask("9"), 1) == Leased(1)


async def test_parties_share_a_flight_and_each_has_its_own_outcomes(ledger):
    flown = []

    async def reserve_many(asks, now_us):
        flown.append(len(asks))
        return await ledger.reserve_many(asks, now_us)

    parties = Parties(reserve_many, 1)
    some = [[ask(f"{party}:{number}") for number in range(party)] for party in range(1, 6)]
    told = await asyncio.gather(*(parties.reserve(asks, 1) for asks in some))
    assert [len(one) for one in told] == [1, 2, 3, 4, 5]
    assert flown == [15]
    refused = await asyncio.gather(
        parties.reserve([ask("last", "b", 2, 2), ask("late", "b", 1, 2)], 2),
        parties.reserve([ask("last", "b", 2, 2), ask("1:0", "a", 2)], 2),
    )
    assert refused == [[Leased(10**12), Refused("b", 0)], [Leased(10**12), Clashed()]]


async def test_a_party_with_a_wrong_ask_is_told_and_the_others_are_served(ledger):
    parties = Parties(ledger.reserve_many, 1)
    wrong = [ask("right"), ask("", "b")]
    told = await asyncio.gather(
        parties.reserve([ask("1")], 1),
        parties.reserve(wrong, 1),
        parties.reserve([ask("2"), ask("3")], 1),
        return_exceptions=True,
    )
    assert told[0] == [Leased(10**12)]
    assert isinstance(told[1], InvalidInput)
    assert told[1].fields[0].path == "asks[1].key"
    assert told[2] == [Leased(10**12)] * 2
    assert await ledger.recall(["right"]) == {}


async def test_a_full_flight_leaves_and_a_party_is_never_parted():
    flown = []

    async def reserve_many(asks, _now_us):
        flown.append(len(asks))
        await asyncio.sleep(0)
        return [Leased(1)] * len(asks)

    parties = Parties(reserve_many, 2)
    sizes = [SEATS - 1, 1, 64, SEATS + 1, 64, 64]
    calls = [parties.reserve([ask("k")] * size, 1) for size in sizes]
    assert [len(told) for told in await asyncio.gather(*calls)] == sizes
    assert flown == [SEATS, 64, SEATS + 1, 128]


async def test_a_defect_leaves_nobody_waiting():
    """Neither who waits for the next flight, nor who flew with a wrong ask, nor who comes later."""
    seen = []
    asyncio.get_running_loop().set_exception_handler(lambda _, told: seen.append(told["exception"]))

    async def reserve_many(asks, _now_us):
        await asyncio.sleep(0)
        if len(asks) > 1:
            raise InvalidInput
        if asks[0].key == "defect":
            raise ValueError
        return [Leased(1)]

    async def call(key, now_us):
        return await parties.reserve([ask(key)], now_us)

    parties = Parties(reserve_many, 1)
    asked = [call("defect", 1), call("with it", 1), call("behind it", 9_000_000)]
    async with asyncio.timeout(5):
        told = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(told[0], Broken)
    assert told[1:] == [[Leased(1)], [Leased(1)]]
    assert [type(one) for one in seen] == [ValueError]


async def test_who_has_given_up_before_boarding_takes_nothing():
    flown, may_land = [], asyncio.Event()

    async def reserve_many(asks, _now_us):
        flown.append([one.key for one in asks])
        await may_land.wait()
        return [Leased(1)] * len(asks)

    parties = Parties(reserve_many, 1)
    calls = [asyncio.create_task(parties.reserve([ask("first")], 1))]
    await asyncio.sleep(0.01)
    calls += [asyncio.create_task(parties.reserve([ask(key)], 1)) for key in ("gone", "last")]
    await asyncio.sleep(0)
    calls[1].cancel()
    may_land.set()
    told = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(one) for one in told] == [list, asyncio.CancelledError, list]
    assert flown == [["first"], ["last"]]


async def test_a_ledger_that_hangs_fails_who_waits_for_the_next_call_as_soon():
    """Whatever is ahead: else each call that hangs would be waited for, one after the other."""

    class Hanging:
        answer_within_s = 0.05

        async def call(self, *_):
            await asyncio.Event().wait()

    ledger = RemoteLedger(Hanging())
    calls = [ledger.reserve_many([ask(str(number))], number * 1_000_000) for number in range(9)]
    async with asyncio.timeout(5):
        told = await asyncio.gather(*calls, return_exceptions=True)
    assert {type(one) for one in told} == {Unavailable}
