"""Macros in what bidders send: filled in once, and never to more than a text may grow."""

import pytest

from queqiao.decide.ads.openrtb.exchange.judging import Offered
from queqiao.decide.ads.openrtb.exchange.macros import GROWTH_CHARACTERS_MAX, filled
from queqiao.decide.ads.openrtb.response import Bid

AUCTION = "0190-auction"


def offered(bid_id="b-1"):
    return Offered(
        seat="alpha",
        bid_id=bid_id,
        imp_id="1",
        price=1.25,
        cur="CNY",
        rate=1.0,
        is_cur_asked=True,
        price_max=1_000.0,
        factor=1.0,
        media="banner",
        deal_id=None,
        size=None,
        domains=(),
        categories=(),
        attributes=(),
        bundle=None,
        has_markup=True,
        is_secure=True,
        is_own=False,
    )


def markup_of(adm, bid_id="b-1", adid=None):
    return filled(Bid(id=bid_id, impid="1", adid=adid, adm=adm), offered(bid_id), AUCTION).adm


def test_each_is_filled_in_and_what_only_the_page_knows_stays():
    said = "${AUCTION_PRICE}|${AUCTION_ID}|${AUCTION_BID_ID}|${AUCTION_AD_ID}|${AUCTION_LOSS}"
    assert markup_of(said, adid="a") == f"1.25|{AUCTION}|b-1|a|${{AUCTION_LOSS}}"


def test_a_macro_in_an_id_is_not_filled_again():
    assert markup_of("${AUCTION_BID_ID}", "${AUCTION_AD_ID}", "a") == "${AUCTION_AD_ID}"


@pytest.mark.parametrize("name", ["BID_ID", "AD_ID"])
def test_a_bidder_cannot_make_gigabytes_of_a_megabyte(name):
    long, many = "x" * 400_000, f"${{AUCTION_{name}}}" * 30_000
    assert markup_of(many, long, long) == many


def test_up_to_its_bound_a_text_grows():
    times = GROWTH_CHARACTERS_MAX // 64
    assert len(markup_of("${AUCTION_BID_ID}" * times, "x" * 64)) == GROWTH_CHARACTERS_MAX
