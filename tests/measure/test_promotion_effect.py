"""The effect of promotions: golden cases computed by hand, and the promises of the questions."""

import json
from pathlib import Path

import pytest
from tests.measure.effect_store import EffectStore, exposed, given, holds, sale

from queqiao.kernel.errors import InvalidInput, NotFound
from queqiao.measure.promotion_effect.question import OF_MANY, OF_ONE
from queqiao.wiring.parameters import PARAMETERS

CASES = json.loads((Path(__file__).parents[1] / "cases/measure/promotion_effect.json").read_text())
FIXED = {"name": "p", "benefit": {"type": "fixed", "amount": 1_000}}


@pytest.fixture
async def store(tmp_path):
    made = await EffectStore(tmp_path).open()
    yield made
    await made.close()


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
async def test_cases(store, case):
    for name, document in case["promotions"].items():
        store.publish(name, document)
    store.sell(*case["goods"])
    await store.load(*case["events"])
    for asked in case["asked"]:
        holds(await store.ask(asked["of"], **asked["query"]), asked["is"])
    table = case["table"]
    holds(await store.table(**table["query"]), table["is"])


MORNING = "2026-06-01T01:00:00Z"


async def test_what_a_promotion_brought_by_hand(store):
    """40 treated, 40 held back; the promotion takes 10.00 off A (100.00, cost 40.00), not off B.

    Treated: 20 buy A at 90.00, 10 buy B at 50.00 (cost 10.00). Held back: 8 buy A in full, 10 B.
    By customer: 30 and 18 of 40 buy; 57.50 and 32.50 are paid, 35.00 and 22.00 of it margin; 0 and
    20.00 in full for goods in scope. So 12 more orders, 1,000.00 more paid, 520.00 more margin for
    200.00 of discount; and of the 1,800.00 that A brought, 800.00 would have come in full.
    """
    tea = {"scope": {"categories": ["tea"]}, "holdback_percent": "50"}
    store.publish("p", FIXED | tea)
    store.sell(
        {"sku": "A", "price_minor": 10_000, "currency": "CNY", "cost_minor": 4_000,
         "category": "tea"},
        {"sku": "B", "price_minor": 5_000, "currency": "CNY", "cost_minor": 1_000},
    )  # fmt: skip
    events = []
    for number in range(40):
        events += [exposed(f"t{number}", "treated", MORNING)]
        events += [exposed(f"h{number}", "holdback", MORNING)]
    for number in range(20):
        at = "2026-06-01T02:00:00Z"
        events += [given(f"t{number}", f"t{number}", 1_000, at)]
        events += [sale(f"t{number}", f"t{number}", at, ("A", 1, 10_000, 1_000))]
    later = "2026-06-02T02:00:00Z"
    events += [sale(f"t{n}", f"t{n}", later, ("B", 1, 5_000, 0)) for n in range(20, 30)]
    events += [sale(f"h{n}", f"h{n}", later, ("A", 1, 10_000, 0)) for n in range(8)]
    events += [sale(f"h{n}", f"h{n}", later, ("B", 1, 5_000, 0)) for n in range(8, 18)]
    events += [sale("early", "h39", "2026-05-31T02:00:00Z", ("A", 9, 10_000, 0))]
    await store.load(*events)
    lift = (await store.ask("p"))["lift"]
    holds(lift, {
        "status": "measured",
        "ratio": {"expected": 0.5, "found": 0.5, "p_value": 1.0, "agrees": True},
        "arms": [
            {"customers": 40, "buyers": 30, "orders": 30, "revenue": 230_000, "margin": 140_000},
            {"customers": 40, "buyers": 18, "orders": 18, "revenue": 130_000, "margin": 88_000},
        ],
        "cannibalised": {
            "status": "measured", "skus_in_scope": 1, "treated": 0.0, "holdback": 2_000.0,
            "displaced": {"value": 80_000.0}, "promoted": 180_000, "share": {"value": 0.444444444},
        },
        "incremental": {
            "orders": {"value": 12.0}, "revenue": {"value": 100_000.0},
            "margin": {"value": 52_000.0}, "discount": 20_000, "cost_per_order": 1_666.6666667,
            "note": None,
        },
    })  # fmt: skip
    compared = {one["metric"]: one for one in lift["comparisons"]}
    assert list(compared) == ["conversion", "orders", "revenue", "margin"]
    conversion = compared["conversion"]
    holds(conversion, {"treated": 0.75, "holdback": 0.45, "difference": {"value": 0.3},
                       "relative": {"value": 0.666666667}, "verdict": "higher",
                       "method": "newcombe"})  # fmt: skip
    half_width = 1.99 * (0.1875 / 39 + 0.2475 / 39) ** 0.5
    assert abs(compared["orders"]["difference"]["low"] - (0.3 - half_width)) < 0.001

    async def more(detect):
        asked = await store.ask("p", detect=detect)
        return asked["lift"]["comparisons"][0]["more_customers"]

    # 7.849 * 2 * (0.1875 + 0.2475) * 40/39 / (0.6 * 0.45)² = 96.1: 97 in all, 80 are there.
    assert [await more(60), await more(100)] == [17, 0]
    cut = await store.ask("p", **{"from": "2026-06-02", "to": "2026-06-03"})
    assert [arm["orders"] for arm in cut["lift"]["arms"]] == [10, 18]


