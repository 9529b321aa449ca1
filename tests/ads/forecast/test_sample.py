"""From decisions to the sample: the log, the warehouse, the columns."""

import random

import numpy as np
from tests.ads.shop import NOW_US, campaign, placement

from queqiao.decide.ads.forecast import sample
from queqiao.decide.ads.forecast.opportunities import UNTOLD, hashed
from queqiao.decide.ads.forecast.results import Result
from queqiao.kernel.clock import DAY_US, HOUR_US, SECOND_US

GROVE = {"field": "geo.region", "op": "in", "value": ["CN-44"]}


async def test_slots_that_were_filled_or_not_are_rows_of_the_sample(shop, warehouse):
    shop.show(
        [placement(), placement("search", floor_minor=70)],
        [campaign("a", 100, segments=["gold"], expression=GROVE), campaign("b", 90)],
    )
    shop.segments = {"u1": frozenset({"gold"})}
    body = {
        "placements": [{"id": "home", "count": 3}, {"id": "search"}],
        "user": {"id": "u1", "anonymous_id": "d1"},
        "context": {"channel": "app", "geo": {"region": "CN-44"}},
    }
    first, second = (await shop.ask(body))["decisions"]
    assert (first["campaign_id"], second["campaign_id"]) == ("a", "b")
    await shop.tell(first["tracking"]["impression"], NOW_US + SECOND_US)
    await shop.tell(first["tracking"]["click"], NOW_US + 2 * SECOND_US)
    await shop.ask({"placements": [{"id": "search"}]}, NOW_US + HOUR_US)

    made = await sample.sample(await warehouse(), NOW_US + DAY_US)
    found = made.opportunities
    assert made.share == 1
    assert [found.places[at] for at in found.place] == ["home"] * 3 + ["search"] * 2
    assert found.floor_minor.tolist() == [10, 10, 10, 70, 70]
    rivals = [found.campaigns[at] if at != UNTOLD else None for at in found.first]
    assert rivals == ["a", "b", None, None, None]
    assert found.first_worth[:2].tolist() == [100 * 0.005, 90 * 0.005]
    assert [found.campaigns[at] if at >= 0 else None for at in found.second][:2] == ["b", None]
    assert (found.person != 0).tolist() == [True] * 4 + [False]
    assert found.user.tolist() == [hashed("u1")] * 4 + [0]
    assert found.device.tolist() == [hashed("d1")] * 4 + [0]
    assert len(set(found.request[:3].tolist())) == 1
    assert len(set(found.request.tolist())) == 3
    assert [found.segment_sets[at] for at in found.segments] == [["gold"]] * 4 + [[]]
    region = found.fields["geo.region"]
    assert [found.values["geo.region"][at] for at in region[:3]] == [["CN-44"]] * 3
    assert region[4] == UNTOLD
    assert made.results == [
        Result("a", "home", 1, 1, 1, 0, first["price_minor"]),
        Result("b", "home", 1, 0, 0, 0, 0),
    ]


async def test_an_artifact_is_read_as_it_was_written(shop, warehouse):
    shop.show([placement()], [campaign("a", 100), campaign("b", 90)])
    for number in range(5):
        await shop.ask(
            {"placements": [{"id": "home", "count": 2}], "user": {"anonymous_id": f"d{number}"}}
        )
    made = await sample.sample(await warehouse(), NOW_US + DAY_US)
    again = sample.decode(sample.encode(made))
    assert again.results == made.results
    for name in sample.COLUMNS:
        assert np.array_equal(getattr(again.opportunities, name), getattr(made.opportunities, name))
    assert (again.since_us, again.until_us, again.share) == (
        made.since_us,
        made.until_us,
        made.share,
    )


async def test_a_sample_holds_whole_people(shop, warehouse):
    shop.show([placement()], [campaign("a", 100)])
    chance = random.Random(3)
    for _ in range(400):
        user = {"anonymous_id": f"d{chance.randrange(100)}"}
        await shop.ask({"placements": [{"id": "home"}], "user": user})
    loaded = await warehouse()
    whole = (await sample.sample(loaded, NOW_US + DAY_US)).opportunities
    part = await sample.sample(loaded, NOW_US + DAY_US, rows_max=120)
    assert part.share == 0.3
    taken = part.opportunities
    assert 0 < len(taken) < len(whole) == 400
    times = dict(zip(*np.unique(whole.person, return_counts=True), strict=True))
    for person, count in zip(*np.unique(taken.person, return_counts=True), strict=True):
        assert times[person] == count


async def test_a_stranger_is_nobody_served_or_not(shop, warehouse):
    shop.show([placement()], [campaign("a", 100)])
    await shop.ask({"placements": [{"id": "home", "count": 2}]})
    found = (await sample.sample(await warehouse(), NOW_US + DAY_US)).opportunities
    assert found.person.tolist() == [0, 0]
    assert found.device.tolist() == [0, 0]
