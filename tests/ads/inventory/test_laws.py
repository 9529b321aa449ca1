"""Laws of standing: rivals are never together, a floor is never below the placement's."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.ads.inventory.drawn import campaign_of, placement_of
from tests.ads.shop import NOW_US, Shop

from queqiao.decide.ads.hot_state import snapshot
from queqiao.decide.ads.inventory.page import Page
from queqiao.decide.ads.targeting.index import Facts
from queqiao.kernel.clock import HOUR_US

LABELS = st.lists(st.sampled_from("lmn"), max_size=2, unique=True)
PLACES = ("home", "side", "foot")
CAMPAIGN = st.fixed_dictionaries(
    {
        "bid": st.integers(1, 50),
        "budget": st.sampled_from([50, 60, 100_000]),  # some can pay one ad and no second
        "advertiser": st.sampled_from("xyz"),
        "exclusion_labels": LABELS,
        "placements": st.lists(st.sampled_from(PLACES), min_size=1, max_size=3, unique=True),
    }
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(campaigns=st.lists(CAMPAIGN, min_size=2, max_size=12), count=st.integers(1, 3))
async def test_two_rivals_are_never_on_one_page(tmp_path_factory, campaigns, count):
    shop = Shop(tmp_path_factory.mktemp("page"))
    drawn = {f"c{at}": said for at, said in enumerate(campaigns)}
    shop.show(
        [placement_of(place, {"floor_minor": 0}) for place in PLACES],
        [campaign_of(*each) for each in drawn.items()],
    )
    for _ in range(3):
        asked = [{"id": place, "count": count} for place in PLACES]
        answer = await shop.ask({"placements": asked, "user": {"id": "u"}})
        shown = [drawn[ad["campaign_id"]] for ad in answer["decisions"]]
        for one in shown:
            for other in shown:
                if one["advertiser"] != other["advertiser"]:
                    assert not set(one["exclusion_labels"]) & set(other["exclusion_labels"])
        assert shown  # somebody always shows: the law is not kept by emptiness
        for ad in answer["decisions"]:
            assert (await shop.why(ad["decision_id"]))["replay"]["equal"]
    await shop.ledger.close()
    shop.log.close()


RULE = st.fixed_dictionaries(
    {"floor_minor": st.integers(11, 99)},
    optional={
        "segments_any": st.lists(st.sampled_from("ab"), min_size=1, max_size=2, unique=True),
        "devices_any": st.just(["mobile"]),
        "channels_any": st.just(["app"]),
        "days": st.dictionaries(
            st.sampled_from("0123456"),
            st.tuples(st.integers(0, 23), st.integers(24, 48)),
            min_size=1,
        ),
    },
)


@given(
    rules=st.lists(RULE, max_size=6),
    bids=st.lists(st.integers(10, 120), min_size=1, max_size=8),
    shopper=st.tuples(
        st.frozensets(st.sampled_from("abc")),
        st.sampled_from(["app", "web"]),
        st.integers(NOW_US, NOW_US + 200 * HOUR_US),
        st.none(),
        st.sampled_from(["", "mobile"]),
    ),
    draw=st.integers(0, 2**53 - 1),
)
def test_no_click_costs_less_than_any_rule_that_holds(rules, bids, shopper, draw):
    placement = placement_of("home", {"floors": rules})
    campaigns = [campaign_of(f"c{at}", {"bid": bid}) for at, bid in enumerate(bids)]
    place = snapshot([placement], campaigns).placements["home"]
    facts = Facts(*shopper, Page())
    floor = place.floor(facts).minor
    assert floor >= placement.document.floor_minor
    for rule in placement.document.floors:
        alone = placement_of("home", {"floors": []})
        alone.document = type(alone.document)("home", 10, "CNY", floors=[rule])
        lone = snapshot([alone], []).placements["home"].floor(facts).minor
        assert floor >= lone
    award = place.choose(facts, draw)
    assert (award is None) == all(bid < floor for bid in bids)
    if award is not None:
        assert floor <= award.price_minor <= award.bid.bid_minor
