"""Wallets: clicks are paid once, never over what was paid in; the books agree at any moment."""

import asyncio
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ads.shop import NOW_US, Shop, campaign, placement

from queqiao.decide.ads.budgets import RETRY_US, counter
from queqiao.decide.ads.charging import late_key_of
from queqiao.decide.ads.contracts import Creative
from queqiao.decide.ads.slices import LEASE_US, USE_US
from queqiao.decide.ads.traffic.refunds import refund
from queqiao.decide.ads.wallets import hot_state, payments
from queqiao.decide.ads.wallets.account import bill_counter
from queqiao.decide.ads.wallets.contracts import ADVERTISER, Advertiser, check_advertiser
from queqiao.decide.ads.wallets.invoices import month_of
from queqiao.decide.ads.wallets.office import NewPayment, WalletOffice
from queqiao.decide.ads.wallets.payments import PATIENCE_US, Payments
from queqiao.decide.ads.wallets.publishing import check_change_advertiser
from queqiao.kernel.errors import Conflict, InvalidInput, Refused
from queqiao.ports.records import documents
from queqiao.ports.records.audit import SYSTEM
from queqiao.ports.records.sqlite import SqliteRecords

MONTH = "2026-06"


class Agency:
    """A shop of ads whose advertisers have accounts."""

    def __init__(self, folder):
        self.shop = Shop(folder)
        self.records = SqliteRecords(folder / "records.sqlite")
        self.records.upgrade()
        self.office = WalletOffice(self.records, self.shop.ledger, None, "Asia/Shanghai")
        self.payments = Payments(self.shop.ledger, self.records)

    async def sign(self, advertiser_id="brand", state="live", **fields):
        document = Advertiser(**{"name": "品牌方", "currency": "CNY", **fields})
        edit = documents.Edit(SYSTEM, NOW_US)

        def store(conn):
            documents.create(conn, ADVERTISER, advertiser_id, document, edit)
            for each in dict.fromkeys(("live", state)):
                documents.transition(conn, ADVERTISER, advertiser_id, each, edit)

        await self.records.write(store)

    async def show(self, *campaigns):
        """Show campaigns at a floor of 10."""
        who_pays = await self.records.read(hot_state.load)
        self.shop.show([placement()], campaigns, who_pays=who_pays)

    async def pay(self, kind, amount, request_id="1", now_us=NOW_US):
        wanted = NewPayment(amount, request_id, "电汇")
        return await self.office.pay("brand", kind, wanted, "key:1", now_us)

    async def wallet(self, now_us=NOW_US):
        return await self.office.wallet("brand", now_us)

    async def click(self, ad, now_us=NOW_US):
        return await self.shop.tell(ad["tracking"]["click"], now_us)

    async def spent(self, counter):
        return (await self.shop.ledger.balances([counter]))[counter].spent


@pytest.fixture
async def agency(tmp_path):
    agency = Agency(tmp_path)
    yield agency
    assert (await agency.shop.ledger.prove()).balanced
    await agency.shop.close()
    agency.records.close()


def clicks(agency):
    found = [event for event in agency.shop.events() if event["event"] == "Ad Clicked"]
    return [event["properties"] for event in found]


async def test_a_click_takes_its_price_from_budget_wallet_and_bill_in_one_step(agency):
    await agency.sign()
    assert (await agency.pay("top_up", 25)).balance_minor == 25
    await agency.show(campaign("a", 100))
    (ad,) = (await agency.shop.ask())["decisions"]
    held = await agency.wallet()
    assert (held.balance_minor, held.leased_minor, held.billed_minor) == (15, 10, 0)
    for _ in range(3):
        await agency.click(ad)
    paid = await agency.wallet()
    assert (paid.balance_minor, paid.leased_minor, paid.billed_minor) == (15, 0, 10)
    assert paid.difference_minor == 0
    assert await agency.spent(bill_counter("brand", MONTH, prepaid=True)) == 10
    (click,) = clicks(agency)
    assert (click["cost_minor"], click["bill"]) == (10, "ads:billed:brand:2026-06")


