"""Preferred and private deals that have a document here, as requests name them."""

import pytest
from msgspec.structs import replace
from tests.ads.openrtb.exchange import asked, banner_imp, bidding

from queqiao.decide.ads.inventory.deal import Deal
from queqiao.decide.ads.inventory.private_deals import private

FLOOR_OF_ONE = {"id": "d1", "bidfloor": 1, "bidfloorcur": "CNY"}


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ({"advertisers": ["brand"]}, "d1"),
        ({"advertisers": []}, "d1"),
        ({"advertisers": ["another"]}, None),
        ({"cpm_minor": 2_400}, "d1"),
        ({"cpm_minor": 9_900}, None),  # the bid does not reach the document's floor
        ({"placements": ["home"]}, None),
        ({"placements": ["off-site"]}, "d1"),
        ({"from_day": "2026-06-19"}, None),
        ({"from_day": "2026-06-18", "to_day": "2026-06-18"}, "d1"),
        ({"to_day": "2026-06-17"}, None),
    ],
)
async def test_our_own_document_of_a_deal_says_who_may_use_it_and_from_which_price(
    exchange, own, expected
):
    said = {"name": "d", "kind": "private", "currency": "CNY", "cpm_minor": 100, **own}
    exchange.put_up(bidding("a", 500))
    deals = private([("d1", Deal(**said))], "Asia/Shanghai")
    exchange.shelves = replace(exchange.shelves, deals=deals)
    pmp = {"deals": [FLOOR_OF_ONE], "private_auction": 1}
    bids = await exchange.bids(asked(banner_imp(bidfloor=1, pmp=pmp)))
    assert (bids[0]["dealid"] if bids else None) == expected
