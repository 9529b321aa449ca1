"""The management routes: pages that join, cursors that cannot be forged, errors by field."""

import msgspec
import pytest
from tests.profile.conftest import NOW_US

from queqiao.kernel.errors import InvalidInput, NotFound
from queqiao.kernel.http import Request
from queqiao.kernel.tokens import Signer
from queqiao.ports.profile_rows.sqlite import SqliteRows
from queqiao.ports.records.audit import Actor
from queqiao.ports.records.documents import Documents, Edit
from queqiao.ports.records.sqlite import SqliteRecords
from queqiao.process.consent import PERSONALIZATION
from queqiao.profile.contracts import (
    LIVE_FAMILIES,
    SEGMENT,
    LiveReader,
    LiveRows,
    SegmentDocument,
    Trust,
)
from queqiao.profile.endpoints import ProfileServices, handlers


@pytest.fixture
async def call(shop, tmp_path):
    records = SqliteRecords(tmp_path / "records.sqlite")
    records.upgrade()
    document = SegmentDocument("所有人", {"field": "visits", "op": ">=", "value": 0})
    kept, edit = Documents(records), Edit(Actor("tester", "Tester"), NOW_US)
    await kept.create(SEGMENT, "everyone", document, edit)
    await kept.transition(SEGMENT, "everyone", "live", edit)
    rows = SqliteRows(tmp_path / "rows.sqlite", LIVE_FAMILIES)
    await lived(shop, rows)
    live = LiveReader(rows, At(), "Asia/Shanghai", 2.0)
    services = ProfileServices(shop.warehouse, records, Signer(b"k" * 32), live)
    routes = {(route.method, route.path): route.handler for route in handlers(services)}

    async def ask(method, path, params=None, body=b"", **query):
        request = Request(method, path, params or {}, query, {}, body, "127.0.0.1", NOW_US)
        return msgspec.json.decode((await routes[method, path](request)).body)

    yield ask
    records.close()
    await rows.close()


class At:
    def now_us(self):
        return NOW_US


async def nobody_trusted():
    return Trust(())


async def lived(shop, rows):
    """Let the live rows of the shop be made."""
    writer = LiveRows(
        rows, shop.warehouse, At(), loaded=lambda: shop.offset, behind=lambda: False,
        made_by=lambda: "", trust=nobody_trusted, zone="Asia/Shanghai",
    )  # fmt: skip
    while await writer.advance():
        pass


async def test_pages_of_members_and_of_people_join(call):
    for path, params in (
        ("/api/v1/segments/{id}/members", {"id": "everyone"}),
        ("/api/v1/profiles", {}),
    ):
        found, cursor = [], {}
        while True:
            page = await call("GET", path, params, limit="1", **cursor)
            found += [item["person_id"] for item in page["items"]]
            if page["next_cursor"] is None:
                break
            cursor = {"cursor": page["next_cursor"]}
        assert sorted(found) == ["ada", "bo", "stranger"]
        with pytest.raises(InvalidInput):
            await call("GET", path, params, cursor="forged")


async def test_a_profile_names_its_segments_and_explains_them(call):
    profile = await call("GET", "/api/v1/profiles/{id}", {"id": "ada"})
    assert profile["segments"] == ["everyone"]
    path = "/api/v1/segments/{id}/explain"
    assert (await call("GET", path, {"id": "everyone"}, user="ada"))["member"]
    with pytest.raises(InvalidInput) as refused:
        await call("GET", path, {"id": "everyone"})
    assert refused.value.fields[0].path == "user"


async def test_a_profile_tells_what_the_person_did_lately(call, shop):
    lately = (await call("GET", "/api/v1/profiles/{id}", {"id": "ada"}))["lately"]
    assert lately["known"] == "known"
    assert [one["sku"] for one in lately["viewed"]] == ["w1", "p2"]
    assert lately["viewed"][0]["at"] == "2026-06-17T12:00:00Z"
    assert lately["day"] == "2026-06-18"
    assert (lately["views"], lately["orders"]) == (0, 0)
    nothing = (await call("GET", "/api/v1/profiles/{id}", {"id": "stranger"}))["lately"]
    assert (nothing["known"], nothing["viewed"]) == ("unknown", [])


async def test_members_and_explanations_are_told_as_ads_know_them(call, shop):
    await shop.event("shy", 1, consent=PERSONALIZATION)
    params = {"id": "everyone"}
    for purpose, is_member in (("personalization", True), ("advertising", False)):
        path = "/api/v1/segments/{id}/members"
        found = (await call("GET", path, params, purpose=purpose))["items"]
        assert ({"person_id": "shy"} in found) == is_member
        path = "/api/v1/segments/{id}/explain"
        why = await call("GET", path, params, user="shy", purpose=purpose)
        assert (why["known"], why["member"]) == (is_member, is_member)
    with pytest.raises(InvalidInput) as refused:
        await call("GET", path, params, user="shy", purpose="ads")
    assert refused.value.fields[0].path == "purpose"


async def test_a_preview_counts(call):
    body = b'{"expression":{"field":"orders","op":">=","value":2}}'
    answer = await call("POST", "/api/v1/segments/preview", body=body)
    assert (answer["count"], answer["total"], answer["sample"][0]["person_id"]) == (1, 3, "ada")


@pytest.mark.parametrize("limit", ["0", "1001", "-1", "many", "1e3", "²", "9" * 400])
async def test_a_wrong_limit_is_refused_by_name(call, limit):
    with pytest.raises(InvalidInput) as refused:
        await call("GET", "/api/v1/profiles", limit=limit)
    assert refused.value.fields[0].path == "limit"


async def test_an_unknown_segment_is_not_found(call):
    with pytest.raises(NotFound):
        await call("GET", "/api/v1/segments/{id}/members", {"id": "nothing"})
