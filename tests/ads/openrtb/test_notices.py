"""Won, billed, lost: what the notices of a bid do to the budget and the log."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ads.openrtb.exchange import asked, banner_imp, bidding
from tests.ads.shop import NOW_US

from queqiao.decide.ads.charging import LATE_US
from queqiao.decide.ads.openrtb.bidder import LEASE_US
from queqiao.decide.ads.openrtb.notices import cost_of, lease_of
from queqiao.decide.ads.openrtb.rates import DEFAULT_RATES
from queqiao.decide.ads.wallets.account import Account
from queqiao.decide.ads.wallets.hot_state import Payers
from queqiao.kernel.clock import SECOND_US
from queqiao.kernel.errors import NotFound
from queqiao.kernel.ids import uuid7

PRICE = {"AUCTION_CURRENCY": "CNY"}


async def one_bid(exchange, **more):
    exchange.put_up(bidding("a", 500, **more))
    (bid,) = await exchange.bids(asked())
    return bid


def told(exchange, name):
    return [each["properties"] for each in exchange.events() if each["event"] == name]


async def test_a_bid_leases_what_its_impression_can_cost(exchange):
    await one_bid(exchange)
    balance = await exchange.budget("a")
    assert (balance.leased, balance.spent) == (3, 0), "25 yuan a thousand are 2.5 分 each"


async def test_billed_once_however_often_it_is_told(exchange):
    bid = await one_bid(exchange)
    for _ in range(3):
        await exchange.notice(bid["burl"], AUCTION_PRICE=20, **PRICE)
    balance = await exchange.budget("a")
    assert (balance.leased, balance.spent) == (0, 2)
    (event,) = told(exchange, "Ad Billed")
    assert (event["cost_minor"], event["cpm_minor"], event["bid_cpm_minor"]) == (2, 2_000, 2_500)


@pytest.mark.parametrize("price", ["25000", "1e308", "nan", "-1", "${AUCTION_PRICE}", "", "x"])
async def test_never_more_than_the_bid(exchange, price):
    bid = await one_bid(exchange)
    await exchange.notice(bid["burl"], AUCTION_PRICE=price, **PRICE)
    (event,) = told(exchange, "Ad Billed")
    assert event["cpm_minor"] == 2_500
    assert event["cost_minor"] == (await exchange.budget("a")).spent in {2, 3}


@pytest.mark.parametrize("price", ["0", "0.0", "0.000001"])
async def test_a_price_of_nothing_costs_nothing(exchange, price):
    bid = await one_bid(exchange)
    await exchange.notice(bid["burl"], AUCTION_PRICE=price, **PRICE)
    (event,) = told(exchange, "Ad Billed")
    assert (event["cpm_minor"], event["cost_minor"]) == (0, 0)
    balance = await exchange.budget("a")
    assert (balance.leased, balance.spent) == (0, 0)


@pytest.mark.parametrize(
    ("cur", "price"), [("CNY", 20), ("USD", round(20 / DEFAULT_RATES["USD"], 4))]
)
async def test_a_price_without_its_currency_is_in_that_of_the_bid(exchange, cur, price):
    exchange.put_up(bidding("a", 500))
    (bid,) = await exchange.bids(asked(cur=[cur]))
    await exchange.notice(bid["burl"], AUCTION_PRICE=price)
    (event,) = told(exchange, "Ad Billed")
    assert event["cpm_minor"] == pytest.approx(2_000, abs=10)


async def test_a_price_in_another_currency(exchange):
    bid = await one_bid(exchange)
    await exchange.notice(bid["burl"], AUCTION_PRICE=2, AUCTION_CURRENCY="USD")
    (event,) = told(exchange, "Ad Billed")
    assert event["cpm_minor"] == round(200 * DEFAULT_RATES["USD"])


async def test_lost_bids_give_their_lease_back_and_tell_why(exchange):
    bid = await one_bid(exchange)
    await exchange.notice(bid["lurl"], AUCTION_MIN_TO_WIN=31.5, AUCTION_LOSS=102, **PRICE)
    balance = await exchange.budget("a")
    assert (balance.leased, balance.spent) == (0, 0)
    (event,) = told(exchange, "Ad Lost")
    assert (event["reason"], event["cpm_minor"]) == (102, 3_150)


async def test_billed_after_lost_costs_where_the_budget_has_it(exchange):
    bid = await one_bid(exchange)
    await exchange.notice(bid["lurl"])
    await exchange.notice(bid["burl"], AUCTION_PRICE=20, **PRICE)
    await exchange.notice(bid["lurl"])
    assert (await exchange.budget("a")).spent == 2


async def test_a_win_alone_costs_nothing(exchange):
    bid = await one_bid(exchange)
    await exchange.notice(bid["nurl"], AUCTION_PRICE=20, **PRICE)
    assert (await exchange.budget("a")).spent == 0
    (event,) = told(exchange, "Ad Won")
    assert event["cpm_minor"] == 2_000


async def test_billed_after_the_lease_ended(exchange):
    bid = await one_bid(exchange)
    late_us = NOW_US + LEASE_US + 1
    await exchange.ledger.expire(late_us)
    assert (await exchange.budget("a")).leased == 0
    for _ in range(2):
        await exchange.notice(bid["burl"], late_us, AUCTION_PRICE=20, **PRICE)
    assert (await exchange.budget("a")).spent == 2


@pytest.mark.parametrize(("first", "then"), [(20, 10), (10, 20), (0, ""), (20, ""), ("", 0)])
@pytest.mark.parametrize("after_us", [0, LEASE_US + 1])
async def test_the_first_price_told_counts(exchange, first, then, after_us):
    bid = await one_bid(exchange)
    for price in (first, then):
        answer = await exchange.notice(bid["burl"], NOW_US + after_us, AUCTION_PRICE=price, **PRICE)
        assert answer.status == 204
    (event,) = told(exchange, "Ad Billed")
    assert event["cpm_minor"] == (2_500 if first == "" else first * 100)
    assert event["cost_minor"] == (await exchange.budget("a")).spent


@pytest.mark.parametrize(("after_us", "cost_minor"), [(LATE_US, 2), (LATE_US + 1_000, 0)])
async def test_billed_a_day_late_costs_nothing(exchange, after_us, cost_minor):
    bid = await one_bid(exchange)
    await exchange.notice(bid["burl"], NOW_US + after_us, AUCTION_PRICE=20, **PRICE)
    (event,) = told(exchange, "Ad Billed")
    assert event["cost_minor"] == (await exchange.budget("a")).spent == cost_minor


async def test_a_day_is_never_overspent(exchange):
    """Ten impressions can be paid; of a hundred bids all that win are told late, and twice."""
    exchange.put_up(bidding("a", 2_000, budget=2_000))
    bids = []
    for number in range(300):
        bids += await exchange.bids(asked(banner_imp(str(number))), NOW_US)
    assert len(bids) == 200, "each leases 10 分 of the day's 20 yuan"
    for bid in bids:
        await exchange.notice(bid["burl"], NOW_US + LEASE_US + 1)
        await exchange.notice(bid["burl"], NOW_US + LEASE_US + 2)
    balance = await exchange.budget("a")
    assert balance.spent + balance.leased <= balance.limit == 2_000
    assert balance.spent == sum(each["cost_minor"] for each in told(exchange, "Ad Billed")) == 2_000


async def test_who_cannot_pay_leaves_the_place_to_the_next(exchange):
    exchange.put_up(bidding("rich", 400), bidding("poor", 500, budget=500))
    seen = [(await exchange.bids(asked()))[0]["cid"] for _ in range(200)]
    assert seen[0] == "poor"
    assert seen[-1] == "rich"
    assert seen == sorted(seen), "poor first, then rich, and never none"


async def tell_markup(exchange, bid):
    """Tell all that the markup tells us, as a page would; return the status of each answer."""
    urls = [part.split('"')[0].split("'")[0] for part in bid["adm"].split("https://")[1:]]
    ours = [f"https://{url}" for url in urls if "/t/" in url]
    return sorted([(await exchange.notice(url)).status for url in ours])


async def test_clicks_and_impressions_of_the_ad_are_counted_and_cost_nothing(exchange):
    bid = await one_bid(exchange)
    assert await tell_markup(exchange, bid) == [200, 204, 302]
    (balance,) = (await exchange.ledger.find("ads:budget:a:", 1)).values()
    assert balance.spent == 0
    assert balance.leased == 3, "the lease waits for the exchange to bill it"
    events = exchange.events()
    assert {each["event"] for each in events} == {
        "Ad Bid",
        "Ad Viewed",
        "Ad Viewable",
        "Ad Clicked",
    }
    assert not any("anonymous_id" in each for each in events), "it is nobody we know"


async def test_a_test_leaves_nothing(exchange):
    exchange.put_up(bidding("a", 500))
    (bid,) = await exchange.bids(asked(test=1))
    assert await tell_markup(exchange, bid) == [200, 204, 302]
    for url in (bid["nurl"], bid["burl"], bid["lurl"]):
        assert (await exchange.notice(url)).status == 204
    assert exchange.events() == []
    assert await exchange.ledger.find("ads:", 1) == {}


async def test_a_token_that_is_not_ours(exchange):
    bid = await one_bid(exchange)
    token = bid["burl"].partition("?")[0]
    for forged in (token[:-2], token.replace("/t/b.", "/t/"), f"{token}A"):
        with pytest.raises(NotFound):
            await exchange.notice(forged)


@given(st.integers(0, 10_000_000), st.integers(0, 2**62))
def test_an_impression_costs_a_whole_number_next_to_its_thousandth(cpm_minor, luck):
    cost = cost_of(cpm_minor, uuid7(NOW_US, lambda _: luck))
    assert cpm_minor // 1_000 <= cost <= lease_of(cpm_minor)
    assert cost - cpm_minor / 1_000 < 1


def test_costs_are_right_in_the_mean():
    costs = [cost_of(337, f"decision-{number}") for number in range(20_000)]
    assert sum(costs) == pytest.approx(337 * 20, rel=0.03)


async def test_an_advertiser_pays_from_the_wallet_and_on_the_months_bill(exchange):
    account = Account("brand", "CNY", prepaid=True)
    exchange.put_up(bidding("a", 500), who_pays=Payers({"brand": account}))
    assert await exchange.bids(asked()) == [], "the wallet is empty"
    await exchange.ledger.set_limit("ads:wallet:brand", 1_000, "paid-in", NOW_US)
    later_us = NOW_US + 10 * SECOND_US
    (bid,) = await exchange.bids(asked(), later_us)
    wallet = (await exchange.ledger.balances(["ads:wallet:brand"]))["ads:wallet:brand"]
    assert (wallet.leased, wallet.spent) == (3, 0)
    await exchange.notice(bid["burl"], later_us, AUCTION_PRICE=20, **PRICE)
    names = ["ads:wallet:brand", "ads:billed:brand:2026-06"]
    balances = await exchange.ledger.balances(names)
    assert [balances[name].spent for name in names] == [2, 2]
    (event,) = told(exchange, "Ad Billed")
    assert (event["bill"], event["cost_minor"]) == (names[1], 2)


async def test_who_was_put_aside_does_not_bid(exchange):
    exchange.put_up(bidding("a", 500), who_pays=Payers({}, frozenset({"brand"})))
    assert await exchange.bids(asked()) == []
