"""A snapshot that was changed answers as one that was compiled anew."""

from random import Random

import bench.pricing as shop_of_bench
import hypothesis.strategies as st
from hypothesis import given, settings
from tests.promotions.condition_strategies import CONDITIONS, GOODS

from queqiao.decide.promotions.contracts import COUPON_BATCH, PROMOTION
from queqiao.decide.promotions.documents.benefit import FixedBenefit
from queqiao.decide.promotions.documents.coupon_batch import CouponBatchDocument
from queqiao.decide.promotions.documents.promotion import PromotionDocument
from queqiao.decide.promotions.hot_state import load, load_codes, load_promotions
from queqiao.decide.promotions.matching.ranges import Ranged, Ranges
from queqiao.decide.promotions.offers import compile_offer
from queqiao.decide.promotions.quoting import Shop, quote
from queqiao.decide.promotions.snapshot import compile_snapshot
from queqiao.ports.records import documents
from queqiao.ports.records.audit import SYSTEM
from queqiao.ports.records.sqlite import SqliteRecords

SECRET = b"a key of the test"
NOW_US = shop_of_bench.NOW_US


def answers(snapshot, book, requests):
    return [quote(ask, Shop(snapshot, book), NOW_US) for ask in requests]


def test_many_changes_answer_as_a_fresh_compilation():
    random = Random(7)
    documents_by_id = {f"p{n}": shop_of_bench.promotion(random, n) for n in range(300)}
    book = shop_of_bench.store(1, Random(7)).price_book
    requests = shop_of_bench.carts(Random(8))[:12]
    snapshot = compile_snapshot(documents_by_id.items(), (), SECRET)
    for step in range(40):
        changed = {}
        for promotion_id in random.sample(range(330), 3):
            name = f"p{promotion_id}"
            if name in documents_by_id and random.random() < 0.4:
                del documents_by_id[name]
                changed[name] = None
            else:
                documents_by_id[name] = shop_of_bench.promotion(random, 1_000 + step)
                changed[name] = compile_offer(name, documents_by_id[name])
        before = snapshot
        snapshot = snapshot.changed(changed)
        assert before is not snapshot
    fresh = compile_snapshot(documents_by_id.items(), (), SECRET)
    assert snapshot.rules_version == fresh.rules_version
    assert [offer.id for offer in snapshot.offers] == [offer.id for offer in fresh.offers]
    assert len(snapshot.by_place) <= 330
    assert answers(snapshot, book, requests) == answers(fresh, book, requests)


@st.composite
def some_documents(draw):
    return PromotionDocument(
        name="p",
        benefit=FixedBenefit(1),
        scope=draw(GOODS),
        condition=draw(CONDITIONS),
        starts_at=draw(st.none() | st.just("2026-10-10T00:00:00+08:00")),
        currency=draw(st.sampled_from([None, "CNY", "EUR"])),
    )


def bits_of(snapshot):
    """Return what an index holds, by the ids of the promotions instead of their places."""
    index, by_place = snapshot.index, snapshot.by_place

    def named(bits):
        return sorted(o.id for place, o in enumerate(by_place) if o and bits >> place & 1)

    def postings(one):
        few = {name: sum(1 << place for place in places) for name, places in one._few.items()}
        return named(one.asked), {name: named(b) for name, b in (one._bits | few).items()}

    goods = [
        (named(g.everything), named(g._unlisted), postings(g._named), postings(g._excluded))
        for g in (index.goods, index._in_cart)
    ]
    slots = {key: postings(one) for key, one in (index._slots | index._blocked).items()}
    ranges = [
        [named(one.failing(number)) for number in (0, 10**4, 10**9, 1_791_600_000 * 10**6)]
        for one in (index._periods, index.goods._prices)
    ]
    return goods, slots, ranges, named(index.asking), postings(index._currencies)


@given(st.lists(st.tuples(st.integers(0, 5), st.none() | some_documents()), max_size=12))
@settings(max_examples=60, deadline=None)
def test_bits_flip_as_if_all_was_indexed_anew(steps):
    snapshot, live = compile_snapshot((), (), SECRET), {}
    for number, document in steps:
        name = f"p{number}"
        live[name] = document
        offer = None if document is None else compile_offer(name, document)
        snapshot = snapshot.changed({name: offer})
    fresh = compile_snapshot(
        [(name, document) for name, document in live.items() if document is not None], (), SECRET
    )
    assert bits_of(snapshot) == bits_of(fresh)


@given(
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), max_size=200),
    st.integers(-1, 301),
    st.integers(0, 200),
)
def test_ranges_fail_those_that_a_number_is_not_in(pairs, number, moved):
    ranged = [Ranged(place, min(pair), max(pair)) for place, pair in enumerate(pairs)]
    expected = sum(1 << r.place for r in ranged if not r.low <= number < r.end)
    assert Ranges(ranged).failing(number) == expected
    first, rest = ranged[:moved], ranged[moved:]
    assert Ranges(first).changed([], rest).failing(number) == expected
    other = Ranges(ranged).changed(rest, [])
    assert other.failing(number) == expected & ((1 << len(first)) - 1)


def test_only_what_changed_is_read_and_compiled(tmp_path, monkeypatch):
    records = SqliteRecords(tmp_path / "records.sqlite")
    records.upgrade()
    edit = documents.Edit(SYSTEM, NOW_US)
    document = PromotionDocument(name="p", benefit=FixedBenefit(100), code_batch="b")

    def store(conn):
        batch = CouponBatchDocument(name="b", codes=("SAVE10",))
        documents.create(conn, COUPON_BATCH, "b", batch, edit)
        documents.transition(conn, COUPON_BATCH, "b", "live", edit)
        for name in ("p1", "p2", "p3"):
            documents.create(conn, PROMOTION, name, document, edit)
            documents.transition(conn, PROMOTION, name, "live", edit)

    records.write_now(store)
    first = records.read_now(lambda conn: load(conn, SECRET))

    def change(conn):
        documents.transition(conn, PROMOTION, "p2", "paused", edit)
        dearer = PromotionDocument(name="p", benefit=FixedBenefit(200), code_batch="b")
        documents.replace(conn, PROMOTION, "p3", dearer, edit)
        documents.create(conn, PROMOTION, "p4", document, edit)

    records.write_now(change)
    compiled = []
    monkeypatch.setattr(
        "queqiao.decide.promotions.hot_state.compile_offer",
        lambda name, *rest: compiled.append(name) or compile_offer(name, *rest),
    )
    ids = ("p2", "p3", "p4", "gone")
    second = records.read_now(lambda conn: load_promotions(conn, first, ids))
    assert compiled == ["p3"]
    assert [offer.id for offer in second.offers] == ["p1", "p3"]
    assert [offer.id for offer in second.unlocked_by("b")] == ["p1", "p3"]
    assert second.rules_version == records.read_now(lambda conn: load(conn, SECRET)).rules_version
    assert second.changed({}, records.read_now(lambda conn: load_codes(conn, SECRET)))
    assert [offer.id for offer in first.offers] == ["p1", "p2", "p3"]
    records.close()
