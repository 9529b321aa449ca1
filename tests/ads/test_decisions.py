"""Decisions on real parts: who wins, what it costs, what is logged, and why."""

import asyncio

import pytest
from tests.ads.shop import NOW_US, campaign, placement

from queqiao.decide.ads import outbox
from queqiao.decide.ads.budgets import RETRY_US
from queqiao.decide.ads.contracts import Creative
from queqiao.decide.ads.slices import LEASE_US, USE_US
from queqiao.kernel.errors import InvalidInput, NotFound, StorageFull, Unavailable
from queqiao.ports.event_log import deadline
from queqiao.ports.ledger.base import Balance
from queqiao.ports.ledger.remote import RemoteLedger
from queqiao.ports.rpc import RpcClient


async def test_the_best_wins_pays_the_second_price_and_is_logged(shop):
    shop.show([placement()], [campaign("a", 100), campaign("b", 80), campaign("c", 30)])
    answer = await shop.ask()
    (ad,) = answer["decisions"]
    assert answer["no_fill"] == []
    assert (ad["placement"], ad["kind"], ad["campaign_id"]) == ("home", "ad", "a")
    assert ad["price_minor"] in (80, 81)
    assert ad["creative"]["title"] == "买一送一"
    assert ad["currency"] == "CNY"
    balance = await shop.budget("a")
    assert balance == Balance(1_000_000, ad["price_minor"], 0, 1_000_000 - ad["price_minor"])
    (event,) = shop.events()
    assert event["event"] == "Ad Served"
    assert event["message_id"] == event["properties"]["decision_id"] == ad["decision_id"]
    assert event["anonymous_id"] == "ann"
    assert event["properties"]["campaign_id"] == "a"


async def test_targeting_on_a_segment_and_a_channel(shop):
    shop.show(
        [placement()],
        [campaign("vip", 100, segments=["gold"]), campaign("app", 90, channels=["app"])],
    )
    shop.segments = {"u1": frozenset({"gold"})}

    async def who(user, channel):
        body = {"placements": [{"id": "home"}], "user": user, "context": {"channel": channel}}
        answer = await shop.ask(body)
        return [each["campaign_id"] for each in answer["decisions"]] or answer["no_fill"]

    assert await who({"id": "u1"}, "app") == ["vip"]
    assert await who({"id": "u2", "anonymous_id": "u1"}, "web") == ["vip"]
    assert await who({}, "app") == ["app"]
    shop.segments = {"Zo\u00eb": frozenset({"gold"})}
    assert await who({"id": "Zoe\u0308"}, "web") == ["vip"]
    assert await who({"id": "u2"}, "web") == [{"placement": "home", "reason": "no_match"}]


async def test_places_that_stay_empty_say_why(shop):
    shop.show(
        [placement(), placement("empty"), placement("poor", floor_minor=500)],
        [campaign("a", 100, placements=["home", "poor"])],
    )
    asked = [{"id": "home", "count": 3}, {"id": "empty"}, {"id": "nowhere"}, {"id": "poor"}]
    answer = await shop.ask({"placements": asked})
    assert len(answer["decisions"]) == 1
    assert [(each["placement"], each["reason"]) for each in answer["no_fill"]] == [
        ("home", "no_match"),
        ("empty", "no_campaign"),
        ("nowhere", "unknown_placement"),
        ("poor", "no_campaign"),
    ]


async def test_several_slots_show_different_campaigns(shop):
    shop.show([placement()], [campaign(name, 50 + n) for n, name in enumerate("abcd")])
    answer = await shop.ask({"placements": [{"id": "home", "count": 3}]})
    assert [each["campaign_id"] for each in answer["decisions"]] == ["d", "c", "b"]
    assert len({each["decision_id"] for each in answer["decisions"]}) == 3
    why = await shop.why(answer["decisions"][1]["decision_id"], "d")
    assert why["candidates"][0]["reason"] == "already_shown"


async def test_who_cannot_pay_is_left_out_and_the_next_one_wins(shop):
    shop.show([placement(floor_minor=40)], [campaign("a", 100, budget=100), campaign("b", 50)])
    first, second, third = [(await shop.ask())["decisions"][0] for _ in range(3)]
    assert first["campaign_id"] == "a"
    assert second["campaign_id"] == third["campaign_id"] == "b"
    assert second["price_minor"] == 40
    why = await shop.why(second["decision_id"], "a")
    (candidate,) = why["candidates"]
    assert {key: value for key, value in candidate.items() if value is not None} == {
        "campaign_id": "a",
        "outcome": "filtered",
        "reason": "budget",
        "bid_minor": 100,
        "propensity": 0.0,
        "recorded": True,
        "group_id": "",
    }
    assert why["replay"] == {"equal": True, "differences": []}
    later = NOW_US + USE_US + LEASE_US + RETRY_US
    assert (await shop.ask(now_us=later))["decisions"][0]["campaign_id"] == "a"


