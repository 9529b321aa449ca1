"""Privacy signals: published strings decoded, and what each signal takes out of a request."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ads.openrtb.changes import changed, load

from queqiao.decide.ads.openrtb.bits import TEXT_MAX
from queqiao.decide.ads.openrtb.check_request import read_request
from queqiao.decide.ads.openrtb.gpp import (
    read_us_national,
    sections_of,
    us_privacy_opted_out,
)
from queqiao.decide.ads.openrtb.privacy import EVERYTHING, Permits, applied, permits
from queqiao.decide.ads.openrtb.tcf import read_tcf

CASES = load("consent.json")
BASE = load("requests.json")["base"]
VENDORS = range(1, 300)
cases = pytest.mark.parametrize


@cases("case", CASES["tcf"], ids=lambda case: case["text"][:12])
def test_published_consent_strings(case):
    said = read_tcf(case["text"])
    assert (said.created_ds, said.cmp_id, said.language) == (
        case["created_ds"], case["cmp_id"], case["language"],
    )  # fmt: skip
    assert (said.vendor_list_version, said.policy_version) == (case["list"], case["policy"])
    assert said.publisher_country == case["country"]
    assert sorted(said.purposes) == case["purposes"]
    assert sorted(said.purposes_by_interest) == case["interests"]
    assert sorted(said.special_features) == case["features"]
    assert [each for each in VENDORS if each in said.vendors] == case["vendors"]
    by_interest = [each for each in VENDORS if each in said.vendors_by_interest]
    assert by_interest == case["vendors_by_interest"]


@cases("text", CASES["no_tcf"])
def test_what_is_no_consent_string(text):
    assert read_tcf(text) is None


@cases("case", CASES["gpp"], ids=lambda case: case["text"][:12])
def test_published_gpp_strings(case):
    wanted = case["sections"]
    found = sections_of(case["text"])
    assert found == (wanted and {int(key): value for key, value in wanted.items()})


@cases("case", CASES["us_national"], ids=lambda case: case["text"])
def test_us_national(case):
    found = read_us_national(case["text"])
    said = found and [
        found.version, found.sale_opt_out, found.sharing_opt_out,
        found.targeted_advertising_opt_out, found.gpc,
    ]  # fmt: skip
    assert said == case["choices"]


@cases("case", CASES["us_privacy"], ids=lambda case: case["text"])
def test_us_privacy(case):
    assert us_privacy_opted_out(case["text"]) is case["opted_out"]


@cases("case", CASES["permits"], ids=lambda case: case["name"])
def test_what_may_be_used(case):
    request = read_request(json.dumps(changed(BASE, case)).encode())
    allowed = permits(request, case["vendor"])
    assert [allowed.identifiers, allowed.segments, allowed.exact_place] == case["allowed"]
    assert list(allowed.signals) == case["signals"]


def packed(fields):
    """Return numbers of given widths as base64url."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    bits = "".join(format(number, f"0{width}b") for number, width in fields)
    bits += "0" * (-len(bits) % 6)
    return "".join(alphabet[int(bits[at : at + 6], 2)] for at in range(0, len(bits), 6))


def consent(purposes=0, interests=0, vendors=(), by_interest=(), restrictions=()):
    """Return a core segment; vendors as ranges, restrictions as (purpose, kind, first, last)."""
    fields = [
        (2, 6), (0, 36), (0, 36), (9, 12), (0, 12), (0, 6), (0, 12), (1, 12), (2, 6), (0, 2),
        (0, 12), (purposes, 24), (interests, 24), (0, 1), (0, 12),
    ]  # fmt: skip
    for ranges in (vendors, by_interest):
        fields += [(9_999, 16), (1, 1), (len(ranges), 12)]
        for first, last in ranges:
            fields += [(1, 1), (first, 16), (last, 16)]
    fields.append((len(restrictions), 12))
    for purpose, kind, first, last in restrictions:
        fields += [(purpose, 6), (kind, 2), (1, 12), (1, 1), (first, 16), (last, 16)]
    return packed(fields)


FIRST_AND_FOURTH = 1 << 23 | 1 << 20


def test_legitimate_interest_and_restrictions():
    said = read_tcf(
        consent(
            purposes=FIRST_AND_FOURTH,
            interests=1 << 22,
            vendors=[(10, 20)],
            by_interest=[(15, 30)],
            restrictions=[(4, 0, 12, 12), (2, 1, 16, 16)],
        )
    )
    assert said.allows(11, 1)
    assert said.allows(11, 4)
    assert not said.allows(12, 4), "the publisher allows it to vendor 12 not at all"
    assert not said.allows(15, 2)
    assert said.allows(15, 2, by_interest=True)
    assert not said.allows(16, 2, by_interest=True), "the publisher asks for vendor 16's consent"
    assert not said.allows(21, 1)


@given(st.text(max_size=60) | st.text("DBCAMNYjwLT~1-_.", max_size=60))
def test_any_text_is_read_or_refused(text):
    read_tcf(text)
    read_us_national(text)
    us_privacy_opted_out(text)
    sections_of(text)


def test_a_text_made_to_cost_time_is_not_read():
    many = [(1, 65_535)] * 4_095
    assert len(consent(vendors=many)) > TEXT_MAX
    assert read_tcf(consent(vendors=many)) is None
    assert read_tcf(consent(vendors=many[:1_000])) is not None


WHOLE = {
    "user": {
        "id": "u", "buyeruid": "b", "yob": 1990, "gender": "F", "keywords": "k",
        "data": [{"id": "d"}], "eids": [{"source": "s", "uids": [{"id": "e"}]}],
        "geo": {"lat": 31.23456, "lon": 121.56789, "zip": "200000", "country": "CHN"},
    },
    "device": {
        "ua": "x", "ifa": "i", "ip": "192.0.2.77", "ipv6": "2001:db8:1:2:3:4:5:6",
        "geo": {"lat": -31.23456, "lon": 121.56789, "accuracy": 5, "city": "Shanghai"},
    },
}  # fmt: skip


def test_what_is_not_allowed_is_taken_out():
    request = read_request(json.dumps(BASE | WHOLE).encode())
    bare = applied(request, Permits(False, False, False))
    assert json.loads(msgspec.json.encode(bare.user)) == {
        "geo": {"lat": 31.2, "lon": 121.6, "country": "CHN"}
    }
    assert json.loads(msgspec.json.encode(bare.device)) == {
        "ua": "x", "ip": "192.0.2.0", "ipv6": "2001:db8:1::",
        "geo": {"lat": -31.2, "lon": 121.6, "city": "Shanghai"},
    }  # fmt: skip
    assert applied(request, EVERYTHING) is request
    only_place = applied(request, Permits(exact_place=False))
    assert only_place.user.buyeruid == "b"
    assert only_place.device.geo.lat == -31.2
