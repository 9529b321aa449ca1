"""Forecasts follow what they are made of: the sample, the members, the documents."""

from typing import Any, cast

import msgspec
from tests.ads.forecast.world import World, alike, sample_of

from queqiao.decide.ads.contracts import PLACEMENT, Placement
from queqiao.decide.ads.forecast import sample
from queqiao.kernel.http import Request
from queqiao.ports.records import artifacts, documents
from queqiao.ports.records.audit import SYSTEM
from queqiao.ports.records.documents import Edit
from queqiao.ports.records.sqlite import SqliteRecords
from queqiao.profile.contracts import SegmentArtifact
from queqiao.wiring import auction_replays, forecasts
from queqiao.wiring.roles import DECIDE_PATHS
from queqiao.wiring.settings import Settings

NOW_US = 1_781_755_200_000_000


async def test_a_new_sample_and_new_members_are_seen_at_once(tmp_path):
    records = SqliteRecords(tmp_path / "records.sqlite")
    records.upgrade()
    routes = {route.path: route for route in forecasts.routes(Settings(home=tmp_path), records)}

    async def reach(**asked):
        body = msgspec.json.encode(asked)
        request = Request("POST", "", {}, {}, {}, body, "127.0.0.1", NOW_US)
        answer = await routes["/api/v1/targeting/reach"].handler(request)
        return msgspec.json.decode(answer.body)["reach"]

    def put(name, body):
        records.write_now(lambda conn: artifacts.put(conn, name, body, NOW_US))

    def place(conn):
        edit = Edit(SYSTEM, NOW_US)
        documents.create(conn, PLACEMENT, "home", Placement("Home", 10, "CNY"), edit)
        documents.transition(conn, PLACEMENT, "home", "live", edit)

    records.write_now(place)
    assert (await reach())["people"]["expected"] == 0
    made = sample_of(World(5, a_day=100, people=50).days(0, 14), 14, alike(0.005))
    put(sample.ARTIFACT, sample.encode(made))
    assert (await reach())["people"]["expected"] == 50
    gold = {"targeting": {"segments_any": ["gold"]}}
    assert (await reach(**gold))["members"] is None
    members = SegmentArtifact("gold", 1, ["u1", "u2", "u3"], ["u1", "u2"])
    put("segment:gold", msgspec.msgpack.encode(members))
    found = await reach(**gold)
    assert (found["people"]["expected"], found["members"]) == (2, 2)
    records.close()


def test_the_paths_of_forecasts_and_replays_lead_to_the_console(tmp_path):
    records = SqliteRecords(tmp_path / "records.sqlite")
    settings = Settings(home=tmp_path)
    nothing = cast("Any", None)  # neither is asked here
    routes = [
        *forecasts.routes(settings, records),
        *auction_replays.routes(settings, records, nothing, nothing),
    ]
    assert len(routes) == 5
    for route in routes:
        assert not any(route.path.startswith(prefix) for prefix in DECIDE_PATHS), route.path
    records.close()