async def test_a_budget_is_never_overspent_whoever_asks_at_once(shop):
    shop.show([placement(floor_minor=30)], [campaign("a", 100, budget=1_000)])
    answers = await asyncio.gather(*(shop.ask() for _ in range(100)))
    ads = [ad for answer in answers for ad in answer["decisions"]]
    assert len(ads) == 1_000 // 30
    assert all(empty["reason"] == "budget" for answer in answers for empty in answer["no_fill"])
    await asyncio.gather(*(shop.tell(ad["tracking"]["click"]) for ad in ads))
    assert (await shop.budget("a")) == Balance(1_000, 0, 990, 10)
    clicks = [event["properties"] for event in shop.events() if event["event"] == "Ad Clicked"]
    assert sum(click["cost_minor"] for click in clicks) == 990


async def test_why_tells_every_candidate_and_replays(shop):
    shop.show(
        [placement()],
        [
            campaign("a", 100),
            campaign("b", 80),
            campaign("vip", 300, segments=["gold"]),
            campaign("app", 300, channels=["app"]),
            campaign("over", 300, ends_at="2026-06-01T00:00:00Z"),
            campaign("soon", 300, starts_at="2026-07-01T00:00:00Z"),
            campaign("low", 5),
            campaign("usd", 300, currency="USD"),
        ],
    )
    (ad,) = (await shop.ask())["decisions"]
    why = await shop.why(ad["decision_id"])
    assert why["decision"]["at"] == "2026-06-18T04:00:00Z"
    assert why["decision"]["runner_up"] == "b"
    assert why["replay"]["equal"] is True
    found = {each["campaign_id"]: (each["outcome"], each["reason"]) for each in why["candidates"]}
    assert found == {
        "a": ("won", "best_score"),
        "b": ("lost", "outranked"),
        "vip": ("filtered", "segment"),
        "app": ("filtered", "channel"),
        "over": ("filtered", "ended"),
        "soon": ("filtered", "not_started"),
    }
    assert why["not_listed"] == 2
    for name, reason in (
        ("low", "below_floor"),
        ("usd", "currency"),
        ("x", "not_live_in_placement"),
    ):
        (candidate,) = (await shop.why(ad["decision_id"], name))["candidates"]
        assert (candidate["reason"], candidate["recorded"]) == (reason, False)


async def test_why_survives_a_change_of_what_is_live(shop):
    shop.show([placement()], [campaign("a", 100), campaign("b", 80)])
    (ad,) = (await shop.ask())["decisions"]
    shop.show([], [])
    why = await shop.why(ad["decision_id"])
    assert why["replay"]["equal"] is True
    assert len(why["candidates"]) == 2


async def test_the_creative_is_drawn_evenly(shop):
    creatives = [Creative(f"x{n}", "t", "/p") for n in range(3)]
    shop.show([placement(floor_minor=0)], [campaign("a", 100, creatives=creatives)])
    body = {"placements": [{"id": "home"}]}
    shown = [(await shop.ask(body))["decisions"][0]["creative"]["id"] for _ in range(150)]
    assert all(25 < shown.count(f"x{n}") < 75 for n in range(3)), shown
    served = shop.events()[0]
    why = await shop.why(served["message_id"])
    assert why["replay"]["equal"] is True
    assert len({event["anonymous_id"] for event in shop.events()}) == 150


async def test_unknown_decisions_are_not_found(shop):
    with pytest.raises(NotFound):
        await shop.why("01900000-0000-7000-8000-000000000000")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("placements", {"placements": []}),
        ("placements[0].count", {"placements": [{"id": "home", "count": 0}]}),
        ("placements[0].id", {"placements": [{"id": ""}]}),
        ("user.id", {"placements": [{"id": "home"}], "user": {"id": 7}}),
        ("user.user_id", {"placements": [{"id": "home"}], "user": {"user_id": "u"}}),
        ("placements[0].n", {"placements": [{"id": "home", "n": 2}]}),
        ("context.page", {"placements": [{"id": "home"}], "context": {"page": "/"}}),
        ("channel", {"placements": [{"id": "home"}], "channel": "web"}),
    ],
)
async def test_bad_requests_name_the_field(shop, path, body):
    with pytest.raises(InvalidInput) as refused:
        await shop.ask(body)
    assert refused.value.fields[0].path == path


