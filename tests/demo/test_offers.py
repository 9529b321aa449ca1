"""The store's thousand promotions: valid, repeatable, and of sane cost for the carts of a shop."""

import re
from collections import Counter

import httpx
import msgspec
import pytest
from msgspec.structs import replace
from tests.demo.fake_system import FakeSystem

from queqiao.catalog.contracts import Facts, Goods, PriceBook
from queqiao.decide.promotions.contracts import COUPON_BATCH, PROFILE, PROMOTION
from queqiao.decide.promotions.customer_types import Customer
from queqiao.decide.promotions.documents.profile import Profile
from queqiao.decide.promotions.profiles import Profiles
from queqiao.decide.promotions.quote_types import Cart, CartLine, Options, QuoteRequest
from queqiao.decide.promotions.quoting import Shop, quote
from queqiao.decide.promotions.snapshot import compile_snapshot
from queqiao.demo import documents, late_offers, offers
from queqiao.demo.client import StoreClient
from queqiao.demo.generator import LivingStore, Plan
from queqiao.demo.store import Store
from queqiao.kernel.clock import DAY_US, HOUR_US, FixedClock, format_rfc3339, parse_rfc3339
from queqiao.kernel.randomness import Randomness

NOW_US = parse_rfc3339("2026-06-18T12:00:00Z")
SPAN = offers.Span(NOW_US - 30 * DAY_US, NOW_US)
BEST_OF_GROUPS = Profile(selection="best_in_group")


def made(seed: int = 618, span: offers.Span = SPAN) -> dict[str, dict]:
    chance, store = Randomness(seed).stream, Store(Randomness(seed), span.born_us)
    early = offers.early_offers(store.goods, span, chance("early offers"))
    later = offers.later_offers(store.goods, span, chance("later offers"))
    assert not set(early) & set(later)
    return documents.PROMOTIONS | early | later


@pytest.fixture(scope="module")
def papers() -> dict[str, dict]:
    return made()


@pytest.fixture(scope="module")
def store() -> Store:
    return Store(Randomness(618), SPAN.born_us)


@pytest.fixture(scope="module")
def shop(papers, store) -> Shop:
    """The store's papers as a system has them when all are live."""
    batches = documents.coupon_batches(store.codes) | late_offers.coupon_batches()
    snapshot = compile_snapshot(
        [(name, read(PROMOTION, one)) for name, one in papers.items()],
        [(name, read(COUPON_BATCH, one)) for name, one in batches.items()],
        b"a key of the test",
    )
    book = PriceBook(
        Goods(good.sku, good.price_minor, "CNY", facts=Facts((good.category,), good.brand), stock=9)
        for good in store.goods
    )
    profile = read(PROFILE, offers.PROFILE)
    return Shop(snapshot, book, profiles=Profiles({offers.PROFILE_ID: profile}, offers.PROFILE_ID))


def read(kind, document):
    """Return a document as the system stores it. Raises where it would refuse it."""
    found = msgspec.convert(document, kind.type)
    kind.check(found)
    return found


@pytest.mark.parametrize("days", [0, 1, 30])
def test_there_are_a_thousand_and_each_may_stand(days):
    found = made(span=offers.Span(NOW_US - days * DAY_US, NOW_US))
    assert len(found) == offers.THOUSAND
    for document in found.values():
        read(PROMOTION, document)


def test_they_are_of_all_kinds_and_have_both_languages_in_their_names(papers):
    kinds = Counter(document["benefit"]["type"] for document in papers.values())
    assert len(kinds) >= 12
    assert max(kinds.values()) < offers.THOUSAND / 4
    named = [one["name"] for name, one in papers.items() if name not in documents.PROMOTIONS]
    assert all(re.search(r"[一-鿿].* · [ -~¥]+$", name) for name in named)
    assert len(set(named)) == len(named)


def test_a_seed_makes_the_same_promotions_and_another_seed_others(papers):
    assert made() == papers
    assert made(7) != papers