async def test_sides_of_another_size_than_drawn_are_not_believed(store):
    store.publish("p", FIXED | {"holdback_percent": "50"})
    arms = ["holdback"] * 20 + ["treated"] * 80
    await store.load(*(exposed(f"u{n}", arm, MORNING) for n, arm in enumerate(arms)))
    lift = (await store.ask("p"))["lift"]
    assert (lift["ratio"]["agrees"], lift["note"]["code"]) == (False, "sides_uneven")
    assert lift["ratio"]["p_value"] < 1e-6
    store.change("p", FIXED | {"holdback_percent": "20"})
    changed = (await store.ask("p"))["lift"]["ratio"]
    assert (changed["agrees"], changed["note"]["code"]) == (None, "holdback_changed")


async def test_the_same_as_of_gives_the_same_answer(store):
    store.publish("p", FIXED)
    await store.load(
        exposed("u1", "treated", "2026-06-01T10:00:00Z"),
        given("o1", "u1", 1_000, "2026-06-01T10:00:00Z"),
        sale("o1", "u1", "2026-06-01T10:00:00Z", ("A", 1, 9_000, 1_000)),
    )
    before = await store.ask("p")
    await store.load(
        given("o1", "u1", 400, "2026-06-02T10:00:00Z", event="Promotion Returned"),
        given("o2", "u2", 1_000, "2026-06-01T11:00:00Z"),
        sale("o1", "u1", "2026-06-02T10:00:00Z", event="Order Cancelled"),
    )
    assert await store.ask("p", as_of=3) == before
    after = await store.ask("p")
    holds(after["figures"], {"orders": 2, "discount_net": 1_600, "gmv": 8_000, "net": 0})


async def test_what_nobody_ever_knew_is_not_found(store):
    store.publish("p", FIXED)
    assert (await store.ask("p"))["figures"]["orders"] == 0
    await store.load(given("o1", "u1", 5, "2026-06-01T10:00:00Z", name="gone"))
    assert (await store.ask("gone"))["promotion"] == {
        "id": "gone", "name": None, "state": None, "starts_at": None, "ends_at": None,
        "needs_code": None,
    }  # fmt: skip
    for path in (store.ask, store.reconcile):
        with pytest.raises(NotFound):
            await path("never")


