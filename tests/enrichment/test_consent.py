"""Consent: every form of it, and that no event reaches a purpose that it does not allow."""

import base64
import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.process.conftest import MINUTE, T0, event

from queqiao.decide.recommend.training import train
from queqiao.kernel.envelope import decode_envelope, encode_envelope
from queqiao.kernel.errors import NotFound
from queqiao.measure.contracts import ReportQuery
from queqiao.measure.query import report
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.process.consent import EVERYTHING, Said, mask_of, read_consent
from queqiao.process.contracts import sealed_blocks
from queqiao.process.ddl import EVENTS
from queqiao.process.loader import Loader
from queqiao.profile.expression import parse
from queqiao.profile.people import profile, summaries
from queqiao.profile.segments import members

CASES = Path(__file__).parents[1] / "cases" / "enrichment"
_COUNTED = ("orders", "views", "visitors", "conversions")
NOW = T0 + 60 * MINUTE


def cases() -> list:
    found = json.loads((CASES / "consent.json").read_text("utf-8"))
    return [pytest.param(*case[1:], id=case[0]) for case in found]


@pytest.mark.parametrize(("given", "before", "after"), cases())
def test_every_form_of_consent(given, before, after) -> None:
    assert read_consent(msgspec.json.encode(given)).over(before) == after


def tcf(*purposes: int, version: int = 2) -> str:
    """Return a consent string of the IAB's framework with these purposes."""
    bits = version << (240 - 6)
    for number in purposes:
        bits |= 1 << (240 - 152 - number)
    return base64.urlsafe_b64encode(bits.to_bytes(30)).decode().rstrip("=")


