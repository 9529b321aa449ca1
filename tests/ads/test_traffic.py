"""Invalid traffic: judged in bulk, and live, where it is marked, not billed and given back."""

import asyncio
import json
from pathlib import Path

import pytest
from tests.ads.shop import NOW_US, campaign, placement
from tests.ads.test_wallets import MONTH, Agency

from queqiao.decide.ads.hot_endpoints import NoticeServices, notice_routes
from queqiao.decide.ads.notice_events import Notice
from queqiao.decide.ads.traffic.caller import Callers
from queqiao.decide.ads.traffic.data_centres import DataCentres
from queqiao.decide.ads.traffic.floods import Bounds
from queqiao.decide.ads.traffic.hot_endpoints import TrafficServices, routes
from queqiao.decide.ads.traffic.self_clicks import Own, Owners
from queqiao.decide.ads.traffic.watch import Watch
from queqiao.decide.ads.wallets.account import bill_counter
from queqiao.kernel.clock import MINUTE_US, SECOND_US
from queqiao.kernel.errors import InvalidInput, Unavailable
from queqiao.kernel.http import Request
from queqiao.ports.ledger.base import Balance

CASES = json.loads((Path(__file__).parents[1] / "cases/traffic/classified.json").read_text())
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/126.0.0.0 Safari/537.36"
)
BOUNDS = Bounds(MINUTE_US, {"person": 3, "device": 5, "address": 6})


@pytest.fixture
def callers(tmp_path):
    (tmp_path / "ranges").mkdir()
    (tmp_path / "ranges" / "cloud.txt").write_text("198.51.100.0/24\n")
    centres = DataCentres(tmp_path / "ranges")
    centres.refresh()
    return Callers(centres, ["10.0.0.0/8"], ["MyShop/"])


def asked(body):
    content = json.dumps(body).encode()
    return Request("POST", "", {}, {}, {}, content, "127.0.0.1", NOW_US)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
async def test_golden_classifications(callers, case):
    (route,) = routes(TrafficServices(callers, BOUNDS, 100_000))
    answer = json.loads((await route.handler(asked(case["request"]))).body)
    assert [item["reason"] for item in answer["items"]] == case["reasons"]
    assert [item["valid"] for item in answer["items"]] == [not one for one in case["reasons"]]
    assert answer["valid"] + answer["invalid"] == len(case["reasons"])
    assert sum(answer["reasons"].values()) == answer["invalid"]
    assert answer["addresses"] == ["ranges"]
    for item, detail in zip(answer["items"], case.get("details", []), strict=False):
        assert item["detail"] == detail


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, ""),
        ({"items": []}, "items"),
        ({"items": [{}] * 5_001}, "items"),
        ({"items": [{}, {"user_agent": 7}]}, "items[1].user_agent"),
        ({"items": [{"address": "1.2.3"}]}, "items[0].address"),
        ({"items": [{"address": ""}]}, "items[0].address"),
        ({"items": [{"behaviour": {"clicked_at": "now"}}]}, "items[0].behaviour.clicked_at"),
        ({"items": [{"behavior": {}}]}, "items[0]"),
        ({"items": [{}], "own": [{"advertiser": "a", "networks": ["x"]}]}, "own[0].networks[0]"),
    ],
)
async def test_bad_input_names_its_path(callers, body, path):
    (route,) = routes(TrafficServices(callers, BOUNDS, 100_000))
    with pytest.raises(InvalidInput) as refused:
        await route.handler(asked(body))
    assert refused.value.fields[0].path.startswith(path)


