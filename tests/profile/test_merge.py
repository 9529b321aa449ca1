"""Merging by hand and taking it back: every report and profile is what it was; and the API."""

import random

import msgspec
import pytest
from tests.process.conftest import MINUTE, T0, House, event

from queqiao.kernel.clock import FixedClock
from queqiao.kernel.envelope import decode_envelope, encode_envelope
from queqiao.kernel.errors import InvalidInput, NotFound, QueqiaoError
from queqiao.kernel.http import Principal, Request
from queqiao.kernel.ids import IdSource
from queqiao.measure.contracts import ReportQuery
from queqiao.measure.query import report
from queqiao.process.contracts import MERGED
from queqiao.profile.expression import parse
from queqiao.profile.merge import MergeServices, handlers, identity_of
from queqiao.profile.people import profile, summaries
from queqiao.profile.segments import members

NOW = T0 + 10_000 * MINUTE
BUYERS = {"field": "orders", "op": ">=", "value": 2}


class Desk(House):
    """A house with the routes of merging."""

    def __init__(self, folder) -> None:
        super().__init__(folder)
        ids = IdSource(FixedClock(NOW), random.Random(1).getrandbits)
        services = MergeServices(self.warehouse, self.log, ids)
        self.routes = {route.path.rpartition("/")[2]: route.handler for route in handlers(services)}

    async def call(self, verb, person, other="", headers=None):
        body = msgspec.json.encode({"other": other}) if other else b""
        who = Principal("key-1", "key", "Ops")
        request = Request("POST", "", {"id": person}, {}, headers or {}, body, "", NOW, who)
        answer = msgspec.json.decode((await self.routes[verb](request)).body)
        await self.load()
        return answer

    async def state(self) -> list:
        """Return every profile, segment and report by person."""
        people = await summaries(self.warehouse, NOW, 100)
        profiles = [await profile(self.warehouse, one.person_id, NOW, []) for one in people]
        segment = await members(self.warehouse, parse(BUYERS), NOW, 100)
        asked = ReportQuery(["visitors", "orders", "sessions"], granularity="day")
        shown = await report(self.warehouse, asked)
        whole = await report(self.warehouse, ReportQuery(["visitors", "orders"]))
        return [people, profiles, segment, shown.rows, whole.rows]


@pytest.fixture
async def desk(tmp_path):
    made = Desk(tmp_path)
    yield made
    await made.loader.close()
    made.warehouse.close()
    made.log.close()


def happening(chance: random.Random, at: int) -> bytes:
    person = chance.randrange(6)
    user = f"u{person}" if chance.random() < 0.6 else None
    anon = f"d{person}" if user is None or chance.random() < 0.3 else None
    name = chance.choice(["Product Viewed", "Order Completed"])
    traits = {"phone": f"1381234567{chance.randrange(9)}"} if chance.random() < 0.1 else {}
    made = decode_envelope(
        event(name, at * 97 * MINUTE, user=user, anon=anon, sku="s", category="tea",
              order_id=f"o{at}", currency="CNY",
              products=[{"sku": "s", "price_minor": 5, "quantity": 1, "category": "tea"}])
    )  # fmt: skip
    made.traits = msgspec.Raw(msgspec.json.encode(traits))
    return encode_envelope(made)


@pytest.mark.parametrize("seed", range(2))
async def test_after_a_merge_and_an_unmerge_everything_is_what_it_was(desk, seed) -> None:
    chance = random.Random(seed)
    await desk.load(*[happening(chance, at) for at in range(70)])
    roots = [one.person_id for one in await summaries(desk.warehouse, NOW, 100)]
    before = await desk.state()
    one, other = chance.sample([who for who in roots if who.startswith("u")], 2)
    await desk.call("merge", one, other)
    merged = await desk.state()
    assert len(merged[0]) == len(before[0]) - 1
    assert sum(row[1] for row in merged[3]) <= sum(row[1] for row in before[3])
    assert merged[4] == [[before[4][0][0] - 1, before[4][0][1]]]
    await desk.call("unmerge", one, other)
    assert await desk.state() == before


async def test_one_person_has_the_sum_of_both_and_a_past_report_stays(desk) -> None:
    sale = {"currency": "CNY", "products": [{"sku": "s", "price_minor": 500, "quantity": 1}]}
    await desk.load(
        event("Order Completed", 1, user="ann", order_id="1", **sale),
        event("Order Completed", 2, user="pos-7", order_id="2", **sale),
    )
    past = await report(desk.warehouse, ReportQuery(["visitors"]))
    taken = await desk.call("merge", "pos-7", "ann")
    assert taken == {"offset": 3}
    both = await profile(desk.warehouse, "ann", NOW, [])
    assert (both.orders, both.spent_minor, len(both.timeline)) == (2, 1000, 2)
    assert await members(desk.warehouse, parse(BUYERS), NOW, 9) == ["ann"]
    assert (await report(desk.warehouse, ReportQuery(["visitors"]))).rows == [[1]]
    assert await report(desk.warehouse, ReportQuery(["visitors"], as_of=2)) == past
    told = await identity_of(desk.warehouse, "pos-7")
    assert (told.person_id, told.ids) == ("ann", ["ann", "pos-7"])
    assert [(one.person_id, one.reason, one.offset) for one in told.stitches] == [
        ("pos-7", "merge", 3)
    ]
    await desk.call("unmerge", "ann", "pos-7")
    apart = await identity_of(desk.warehouse, "pos-7")
    assert (apart.person_id, [one.reason for one in apart.stitches]) == (
        "pos-7",
        ["unmerge", "merge"],
    )


async def test_a_retry_is_one_order(desk) -> None:
    await desk.load(event("A", 1, user="a"), event("A", 2, user="b"))
    key = {"idempotency-key": "k1"}
    assert await desk.call("merge", "a", "b", key) == await desk.call("merge", "a", "b", key)
    with pytest.raises(QueqiaoError):
        await desk.call("unmerge", "a", "b", key)
    assert desk.loader.checkpoint.offset == 3


async def test_what_cannot_be_merged_is_refused_and_writes_nothing(desk) -> None:
    await desk.load(event("A", 1, user="a"))
    with pytest.raises(NotFound):
        await desk.call("merge", "a", "nobody")
    with pytest.raises(InvalidInput):
        await desk.call("merge", "a", "a")
    with pytest.raises(NotFound):
        await desk.call("identity", "nobody")
    assert await desk.log.find(MERGED) == []
    assert desk.loader.checkpoint.offset == 1
