"""The desk of forecasts: what it takes, what it refuses and with which words."""

import msgspec
import pytest
from tests.ads.forecast.world import START_US, World, alike, forecaster, sample_of

from queqiao.decide.ads.forecast.endpoints import ForecastServices, handlers
from queqiao.kernel.clock import DAY_US
from queqiao.kernel.errors import InvalidInput
from queqiao.kernel.http import Request

NOW_US = START_US + 14 * DAY_US
DRAFT = {"bid_minor": 100, "daily_budget_minor": 5_000, "placements": ["home"]}


@pytest.fixture(scope="module")
def known():
    return forecaster(sample_of(World(5, a_day=100).days(0, 14), 14, alike(0.005)))


@pytest.fixture
def desk(known):
    async def forecaster_():
        return known

    async def currencies():
        return {"home": "CNY", "search": "CNY", "abroad": "USD"}

    by_path = {
        route.path: route for route in handlers(ForecastServices(forecaster_, currencies, "CNY"))
    }

    async def ask(path, body):
        encoded = msgspec.json.encode(body)
        request = Request("POST", path, {}, {}, {}, encoded, "127.0.0.1", NOW_US)
        return msgspec.json.decode((await by_path[path].handler(request)).body)

    return ask


async def test_a_draft_is_forecast_for_a_week(desk):
    answer = await desk("/api/v1/forecast", {"campaign": DRAFT})
    assert (answer["from"], answer["until"]) == ("2026-06-14T16:00:00Z", "2026-06-21T16:00:00Z")
    assert (answer["currency"], answer["confidence"]) == ("CNY", 0.9)
    for name in ("impressions", "clicks", "cost_minor"):
        low, expected, high = (answer[name][key] for key in ("low", "expected", "high"))
        assert 0 <= low <= expected <= high
        assert high > 0
    assert len(answer["by_bid"]) == len(answer["by_budget"]) == 15
    assert 0 < answer["win_rate"] < 1
    assert answer["reach"]["people"]["expected"] == answer["sample"]["people"]
    again = await desk("/api/v1/forecast", {"campaign": DRAFT})
    assert again == answer


async def test_fields_of_a_whole_campaign_may_stand_in_a_draft(desk):
    whole = DRAFT | {"name": "n", "exchange": {"exchanges": ["x"]}, "advertiser": "brand"}
    assert (await desk("/api/v1/forecast", {"campaign": whole}))["impressions"]["expected"] > 0


async def test_the_campaign_s_own_time_cuts_the_range(desk):
    half = DRAFT | {
        "starts_at": "2026-06-16T00:00:00+08:00",
        "ends_at": "2026-06-17T00:00:00+08:00",
    }
    answer = await desk("/api/v1/forecast", {"campaign": half})
    assert (answer["from"], answer["until"]) == ("2026-06-15T16:00:00Z", "2026-06-16T16:00:00Z")
    over = DRAFT | {"ends_at": "2026-06-01T00:00:00+08:00"}
    answer = await desk("/api/v1/forecast", {"campaign": over})
    assert answer["impressions"] == {"expected": 0, "low": 0, "high": 0}


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"campaign": DRAFT | {"placements": ["home", "nowhere"]}}, "campaign.placements[1]"),
        ({"campaign": DRAFT | {"placements": ["home", "abroad"]}}, "campaign.placements[1]"),
        ({"campaign": DRAFT | {"currency": "XXX"}}, "campaign.currency"),
        ({"campaign": DRAFT | {"bid_minor": -1}}, "campaign.bid_minor"),
        (
            {"campaign": DRAFT | {"targeting": {"expression": {"field": "age", "op": "exists"}}}},
            "campaign.targeting.expression.field",
        ),
        (
            {"campaign": DRAFT | {"caps": [{"level": "campaign", "times": 1, "per": "day"}] * 2}},
            "campaign.caps[1]",
        ),
        ({"campaign": DRAFT, "until": "2026-06-01"}, "until"),
        ({"campaign": DRAFT, "until": "2027-06-01"}, "until"),
        ({"campaign": DRAFT, "from": "now"}, "from"),
        ({"campaign": DRAFT, "from": "9999-12-30T00:00:00Z"}, "from"),
        ({"campaign": DRAFT, "from": "0001-01-01T00:00:00Z"}, "from"),
        ({"campaign": DRAFT | {"starts_at": "now"}}, "campaign.starts_at"),
    ],
)
async def test_what_is_wrong_is_named(desk, change, path):
    with pytest.raises(InvalidInput) as refused:
        await desk("/api/v1/forecast", change)
    assert refused.value.fields[0].path == path


async def test_a_campaign_that_begins_after_the_range_brings_nothing(desk):
    answer = await desk("/api/v1/forecast", {"campaign": DRAFT | {"starts_at": "9999-12-31"}})
    assert answer["from"] == answer["until"]
    assert answer["impressions"]["high"] == 0


async def test_reach_of_everybody_and_of_a_channel(desk):
    everybody = await desk("/api/v1/targeting/reach", {})
    assert everybody["reach"]["people"]["expected"] == everybody["sample"]["people"] > 0
    assert everybody["assumed"] == []
    app = {"targeting": {"channels_any": ["app"]}, "placements": ["home"]}
    assert (await desk("/api/v1/targeting/reach", app))["reach"]["people"]["expected"] == 0