class Watched:
    """The shop with its notices watched."""

    def __init__(self, shop, callers):
        self.shop, self.callers = shop, callers
        self.mount()

    def mount(self, ledger=None, log=None):
        owners = Owners({"brand": Own.of(["operator"], ["203.0.113.0/24"])})
        watch: Watch[Notice] = Watch(self.callers, BOUNDS, 100_000, owners)
        services = NoticeServices(
            ledger or self.shop.ledger, log or self.shop.log, self.shop.signer, watch
        )
        (self.route,) = notice_routes(services)

    async def ad(self, person="ann", now_us=NOW_US):
        body = {"placements": [{"id": "home"}], "user": {"anonymous_id": person}}
        (ad,) = (await self.shop.ask(body, now_us))["decisions"]
        return ad

    async def tell(self, ad, kind="click", *, after_us=5 * SECOND_US, agent=CHROME,
                   address="192.0.2.1", **headers):  # fmt: skip
        token = ad["tracking"][kind].removeprefix("/t/")
        said = {"user-agent": agent, **headers}
        request = Request("GET", "", {"token": token}, {}, said, b"", address, NOW_US + after_us)
        return await self.route.handler(request)

    def told(self, name):
        return [event["properties"] for event in self.shop.events() if event["event"] == name]


@pytest.fixture
async def watched(shop, callers):
    shop.show([placement()], [campaign("a", 100, budget=100)])
    return Watched(shop, callers)


async def test_a_persons_click_counts_and_its_repeat_is_marked(watched):
    ad = await watched.ad()
    for n in range(3):
        assert (await watched.tell(ad, after_us=(5 + n) * SECOND_US)).status == 302
    (click,) = watched.told("Ad Clicked")
    assert (click["cost_minor"], click.get("reason")) == (10, None)
    (repeat,) = watched.told("Ad Click Refused")
    assert (repeat["reason"], "cost_minor" in repeat) == ("duplicate", False)
    assert await watched.shop.budget("a") == Balance(100, 0, 10, 90)


async def test_a_repeat_is_known_by_the_log_after_a_restart(watched):
    ad = await watched.ad()
    await watched.tell(ad)
    watched.mount()
    await watched.tell(ad)
    assert [one["reason"] for one in watched.told("Ad Click Refused")] == ["duplicate"]
    assert len(watched.told("Ad Clicked")) == 1
    assert await watched.shop.budget("a") == Balance(100, 0, 10, 90)


@pytest.mark.parametrize(
    ("caller", "reason", "detail"),
    [
        ({"agent": "Googlebot/2.1"}, "declared_bot", "crawler: googlebot"),
        ({"agent": ""}, "declared_bot", "missing"),
        ({"agent": "curl/8.8"}, "declared_bot", "http_library: curl"),
        ({"address": "198.51.100.9"}, "data_centre", "cloud"),
        ({"address": "203.0.113.9"}, "self_click", "network"),
        ({"sec-purpose": "prefetch;prerender"}, "prefetch", None),
        ({"after_us": 20_000}, "too_fast", "20 ms"),
        ({"after_us": -2 * SECOND_US}, "click_before_impression", "2000 ms"),
        ({"address": "10.1.1.1", "agent": "Mozilla/5.0 (compatible; bingbot/2.0)"},
         "declared_bot", "crawler: bingbot"),
    ],
)  # fmt: skip
async def test_an_invalid_click_frees_its_lease_and_a_persons_still_counts(
    watched, caller, reason, detail
):
    ad = await watched.ad()
    assert await watched.shop.budget("a") == Balance(100, 10, 0, 90)
    answer = await watched.tell(ad, **caller)
    assert answer.status == 302, "a robot learns nothing"
    (refused,) = watched.told("Ad Click Refused")
    assert (refused["reason"], refused.get("detail")) == (reason, detail)
    assert "cost_minor" not in refused
    assert watched.told("Ad Clicked") == []
    assert await watched.shop.budget("a") == Balance(100, 0, 0, 100)
    await watched.tell(ad, after_us=9 * SECOND_US)
    assert [click["cost_minor"] for click in watched.told("Ad Clicked")] == [10]
    assert await watched.shop.budget("a") == Balance(100, 0, 10, 90)


