"""What a bid wins and pays in columns is what the auction itself would say, slot by slot."""

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ads.forecast.world import START_US

from queqiao.decide.ads.auction import FULL_PERCENT, QUALITY_UNIT, SCORE_UNIT, Bid, Slot, run
from queqiao.decide.ads.forecast.contest import Offer, field, won
from queqiao.decide.ads.forecast.opportunities import Gathering, Opportunity, Rival

PRICINGS = ("cpc", "cpm", "cpa")
rates = st.integers(1_000_000, 100_000_000)
bids = st.builds(
    Bid,
    st.sampled_from(["a", "b", "c"]),
    st.just(1),
    st.integers(1, 5_000),
    rates,
    st.sampled_from(PRICINGS),
    rates,
    st.integers(QUALITY_UNIT // 2, QUALITY_UNIT * 2),
)


@settings(max_examples=300, deadline=None)
@given(
    rivals=st.lists(bids, max_size=4),
    draft=bids,
    floor_minor=st.integers(0, 2_000),
    percent=st.sampled_from([100, 60, 25]),
    kind=st.sampled_from(["second_price", "first_price"]),
)
def test_a_bid_wins_and_pays_as_in_the_auction(rivals, draft, floor_minor, percent, kind):
    own = Bid("draft", *(getattr(draft, name) for name in Bid.__struct_fields__[1:]))
    slot = Slot(kind, 0, percent)
    able = [bid for bid in rivals if bid.click_minor >= floor_minor]
    award = run([*rivals, own], floor_minor, 7, slot)
    best = {}
    for bid in able:
        worth = bid.bid_minor * bid.weight_in(percent)
        best[bid.campaign_id] = max(worth, best.get(bid.campaign_id, 0))
    first = sorted(best, key=lambda name: -best[name])[:2]
    gathering = Gathering()
    gathering.take([
        Opportunity(
            START_US, "home", 1, (), "r", "web", (), None, floor_minor,
            tuple(Rival(name, best[name] / FULL_PERCENT / SCORE_UNIT) for name in first),
            percent, kind == "first_price",
        )
    ])  # fmt: skip
    offer = Offer(own.pricing, own.quality, [own.click_rate], [own.conversion_rate])
    found = won(field(gathering.columns(), offer, [0], None), own.bid_minor)
    if first and best[first[0]] == own.bid_minor * own.weight_in(percent):
        return  # a draw decides, and here it counts half
    wins = award is not None and award.bid.campaign_id == "draft"
    assert bool(len(found.rows)) == wins
    if wins:
        # A worth is a double here and an integer there: a price may be off by its last unit.
        assert abs(found.price_minor[0] - award.price_minor) <= 1
