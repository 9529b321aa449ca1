"""Golden auctions as data: what is asked, what bidders answer, what each is told, what comes back.

A case has ``bidders`` and ``publisher`` (what differs from the usual documents), ``stored``,
``campaigns`` (ours), ``request`` (members of the usual one that differ; ``imps`` are impressions),
``answers`` by bidder, and what is expected: ``status``, ``values`` at paths of the answer, what
bidders are ``told`` at paths of their request, paths that are ``absent``, and ``nonbids``.
"""

import json
from pathlib import Path

import pytest
from tests.ads.auctions.house import asked, bidding, creative, document, imp, live
from tests.ads.openrtb.changes import CASES as OPENRTB_CASES

from queqiao.decide.ads.contracts import Placement
from queqiao.decide.ads.openrtb.check_response import check_response, read_response

FOLDER = Path(OPENRTB_CASES).parent / "exchange"
FILES = sorted(FOLDER.glob("*.json"))
CASES = [
    pytest.param(case, id=f"{file.stem}: {case['name']}")
    for file in FILES
    for case in json.loads(file.read_text("utf-8"))
]
NAMES = ("alpha", "beta", "gamma")


def test_there_are_enough():
    assert len(CASES) >= 40
    assert len({each.id for each in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES)
async def test_a_case(house, bidders, proto_faults, case):
    put_live(house, bidders, case)
    bidders.answers = case.get("answers", {})
    status, answer = await house.auction(request_of(case), **case.get("headers", {}))
    assert status == case.get("status", 200), answer
    for path, value in case.get("values", {}).items():
        assert at(answer, path) == value, (path, answer)
    for path in case.get("absent", ()):
        assert at(answer, path) is None, (path, answer)
    for name, values in case.get("told", {}).items():
        for path, value in values.items():
            assert at(bidders.asked[name][0], path) == value, (name, path, bidders.asked[name])
    for name in case.get("not_asked", ()):
        assert name not in bidders.asked
    if "nonbids" in case:
        assert nonbids(answer) == case["nonbids"]
    if status == 200:
        assert proto_faults("BidResponse", answer) == []
        assert check_response(read_response(json.dumps(answer).encode())) == []


def put_live(house, bidders, case):
    given = case.get("bidders", {})
    house.trade(
        {name: document(bidders, name, **given.get(name, {})) for name in NAMES},
        {"pub": case.get("publisher", {})},
        case.get("stored"),
    )
    campaigns = case.get("campaigns", {})
    house.put_up(
        *(
            bidding(name, budget=10**10, creatives=[creative()], **terms)
            for name, terms in campaigns.items()
        )
    )
    house.floors(
        *(live(name, Placement("p", **terms)) for name, terms in case.get("floors", {}).items())
    )


def request_of(case):
    imps = [imp(str(number), **each) for number, each in enumerate(case.get("imps", [{}]), start=1)]
    return asked(*imps, **case.get("request", {}))


def at(value, path):
    """Return what lies at a path, None for nothing; ``seat:x`` finds the bids of that seat."""
    for step in path.split("/"):
        if step.startswith("seat:"):
            seats = [each for each in value.get("seatbid", ()) if each["seat"] == step[5:]]
            value = seats[0]["bid"] if seats else None
        elif isinstance(value, list):
            value = value[int(step)] if int(step) < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def nonbids(answer):
    """Return the status codes of an answer by seat."""
    found = {}
    for seat in answer["ext"]["seatnonbid"]:
        found[seat["seat"]] = sorted(each["statuscode"] for each in seat["nonbid"])
    return found
