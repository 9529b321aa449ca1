"""What becomes of an ad that is shown: in view, closed, its video; each once, none too late."""

from collections import Counter

import pytest
from tests.ads.shop import NOW_US, campaign, placement

from queqiao.decide.ads.delivery.steps import STEPS
from queqiao.decide.ads.delivery.windows import (
    CLICKED_US,
    CONVERTED_US,
    SHOWN_US,
    Attribution,
)
from queqiao.kernel.errors import Gone, NotFound


@pytest.fixture
async def ad(shop):
    windows = Attribution(click_days=30, view_days=1)
    shop.show([placement()], [campaign("a", 100, attribution=windows)])
    (ad,) = (await shop.ask())["decisions"]
    return ad


def named(shop, name):
    return [event["properties"] for event in shop.events() if event["event"] == name]


async def test_a_view_is_an_impression_that_was_in_view(shop, ad):
    for _ in range(2):
        assert (await shop.tell(ad["tracking"]["view"])).status == 204
    seen = Counter(event["event"] for event in shop.events())
    assert seen == {"Ad Served": 1, "Ad Viewed": 1, "Ad Viewable": 1}


async def test_windows_of_the_campaign_travel_with_what_happens(shop, ad):
    await shop.tell(ad["tracking"]["view"])
    await shop.tell(ad["tracking"]["click"], NOW_US + 5_000_000)
    assert named(shop, "Ad Viewable")[0]["window_days"] == 1
    assert named(shop, "Ad Clicked")[0]["window_days"] == 30
    assert "window_days" not in named(shop, "Ad Viewed")[0]


async def test_each_step_is_an_event_once(shop, ad):
    for step in STEPS:
        for _ in range(2):
            answer = await shop.tell(ad["tracking"]["step"].replace("{step}", step))
            assert (answer.status, answer.body) == (204, b"")
    seen = Counter(event["event"] for event in shop.events())
    assert seen == {"Ad Served": 1, **dict.fromkeys((one.event for one in STEPS.values()), 1)}
    (closed,) = named(shop, "Ad Closed")
    assert closed["decision_id"] == ad["decision_id"]
    assert closed["campaign_id"] == "a"


async def test_steps_go_by_the_token_of_the_view_and_no_other(shop, ad):
    token = ad["tracking"]["click"].removeprefix("/t/")
    for path in (f"/t/close.{token}", "/t/close.", "/t/close.x", f"/t/sprint.{token}"):
        with pytest.raises(NotFound):
            await shop.tell(path)
    assert named(shop, "Ad Closed") == []


@pytest.mark.parametrize(
    ("kind", "bound_us"),
    [("impression", SHOWN_US), ("view", SHOWN_US), ("step", SHOWN_US),
     ("conversion", CONVERTED_US)],
)  # fmt: skip
async def test_what_is_told_too_late_says_so_and_is_not_counted(shop, ad, kind, bound_us):
    path = ad["tracking"][kind].replace("{step}", "complete")
    with pytest.raises(Gone, match="too old"):
        await shop.tell(path, NOW_US + bound_us + 1000)
    assert len(shop.events()) == 1
    assert (await shop.tell(path, NOW_US + bound_us)).status in {200, 204}
    assert len(shop.events()) > 1


async def test_a_click_too_late_leads_on_and_is_not_counted(shop, ad):
    answer = await shop.tell(ad["tracking"]["click"], NOW_US + CLICKED_US + 1000)
    assert answer.status == 302
    assert named(shop, "Ad Clicked") == []
