"""Which ad an order owes itself to: windows of campaigns, the last click, else the last view."""

import json
from pathlib import Path

import msgspec
import pytest
from tests.process.conftest import event

from queqiao.kernel.clock import HOUR_US
from queqiao.kernel.envelope import decode_envelope, encode_envelope
from queqiao.kernel.vocabulary import ADS_SOURCE
from queqiao.process.ddl import ORDER_LINES
from queqiao.process.machines import Machines, Rows
from queqiao.process.state import StateFile

CASES = json.loads((Path(__file__).parents[1] / "cases/delivery/attribution.json").read_text())
EVENTS = {
    "click": "Ad Clicked", "view": "Ad Viewable", "foreign view": "Ad Viewable",
    "refund": "Ad Click Refunded", "foreign refund": "Ad Click Refunded",
}  # fmt: skip
COLUMNS = list(ORDER_LINES.columns)


def touch(what, at_h, campaign_id, window_days, **who):
    said = {} if window_days is None else {"window_days": window_days}
    said |= {"campaign_id": campaign_id, "decision_id": f"d-{campaign_id}"}
    body = event(EVENTS[what], at_h * HOUR_US, **who, **said)
    if what.startswith("foreign"):
        return body
    return encode_envelope(msgspec.structs.replace(decode_envelope(body), source=ADS_SOURCE))


def order(at_h, user, **more):
    products = [{"sku": "s", "price_minor": 100, "quantity": 1}]
    return event("Order Completed", at_h * HOUR_US, user=user, order_id="o1", products=products,
                 **more)  # fmt: skip


@pytest.fixture
def lines(tmp_path):
    """Run events through the machines; return the lines of orders, by column."""
    file = StateFile(tmp_path / "state.sqlite")
    machines = Machines(file)

    def run(*bodies):
        rows = Rows()
        for offset, body in enumerate(bodies, 1):
            machines.see(offset, body, rows)
        return [dict(zip(COLUMNS, row, strict=True)) for row in rows.order_lines]

    yield run
    file.close()


def owed(line):
    return [line[name] for name in ("campaign_id", "attributed_by", "attribution_age_s")]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_an_order_is_owed_to(case, lines):
    names = {"campaign_id": case["names"]} if "names" in case else {}
    touches = [touch(*one, user="u") for one in case["touches"]]
    (line,) = lines(*touches, order(case["order_at_h"], "u", **names))
    assert owed(line) == case["owed"]


def test_what_a_device_saw_before_the_login_is_the_customers(lines):
    seen = touch("view", 0, "a", 1, anon="d")
    login = event(None, HOUR_US, kind="identify", user="u", anon="d")
    (line,) = lines(seen, login, order(2, "u"))
    assert owed(line) == ["a", "view", 7200]


def test_what_comes_back_of_an_order_is_owed_as_the_order_was(lines):
    seen, later = touch("view", 0, "a", 1, user="u"), touch("click", 2, "b", None, user="u")
    back = event("Order Refunded", 3 * HOUR_US, user="u", order_id="o1")
    sold, returned = lines(seen, order(1, "u"), later, back)
    assert owed(sold) == owed(returned) == ["a", "view", 3600]
    assert returned["amount_minor"] == -100


def test_a_no_to_advertising_is_owed_to_nothing(lines):
    said = {"consent": {"categoryPreferences": {"advertising": False}}}
    click = event("Ad Clicked", 0, user="u", anon="d", context=said, campaign_id="a")
    (line,) = lines(click, order(1, "u"))
    assert owed(line) == ["", "", 0]


async def test_columns_are_filled_in_the_warehouse(house):
    await house.load(touch("view", 0, "a", 1, user="u"), order(1, "u"))
    assert await house.ask(
        "SELECT campaign_id, decision_id, attributed_by, attribution_age_s FROM order_lines"
    ) == [["a", "d-a", "view", 3600]]
    assert await house.ask("SELECT attributed_by FROM history WHERE event = 'Order Completed'") == [
        ["view"]
    ]
