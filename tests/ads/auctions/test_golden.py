"""Golden auctions: cases with their reasons, judged by hand as well as by the auction."""

import json
from pathlib import Path

import pytest
from tests.ads.auctions import by_hand
from tests.ads.shop import live

from queqiao.decide.ads.auction import QUALITY_UNIT, Bid, run
from queqiao.decide.ads.click_rate import RATE_UNIT
from queqiao.decide.ads.contracts import Placement, check_placement
from queqiao.decide.ads.hot_state import snapshot

FOLDER = Path(__file__).parents[2] / "cases/auctions"
CASES = {
    f"{path.stem}: {case['name']}": case
    for path in sorted(FOLDER.glob("*.json"))
    for case in json.loads(path.read_text("utf-8"))
}


def parts(text, unit):
    exact = by_hand.share(text) * unit
    assert exact.denominator == 1
    return int(exact)


def bid_of(said):
    return Bid(
        said["campaign"],
        1,
        said["bid_minor"],
        parts(said.get("click_rate", "0.5%"), RATE_UNIT),
        said.get("pricing", "cpc"),
        parts(said.get("conversion_rate", "2%"), RATE_UNIT),
        parts(said.get("quality", by_hand.EVEN), QUALITY_UNIT),
        said.get("group", ""),
    )


def sold(case):
    """Sell the slots as a decision does: one after the other, from the place's own document."""
    document = Placement("place", case["place"].get("floor_minor", 0), "CNY", **_terms(case))
    check_placement(document)
    place = snapshot([live("home", document)], []).placements["home"]
    left, found = [bid_of(said) for said in case["bids"]], []
    for number, draw in enumerate(case["draws"]):
        award = run(left, document.floor_minor, draw, place.slot(number))
        if award is None:
            break
        bid = award.bid
        found.append(
            {
                "campaign": bid.campaign_id,
                **({"group": bid.group_id} if bid.group_id else {}),
                "price_minor": award.price_minor,
                "runner_up": award.runner_up,
                "one_in": round(1 / award.propensity),
            }
        )
        left = [other for other in left if other.campaign_id != bid.campaign_id]
    return found


def _terms(case):
    return {name: case["place"][name] for name in ("auction", "positions") if name in case["place"]}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_golden(case):
    assert sold(case) == case["sold"], case["why"]
    assert by_hand.sold(case) == case["sold"], case["why"]


def test_there_are_enough_and_each_says_why():
    assert len(CASES) >= 150
    assert all(case["why"].endswith(".") for case in CASES.values())
    told = ("place", "bids", "draws")
    asked = {json.dumps([case[name] for name in told]) for case in CASES.values()}
    assert len(asked) == len(CASES)
