"""The quote as HTTP asks it: live promotions, stored goods, and any bytes at all."""

from decimal import Decimal

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from msgspec.structs import replace
from tests.promotions.till import NOW_US, coupon

from queqiao.decide.promotions.contracts import COUPON_BATCH, KINDS, PROMOTION
from queqiao.decide.promotions.coupons.publishing import check_live_coupon_batch
from queqiao.decide.promotions.documents.benefit import PercentBenefit
from queqiao.decide.promotions.documents.condition import Condition
from queqiao.decide.promotions.documents.coupon_batch import CouponBatchDocument
from queqiao.decide.promotions.documents.promotion import PromotionDocument
from queqiao.decide.promotions.documents.scope import Scope
from queqiao.decide.promotions.hot_state import load
from queqiao.decide.promotions.publishing import check_live_promotion
from queqiao.decide.promotions.quote_types import QuoteRequest
from queqiao.kernel.errors import CallerError, InvalidInput
from queqiao.ports.records import documents
from queqiao.ports.records.audit import SYSTEM
from queqiao.ports.records.sqlite import SqliteRecords

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


def put(value, path, item):
    """Return ``value`` with one of its parts replaced."""
    if not path:
        return item
    step, *rest = path
    if isinstance(value, dict):
        return {**value, step: put(value.get(step), rest, item)}
    if isinstance(value, list) and value:
        return [put(value[0], rest, item), *value[1:]]
    return {step: item}


GOOD = {
    "currency": "CNY",
    "now": "2026-06-18T00:00:00Z",
    "profile": {"rounding": "down"},
    "customer": {"id": "u", "segments": ["vip"]},
    "catalog": [{"sku": "A", "price": 100, "categories": ["c"], "tags": []}],
    "promotions": [
        {
            "name": "p",
            "benefit": {"type": "threshold", "tiers": [{"at_least": 50, "discount": 5}]},
            "scope": {"skus": ["A"]},
            "condition": {"subtotal_at_least": 10},
            "funding": {"platform": 100, "shop": 0, "brand": 0},
        }
    ],
    "cart": {"lines": [{"id": "1", "sku": "A", "quantity": 2}], "shipping": {"amount": 5}},
    "codes": ["X"],
    "options": {"explain": True, "suggest": True},
}


def paths(value, path=()):
    yield path
    if isinstance(value, dict):
        for name, item in value.items():
            yield from paths(item, (*path, name))
    elif isinstance(value, list):
        for item in value:
            yield from paths(item, (*path, 0))


async def test_a_quote_of_live_promotions_and_stored_goods(till):
    till.listed("SAVE10")
    answer = await till.post(
        "quote",
        {"cart": {"lines": [{"sku": "A", "quantity": 2}, {"sku": "B"}]}, "codes": ["save10"]},
    )
    assert answer["totals"]["total"] == 24_000
    assert answer["applied"][0]["code"] == "save10"
    assert answer["rules_version"] == till.shop.promotions.rules_version
    assert [line["id"] for line in answer["lines"]] == ["1", "2"]


async def test_a_live_quote_is_silent_about_promotions_out_of_reach(till):
    elsewhere = PromotionDocument(
        name="x", benefit=PercentBenefit(Decimal(5)), scope=Scope(skus=("Z",))
    )
    till.show({"x": elsewhere}, {})
    answer = await till.post("quote", {"cart": {"lines": [{"sku": "A"}]}})
    assert answer["refused"] == []


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ({"sku": "NONE"}, "cart.lines[0].sku"),
        ({"sku": "E"}, "cart.lines[0].sku"),
        ({"sku": "A", "quantity": 0}, "cart.lines[0].quantity"),
        ({"sku": "A", "quantity": 1.5}, "cart.lines[0].quantity"),
        ({"sku": "A", "price": -1}, "cart.lines[0].price"),
        ({"sku": "A", "quantity": 100_001}, "cart.lines[0].quantity"),
        ({"sku": "A", "price": 10**13}, "cart.lines[0].price"),
    ],
)
async def test_a_wrong_line_is_named(till, line, path):
    with pytest.raises(InvalidInput) as refused:
        await till.post("quote", {"cart": {"lines": [line]}})
    assert refused.value.fields[0].path == path


async def test_totals_and_units_are_bounded(till):
    for line, path in (
        ({"sku": "A", "price": 10**12, "quantity": 90_000}, "cart"),
        ({"sku": "A", "quantity": 60_000}, "cart.lines"),
    ):
        with pytest.raises(InvalidInput) as refused:
            await till.post("quote", {"cart": {"lines": [line, line]}})
        assert refused.value.fields[0].path == path