@pytest.mark.parametrize(
    ("text", "allowed"),
    [(tcf(8, 9), 1), (tcf(2, 3, 4, 5, 6, 7, 8, 9), 7), (tcf(5, 6, 8), 2), (tcf(), 0),
     (tcf(8, 9) + ".YAAAAAAAAAA", 1), (tcf(8, 9, version=1), 0), ("CP", 0)],
)  # fmt: skip
def test_strings_of_the_iab(text, allowed) -> None:
    for form in ({"tcString": text}, text):
        assert read_consent(msgspec.json.encode(form)) == Said(EVERYTHING, allowed)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["analytics", "purposes", "categoryPreferences", "tcString", "8", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(json_values, st.integers(0, 7))
def test_any_statement_gives_a_mask_and_allows_only_what_it_names(value, before) -> None:
    said = read_consent(msgspec.json.encode(value))
    assert said.allowed & ~said.named == 0
    assert 0 <= said.over(before) <= EVERYTHING


def test_masks_of_the_settings() -> None:
    assert mask_of([]) == 0
    assert mask_of(["analytics", "advertising", "analytics"]) == 5


def says(consent) -> dict:
    return {"consent": consent}


def shopping(person: str, at: int, context: dict) -> list[bytes]:
    """Return the visit of one person: two goods seen, an ad clicked, an order."""
    seen = {"category": "tea", "currency": "CNY", "price_minor": 100}
    ad = {"decision_id": "d", "placement_id": "p", "campaign_id": "c", "cost_minor": 5}
    order = {"currency": "CNY", "products": [{"sku": "a", "price_minor": 100, "quantity": 1}]}
    return [
        event("Product Viewed", at, user=person, sku="a", context=context, **seen),
        event("Product Viewed", at + 1, user=person, sku="b", context=context, **seen),
        event("Ad Clicked", at + 2, user=person, currency="CNY", **ad),
        event("Order Completed", at + 3, user=person, order_id=f"o-{person}", **order),
    ]


async def metrics(house, *names: str) -> list:
    query = ReportQuery(metrics=list(names), from_="2020-01-01", to="2099-01-01")
    return (await report(house.warehouse, query)).rows[0]


async def test_who_allows_nothing_reaches_no_purpose_but_the_books(house) -> None:
    await house.load(*shopping("no", 0, says(False)), *shopping("yes", MINUTE, says(True)))
    rows = await house.ask("SELECT person_id, consent, count() FROM events GROUP BY ALL ORDER BY 1")
    assert rows == [["no", 0, 4], ["yes", 7, 4]]

    assert [one.person_id for one in await summaries(house.warehouse, NOW, 9)] == ["yes"]
    everyone = parse({"field": "visits", "op": ">=", "value": 0})
    assert await members(house.warehouse, everyone, NOW, 9) == ["yes"]
    with pytest.raises(NotFound):
        await profile(house.warehouse, "no", NOW, [])
    known = await profile(house.warehouse, "yes", NOW, [])
    assert known.category_interest[0].category == "tea"

    found = await house.ask(
        "SELECT person_id, campaign_id, amount_minor FROM order_lines ORDER BY 1"
    )
    assert found == [["no", "", 100], ["yes", "c", 100]], "both orders are booked, one attributed"
    assert await metrics(house, *_COUNTED) == [2, 2, 1, 1]


async def test_rollups_count_what_reports_may(house) -> None:
    house.loader = Loader(
        EmbeddedEventLogReader(house.folder / "log"),
        house.warehouse,
        house.folder / "process.sqlite",
        levels=(2,),
    )
    await house.load(*shopping("no", 0, says(False)), *shopping("yes", MINUTE, says(True)))
    await house.loader.settle()
    assert len(await sealed_blocks(house.warehouse)) == 2
    assert await metrics(house, *_COUNTED) == [2, 2, 1, 1]


async def test_nobody_teaches_who_does_not_let_personalize(house) -> None:
    await house.load(*shopping("no", 0, says({"personalization": False})))
    assert await train(house.warehouse, NOW) is None
    await house.load(*shopping("yes", MINUTE, {}))
    model = await train(house.warehouse, NOW)
    assert model is not None
    assert sorted(model.skus) == ["a", "b"]


async def test_a_device_keeps_its_word_until_another_is_said(house) -> None:
    refused = says({"advertising": False})
    await house.load(
        event("A", 1, anon="d", context=refused),
        event("A", 2, anon="d"),
        event("A", 3, anon="d", user="ann"),
        event("B", 4, user="ann"),
        event("A", 5, anon="d", context=says({"analytics": False})),
        event("A", 6, anon="d", context={"channel": 7, **says({"advertising": True})}),
        event("A", 7, anon="other"),
    )
    found = await house.ask("SELECT consent FROM events ORDER BY offset")
    assert [row[0] for row in found] == [3, 3, 3, 3, 2, 6, 7]


async def test_a_row_holds_what_the_event_tells_beyond_its_words(house) -> None:
    agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 16_5 like Mac OS X) MicroMessenger/8.0.38 Mobile"
    context = {
        "userAgent": agent,
        "ip": "203.0.113.77",
        "page": {"url": "https://shop.cn/?utm_source=baidu&utm_medium=cpc", "referrer": ""},
    }
    late = decode_envelope(event("A", -3_600_000_000, anon="d", context=context))
    late.sent_at_us = late.timestamp_us + 1_000_000
    late.received_at_us = T0 + 1_000_000
    late.schema_fault, late.schema_version = "properties.x", 3
    await house.load(encode_envelope(late))
    (row,) = await house.ask(
        "SELECT timestamp, clock_skew_us, device_class, browser, os, is_bot, ip, traffic_channel,"
        " traffic_source, utm_medium, country, schema_fault, schema_version, context FROM events"
    )
    assert row[:-1] == [
        T0, 3_600_000_000, "mobile", "WeChat", "iOS", 0, "203.0.113.0", "paid_search", "baidu",
        "cpc", "", "properties.x", 3,
    ]  # fmt: skip
    assert "203.0.113.77" not in row[-1]
    assert await house.ask("SELECT started_at FROM sessions") == [[T0]]


async def test_a_home_from_before_gets_the_columns_and_its_rows_allow_what_they_did(house) -> None:
    before = dict(list(EVENTS.columns.items())[: list(EVENTS.columns).index("consent")])
    await house.warehouse.command(EVENTS._replace(columns=before).create)
    await house.warehouse.command(
        "INSERT INTO events (offset, person_id, event) VALUES (1, 'old', 'Product Viewed')"
    )
    await house.loader.open()
    assert await house.ask("SELECT consent, is_bot, browser, country FROM events") == [
        [EVERYTHING, 0, "", ""]
    ]
    await house.load(event("A", 1, anon="d", context=says(False)))
    assert await house.ask("SELECT count() FROM events WHERE consent = 0") == [[0]], (
        "offset 1 is in"
    )
    await house.load(event("A", 2, anon="d"))
    assert await house.ask("SELECT consent FROM events WHERE offset = 2") == [[0]]