async def test_without_the_ledger_no_ad_is_shown(shop, tmp_path):
    shop.show([placement()], [campaign("a", 100)])
    client = RpcClient(tmp_path / "nobody", retry_for_s=0.05)
    shop.mount(ledger=RemoteLedger(client))
    answer = await shop.ask()
    assert answer == {
        "decisions": [],
        "no_fill": [{"placement": "home", "reason": "ledger_unavailable"}],
    }
    assert [event["event"] for event in shop.events()] == ["Ad Unfilled"]
    await client.close()


class Faulty:
    """A log that takes nothing while it has a fault."""

    def __init__(self, log, fault):
        self.log, self.fault = log, fault

    async def append(self, events):
        if self.fault is not None:
            await self.fault()
        return await self.log.append(events)

    async def find(self, message_id, source=None):
        return await self.log.find(message_id, source)


async def silent():
    await asyncio.get_running_loop().create_future()


async def away():
    raise Unavailable


async def full():
    raise StorageFull


@pytest.mark.parametrize("fault", [silent, away, full])
async def test_while_the_log_takes_nothing_no_ad_is_shown_and_no_record_is_lost(
    shop, monkeypatch, fault
):
    """What was answered just before is written when the log is back."""
    monkeypatch.setattr(deadline, "APPEND_WITHIN_S", 0.05)
    monkeypatch.setattr(outbox, "RETRY_S", 0.05)
    shop.show([placement()], [campaign("a", 100), campaign("b", 100)])
    log = Faulty(shop.log, fault)
    shop.mount(log=log)
    before = await shop.ask()
    body = {"placements": [{"id": "home", "count": 2}, {"id": "none"}, {"id": "home"}]}
    if fault is full:
        with pytest.raises(StorageFull):
            await shop.ask(body)
    else:
        assert await shop.ask(body) == {
            "decisions": [],
            "no_fill": [
                {"placement": "home", "reason": "log_unavailable"},
                {"placement": "none", "reason": "unknown_placement"},
            ],
        }
    assert shop.events() == []
    log.fault = None
    await shop.outbox.flush()
    after = await shop.ask()
    shown = [ad["decision_id"] for answer in (before, after) for ad in answer["decisions"]]
    assert [event["message_id"] for event in shop.events()] == shown
    assert len(shown) == 2


async def test_records_beyond_a_bound_are_not_waited_for(shop, monkeypatch):
    monkeypatch.setattr(outbox, "WAITING_MAX", 3)
    shop.show([placement()], [campaign("a", 100)])
    log = Faulty(shop.log, silent)
    shop.mount(log=log)
    answers = [await shop.ask() for _ in range(5)]
    assert [len(answer["decisions"]) for answer in answers] == [1, 1, 1, 0, 0]


async def test_what_stays_empty_is_logged_with_its_reasons(shop):
    grove = {"field": "geo.region", "op": "in", "value": ["CN-44"]}
    shop.show(
        [placement(), placement("empty", floor_minor=70)],
        [campaign("a", 100, segments=["gold"], expression=grove), campaign("b", 90)],
    )
    shop.segments = {"u1": frozenset({"gold", "silver"})}
    asked = [{"id": "home", "count": 4}, {"id": "empty"}, {"id": "nowhere"}]
    context = {"channel": "app", "geo": {"region": "CN-11"}, "device": {"type": "mobile"}}
    await shop.ask({"placements": asked, "user": {"id": "u1"}, "context": context})
    served, empty = shop.events()
    assert served["event"] == "Ad Served"
    assert (empty["event"], empty["user_id"]) == ("Ad Unfilled", "u1")
    assert "anonymous_id" not in empty
    told = empty["properties"]
    assert told.pop("decision_id") == empty["message_id"] != served["message_id"]
    common = {"currency": "CNY", "placement_revision": 1}
    assert told == {
        "placement_id": "home",
        "channel": "app",
        "segments": ["gold"],
        "attributes": {"geo.region": ["CN-11"]},
        "places": [
            {"placement_id": "home", "reason": "no_match", "slots": 3, "floor_minor": 10, **common},
            {
                "placement_id": "empty",
                "reason": "no_campaign",
                "slots": 1,
                "floor_minor": 70,
                **common,
            },
        ],
    }


async def test_a_stranger_who_saw_nothing_is_nobody_in_the_log(shop):
    shop.show([placement()], [])
    await shop.ask({"placements": [{"id": "home"}, {"id": "nowhere"}]})
    (event,) = shop.events()
    assert "anonymous_id" not in event
    assert "user_id" not in event


async def test_only_unknown_places_are_no_opportunity(shop):
    shop.show([placement()], [])
    await shop.ask({"placements": [{"id": "nowhere"}]})
    assert shop.events() == []
