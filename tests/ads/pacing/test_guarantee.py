"""The cost guarantee: what a week gives back by law, and that it is given back once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.ads.shop import campaign

from queqiao.decide.ads.budgets import counter
from queqiao.decide.ads.contracts import CAMPAIGN
from queqiao.decide.ads.notice_events import new_event
from queqiao.decide.ads.pacing import guarantees
from queqiao.decide.ads.pacing.document import BidStrategy
from queqiao.decide.ads.pacing.guarantee import (
    CONVERSIONS_MIN,
    TOLERANCE_PERCENT,
    Results,
    allowed_minor,
    judged,
    promised,
    week_of,
)
from queqiao.decide.ads.pacing.guarantees import Guarantees
from queqiao.decide.ads.pacing.learning import Edit
from queqiao.decide.ads.wallets.account import bill_counter, credited_counter, wallet_counter
from queqiao.decide.ads.wallets.contracts import ADVERTISER, Advertiser
from queqiao.decide.ads.wallets.office import NewPayment, WalletOffice
from queqiao.kernel.clock import DAY_US, HOUR_US, parse_rfc3339
from queqiao.kernel.errors import Unavailable
from queqiao.kernel.ids import uuid7
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.ports.ledger.base import AMOUNT_MAX, Take
from queqiao.ports.records import artifacts, documents
from queqiao.ports.records.audit import SYSTEM
from queqiao.ports.records.documents import Edit as Write
from queqiao.ports.records.sqlite import SqliteRecords
from queqiao.ports.warehouse.clickhouse import open_warehouse
from queqiao.process.loader import Loader

ZONE = "Asia/Shanghai"
MONDAY_US = parse_rfc3339("2026-06-15T00:00:00+08:00")
WEEK = week_of(MONDAY_US, ZONE)
TCPA = BidStrategy(kind="tcpa", target_minor=1_000, pacing="even")
TROAS = BidStrategy(kind="troas", target_return_percent=400, pacing="even")
GOOD = campaign("a", 100, budget=100_000, strategy=TCPA).document
BY_HAND = replace(GOOD, strategy=BidStrategy())
SETTLED_US = WEEK.ends_us + 7 * DAY_US
amounts = st.integers(0, 10**9)


def edits(*told):
    """Return the edits of a campaign: days after the Monday, and documents."""
    return [Edit(MONDAY_US + int(day * DAY_US), True, each) for day, each in told]


LIVE_BEFORE = edits((-9, GOOD))


@pytest.mark.parametrize(
    ("at", "monday"),
    [
        ("2026-06-15T00:00:00+08:00", "2026-06-15"),
        ("2026-06-21T23:59:59+08:00", "2026-06-15"),
        ("2026-06-14T23:59:59+08:00", "2026-06-08"),
        ("2026-06-15T00:00:00+00:00", "2026-06-15"),
    ],
)
def test_a_week_begins_on_its_monday(at, monday):
    week = week_of(parse_rfc3339(at), ZONE)
    assert (week.name, len(week.days)) == (monday, 7)
    assert week.begins_us <= parse_rfc3339(at) < week.ends_us
    assert week.ends_us - week.begins_us == 7 * DAY_US


@given(amounts, st.integers(0, 10_000), amounts, st.sampled_from([TCPA, TROAS]))
def test_what_is_given_back_leaves_what_was_promised(cost, conversions, value, strategy):
    results = Results(cost, conversions, value)
    known = edits((-9, replace(GOOD, strategy=strategy)))
    found = judged(known, WEEK, results)
    allowed = allowed_minor(strategy, results)
    assert 0 <= found.credit_minor <= cost
    if found.credit_minor:
        assert cost - found.credit_minor == allowed
        assert cost * 100 > allowed * (100 + TOLERANCE_PERCENT)
        assert conversions >= CONVERSIONS_MIN
    elif conversions >= CONVERSIONS_MIN:
        assert cost * 100 <= allowed * (100 + TOLERANCE_PERCENT)


@given(amounts, amounts, st.integers(CONVERSIONS_MIN, 10_000))
def test_more_cost_never_gives_back_less_and_more_conversions_never_more(one, other, conversions):
    low, high = sorted((one, other))
    at_low, at_high = (judged(LIVE_BEFORE, WEEK, Results(c, conversions, 0)) for c in (low, high))
    assert at_low.credit_minor <= at_high.credit_minor
    better = judged(LIVE_BEFORE, WEEK, Results(high, conversions + 1, 0))
    assert better.credit_minor <= at_high.credit_minor


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        (LIVE_BEFORE, None),
        (edits((-9, GOOD), (2, replace(GOOD, name="b"))), None),
        (edits((-9, GOOD), (2, replace(GOOD, bid_minor=500))), "edited"),
        (edits((-9, GOOD), (8, replace(GOOD, bid_minor=500))), None),
        (edits((-9, replace(GOOD, bid_minor=500)), (-1, GOOD)), None),
        (edits((2, GOOD)), None),
        (edits((-9, replace(GOOD, strategy=BidStrategy())), (2, GOOD)), "edited"),
        (edits((-9, BY_HAND), (8, GOOD)), "no_promise"),
        (edits((-9, BY_HAND)), "no_promise"),
        ([Edit(MONDAY_US + DAY_US, False, BY_HAND), *edits((2, GOOD))], None),
    ],
)
def test_a_week_of_another_campaign_is_not_covered(known, reason):
    found = judged(known, WEEK, Results(50_000, 20, 0))
    assert found.reason == reason
    assert found.credit_minor == (0 if reason else 30_000)


def test_a_draft_by_hand_says_nothing_of_what_was_promised_when_it_went_live():
    drafted = [Edit(MONDAY_US + DAY_US, False, BY_HAND)]
    known = [*drafted, *edits((2, replace(GOOD, strategy=TROAS)))]
    found = judged(known, WEEK, Results(50_000, 20, 100_000))
    assert (found.reason, found.credit_minor) == (None, 25_000)


def test_few_conversions_are_not_covered():
    found = judged(LIVE_BEFORE, WEEK, Results(50_000, CONVERSIONS_MIN - 1, 0))
    assert (found.state, found.reason) == ("not_covered", "few_conversions")


def test_of_two_targets_in_a_week_the_less_strict_was_promised():
    higher = replace(GOOD, strategy=replace(TCPA, target_minor=1_150))
    assert promised(edits((-9, GOOD), (3, higher)), WEEK).target_minor == 1_150
    assert promised(edits((-9, higher), (3, GOOD)), WEEK).target_minor == 1_150
    assert promised(edits((-9, higher), (-2, GOOD)), WEEK).target_minor == 1_000


class House:
    """An advertiser with a campaign that spent in a week, and all that keeps the guarantee."""

    def __init__(self, shop, folder, warehouse, loader):
        self.shop, self.warehouse, self.loader = shop, warehouse, loader
        self.records = SqliteRecords(folder / "records.sqlite")
        self.records.upgrade()
        self.office = WalletOffice(self.records, shop.ledger, warehouse, ZONE)
        self.reader = EmbeddedEventLogReader(shop.folder / "log")
        self.draws = iter(range(10**6))

    def job(self, ledger=None, log=None):
        return Guarantees(
            self.records,
            ledger or self.shop.ledger,
            self.warehouse,
            log or self.shop.log,
            ZONE,
            end_of_log=self.reader.end,
        )

    async def sign(self, payment="prepaid", strategy=TCPA):
        before = Write(SYSTEM, MONDAY_US - 9 * DAY_US)
        document = replace(GOOD, strategy=strategy)

        def write(conn):
            brand = Advertiser("品牌方", "CNY", payment)
            for kind, name, each in ((ADVERTISER, "brand", brand), (CAMPAIGN, "a", document)):
                documents.create(conn, kind, name, each, before)
                documents.transition(conn, kind, name, "live", before)

        await self.records.write(write)
        if payment == "prepaid":
            await self.office.pay("brand", "top_up", NewPayment(100_000, "1"), "k", MONDAY_US)

    async def spend(self, amount, payment="prepaid", day="2026-06-16"):
        is_prepaid = payment == "prepaid"
        takes = [Take(counter("a", day), amount, 1_000_000)]
        if is_prepaid:
            takes.append(Take(wallet_counter("brand"), amount))
        takes.append(Take(bill_counter("brand", day[:7], prepaid=is_prepaid), amount, AMOUNT_MAX))
        await self.shop.ledger.spend(f"spent on {day}", takes, MONDAY_US + DAY_US)

    async def convert(self, count, decided_us=MONDAY_US + 2 * DAY_US, **said):
        """Tell and load conversions of ads that were decided then, by default told at once."""
        await self.tell(count, decided_us, **said)
        await self.load()

    async def tell(self, count, decided_us=MONDAY_US + 2 * DAY_US, told_us=None, value=0):
        for _ in range(count):
            number = next(self.draws)
            decision_id = uuid7(decided_us, lambda bits, n=number: n % (1 << bits))
            properties = {
                "decision_id": decision_id, "campaign_id": "a", "total_minor": value,
            }  # fmt: skip
            event = new_event(
                f"{number}-converted", "Ad Converted", properties,
                anonymous_id=None, user_id=None, channel="", now_us=told_us or decided_us,
            )  # fmt: skip
            await self.shop.log.append([event])

    async def load(self):
        while await self.loader.step():
            pass

    async def wallet(self, now_us=SETTLED_US):
        return await self.office.wallet("brand", now_us)

    async def windows(self):
        return (await self.records.read(guarantees.read)).windows("a")


@pytest.fixture
async def house(shop, tmp_path):
    warehouse = open_warehouse(f"chdb://{tmp_path}/warehouse")
    loader = Loader(
        EmbeddedEventLogReader(tmp_path / "log"), warehouse, tmp_path / "process.sqlite", "CNY"
    )
    await loader.open()
    house = House(shop, tmp_path, warehouse, loader)
    yield house
    assert (await shop.ledger.prove()).balanced
    await loader.close()
    warehouse.close()
    house.reader.close()
    house.records.close()


def told(house):
    return [each for each in house.shop.events() if each["event"] == guarantees.EVENT]


async def test_what_a_dear_week_cost_too_much_comes_back_to_the_wallet(house):
    await house.sign()
    await house.spend(30_000)
    await house.convert(15)
    await house.convert(5, told_us=WEEK.ends_us + 6 * DAY_US)
    await house.convert(40, decided_us=WEEK.ends_us + HOUR_US)
    assert await house.job().run(SETTLED_US - 1) == 2, "the weeks before, in which nothing was"
    assert (await house.wallet()).credited_minor == 0, "late conversions are waited for"
    assert await house.job().run(SETTLED_US) == 1
    wallet = await house.wallet()
    assert (wallet.balance_minor, wallet.credited_minor) == (80_000, 10_000)
    assert wallet.difference_minor == 0
    assert wallet.payments[0].kind == "guarantee"
    newest = (await house.windows())[0]
    assert (newest.window, newest.state) == ("2026-06-15", "credited")
    assert (newest.cost_minor, newest.conversions, newest.credit_minor) == (30_000, 20, 10_000)
    (event,) = told(house)
    assert event["properties"]["credit_minor"] == 10_000
    bill = await house.office.invoice("brand", "2026-06", SETTLED_US)
    assert (bill.total_minor, bill.credited_minor, bill.due_minor) == (30_000, 10_000, 20_000)
    ((line),) = bill.credits
    assert (line.campaign_id, line.window, line.amount_minor) == ("a", "2026-06-15", 10_000)


class Cut:
    """Does what it stands for so often, and is away from then on."""

    def __init__(self, real, names, left):
        self.real, self.names, self.left = real, names, left

    def __getattr__(self, name):
        found = getattr(self.real, name)
        if name not in self.names:
            return found

        async def call(*arguments):
            if not self.left:
                raise Unavailable
            self.left -= 1
            return await found(*arguments)

        return call


async def test_a_week_is_judged_when_all_its_conversions_are_loaded(house):
    await house.sign()
    await house.spend(30_000)
    await house.convert(15)
    await house.tell(15)
    job = house.job()
    assert await job.run(SETTLED_US) == 0
    assert (await house.wallet()).credited_minor == 0
    await house.load()
    await house.tell(1, SETTLED_US)  # there is always one more to load
    assert await job.run(SETTLED_US + HOUR_US) == 3
    assert (await house.windows())[0].state == "kept"
    assert (await house.wallet()).credited_minor == 0


async def test_it_goes_to_who_paid_for_the_week(house):
    await house.sign()
    await house.spend(30_000)
    await house.convert(20)
    later = Write(SYSTEM, WEEK.ends_us + DAY_US)

    def hand_over(conn):
        documents.create(conn, ADVERTISER, "other", Advertiser("别家", "CNY", "prepaid"), later)
        documents.transition(conn, ADVERTISER, "other", "live", later)
        documents.replace(conn, CAMPAIGN, "a", replace(GOOD, advertiser="other"), later)

    await house.records.write(hand_over)
    await house.job().run(SETTLED_US)
    assert (await house.wallet()).credited_minor == 10_000
    assert (await house.office.wallet("other", SETTLED_US)).credited_minor == 0


def test_a_week_in_which_another_began_to_pay_is_not_covered():
    known = edits((-9, GOOD), (2, replace(GOOD, advertiser="other")))
    assert judged(known, WEEK, Results(50_000, 20, 0)).reason == "edited"


async def test_it_comes_back_once_wherever_the_work_was_cut_off(house):
    await house.sign()
    await house.spend(30_000)
    await house.convert(20)

    for left in (0, 1):
        ledger = Cut(house.shop.ledger, {"spend", "refund"}, left)
        with pytest.raises(Unavailable):
            await house.job(ledger=ledger).run(SETTLED_US + left)
    with pytest.raises(Unavailable):
        await house.job(log=Cut(house.shop.log, {"append"}, 0)).run(SETTLED_US + 5)
    await house.convert(3, told_us=WEEK.ends_us + 6 * DAY_US)
    await house.job().run(SETTLED_US + 10)
    await house.load()
    await house.records.write(lambda conn: artifacts.remove(conn, guarantees.ARTIFACT))
    await house.job().run(SETTLED_US + DAY_US)
    assert await house.job().run(SETTLED_US + DAY_US) == 0
    wallet = await house.wallet(SETTLED_US + DAY_US)
    assert (wallet.balance_minor, wallet.credited_minor) == (80_000, 10_000)
    balances = await house.shop.ledger.balances([credited_counter("brand")])
    assert balances[credited_counter("brand")].spent == 10_000
    assert len(told(house)) == 1
    assert (await house.windows())[0].credit_minor == 10_000


async def test_who_pays_after_the_month_gets_it_on_the_bill(house):
    await house.sign("postpaid", TROAS)
    await house.spend(30_000, "postpaid")
    await house.convert(20, value=2_000)
    await house.job().run(SETTLED_US)
    bill = await house.office.invoice("brand", None, SETTLED_US)
    assert (bill.on_credit_minor, bill.credited_minor, bill.due_minor) == (30_000, 20_000, 10_000)
    wallet = await house.wallet()
    assert (wallet.balance_minor, wallet.credited_minor, wallet.difference_minor) == (0, 0, 0)


async def test_a_campaign_of_the_shop_s_own_gets_nothing_back(house):
    before = Write(SYSTEM, MONDAY_US - 9 * DAY_US)

    def write(conn):
        documents.create(conn, CAMPAIGN, "a", GOOD, before)
        documents.transition(conn, CAMPAIGN, "a", "live", before)

    await house.records.write(write)
    await house.shop.ledger.spend("s", [Take(counter("a", WEEK.days[0]), 30_000, 10**6)], 1)
    await house.convert(20)
    await house.job().run(SETTLED_US)
    newest = (await house.windows())[0]
    assert (newest.state, newest.reason, newest.credit_minor) == ("not_covered", "no_advertiser", 0)
    assert told(house) == []