async def test_the_same_line_id_twice_is_refused(till):
    line = {"id": "1", "sku": "A"}
    with pytest.raises(InvalidInput) as refused:
        await till.post("quote", {"cart": {"lines": [line, line]}})
    assert refused.value.fields[0].path == "cart.lines[1].id"


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("coupons", {"coupons": ["SAVE10"]}),
        ("customer.user_id", {"customer": {"user_id": "u1"}}),
        ("options.why", {"options": {"why": True}}),
        ("cart.shipping_minor", {"cart": {"lines": [], "shipping_minor": 1}}),
        ("cart.lines[0].qty", {"cart": {"lines": [{"sku": "A", "qty": 2}]}}),
        ("cart.shipping.price", {"cart": {"lines": [], "shipping": {"price": 1}}}),
        ("catalog[0].price_minor", {"catalog": [{"sku": "A", "price": 1, "price_minor": 1}]}),
    ],
)
async def test_a_field_that_there_is_not_is_named(till, path, more):
    with pytest.raises(InvalidInput) as refused:
        await till.post("quote", {"cart": {"lines": [{"sku": "A"}]}} | more)
    assert refused.value.fields[0].path == path


async def test_a_use_of_a_code_with_a_wrong_field_is_refused(till):
    with pytest.raises(InvalidInput) as refused:
        await till.post("lock", {"customer_id": "u", "order": "o"}, code="SAVE10")
    assert refused.value.fields[0].path == "order"


@given(st.sampled_from(list(paths(GOOD))), JSON)
@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_any_json_in_any_place_is_answered_or_refused(till, path, item):
    body = msgspec.json.encode(put(GOOD, list(path), item))
    try:
        answer = await till.post("quote", body)
    except CallerError as refused:
        assert 400 <= refused.status < 500  # noqa: PT017  # either outcome is right
    else:
        assert answer["totals"]["total"] >= 0


@given(st.binary(max_size=200))
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@pytest.mark.parametrize("name", ["quote", "redeem"])
async def test_any_bytes_are_refused(till, name, body):
    with pytest.raises(CallerError):
        await till.post(name, body, code="X")


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"cart":{"lines":[{"sku":"\\ud800"}]}}',
        b'{"cart":{"lines":[{"sku":"A","quantity":1e400}]}}',
        b'{"cart":{"lines":[{"sku":"A","quantity":NaN}]}}',
        b'{"cart":{"lines":[{"sku":"\\u0000"}]}}',
        b'{"cart":{"lines":[]},"codes":["\\ud800"]}',
    ],
)
async def test_known_traps_are_refused(till, body):
    with pytest.raises(CallerError):
        await till.post("quote", body)


def test_documents_come_live_from_the_records(tmp_path):
    records = SqliteRecords(tmp_path / "records.sqlite")
    records.upgrade()
    batch = CouponBatchDocument(name="b", codes=("SAVE10",))
    edit = documents.Edit(SYSTEM, NOW_US)

    def store(conn):
        documents.create(conn, PROMOTION, "p", coupon("b"), edit)
        documents.create(conn, PROMOTION, "draft", coupon("b"), edit)
        documents.create(conn, COUPON_BATCH, "b", batch, edit)
        documents.transition(conn, PROMOTION, "p", "live", edit)
        documents.transition(conn, COUPON_BATCH, "b", "live", edit)

    records.write_now(store)
    snapshot = records.read_now(lambda conn: load(conn, b"k" * 32))
    assert [offer.id for offer in snapshot.offers] == ["p"]
    assert snapshot.code_book.find("SAVE10").batch.id == "b"
    again = records.read_now(lambda conn: load(conn, b"k" * 32))
    assert again.rules_version == snapshot.rules_version
    records.close()


def test_schemas_can_be_published():
    for kind in (*(kind.type for kind in KINDS), QuoteRequest):
        assert msgspec.json.schema(kind)["$defs"]


def test_what_goes_live_must_fit_what_is_live(tmp_path):
    records = SqliteRecords(tmp_path / "records.sqlite")
    records.upgrade()
    batch = CouponBatchDocument(name="b", codes=("SAVE10",))
    other = CouponBatchDocument(name="c", codes=("NEW", "save10"))
    edit = documents.Edit(SYSTEM, NOW_US)

    def store(conn):
        with pytest.raises(InvalidInput) as missing:
            check_live_promotion(coupon("b"), conn)
        inner = Condition(any=(Condition(code_batches_any=("b", "c")),))
        with pytest.raises(InvalidInput) as inside:
            check_live_promotion(replace(coupon("b"), code_batch=None, condition=inner), conn)
        assert [field.path for field in inside.value.fields] == [
            "condition.any[0].code_batches_any[0]",
            "condition.any[0].code_batches_any[1]",
        ]
        documents.create(conn, COUPON_BATCH, "b", batch, edit)
        documents.transition(conn, COUPON_BATCH, "b", "live", edit)
        check_live_promotion(coupon("b"), conn)
        check_live_coupon_batch(batch, conn)
        with pytest.raises(InvalidInput) as clashing:
            check_live_coupon_batch(other, conn)
        return missing.value.fields[0].path, clashing.value.fields[0].path

    assert records.write_now(store) == ("code_batch", "codes[1]")
    records.close()


