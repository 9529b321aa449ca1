"""Golden quotes: each case is a question with the parts of the answer that matter."""

import json
from pathlib import Path

import msgspec
import pytest

from queqiao.catalog.contracts import PriceBook
from queqiao.decide.promotions.quote_types import QuoteRequest
from queqiao.decide.promotions.quoting import Shop, quote
from queqiao.decide.promotions.snapshot import compile_snapshot
from queqiao.kernel import json as wire
from queqiao.kernel.errors import InvalidInput

FOLDER = Path(__file__).parents[1] / "cases/promotions"
CASES = [
    pytest.param(case, id=f"{path.stem}: {case['name']}")
    for path in sorted(FOLDER.glob("*.json"))
    for case in json.loads(path.read_text())
]
EMPTY_SHOP = Shop(compile_snapshot([], [], b"a key of the test"), PriceBook())
NOW_US = 1_780_000_000_000_000


def view(answer):
    return {
        "discount": answer.totals.discount,
        "total": answer.totals.total,
        "lines": [line.discount for line in answer.lines],
        "totals": {
            name: amount
            for name, amount in msgspec.structs.asdict(answer.totals).items()
            if name not in {"cards", "due"}
        },
        "due": [answer.totals.cards, answer.totals.due],
        "line_taxes": [line.tax for line in answer.lines],
        "unit_taxes": [[unit.tax for unit in line.units] for line in answer.lines],
        "taxes": [[row.on, row.category, row.net, row.tax] for row in answer.taxes],
        "shipping": msgspec.structs.asdict(answer.shipping),
        "around": [
            [item.promotion_id, item.kind, item.amount, item.value, item.points]
            for item in answer.applied
            if item.kind != "items"
        ],
        "gifts": [
            [item.promotion_id, item.sku, item.quantity, item.value] for item in answer.gifts
        ],
        "gift_choices": [
            [
                item.promotion_id,
                item.choose,
                [[option.sku, option.quantity] for option in item.options],
            ]
            for item in answer.gift_choices
        ],
        "payments": [[item.method, item.id, item.amount] for item in answer.payments],
        "points": msgspec.structs.asdict(answer.points),
        "cashback": answer.cashback,
        "funding_by_shop": [
            [[part.shop_id, part.platform, part.shop, part.brand] for part in item.funding_by_shop]
            for item in answer.applied
        ],
        "units": [[unit.discount for unit in line.units] for line in answer.lines],
        "applied": [[item.promotion_id, item.amount] for item in answer.applied],
        "codes": [[item.promotion_id, item.code] for item in answer.applied if item.code],
        "refused": [
            [item.promotion_id or item.code, item.reason, item.shortfall] for item in answer.refused
        ],
        "funding": [
            [item.promotion_id, item.funding.platform, item.funding.shop, item.funding.brand]
            for item in answer.applied
        ],
        "suggestions": [
            [item.promotion_id, item.add[0].sku, item.add[0].quantity, item.cost, item.saves]
            for item in answer.suggestions
        ],
        "add_ons": [
            [
                item.promotion_id,
                {one.sku: one.quantity for one in item.add},
                item.cost,
                item.saves,
                item.worth,
            ]
            for item in answer.suggestions
        ],
        "optimal": answer.proof.optimal,
        "upper_bound": answer.proof.upper_bound,
    }


@pytest.mark.parametrize("case", CASES)
def test_golden(case):
    body, expected = wire.encode(case["request"]), case["expected"]
    if "error" in expected:
        with pytest.raises(InvalidInput) as refused:
            quote(wire.decode(body, QuoteRequest), EMPTY_SHOP, NOW_US)
        assert [field.path for field in refused.value.fields] == expected["error"]
        assert all(field.message.zh and field.message.en for field in refused.value.fields)
        return
    found = view(quote(wire.decode(body, QuoteRequest), EMPTY_SHOP, NOW_US))
    assert {name: found[name] for name in expected} == expected


def test_there_are_enough_cases():
    assert len(CASES) >= 100