@pytest.mark.parametrize(
    ("of", "query", "names"),
    [
        ("one", {"from": "yesterday"}, {"from"}),
        ("many", {"from": "2026-06-02", "to": "2026-06-01"}, {"to"}),
        ("many", {"timezone": "Mars/Base"}, {"timezone"}),
        ("one", {"currency": "yuan", "granularity": "week"}, {"currency", "granularity"}),
        ("many", {"sort": "size", "order": "up", "limit": "2001"}, {"sort", "order", "limit"}),
        ("many", {"as_of": "then"}, {"as_of"}),
        ("many", {"limit": "-1"}, {"limit"}),
        ("one", {"detect": "1e2"}, {"detect"}),
        ("one", {"detect": "0"}, {"detect"}),
    ],
)
async def test_every_wrong_field_is_named(store, of, query, names):
    with pytest.raises(InvalidInput) as refused:
        await (store.table(**query) if of == "many" else store.ask("p", **query))
    assert {field.path for field in refused.value.fields} == names


@pytest.mark.parametrize(
    ("route", "names"),
    [("GET /api/v1/promotions/{id}/effect", OF_ONE), ("GET /api/v1/promotion_effects", OF_MANY)],
)
def test_what_may_be_said_is_what_the_api_tells(route, names):
    assert [parameter.name for parameter in PARAMETERS[route]] == list(names)


async def test_rows_come_in_the_order_asked_for_and_the_unknown_last(store):
    for name in "abc":
        store.publish(name, FIXED | {"name": name.upper()})
    store.publish("d", FIXED, "paused")
    for number, name in enumerate("bca"):
        await store.load(
            exposed("u1", "treated", "2026-06-01T10:00:00Z", name),
            *(given(f"{name}{one}", "u1", 10 * number, "2026-06-01T11:00:00Z", name=name)
              for one in range(number)),
        )  # fmt: skip

    async def ids(**query):
        return [row["promotion"]["id"] for row in (await store.table(**query))["rows"]]

    assert await ids(sort="orders") == ["a", "c", "b"]
    assert await ids(sort="orders", order="asc") == ["b", "c", "a"]
    assert await ids(sort="budget_share") == ["a", "b", "c"]
    assert await ids(sort="name", order="asc", limit=2) == ["a", "b"]
    assert await ids(state="paused") == ["d"]
    assert (await store.table(limit=1))["count"] == 3


async def test_people_who_deny_analytics_are_on_no_side(store):
    store.publish("p", FIXED | {"holdback_percent": "50"})
    denied = {"event": "page", "at": "2026-06-01T09:00:00Z", "user": "u2", "anonymous_id": "d2",
              "properties": {}}  # fmt: skip
    await store.load(
        denied,
        exposed("u1", "treated", "2026-06-01T10:00:00Z"),
        exposed("u2", "holdback", "2026-06-01T10:00:00Z"),
    )
    await store.warehouse.command(
        "ALTER TABLE promotion_exposures UPDATE consent = 6 WHERE person_id = 'u2'"
        " SETTINGS mutations_sync = 2"
    )
    arms = (await store.ask("p"))["lift"]["arms"]
    assert [arm["customers"] for arm in arms] == [1, 0]


async def test_two_ids_of_one_person_are_one_customer_and_cross_sides(store):
    store.publish("p", FIXED | {"holdback_percent": "50"})
    both = [
        {"event": "", "type": "identify", "at": "2026-06-01T09:00:00Z", "user": who,
         "properties": {}, "traits": {"phone": "13812345678"}}
        for who in ("u1", "u2")
    ]  # fmt: skip
    await store.load(
        *both,
        exposed("u1", "treated", "2026-06-01T10:00:00Z"),
        exposed("u2", "holdback", "2026-06-01T10:00:00Z"),
        exposed("u3", "holdback", "2026-06-01T10:00:00Z"),
    )
    ((stitched,),) = (await store.warehouse.query("SELECT count() FROM stitches")).rows
    lift = (await store.ask("p"))["lift"]
    assert stitched == 1, "a phone joins two people"
    assert (lift["crossed"], [arm["customers"] for arm in lift["arms"]]) == (1, [0, 1])
