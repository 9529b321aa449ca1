"""Codes in events and counters, as those see them who only read."""

import pytest

from queqiao.collect.masking import masked, masked_counter, openly, without_codes
from queqiao.kernel.envelope import PublicEnvelope

CODE = "SAVE-7F3K9QX2"


def event(source, **properties):
    return PublicEnvelope(
        "m", "track", "Coupon Applied", None, "u", "t", None, "t", source, {}, properties, {}
    )


def test_no_code_of_our_books_stands_in_an_event():
    said = {
        "promotions": [
            {"code": CODE, "takes": {f"coupon:b:code:{CODE}": 1, "promotion:p:total": 1}}
        ],
        "question": {"codes": [CODE], "cart": {"lines": [{"sku": "A"}]}},
        "coupon": CODE,
        "order_id": "o1",
        "discount_minor": 5,
    }
    shown = without_codes(event("queqiao", **said)).properties
    assert CODE not in repr(shown)
    assert shown["promotions"][0] == {
        "code": "****9QX2",
        "takes": {"coupon:b:code:****9QX2": 1, "promotion:p:total": 1},
    }
    assert shown["question"] == {"codes": ["****9QX2"], "cart": {"lines": [{"sku": "A"}]}}
    assert (shown["order_id"], shown["discount_minor"]) == ("o1", 5)


def test_of_others_events_only_coupons_are_masked():
    shown = without_codes(event("web", coupon=CODE, code=404, note=None)).properties
    assert shown == {"coupon": "****9QX2", "code": 404, "note": None}


@pytest.mark.parametrize("code", ["", "A", "ABC", "ABCDEFGH"])
def test_never_more_than_half_is_shown(code):
    assert len(masked(code)) - 4 <= len(code) / 2


@pytest.mark.parametrize(
    ("prefix", "asked"),
    [
        ("coupon:b:code:SAV", "coupon:b:code:"),
        ("coupon:b:order:SAVE:o1", "coupon:b:order:"),
        ("coupon:b:", "coupon:b:"),
        ("promotion:p:code:x", "promotion:p:code:x"),
    ],
)
def test_a_prefix_tries_no_code_out(prefix, asked):
    assert openly(prefix) == asked
    assert masked_counter("coupon:b:order:SAVE-7F3K9QX2:o:1") == "coupon:b:order:****9QX2:o:1"
