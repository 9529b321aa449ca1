"""The published examples: requests are taken, responses are valid, as is what we make of them."""

import json

import msgspec
import pytest
from tests.ads.openrtb.proto import Proto

from queqiao.decide.ads.openrtb import context, native, regulation, request, response
from queqiao.decide.ads.openrtb.check_request import read_request
from queqiao.decide.ads.openrtb.check_response import check_response, read_response


def test_every_request_is_taken(examples):
    for name, kind, body in examples:
        if kind == "request":
            taken = read_request(json.dumps(body).encode())
            assert taken.id == body["id"], name
            assert [imp.id for imp in taken.imp] == [imp["id"] for imp in body["imp"]], name


def test_every_response_is_valid(examples):
    for name, kind, body in examples:
        if kind == "response":
            taken = read_response(json.dumps(body).encode())
            assert check_response(taken) == [], name


def test_a_message_comes_out_as_the_protocol_buffers_say(examples, proto):
    for name, kind, body in examples:
        raw = json.dumps(body).encode()
        taken = read_request(raw) if kind == "request" else read_response(raw)
        again = json.loads(msgspec.json.encode(taken))
        assert proto.faults("BidRequest" if kind == "request" else "BidResponse", again) == [], name


def test_the_reader_of_the_proto_finds_faults(proto):
    bid = {"id": "1", "impid": "a", "price": 1, "adm": "x", "adm_native": {}}
    said = {"id": 7, "seatbid": [{"bid": [bid, {"w": 2**31, "nosuch": 1}], "group": 2}]}
    assert proto.faults("BidResponse", said) == [
        "id: no string",
        "seatbid[0].bid[0].adm_native: beside adm",
        "seatbid[0].bid[1].w: no int32",
        "seatbid[0].bid[1].nosuch: unknown",
        "seatbid[0].group: no bool",
    ]
    assert proto.faults("BidResponse", {"ext": {"anything": 1}}) == []


MESSAGES = {
    "BidRequest": request.BidRequest,
    "BidResponse": response.BidResponse,
    "NativeRequest": native.NativeRequest,
    "NativeResponse": native.NativeResponse,
    "BidRequest.Imp": request.Imp,
    "BidRequest.Banner": request.Banner,
    "BidRequest.Format": request.Format,
    "BidRequest.Video": request.Video,
    "BidRequest.Audio": request.Audio,
    "BidRequest.Native": request.Native,
    "BidRequest.Pmp": request.Pmp,
    "BidRequest.Deal": request.Deal,
    "BidRequest.Metric": request.Metric,
    "BidRequest.Qty": request.Qty,
    "BidRequest.Refresh": request.Refresh,
    "BidRequest.RefSettings": request.RefSettings,
    "BidRequest.DurFloors": request.DurFloors,
    "BidRequest.Site": context.Site,
    "BidRequest.App": context.App,
    "BidRequest.Dooh": context.Dooh,
    "BidRequest.Publisher": context.Publisher,
    "BidRequest.Content": context.Content,
    "BidRequest.Device": context.Device,
    "BidRequest.Geo": context.Geo,
    "BidRequest.UserAgent": context.UserAgent,
    "BidRequest.BrandVersion": context.BrandVersion,
    "BidRequest.User": context.User,
    "BidRequest.EID": context.EID,
    "BidRequest.EID.UID": context.UID,
    "BidRequest.Data": context.Data,
    "BidRequest.Segment": context.Segment,
    "BidRequest.Regs": regulation.Regs,
    "BidRequest.Source": regulation.Source,
    "BidRequest.SupplyChain": regulation.SupplyChain,
    "BidRequest.SupplyChainNode": regulation.SupplyChainNode,
    "BidRequest.DsaRequest": regulation.DsaRequest,
    "BidResponse.SeatBid": response.SeatBid,
    "BidResponse.Bid": response.Bid,
    "BidResponse.DsaResponse": response.DsaResponse,
}
NOT_IN_JSON = {"request_native", "adm_native"}
"""The protocol buffers' own way to write a native text as a message."""


@pytest.mark.parametrize("name", MESSAGES)
def test_the_model_has_every_field_of_the_proto(proto: Proto, name):
    ours = {field.encode_name for field in msgspec.structs.fields(MESSAGES[name])}
    assert set(proto.messages[name]) - NOT_IN_JSON - ours == set()
