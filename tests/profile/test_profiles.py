"""Profiles, lists of people, and the daily snapshot."""

import pytest
from tests.profile.conftest import NOW_US

from queqiao.kernel.errors import NotFound
from queqiao.ports.lake.parquet_folder import ParquetFolder
from queqiao.profile import people, segments, snapshots


async def test_a_profile_holds_what_is_known(shop):
    ada = await people.profile(shop.warehouse, "ada", NOW_US, ["buyers"])
    assert ada.demographics == {"age": "34", "gender": "女", "region": "上海", "income": "200000"}
    assert (ada.recency_days, ada.orders, ada.visits) == (1, 2, 2)
    assert (ada.spent_minor, ada.currency) == (45_000, "CNY")
    assert ada.category_interest[0].category == "手机"
    assert sum(interest.share for interest in ada.category_interest) == pytest.approx(1, abs=1e-3)
    assert [moment.event for moment in ada.timeline][:2] == ["Product Viewed"] * 2
    assert ada.segments == ["buyers"]


async def test_interest_decays_by_half_in_thirty_days(shop):
    ada = await people.profile(shop.warehouse, "ada", NOW_US, [])
    phones = 2 ** (-40 / 30) + 2 ** (-1 / 30) + 10 * (2 ** (-30 / 30) + 2 ** (-20 / 30))
    appliances = 2 ** (-1 / 30)
    share = phones / (phones + appliances)
    assert ada.category_interest[0].share == pytest.approx(share, abs=1e-3)


async def test_what_a_visitor_did_before_the_login_is_the_users(shop):
    bo = await people.profile(shop.warehouse, "bo", NOW_US, [])
    assert (bo.visits, bo.recency_days, len(bo.timeline)) == (2, 11, 2)
    assert "visitor-7" not in {
        line.person_id for line in await people.summaries(shop.warehouse, NOW_US, 10)
    }


async def test_an_unknown_person_is_not_found(shop):
    with pytest.raises(NotFound):
        await people.profile(shop.warehouse, "nobody", NOW_US, [])


async def test_people_are_listed_by_last_visit_and_searched(shop):
    lines = await people.summaries(shop.warehouse, NOW_US, 10)
    assert [line.person_id for line in lines] == ["ada", "stranger", "bo"]
    found = await people.summaries(shop.warehouse, NOW_US, 10, query="STRANG")
    assert [line.person_id for line in found] == ["stranger"]


async def test_the_snapshot_of_a_day_knows_nothing_later(shop, tmp_path):
    lake = ParquetFolder(tmp_path / "lake")
    assert await snapshots.publish_day(shop.warehouse, lake, "2026-06-17", "Asia/Shanghai") == 3
    day = lake.read("profiles", "day=2026-06-17").to_pylist()
    assert [row["person_id"] for row in day] == ["ada", "bo", "stranger"]
    assert day[0]["spent_minor"] == 45_000
    assert await snapshots.publish_day(shop.warehouse, lake, "2026-06-01", "Asia/Shanghai") == 1
    (ada,) = lake.read("profiles", "day=2026-06-01").to_pylist()
    assert (ada["visits"], ada["spent_minor"], ada["orders"]) == (1, 50_000, 2)
    assert await snapshots.publish_day(shop.warehouse, lake, "2020-01-01", "Asia/Shanghai") == 0


async def test_before_the_first_event_everything_is_empty(empty_shop, tmp_path):
    warehouse = empty_shop.warehouse
    found = await segments.preview(warehouse, {"field": "orders", "op": "=", "value": 0}, NOW_US)
    assert (found.count, found.total, found.sample, found.watermark) == (0, 0, [], None)
    assert await people.summaries(warehouse, NOW_US, 10) == []
    lake = ParquetFolder(tmp_path / "lake")
    assert await snapshots.publish_day(warehouse, lake, "2026-06-17", "Asia/Shanghai") == 0


async def test_before_the_first_sale_nothing_is_spent(empty_shop):
    await empty_shop.event("ada", 1)
    ada = await people.profile(empty_shop.warehouse, "ada", NOW_US, [])
    assert (ada.spent_minor, ada.currency, ada.orders) == (0, None, 0)
