"""The flash price in quotes: golden cases, and what holds for any cart."""

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.promotions.test_golden import view

from queqiao.catalog.contracts import PriceBook
from queqiao.decide.promotions.documents.profile import LAYERS
from queqiao.decide.promotions.flash_sales.contracts import HeldPrice, HeldPrices
from queqiao.decide.promotions.flash_sales.deals import Deal, FlashPrices
from queqiao.decide.promotions.flash_sales.documents import FlashSaleDocument, Item, SessionTimes
from queqiao.decide.promotions.flash_sales.snapshot import compile_sales
from queqiao.decide.promotions.quote_types import QuoteRequest
from queqiao.decide.promotions.quoting import Shop, quote
from queqiao.decide.promotions.snapshot import compile_snapshot
from queqiao.kernel.clock import SECOND_US
from queqiao.kernel.errors import InvalidInput
from queqiao.kernel.tokens import Signer

FOLDER = Path(__file__).parents[2] / "cases/flash_prices"
CASES = [
    pytest.param(case, id=f"{path.stem}: {case['name']}")
    for path in sorted(FOLDER.glob("*.json"))
    for case in json.loads(path.read_text("utf-8"))
]
NOW_US = 1_780_000_000_000_000
SIGNER = Signer(b"the key of the test, long enough")
EMPTY = Shop(compile_snapshot([], [], b"a key of the test"), PriceBook())
TIMES = SessionTimes("2026-05-28T00:00:00Z", "2026-05-29T00:00:00Z")


def prices(**sale):
    document = FlashSaleDocument("618", (Item("A", 3_000, 10),), (TIMES,), **sale)
    sales = compile_sales([("s", document, True)])
    return FlashPrices(HeldPrices(SIGNER), lambda: sales)


def held_price(said):
    return HeldPrice(
        "rsv_1",
        "s",
        "20260528T000000Z",
        said["sku"],
        said["quantity"],
        said["price"],
        said.get("currency", "CNY"),
        said["customer"],
        NOW_US + said.get("ends_in_s", 900) * SECOND_US,
    )


def tokens(said):
    token = HeldPrices(SIGNER).token(held_price(said))
    other = SIGNER.sign(msgspec.msgpack.encode(held_price(said)), "cursors")
    return {"held": token, "cut": token[:-6], "other": other}


def question_of(case):
    request = json.loads(json.dumps(case["request"]))
    known = tokens(case["held"])
    for line in request["cart"]["lines"]:
        if "price_token" in line:
            line["price_token"] = known.get(line["price_token"], line["price_token"])
    return msgspec.convert(request, QuoteRequest)


@pytest.mark.parametrize("case", CASES)
def test_golden(case):
    question, flash = question_of(case), prices(**case["sale"])
    shop, expected = EMPTY._replace(deals=flash.deals(question, NOW_US)), case["expected"]
    if "error" in expected:
        with pytest.raises(InvalidInput) as refused:
            quote(question, shop, NOW_US)
        assert [field.path for field in refused.value.fields] == expected["error"]
        return
    answer = quote(question, shop, NOW_US)
    found = view(answer) | {
        "prices": [[line.unit_price, line.price_refused] for line in answer.lines]
    }
    assert {name: found[name] for name in expected} == expected
    for line in answer.lines:
        assert (line.flash_sale is None) or line.price_refused is None


def test_there_are_enough_cases():
    assert len(CASES) >= 30


def test_the_answer_names_sale_and_reservation():
    case = {"held": {"sku": "A", "quantity": 1, "price": 3_000, "customer": "u1"}}
    question = question_of(
        case
        | {
            "request": {
                "customer": {"id": "u1"},
                "catalog": [{"sku": "A", "price": 10_000}],
                "cart": {"lines": [{"sku": "A", "price_token": "held"}]},
            }
        }
    )
    deals = prices().deals(question, NOW_US)
    (line,) = quote(question, EMPTY._replace(deals=deals), NOW_US).lines
    named = line.flash_sale
    assert (named.flash_sale_id, named.session, named.reservation_id, named.stacks_with) == (
        "s", "20260528T000000Z", "rsv_1", ["shipping"],
    )  # fmt: skip
    (alone,) = quote(question, EMPTY, NOW_US).lines
    assert (alone.unit_price, alone.price_refused) == (10_000, "price_token_unknown")


