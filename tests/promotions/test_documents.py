"""Documents as operators send them: what is refused names its path and its cure."""

from decimal import Decimal

import msgspec
import pytest

from queqiao.decide.promotions.contracts import COUPON_BATCH, PROMOTION
from queqiao.kernel import json
from queqiao.kernel.errors import InvalidInput

PROMOTION_SENT = {
    "name": "满300减40",
    "starts_at": None,
    "ends_at": None,
    "priority": 0,
    "exclusive": False,
    "scope": {"skus": [], "categories": [], "brands": []},
    "condition": {},
    "benefit": {
        "type": "threshold",
        "tiers": [{"at_least": 30_000, "discount": 4_000}],
        "repeat": False,
        "cap": None,
    },
    "code_batch": None,
    "limits": {"total": None, "per_customer": None},
    "funding": {"platform": 100, "shop": 0, "brand": 0},
}
BATCH_SENT = {"name": "welcome", "prefix": "N-", "count": 10}


def checked(kind, sent):
    document = json.decode(json.encode(sent), kind.type)
    kind.check(document)
    return document


def refused_paths(kind, sent):
    with pytest.raises(InvalidInput) as refused:
        checked(kind, sent)
    assert all(field.message.zh and field.message.en for field in refused.value.fields)
    return [field.path for field in refused.value.fields]


def test_the_document_of_the_interface_is_taken_and_survives_storing():
    document = checked(PROMOTION, PROMOTION_SENT)
    assert json.decode(json.encode(document), PROMOTION.type) == document


def test_a_percentage_keeps_its_digits():
    document = checked(
        PROMOTION, {**PROMOTION_SENT, "benefit": {"type": "percent", "percent": "8.50"}}
    )
    assert document.benefit.percent == Decimal("8.5")
    assert msgspec.to_builtins(document)["benefit"]["percent"] == "8.50"


@pytest.mark.parametrize(
    ("change", "paths"),
    [
        ({"limits": {"total": 0}}, ["limits.total"]),
        ({"currency": "XXX"}, ["currency"]),
        ({"name": ""}, ["name"]),
        ({"benefit": {"type": "percent", "percent": "1.2345678"}}, ["benefit.percent"]),
        (
            {"funding": {"platform": 1}, "starts_at": "x", "ends_at": "y"},
            ["starts_at", "ends_at", "funding"],
        ),
    ],
)
def test_wrong_promotions_name_every_path(change, paths):
    assert refused_paths(PROMOTION, {**PROMOTION_SENT, **change}) == paths


def test_limits_stand_where_a_coupon_counts_them():
    sent = {**PROMOTION_SENT, "code_batch": "b", "limits": {"total": 5, "per_customer": 1}}
    assert checked(PROMOTION, sent).limits.total == 5


@pytest.mark.parametrize(
    ("change", "paths"),
    [
        ({"codes": ["AAA"]}, ["count"]),
        ({"count": None}, ["count"]),
        ({"count": None, "codes": []}, ["codes"]),
        ({"count": None, "codes": ["abc", "ABC"]}, ["codes[1]"]),
        ({"count": 0}, ["count"]),
        ({"count": 100_000_001}, ["count"]),
        ({"prefix": "折扣"}, ["prefix"]),
        ({"uses_per_code": 0}, ["uses_per_code"]),
        ({"starts_at": "2026-06-18T00:00:00Z", "ends_at": "2026-06-18T00:00:00Z"}, ["ends_at"]),
    ],
)
def test_wrong_batches_name_every_path(change, paths):
    assert refused_paths(COUPON_BATCH, {**BATCH_SENT, **change}) == paths
