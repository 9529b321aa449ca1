"""Funnels: golden ways, every kind of funnel against a recount, and what cannot be asked."""

import random

import msgspec
import pytest
from tests.process.conftest import MINUTE, T0, House, event
from tests.process.test_people import order

from queqiao.kernel.clock import format_rfc3339
from queqiao.kernel.errors import InvalidInput, Refused
from queqiao.kernel.http import Request
from queqiao.measure.endpoints import MeasureServices, handlers
from queqiao.measure.funnels import funnel
from queqiao.measure.funnels_contracts import FunnelQuery, Step
from queqiao.process.stitching_events import MERGED

NAMES = ["V", "C", "O", "X"]
ORDERS = ["ordered", "strict", "unordered"]


def recounted(timelines, names, kind, window, exclusions) -> list[int]:
    """Return how many came how far, trying every beginning of every person."""
    reached = [0] * len(names)
    for moments in timelines.values():
        ways = [moments[at:] for at in range(len(moments))]
        best = max((level(way, names, kind, window, exclusions) for way in ways), default=0)
        for step in range(best):
            reached[step] += 1
    return reached


def level(moments, names, kind, window, exclusions) -> int:
    """Return how far the ways come that begin with the first of these moments."""
    begun, first = moments[0]
    if first in exclusions or first not in (names if kind == "unordered" else names[:1]):
        return 0
    seen, place = {first}, 1
    for at, name in moments[1:]:
        if name in exclusions or at - begun > window:
            break
        if kind == "unordered":
            seen |= {name} & set(names)
        elif place < len(names) and name == names[place]:
            place += 1
        elif kind == "strict":
            break
    return len(seen) if kind == "unordered" else place


@pytest.fixture
async def house(tmp_path):
    made = House(tmp_path)
    yield made
    await made.loader.close()
    made.warehouse.close()
    made.log.close()