BENEFITS = (
    {"type": "percent", "percent": "10"},
    {"type": "percent", "percent": "15", "level": "line"},
    {"type": "fixed", "amount": 700},
    {"type": "fixed_price", "price": 900},
    {"type": "threshold", "tiers": [{"at_least": 4_000, "discount": 500}]},
    {"type": "gift", "gifts": [{"sku": "C"}]},
)
LINES = st.lists(st.tuples(st.sampled_from("ABC"), st.integers(1, 4)), min_size=0, max_size=5)
RULES = st.lists(
    st.tuples(st.sampled_from(BENEFITS), st.integers(0, 3), st.sampled_from((None, *LAYERS))),
    max_size=4,
)
GOODS = [
    {"sku": sku, "price": price} for sku, price in zip("ABC", (2_000, 1_501, 333), strict=True)
]


def asked(lines, rules, selection, **more):
    documents = [
        {"id": f"p{n}", "name": "p", "benefit": benefit, "priority": priority, "layer": layer}
        for n, (benefit, priority, layer) in enumerate(rules)
    ]
    cart = {"lines": [{"id": str(n)} | line for n, line in enumerate(lines)]}
    return msgspec.convert(
        {
            "customer": {"id": "u1"},
            "catalog": GOODS,
            "promotions": documents,
            "cart": cart,
            "profile": {"selection": selection},
        }
        | more,
        QuoteRequest,
    )


@given(
    lines=LINES,
    rules=RULES,
    selection=st.sampled_from(("sequence", "best_in_group", "best_combination")),
    quantity=st.integers(1, 5),
    price=st.integers(0, 3_000),
)
def test_a_flash_price_that_stacks_with_nothing_changes_nothing_else(
    lines, rules, selection, quantity, price
):
    """The line costs what it says, and the others what they cost without it."""
    others = [{"sku": sku, "quantity": count} for sku, count in lines]
    flash = {"sku": "A", "quantity": quantity, "price_token": "t"}
    deals = {"t": Deal(price, "rsv_1", "s", "x", frozenset())}
    with_it = quote(asked([*others, flash], rules, selection), EMPTY._replace(deals=deals), NOW_US)
    line = with_it.lines[-1]
    assert (line.total, line.discount, line.applied) == (price * quantity, 0, [])
    assert [unit.total for unit in line.units] == [price] * quantity
    without = quote(asked(others, rules, selection), EMPTY, NOW_US)
    assert with_it.totals.total == without.totals.total + price * quantity
    assert [one.units for one in with_it.lines[:-1]] == [one.units for one in without.lines]


@given(
    lines=LINES,
    rules=RULES,
    stacks=st.sets(st.sampled_from(LAYERS)),
    quantity=st.integers(1, 5),
    price=st.integers(0, 3_000),
)
def test_only_the_layers_of_the_sale_give_on_its_goods(lines, rules, stacks, quantity, price):
    others = [{"sku": sku, "quantity": count} for sku, count in lines]
    flash = {"sku": "A", "quantity": quantity, "price_token": "t"}
    question = asked([*others, flash], rules, "sequence")
    deals = {"t": Deal(price, "rsv_1", "s", "x", frozenset(stacks))}
    answer = quote(question, EMPTY._replace(deals=deals), NOW_US)
    layers = {
        offer.id: offer.layer
        for offer in compile_snapshot(
            [(one.id, one) for one in question.promotions], [], b"a key of the test"
        ).offers
    }
    line = answer.lines[-1]
    assert {layers[share.promotion_id] for share in line.applied} <= stacks
    assert line.total == price * quantity - sum(share.amount for share in line.applied)
    assert line.total == sum(unit.total for unit in line.units) >= 0
    assert answer.totals.total == sum(one.total for one in answer.lines)
