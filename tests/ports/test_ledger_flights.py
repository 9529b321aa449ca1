"""Reservations that fly together: everyone is answered, errors reach who they are for."""

import asyncio

import pytest

from queqiao.kernel.errors import Broken, Conflict, InvalidInput, Unavailable
from queqiao.ports.ledger.base import Ask, Leased, Refused
from queqiao.ports.ledger.embedded import EmbeddedLedger
from queqiao.ports.ledger.flights import Flights


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