async def test_every_kind_equals_a_recount_of_every_beginning(house) -> None:
    chance = random.Random(618)
    said, timelines, alias = [], {}, {"u1": "u0", "u4": "u3"}
    for number in range(700):
        at, who = chance.randrange(240) * MINUTE, f"u{chance.randrange(25)}"
        name, channel = chance.choice(NAMES), chance.choice(["app", "web"])
        said.append(event(name, at, user=who, context={"channel": channel}, n=number))
        timelines.setdefault(alias.get(who, who), []).append((at, number, name, channel))
    merges = [order(MERGED, 0, into, one) for one, into in alias.items()]
    await house.load(*said, *merges)
    paths = {
        who: [(at, name) for at, _, name, _ in sorted(all_)] for who, all_ in timelines.items()
    }
    asked = 0
    for names in (["V", "C"], ["V", "C", "O"], ["V", "V", "O"]):
        for kind in ORDERS:
            for window in (5 * MINUTE, 40 * MINUTE):
                for exclusions in ([], ["X"]):
                    if kind == "unordered" and len(set(names)) < len(names):
                        continue
                    steps = [Step(one) for one in names]
                    query = FunnelQuery(steps, kind, window // 10**6, exclusions)
                    answer = await funnel(house.warehouse, query)
                    expected = recounted(paths, names, kind, window, exclusions)
                    assert answer.total.people == expected, query
                    asked += expected[-1] > 0
    assert asked >= 25
    await breakdown_adds_up(house, timelines)


async def breakdown_adds_up(house, timelines) -> None:
    query = FunnelQuery([Step("V"), Step("C")], breakdown="channel")
    answer = await funnel(house.warehouse, query)
    entered = [next((c for _, _, n, c in sorted(t) if n == "V"), None) for t in timelines.values()]
    assert {one.value: one.people[0] for one in answer.groups} == {
        channel: entered.count(channel) for channel in ("app", "web")
    }
    assert sum(one.people[1] for one in answer.groups) == answer.total.people[1]


async def test_what_a_person_does_not_let_analyse_is_no_step(house) -> None:
    """Nobody is counted by events without consent for analytics, whole ways or single steps."""
    no = {"consent": {"analytics": False}}
    yes = {"consent": {"analytics": True}}
    await house.load(
        event("V", 0, user="counted", context=yes), event("C", 1, user="counted"),
        event("V", 0, user="never", context=no), event("C", 1, user="never"),
        event("V", 0, user="withdrew", context=yes), event("C", 1, user="withdrew", context=no),
        event("V", 0, user="came late", context=no), event("C", 1, user="came late", context=yes),
    )  # fmt: skip
    ways = {"ordered": [2, 1], "strict": [2, 1], "unordered": [3, 1]}
    for kind, expected in ways.items():
        query = FunnelQuery([Step("V"), Step("C")], kind)
        assert (await funnel(house.warehouse, query)).total.people == expected, kind


async def test_windows_end_to_the_microsecond_and_filters_narrow_a_step(house) -> None:
    minute = 60_000_000
    await house.load(
        event("V", 0, user="in", sku="a"), event("C", minute, user="in", sku="a"),
        event("V", 0, user="late", sku="a"), event("C", minute + 1, user="late", sku="a"),
        event("C", 0, user="back", sku="a"), event("V", 5, user="back", sku="b"),
    )  # fmt: skip
    steps = [{"event": "V"}, {"event": "C"}]
    asked = {"steps": steps, "window_s": 60}
    answer = await funnel(house.warehouse, msgspec.convert(asked, FunnelQuery))
    assert (answer.total.people, answer.total.of_first) == ([3, 1], [1.0, 0.333333])
    steps[0]["filters"] = [{"dimension": "product", "op": "eq", "value": "a"}]
    answer = await funnel(house.warehouse, msgspec.convert(asked, FunnelQuery))
    assert answer.total.people == [2, 1]
    asked |= {"order": "unordered", "from": format_rfc3339(T0), "to": format_rfc3339(T0 + minute)}
    answer = await funnel(house.warehouse, msgspec.convert(asked, FunnelQuery))
    assert answer.total.people == [3, 0]  # what happens at the end of the period is not of it


async def test_the_past_stays_and_an_empty_store_has_no_shares(house) -> None:
    await house.load()
    query = FunnelQuery([Step("V"), Step("C")], breakdown="channel")
    empty = await funnel(house.warehouse, query)
    assert (empty.total.people, empty.total.of_first, empty.groups) == ([0, 0], [None, None], [])
    await house.load(event("V", 1, user="a"), event("C", 2, user="b"))
    past = await funnel(house.warehouse, query)
    assert past.total.people == [1, 0]
    await house.load(order(MERGED, 0, "a", "b"), event("V", 0, user="b"))
    assert (await funnel(house.warehouse, query)).total.people == [1, 1]
    query.as_of = 2
    assert await funnel(house.warehouse, query) == past
    query.as_of = 99
    with pytest.raises(Refused):
        await funnel(house.warehouse, query)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"steps": [{"event": "V"}]}, "steps"),
        ({"steps": [{"event": "V"}, {"event": "C"}], "exclusions": ["V"]}, "exclusions"),
        ({"steps": [{"event": "V"}, {"event": "V"}], "order": "unordered"}, "steps"),
        ({"steps": [{"event": "V"}, {"event": "C"}], "breakdown": "person_id"}, "breakdown"),
        ({"steps": [{"event": "V"}, {"event": "C"}], "window_s": 0}, "window_s"),
        ({"steps": [{"event": "V"}, {"event": "C"}], "from": "tomorrow"}, "from"),
        (
            {"steps": [{"event": "V", "filters": [{"dimension": "x", "op": "eq", "value": "1"}]},
                       {"event": "C"}]},
            "steps[0].filters[0].dimension",
        ),
    ],
)  # fmt: skip
async def test_what_cannot_be_asked_is_refused_by_field(house, body, path) -> None:
    await house.load()
    routes = {route.path: route.handler for route in handlers(MeasureServices(house.warehouse))}
    request = Request("POST", "", {}, {}, {}, msgspec.json.encode(body), "", T0)
    with pytest.raises(InvalidInput) as refused:
        await routes["/api/v1/funnels/query"](request)
    assert [field.path for field in refused.value.fields] == [path]