async def test_an_empty_wallet_shows_no_ad_and_says_so_until_money_comes(agency):
    await agency.sign()
    await agency.show(campaign("a", 100), campaign("own", 50, advertiser="the shop"))
    (ad,) = (await agency.shop.ask())["decisions"]
    assert ad["campaign_id"] == "own"
    (why,) = (await agency.shop.why(ad["decision_id"], "a"))["candidates"]
    assert (why["outcome"], why["reason"]) == ("filtered", "wallet")
    await agency.pay("top_up", 1_000)
    later = NOW_US + RETRY_US
    (ad,) = (await agency.shop.ask(now_us=later))["decisions"]
    assert ad["campaign_id"] == "a"


async def test_an_invalid_click_gives_back_all_that_it_took(agency):
    await agency.sign()
    await agency.pay("top_up", 25)
    await agency.show(campaign("a", 100))
    (ad,) = (await agency.shop.ask())["decisions"]
    await agency.click(ad)
    keys = (ad["decision_id"], late_key_of(ad["decision_id"]))
    for _ in range(2):
        await refund(agency.shop.ledger, keys, counter("a", "2026-06-18"), NOW_US)
    wallet = await agency.wallet()
    assert (wallet.balance_minor, wallet.billed_minor, wallet.difference_minor) == (25, 0, 0)


async def test_many_at_once_never_pass_what_was_paid_in(agency):
    await agency.sign()
    await agency.pay("top_up", 205)
    await agency.show(campaign("a", 100, budget=10_000))
    answers = await asyncio.gather(*(agency.shop.ask() for _ in range(60)))
    ads = [ad for answer in answers for ad in answer["decisions"]]
    assert len(ads) == 20
    await asyncio.gather(*(agency.click(ad) for ad in ads))
    wallet = await agency.wallet()
    assert (wallet.balance_minor, wallet.billed_minor, wallet.difference_minor) == (5, 200, 0)


async def test_who_pays_later_is_billed_up_to_the_month_s_credit(agency):
    await agency.sign(payment="postpaid", credit_minor=25)
    await agency.show(campaign("a", 100))
    ads = [(await agency.shop.ask())["decisions"] for _ in range(3)]
    assert [len(each) for each in ads] == [1, 1, 0]
    for (ad,) in ads[:2]:
        await agency.click(ad)
    wallet = await agency.wallet()
    assert (wallet.on_credit_minor, wallet.billed_minor, wallet.difference_minor) == (20, 0, 0)
    with pytest.raises(Refused) as no_wallet:
        await agency.pay("top_up", 1)
    assert no_wallet.value.reason == "postpaid"


async def test_a_late_click_costs_nothing_where_the_wallet_is_empty(agency):
    await agency.sign()
    await agency.pay("top_up", 10)
    await agency.show(campaign("a", 100))
    (ad,) = (await agency.shop.ask())["decisions"]
    late = NOW_US + USE_US + LEASE_US
    await agency.pay("withdrawal", 10, now_us=late)
    await agency.click(ad, late)
    assert [click["cost_minor"] for click in clicks(agency)] == [0]
    assert (await agency.wallet(late)).difference_minor == 0


async def test_a_payment_is_made_once_however_often_it_is_asked_for(agency):
    await agency.sign()
    asked = (agency.pay("top_up", 500) for _ in range(5))
    assert {one.balance_minor for one in await asyncio.gather(*asked)} == {500}
    with pytest.raises(Conflict):
        await agency.pay("top_up", 600)
    back = await agency.pay("withdrawal", 200)
    assert (back.balance_minor, back.withdrawn_minor) == (300, 200)
    assert [one.amount_minor for one in back.payments] in ([-200, 500], [500, -200])


async def test_what_ads_may_still_cost_is_not_paid_back(agency):
    await agency.sign()
    await agency.pay("top_up", 25)
    await agency.show(campaign("a", 100))
    await agency.shop.ask()
    for _ in range(2):  # a refusal stays one
        with pytest.raises(Refused) as short:
            await agency.pay("withdrawal", 20)
        assert short.value.reason == "insufficient_balance"
    assert (await agency.pay("withdrawal", 15, "2")).balance_minor == 0