async def test_a_refund_of_a_quoted_order_over_http(till):
    question = {"cart": {"lines": [{"id": "1", "sku": "A", "quantity": 2}]}}
    order = {"question": question, "quote": await till.post("quote", question)}
    first = await till.post("refund", {"order": order, "items": [{"line": "1", "quantity": 1}]})
    assert first["totals"]["total"] == 10_000
    rest = {"order": order, "everything": True, "returned": [first]}
    second = await till.post("refund", rest)
    assert (second["totals"]["total"], second["complete"]) == (10_000, True)
    assert second["payments"] == [{"method": "original", "amount": 10_000, "id": None}]


async def test_a_mistyped_order_is_refused_and_not_refunded(till):
    question = {"cart": {"lines": [{"id": "1", "sku": "A", "quantity": 2}]}}
    quoted = await till.post("quote", question)
    quoted["totals"]["total"] += 1
    with pytest.raises(InvalidInput) as refused:
        await till.post("refund", {"order": {"quote": quoted}, "everything": True})
    assert refused.value.fields[0].path == "order.quote.totals.total"


REFUND = {
    "order": {
        "question": GOOD | {"cart": {"lines": [{"id": "1", "sku": "A", "quantity": 2}]}},
        "quote": {
            "totals": {
                "items": 200,
                "discount": 0,
                "shipping": 0,
                "shipping_discount": 0,
                "tax": 0,
                "total": 200,
            },
            "lines": [
                {
                    "id": "1",
                    "sku": "A",
                    "quantity": 2,
                    "unit_price": 100,
                    "units": [{"discount": 0, "total": 100, "count": 2}],
                }
            ],
            "shipping": {"amount": 0, "discount": 0, "total": 0},
        },
        "payments": [{"method": "bank", "amount": 200}],
    },
    "returned": [
        {
            "currency": "CNY",
            "lines": [
                {
                    "id": "1",
                    "sku": "A",
                    "quantity": 1,
                    "paid": 100,
                    "tax": 0,
                    "claw_back": 0,
                    "fee": 0,
                    "refund": 100,
                    "units": [
                        {"unit": 1, "paid": 100, "tax": 0, "claw_back": 0, "fee": 0, "refund": 100}
                    ],
                }
            ],
            "totals": {
                "items": 100,
                "claw_back": 0,
                "gifts_charged": 0,
                "restocking_fee": 0,
                "shipping": 0,
                "shipping_tax": 0,
                "tax": 0,
                "total": 100,
            },
            "payments": [{"method": "bank", "amount": 100}],
            "coupons": [],
            "points": {"returned": 0, "taken_back": 0},
            "cashback_taken_back": 0,
            "gifts": [],
            "promotions": [],
            "complete": False,
        }
    ],
    "items": [{"line": "1", "units": [0]}],
    "policy": {"discounts": "claw_back", "restocking_fee_percent": "5"},
}


async def test_a_refund_after_another_is_answered(till):
    answer = await till.post("refund", REFUND)
    assert (answer["totals"]["total"], answer["complete"]) == (95, True)


@given(st.sampled_from(list(paths(REFUND))), JSON)
@settings(
    max_examples=600, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_any_json_in_any_place_of_a_refund_is_answered_or_refused(till, path, item):
    body = msgspec.json.encode(put(REFUND, list(path), item))
    try:
        answer = await till.post("refund", body)
    except CallerError as refused:
        assert 400 <= refused.status < 500  # noqa: PT017  # either outcome is right
    else:
        assert answer["totals"]["total"] >= 0


CONDITION = {"all": [{"any": [{"channels_any": ["app"]}] * 50}] * 3}


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"now": "9999-12-31T23:59:59Z"}, "now"),
        ({"now": "0001-01-01T00:00:00Z"}, "now"),
        ({"now": "1970-12-31T23:59:59Z"}, "now"),
        ({"now": "2201-01-01T00:00:00Z"}, "now"),
        (
            {"cart": {"lines": [], "cards": [{"code": "C1"}, {"code": "C2"}, {"code": " c1 "}]}},
            "cart.cards[2].code",
        ),
        ({"promotions": [{**GOOD["promotions"][0], "condition": CONDITION}] * 13}, "promotions"),
    ],
)
async def test_a_question_that_goes_too_far_is_refused_by_its_path(till, changed, path):
    with pytest.raises(InvalidInput) as refused:
        await till.post("quote", {**GOOD, **changed})
    assert [field.path for field in refused.value.fields] == [path]


@pytest.mark.parametrize("now", ["1971-01-01T00:00:00Z", "2200-12-31T23:59:59Z"])
async def test_windows_and_birthdays_hold_to_the_ends_of_the_calendar(till, now):
    condition = {
        "windows": [{"from_time": "18:00", "until_time": "02:00"}],
        "timezone": "Asia/Shanghai",
        "birthday_before_days": 180,
        "birthday_after_days": 180,
    }
    promotions = [{**GOOD["promotions"][0], "condition": condition}]
    asked = {**GOOD, "now": now, "promotions": promotions, "customer": {"birthday": "12-31"}}
    assert (await till.post("quote", asked))["totals"]["items"] == 200