@pytest.mark.parametrize(
    "caller",
    [
        {"address": "10.0.0.7", "agent": "python-httpx/0.27", "after_us": 1},
        {"agent": "MyShop/3.1 okhttp/4.12"},
        {"address": "not an address"},
    ],
)
async def test_servers_and_apps_of_ones_own_are_believed(watched, caller):
    await watched.tell(await watched.ad(), **caller)
    assert len(watched.told("Ad Clicked")) == 1


async def test_robots_see_no_ads_and_convert_nothing(watched):
    ad = await watched.ad()
    for kind in ("impression", "view", "conversion"):
        assert (await watched.tell(ad, kind, agent="SomeBot/1")).status in {200, 204}
    assert [one["reason"] for one in watched.told("Ad View Refused")] == ["declared_bot"]
    assert [one["reason"] for one in watched.told("Ad Conversion Refused")] == ["declared_bot"]
    assert await watched.shop.budget("a") == Balance(100, 10, 0, 90), "somebody may still click"


async def test_an_operators_click_on_the_own_ad_is_free(watched):
    await watched.tell(await watched.ad("operator"))
    (refused,) = watched.told("Ad Click Refused")
    assert (refused["reason"], refused["detail"]) == ("self_click", "person")


async def flood(watched, clicks=5):
    for n in range(clicks):
        ad = await watched.ad("mallory", NOW_US + n * SECOND_US)
        await watched.tell(ad, after_us=(5 + n) * SECOND_US)


async def test_a_flood_is_refused_and_what_counted_of_it_given_back_once(watched):
    await flood(watched)
    clicked, back = watched.told("Ad Clicked"), watched.told("Ad Click Refunded")
    assert len(clicked) == len(back) == 3
    assert [one["cost_minor"] for one in back] == [-10, -10, -10]
    assert {one["decision_id"] for one in back} == {one["decision_id"] for one in clicked}
    refused = watched.told("Ad Click Refused")
    assert [(one["reason"], one["detail"]) for one in refused] == [("click_flood", "person")] * 2
    assert await watched.shop.budget("a") == Balance(100, 0, 0, 100)
    assert (await watched.shop.ledger.prove()).balanced


async def test_others_at_that_time_are_not_refunded(watched):
    await watched.tell(await watched.ad("bob"), address="192.0.2.77")
    await flood(watched)
    assert len(watched.told("Ad Clicked")) - len(watched.told("Ad Click Refunded")) == 1
    assert (await watched.shop.budget("a")).spent == 10


async def test_a_flood_is_given_back_to_the_wallet_and_the_bill_too(tmp_path, callers):
    (tmp_path / "agency").mkdir()
    agency = Agency(tmp_path / "agency")
    await agency.sign()
    await agency.pay("top_up", 1_000)
    await agency.show(campaign("a", 100))
    watched, bill = Watched(agency.shop, callers), bill_counter("brand", MONTH, prepaid=True)
    await watched.tell(await watched.ad("bob"), address="192.0.2.77")
    await flood(watched)
    held = await agency.wallet()
    assert (held.balance_minor + held.leased_minor, held.billed_minor) == (990, 10)
    assert await agency.spent(bill) == 10
    assert {one["bill"] for one in watched.told("Ad Click Refunded")} == {bill}
    assert (await agency.shop.ledger.prove()).balanced
    await agency.shop.ledger.close()
    agency.shop.log.close()
    agency.records.close()


class Away:
    """A ledger or log that cannot be asked one thing a few times, or makes it wait."""

    def __init__(self, port, verb, times=0):
        self._port, self._verb, self.times = port, verb, times
        self.ready, self.waits, self.asked = asyncio.Event(), asyncio.Event(), 0
        self.ready.set()

    def __getattr__(self, name):
        return self._ask if name == self._verb else getattr(self._port, name)

    async def _ask(self, *asked):
        if self._verb == "part" and not any(asked[2].values()):  # it frees: nobody waits for that
            return await self._port.part(*asked)
        self.asked += 1
        if self.times:
            self.times -= 1
            raise Unavailable
        if not self.ready.is_set():
            self.waits.set()
            await self.ready.wait()
        return await getattr(self._port, self._verb)(*asked)