def test_those_that_come_late_say_nothing_in_the_history(papers, store):
    early = offers.early_offers(store.goods, SPAN, Randomness(618).stream("early offers"))
    for name, document in papers.items():
        if name not in early and name not in documents.PROMOTIONS:
            assert parse_rfc3339(document["starts_at"]) >= NOW_US
    for document in early.values():
        assert "segments_any" not in document.get("condition", {})


def asked(store: Store, number: int, *, everything: bool = False) -> QuoteRequest:
    """Return what a shopper of the store asks for."""
    chance = store.randomness.stream("cart", number)
    shopper = chance.choice(store.shoppers)
    lines = [
        CartLine(good.sku, chance.choice((1, 1, 1, 2, 3)))
        for good in chance.sample(store.goods, chance.choice((1, 1, 1, 2, 3, 5)))
    ]
    return QuoteRequest(
        Cart(tuple(lines)),
        now=format_rfc3339(NOW_US + chance.randrange(7 * 24) * HOUR_US),
        channel=shopper.channel,
        customer=Customer(
            shopper.user_id,
            attributes=shopper.traits,
            segments=chance.choice(((), (), ("loyal-buyers",))),
        ),
        codes=chance.choice(((), (shopper.code,))),
        options=Options(everything=everything),
    )


def test_no_line_is_sold_below_its_cost_and_the_shop_earns(shop, store):
    cost = {good.sku: good.cost_minor for good in store.goods}
    items = paid = 0
    for number in range(200):
        answer = quote(asked(store, number), shop, NOW_US)
        for line in answer.lines:
            assert line.total >= cost[line.sku] * line.quantity
        items += answer.totals.items
        paid += answer.totals.items - answer.totals.discount
    assert 0.04 < 1 - paid / items < 0.16


def test_a_quote_says_of_each_of_the_thousand_what_became_of_it(shop, store, papers):
    for number in range(20):
        answer = quote(asked(store, number, everything=True), shop, NOW_US)
        told = Counter(
            one.promotion_id for one in [*answer.applied, *answer.refused] if one.promotion_id
        )
        assert told == Counter(papers.keys())


def test_the_best_of_a_thousand_is_found_and_proven(shop, store):
    """Some seventy hold for a cart: sets of goods that it has not, and many that exclude others."""
    better = 0
    for number in range(60):
        question = asked(store, number)
        best = quote(replace(question, profile="best_for_shopper"), shop, NOW_US)
        groups = quote(replace(question, profile=BEST_OF_GROUPS), shop, NOW_US)
        assert best.proof.optimal
        assert best.totals.discount >= groups.totals.discount
        better += best.totals.discount > groups.totals.discount
    assert better


async def test_they_come_while_the_store_lives_on():
    system = FakeSystem()
    client = StoreClient("http://store", "admin", "write", transport=system.transport())
    told: list[str] = []
    living = LivingStore(client, Plan(days=0), FixedClock(NOW_US), progress=told.append)
    await living.set_up()
    before = published(system)
    await living.bring_offers(every_s=0)
    await client.close()
    assert len(before) < offers.THOUSAND / 2
    assert len(published(system)) == offers.THOUSAND
    assert told[-1] == "store: 1,000 promotions are live"


async def test_one_that_is_refused_keeps_no_other_from_coming():
    system, told = FakeSystem(), []
    client = StoreClient("http://store", "admin", "write", transport=system.transport())
    living = LivingStore(client, Plan(days=0), FixedClock(NOW_US), progress=told.append)
    await living.set_up()
    system.away = [lambda: httpx.Response(422, json={"code": "refused"})]
    await living.bring_offers(every_s=0)
    await client.close()
    assert len(published(system)) == offers.THOUSAND - 1
    assert any("is missing" in line and "422" in line for line in told)


def published(system: FakeSystem) -> set[str]:
    """Return the promotions that were put live."""
    paths = [request.url.path for request in system.requests]
    found = [re.fullmatch(r"/api/v1/promotions/(.+)/publish", path) for path in paths]
    return {match[1] for match in found if match}
