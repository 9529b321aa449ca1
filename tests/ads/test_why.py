"""Why, of campaigns that the record does not list: by documents as they stood then."""

import pytest
from tests.ads.openrtb.exchange import Exchange, asked, bidding
from tests.ads.shop import NOW_US, campaign, placement

from queqiao.decide.ads.contracts import CAMPAIGN, PLACEMENT
from queqiao.decide.ads.hot_endpoints import routes
from queqiao.decide.ads.served import LISTED_MAX
from queqiao.decide.ads.then import as_kept
from queqiao.kernel.clock import HOUR_US, SECOND_US
from queqiao.ports.records import documents
from queqiao.ports.records.audit import SYSTEM
from queqiao.ports.records.documents import Edit
from queqiao.ports.records.sqlite import SqliteRecords

GROVE = {"field": "geo.region", "op": "in", "value": ["CN-44"]}
LATER_US = NOW_US + HOUR_US
BEFORE_US = NOW_US - HOUR_US


@pytest.fixture
def records(tmp_path):
    opened = SqliteRecords(tmp_path / "records.sqlite")
    opened.upgrade()
    yield opened
    opened.close()


class Past:
    """A shop whose documents are kept in every revision."""

    def __init__(self, shop, records):
        self.shop, self.records = shop, records
        services = shop.services()
        then = as_kept(records, list, "Asia/Shanghai")
        shop.decide_route, shop.why_route = routes(
            type(services)(**{n: getattr(services, n) for n in services.__struct_fields__}
                           | {"then": then})
        )  # fmt: skip

    def publish(self, kind, one, at_us=BEFORE_US):
        def write(conn):
            edit = Edit(SYSTEM, at_us)
            documents.create(conn, kind, one.id, one.document, edit)
            documents.transition(conn, kind, one.id, "live", edit)

        self.records.write_now(write)

    def change(self, one, at_us=LATER_US):
        edit = Edit(SYSTEM, at_us)
        self.records.write_now(
            lambda conn: documents.replace(conn, CAMPAIGN, one.id, one.document, edit)
        )

    def state(self, campaign_id, state, at_us):
        edit = Edit(SYSTEM, at_us)
        self.records.write_now(
            lambda conn: documents.transition(conn, CAMPAIGN, campaign_id, state, edit)
        )

    async def reason(self, decision_id, campaign_id):
        (found,) = (await self.shop.why(decision_id, campaign_id))["candidates"]
        clause = found["clause"] and found["clause"]["path"]
        return found["outcome"], found["reason"], found["recorded"], clause


@pytest.fixture
def past(shop, records):
    return Past(shop, records)


def crowd():
    """So many better campaigns, in the auction and out of it, that others are not listed."""
    return [
        *(campaign(f"in{at}", 200 + at) for at in range(LISTED_MAX)),
        *(campaign(f"out{at}", 300 + at, segments=["nobody"]) for at in range(LISTED_MAX)),
    ]


async def test_a_campaign_beyond_the_list_is_judged_by_its_revision_of_then(past, shop):
    others = [
        campaign("gold", 90, segments=["gold"]),
        campaign("app", 90, channels=["app"]),
        campaign("grove", 90, expression=GROVE),
        campaign("cheap", 90),
        campaign("low", 5),
        campaign("elsewhere", 90, placements=["search"]),
    ]
    for one in others:
        past.publish(CAMPAIGN, one)
    past.publish(PLACEMENT, placement())
    past.publish(CAMPAIGN, campaign("new", 90), LATER_US)
    for name in ("asleep", "idle"):
        past.publish(CAMPAIGN, campaign(name, 90))
    past.state("asleep", "paused", BEFORE_US + 1)
    past.state("idle", "paused", LATER_US)
    shop.show([placement()], [*crowd(), *others, campaign("idle", 90)])
    body = {
        "placements": [{"id": "home"}],
        "user": {"anonymous_id": "ann"},
        "context": {"channel": "web", "geo": {"region": "CN-11"}},
    }
    (ad,) = (await shop.ask(body))["decisions"]
    shop.show([], [])  # what is live now says nothing of then
    for name in ("gold", "app", "grove", "cheap", "low"):
        past.change(campaign(name, 500))
    expected = {
        "gold": ("filtered", "segment", False, None),
        "app": ("filtered", "channel", False, None),
        "grove": ("filtered", "expression", False, "targeting.expression"),
        "cheap": ("lost", "outranked", False, None),
        "low": ("filtered", "below_floor", False, None),
        "elsewhere": ("filtered", "not_live_in_placement", False, None),
        "new": ("filtered", "not_created", False, None),
        "asleep": ("filtered", "paused", False, None),
        "idle": ("lost", "outranked", False, None),
        "nowhere": ("filtered", "not_created", False, None),
    }
    found = {name: await past.reason(ad["decision_id"], name) for name in expected}
    assert found == expected


async def test_what_no_document_tells_is_on_record_beyond_the_list(past, shop):
    crowd_ = [each for each in crowd() if each.id.startswith("out")]
    many = [campaign(f"poor{at}", 310 + at, budget=1) for at in range(2 * LISTED_MAX)]
    shop.show([placement()], [*many, *crowd_, campaign("rich", 90)])
    (ad,) = (await shop.ask())["decisions"]
    assert ad["campaign_id"] == "rich"
    listed = {each["campaign_id"] for each in (await shop.why(ad["decision_id"]))["candidates"]}
    beyond = {each.id for each in many} - listed
    assert beyond
    for name in beyond:
        assert await past.reason(ad["decision_id"], name) == ("filtered", "budget", True, None)


async def test_why_tells_what_became_of_the_ad(shop):
    shop.show([placement()], [campaign("a", 100)])
    (ad,) = (await shop.ask())["decisions"]
    await shop.tell(ad["tracking"]["impression"], NOW_US + SECOND_US)
    await shop.tell(ad["tracking"]["click"], NOW_US + 3 * SECOND_US)
    became = (await shop.why(ad["decision_id"]))["decision"]["became"]
    assert [(each["event"], each["cost_minor"]) for each in became] == [
        ("Ad Viewed", None),
        ("Ad Clicked", ad["price_minor"]),
    ]


@pytest.fixture
async def exchange(tmp_path):
    exchange = Exchange(tmp_path)
    yield exchange
    await exchange.close()


async def test_a_bid_in_an_exchange_is_explained(exchange):
    exchange.put_up(bidding("a"), bidding("b", 10))
    (bid,) = await exchange.bids(asked())
    await exchange.notice(bid["burl"], AUCTION_PRICE=20, AUCTION_CURRENCY="CNY")
    told = await exchange.why(bid["id"])
    decision = told["decision"]
    assert (decision["exchange"], decision["campaign_id"]) == ("foreign", "a")
    assert (decision["price_minor"], decision["pricing"]) == (2_500, "cpm")
    assert [(each["event"], each["cost_minor"] > 0) for each in decision["became"]] == [
        ("Ad Billed", True)
    ]
    (winner,) = told["candidates"]
    assert (winner["campaign_id"], winner["outcome"], winner["reason"]) == (
        "a",
        "won",
        "best_score",
    )
    assert told["replay"] == {"equal": True, "differences": []}
    (other,) = (await exchange.why(bid["id"], "b"))["candidates"]
    assert (other["outcome"], other["reason"]) == ("filtered", "not_known")
