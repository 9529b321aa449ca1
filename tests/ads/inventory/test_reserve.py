"""Learned floors: what they add on days that were not learned from, and what they never do."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ads.inventory.drawn import campaign_of, placement_of
from tests.ads.shop import NOW_US

from queqiao.decide.ads.auction import FIRST_SLOT, Bid
from queqiao.decide.ads.contracts import PLACEMENT
from queqiao.decide.ads.hot_state import snapshot
from queqiao.decide.ads.inventory import reserve_log
from queqiao.decide.ads.inventory.reserve import HOURS, Seen, candidates, gains, learned, revenue
from queqiao.decide.ads.inventory.upkeep import InventoryUpkeep
from queqiao.decide.ads.targeting.index import Facts
from queqiao.kernel.clock import HOUR_US, SECOND_US
from queqiao.ports.records import artifacts, documents
from queqiao.ports.records.audit import SYSTEM
from queqiao.ports.records.sqlite import SqliteRecords

RATE = 10_000_000


def market_day(folder, episode, part, step=20):
    """A day of AuctionNet: of its eight advertisers, each takes part in so many auctions."""
    day = np.load(folder / f"auctionnet/ep{episode}_pv100000.npz")
    hours = np.repeat(np.arange(48) // 2, day["pv_num"])
    values = np.maximum(1, np.rint(day["p"] * day["cpa"] * 10_000)).astype(int)
    rng = np.random.default_rng(episode)
    return [
        Seen(int(hours[at]), _bids(values[at], rng.random(8) < part), at, FIRST_SLOT)
        for at in range(0, len(hours), step)
    ]


def _bids(values, takes_part):
    return [Bid(f"{n}", 1, int(v), RATE) for n, v in enumerate(values) if takes_part[n]]


def lift(floors, day):
    earned = sum(revenue(one, floors[one.hour]) for one in day)
    return earned / sum(revenue(one, 1) for one in day) - 1


@pytest.mark.parametrize(("part", "least"), [(0.5, 0.02), (0.3, 0.15), (1.0, -0.002)])
def test_on_another_day_the_learned_floor_earns_more_where_few_bid(shared_data, part, least):
    one, other = (market_day(shared_data, episode, part) for episode in (0, 1))
    assert lift(learned(one, 1), other) >= least
    assert lift(learned(other, 1), one) >= least


def lone(hour, bid_minor, at):
    return Seen(hour, [Bid("a", 1, bid_minor, RATE)], at, FIRST_SLOT)


def test_a_lone_bidder_whose_worth_is_even_pays_half_of_the_most():
    draws = random.Random(4)
    seen = [lone(at % HOURS, draws.randint(1, 1_000), at) for at in range(6_000)]
    assert all(400 <= floor <= 600 for floor in learned(seen, 1))  # Myerson: half of the most


def test_hours_that_differ_have_floors_that_differ():
    draws = random.Random(4)
    seen = [
        lone(at % HOURS, draws.randint(1, 2_000 if at % HOURS >= 12 else 400), at)
        for at in range(12_000)
    ]
    floors = learned(seen, 1)
    assert min(floors[12:]) > 2 * max(floors[:12])


def test_where_nothing_is_known_the_own_floor_stays():
    assert learned([], 30) == [30] * HOURS
    assert learned([lone(0, 100, at) for at in range(199)], 30) == [30] * HOURS


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), base=st.integers(0, 200), room=st.integers(1, 200))
def test_a_learned_floor_lies_between_the_bounds(seed, base, room):
    draws = random.Random(seed)
    most = draws.randint(1, 500)
    seen = [
        Seen(at % 24, _some_bids(draws, most), draws.randint(0, 9), FIRST_SLOT) for at in range(220)
    ]
    for floor in learned(seen, base, base + room):
        assert base <= floor <= base + room
    tried = candidates(seen, base, base + room)
    assert gains(seen, tried, base).shape == (len(seen), len(tried))


def _some_bids(draws, most):
    return [Bid(f"{n}", 1, draws.randint(1, most), RATE) for n in range(draws.randint(0, 3))]


@given(
    learned_minor=st.lists(st.integers(0, 10**6), min_size=HOURS, max_size=HOURS),
    base=st.integers(0, 500),
    room=st.integers(1, 500),
    hours=st.integers(0, 200),
)
def test_in_use_it_is_never_below_the_static_floor_nor_above_its_bound(
    learned_minor, base, room, hours
):
    asked = {"floor_minor": base, "dynamic_floor": {"max_minor": base + room}}
    asked["floors"] = [{"floor_minor": base + 7, "channels_any": ["app"]}]
    places = [placement_of("home", asked)]
    place = snapshot(places, [], floors={"home": learned_minor}).placements["home"]
    for channel, static in (("app", base + 7), ("web", base)):
        floor = place.floor(Facts(frozenset(), channel, NOW_US + hours * HOUR_US)).minor
        assert static <= floor <= max(static, base + room)


def test_a_share_of_the_moments_keeps_the_own_floor():
    asked = {"dynamic_floor": {"explore_percent": 20}}
    places, campaigns = [placement_of("home", asked)], [campaign_of("a", {"bid": 50})]
    place = snapshot(places, campaigns, floors={"home": [60] * 24}).placements["home"]
    found = [place.floor(Facts(frozenset(), "", NOW_US + at)) for at in range(3_000)]
    share = sum(floor.rule == "floor_minor" for floor in found) / 3_000
    assert share == pytest.approx(0.2, abs=0.03)
    held = [place.choose(Facts(frozenset(), "", NOW_US + at), at) for at in range(50)]
    for award, floor in zip(held, found, strict=False):
        assert (award is None) == (floor.minor == 60)


async def test_floors_are_learned_from_the_log_and_used(shop, warehouse, tmp_path):
    records = SqliteRecords(tmp_path / "records.sqlite")
    records.upgrade()
    place = placement_of("home", {"dynamic_floor": {"max_minor": 900}})
    edit = documents.Edit(SYSTEM, NOW_US)

    def store(conn):
        documents.create(conn, PLACEMENT, "home", place.document, edit)
        documents.transition(conn, PLACEMENT, "home", "live", edit)

    await records.write(store)
    draws = random.Random(3)
    for number in range(220):
        shop.show([place], [campaign_of("a", {"bid": draws.randint(10, 1_000)})])
        await shop.ask(now_us=NOW_US + number * SECOND_US)
    await warehouse.load()
    upkeep = InventoryUpkeep(warehouse, records, "Asia/Shanghai")
    await upkeep.learn_floors(NOW_US + HOUR_US)
    found = await records.read(lambda conn: artifacts.get(conn, reserve_log.ARTIFACT))
    floors = reserve_log.decode(found[1])
    assert 250 <= floors["home"][12] <= 750
    shop.hot = snapshot([place], [campaign_of("a", {"bid": 1_000})], floors=floors)
    ads = [(await shop.ask(now_us=NOW_US + at))["decisions"][0] for at in range(12)]
    (dearest,) = {ad["price_minor"] for ad in ads} - {10}
    assert dearest == floors["home"][12]
    why = [(await shop.why(ad["decision_id"]))["decision"]["floor_rule"] for ad in ads]
    assert set(why) <= {"dynamic_floor", "floor_minor"}
    assert (await shop.why(ads[0]["decision_id"]))["replay"]["equal"]
