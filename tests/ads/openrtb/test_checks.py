"""Golden cases: which path each fault of a request and of a response is told under."""

import json

import pytest
from tests.ads.openrtb.changes import changed, load

from queqiao.decide.ads.openrtb.check_request import IMPS_MAX, REQUEST_BYTES_MAX, read_request
from queqiao.decide.ads.openrtb.check_response import check_response, read_response
from queqiao.decide.ads.openrtb.faults import FAULTS_MAX
from queqiao.kernel.errors import InvalidInput, TooLarge

REQUESTS, RESPONSES = load("requests.json"), load("responses.json")
names = pytest.mark.parametrize


def faults_of_request(body):
    try:
        read_request(json.dumps(body).encode())
    except InvalidInput as error:
        return [field.path for field in error.fields]
    return []


@names("case", REQUESTS["cases"], ids=lambda case: case["name"])
def test_request(case):
    assert faults_of_request(changed(REQUESTS["base"], case)) == case["faults"]


@names("case", RESPONSES["cases"], ids=lambda case: case["name"])
def test_response(case):
    request = read_request(json.dumps(RESPONSES["request"]).encode())
    body = json.dumps(changed(RESPONSES["base"], case)).encode()
    try:
        found = check_response(read_response(body), request)
    except InvalidInput as error:
        found = error.fields
    assert [field.path for field in found] == case["faults"]


@names("body", [b"", b"[]", b"1", b'"x"', b"null", b"{", b'{"id":"\xff"}', b'{"tmax":1e400}'])
def test_what_is_no_request(body):
    with pytest.raises(InvalidInput) as error:
        read_request(body)
    assert error.value.fields[0].path.startswith("request")


def test_bounds():
    base = REQUESTS["base"]
    with pytest.raises(TooLarge):
        read_request(b" " * (REQUEST_BYTES_MAX + 1))
    many = [{"id": str(number), "banner": {"w": 1, "h": 1}} for number in range(IMPS_MAX + 1)]
    assert faults_of_request(base | {"imp": many}) == ["request.imp"]
    assert faults_of_request(base | {"imp": many[:IMPS_MAX]}) == []
    assert len(faults_of_request(base | {"bcat": [""] * 1000})) == FAULTS_MAX


def test_2_5_is_read_in_the_form_of_2_6():
    old = {
        "regs": {"ext": {"gdpr": 1, "us_privacy": "1YNN"}},
        "user": {
            "ext": {"consent": "C", "eids": [{"source": "x", "uids": [{"id": "e"}]}], "more": 1}
        },
        "source": {"ext": {"schain": {"complete": 1, "nodes": [], "ver": "1.0"}}},
    }
    request = read_request(json.dumps(REQUESTS["base"] | old).encode())
    assert (request.regs.gdpr, request.regs.us_privacy) == (1, "1YNN")
    assert (request.user.consent, request.user.eids[0].source) == ("C", "x")
    assert request.source.schain.complete == 1


def test_the_place_of_2_6_counts_before_that_of_2_5():
    both = {
        "regs": {"gdpr": 0, "ext": {"gdpr": 1}},
        "user": {"consent": "N", "ext": {"consent": "O"}},
    }
    request = read_request(json.dumps(REQUESTS["base"] | both).encode())
    assert (request.regs.gdpr, request.user.consent) == (0, "N")