async def test_refunds_that_cannot_be_given_now_are_given_later(watched):
    watched.mount(ledger=Away(watched.shop.ledger, "recall", 1))
    await flood(watched, 4)
    assert watched.told("Ad Click Refunded") == []
    await watched.tell(await watched.ad("bob"), address="192.0.2.77")
    assert len(watched.told("Ad Click Refunded")) == 3
    assert (await watched.shop.budget("a")).spent == 10


async def test_a_click_that_waits_for_the_ledger_is_one_click_however_often_it_asks(watched):
    watched.mount(ledger=Away(watched.shop.ledger, "part", 90))
    ad = await watched.ad()
    for second in range(90):
        answer = await watched.tell(ad, after_us=(5 + second) * SECOND_US)
        assert answer.status == 503
    assert (await watched.tell(ad, after_us=95 * SECOND_US)).status == 302
    await watched.tell(await watched.ad("bob"), after_us=96 * SECOND_US)
    assert [one["cost_minor"] for one in watched.told("Ad Clicked")] == [10, 10]
    assert watched.told("Ad Click Refused") == watched.told("Ad Click Refunded") == []


async def test_a_flood_that_overtakes_a_charge_gives_it_back_once_it_is_made(watched):
    ledger = Away(watched.shop.ledger, "part")
    watched.mount(ledger=ledger)
    await flood(watched, 2)
    ledger.ready.clear()
    slow = await watched.ad("mallory", NOW_US + 2 * SECOND_US)
    waiting = asyncio.create_task(watched.tell(slow, after_us=7 * SECOND_US))
    await ledger.waits.wait()
    more = await watched.ad("mallory", NOW_US + 3 * SECOND_US)
    await watched.tell(more, after_us=8 * SECOND_US)
    assert len(watched.told("Ad Click Refunded")) == 2
    ledger.ready.set()
    assert (await waiting).status == 302
    assert [one["cost_minor"] for one in watched.told("Ad Clicked")] == [10] * 3
    assert [one["cost_minor"] for one in watched.told("Ad Click Refunded")] == [-10] * 3
    assert await watched.shop.budget("a") == Balance(100, 0, 0, 100)


async def test_a_click_cut_off_after_its_charge_is_given_back_when_a_flood_came_between(watched):
    await flood(watched, 2)
    watched.mount(log=Away(watched.shop.log, "append", 1))
    cut = await watched.ad("mallory", NOW_US + 2 * SECOND_US)
    assert (await watched.tell(cut, after_us=7 * SECOND_US)).status == 503
    for n in range(3, 6):
        ad = await watched.ad("mallory", NOW_US + n * SECOND_US)
        await watched.tell(ad, after_us=(5 + n) * SECOND_US)
    assert (await watched.tell(cut, after_us=11 * SECOND_US)).status == 302
    clicked, back = watched.told("Ad Clicked"), watched.told("Ad Click Refunded")
    assert sum(one["cost_minor"] for one in clicked + back) == 20, "of before the restart"
    assert (await watched.shop.budget("a")).spent == 20


async def test_one_notice_gives_back_and_the_others_do_not_wait_for_it(watched):
    ledger = Away(watched.shop.ledger, "recall")
    watched.mount(ledger=ledger)
    await flood(watched, 3)
    bobs = [await watched.ad("bob", NOW_US + n * SECOND_US) for n in range(2)]
    last = await watched.ad("mallory", NOW_US + 3 * SECOND_US)
    ledger.ready.clear()
    giving = asyncio.create_task(watched.tell(last, after_us=8 * SECOND_US))
    await ledger.waits.wait()
    for ad in bobs:
        async with asyncio.timeout(5):
            await watched.tell(ad, after_us=9 * SECOND_US, address="192.0.2.77")
    assert watched.told("Ad Click Refunded") == []
    ledger.ready.set()
    await giving
    assert (len(watched.told("Ad Click Refunded")), ledger.asked) == (3, 3)