@pytest.mark.parametrize("after_ledger", [False, True])
async def test_a_payment_cut_off_is_finished_by_the_scheduler(agency, after_ledger):
    await agency.sign()
    cut = payments.Payment("p1", "brand", "top_up", 70, "", "key:1", NOW_US)
    await agency.records.write(lambda conn: payments.begin(conn, cut))
    if after_ledger:
        await agency.payments._do(cut, NOW_US)
    assert await agency.payments.finish_all(NOW_US + PATIENCE_US - 1) == 0
    assert await agency.payments.finish_all(NOW_US + PATIENCE_US) == 1
    assert await agency.payments.finish_all(NOW_US + PATIENCE_US) == 0
    wallet = await agency.wallet()
    assert (wallet.balance_minor, wallet.paid_in_minor, wallet.difference_minor) == (70, 70, 0)


@pytest.mark.parametrize(
    ("advertiser", "reason"),
    [({"state": "paused"}, "advertiser_not_live"), ({"currency": "USD"}, "advertiser_currency")],
)
async def test_who_cannot_pay_at_all_is_left_out(agency, advertiser, reason):
    await agency.sign(**advertiser)
    await agency.show(campaign("a", 100), campaign("own", 50, advertiser="the shop"))
    (ad,) = (await agency.shop.ask())["decisions"]
    (why,) = (await agency.shop.why(ad["decision_id"], "a"))["candidates"]
    assert (ad["campaign_id"], why["reason"]) == ("own", reason)


@pytest.mark.parametrize("month", ["2026", "2026-13", "2026-06-01", "", "二〇二六", "20２６-11"])
def test_a_month_is_written_one_way(month):
    with pytest.raises(InvalidInput) as wrong:
        month_of(month, NOW_US, "Asia/Shanghai")
    assert [field.path for field in wrong.value.fields] == ["month"]


async def test_money_keeps_its_currency(agency):
    await agency.sign()
    await agency.pay("top_up", 25)
    yen = Advertiser("品牌方", "JPY")
    with pytest.raises(InvalidInput) as wrong:
        await agency.records.write(lambda conn: changed(conn, yen))
    assert [field.path for field in wrong.value.fields] == ["currency"]


def changed(conn, document):
    edit = documents.Edit(SYSTEM, NOW_US)
    stored = documents.replace(conn, ADVERTISER, "brand", document, edit)
    check_change_advertiser(stored, conn)


def test_a_month_is_the_shop_s():
    assert month_of(None, NOW_US, "Asia/Shanghai").name == MONTH
    december = month_of("2026-12", NOW_US, "Asia/Shanghai")
    assert december.until_us - december.since_us == 31 * 86_400_000_000


def test_who_pays_in_advance_has_no_credit():
    with pytest.raises(InvalidInput) as wrong:
        check_advertiser(Advertiser("x", "CNY", credit_minor=1))
    assert [field.path for field in wrong.value.fields] == ["credit_minor"]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("top_up"), st.integers(1, 60)),
        st.tuples(st.just("withdrawal"), st.integers(1, 60)),
        st.tuples(st.just("ask"), st.just(0)),
        st.tuples(st.just("click"), st.integers(0, 9)),
        st.tuples(st.just("wait"), st.integers(1, 12 * 60)),
    ),
    max_size=25,
)


@settings(max_examples=25, deadline=None)
@given(STEPS)
def test_the_books_agree_whatever_happens(tmp_path_factory, steps):
    asyncio.run(_live_through(tmp_path_factory.mktemp("agency"), steps))


async def _live_through(folder, steps):
    agency = Agency(folder)
    await agency.sign()
    creatives = [Creative("x", "t", "/x")]
    await agency.show(campaign("a", 100, budget=150, creatives=creatives))
    ads, now_us = [], NOW_US
    for number, (what, amount) in enumerate(steps):
        if what == "wait":
            now_us += amount * 1_000_000
        elif what == "ask":
            ads += (await agency.shop.ask(now_us=now_us))["decisions"]
        elif what == "click" and ads:
            await agency.click(ads[amount % len(ads)], now_us)
        elif what in {"top_up", "withdrawal"}:
            with suppress(Refused):  # more than there is
                await agency.pay(what, amount, str(number), now_us)
        wallet = await agency.wallet(now_us)
        assert wallet.difference_minor == 0
        assert min(wallet.balance_minor, wallet.leased_minor) >= 0
    cost = sum(click["cost_minor"] for click in clicks(agency))
    assert cost == await agency.spent(bill_counter("brand", MONTH, prepaid=True))
    proof = await agency.shop.ledger.prove()
    assert proof.balanced
    await agency.shop.close()
    agency.records.close()
