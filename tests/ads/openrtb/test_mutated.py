"""Mutated requests: whatever the bytes, 200 with a valid answer, 204, or 400 with the path.

Seeds are the published examples and our own; a seed of chance makes every run repeatable.
"""

import copy
import json
import random

import msgspec
import pytest
from tests.ads.openrtb.changes import load
from tests.ads.openrtb.exchange import Exchange, bidding, with_files

from queqiao.decide.ads.openrtb.check_request import read_request
from queqiao.decide.ads.openrtb.check_response import check_response, read_response
from queqiao.ports.ledger.base import Leased

SAMPLE, MANY = 3_000, 100_000
SEED = 20261130
ODD = [
    None, True, False, 0, -1, 1, 2, 3, 500, 2**31, 2**63, 10**30, -0.5, 1e308, 0.0001, "", " ", "x",
    "USD", "\u202e保", "x" * 5_000, [], {}, [[]], [None], [{}], {"ext": {}}, {"id": "1"},
    [{"id": "1"}], {"native": {"assets": [{}]}}, "{", '{"assets":[{"id":1,"title":{"len":1}}]}',
    '{"assets":[{"required":1,"img":{}}],"eventtrackers":[{"event":1,"methods":[1]}]}',
]  # fmt: skip
STUFFING = [
    b"\\u0000", b"\\ud800", b"1e400", b"NaN", b"null", b"{}", b"[]", b'""', b"\x00", b"\xff\xfe",
    b"9" * 400, b"[" * 200, b'{"a":' * 90, b"}" * 5, b'"', b"\\", b"-1", b"true", b",", b":",
]  # fmt: skip
GOOD = {200, 204, 400}


class Free:
    """A ledger that grants everything: what it promises is tested elsewhere."""

    async def reserve_many(self, asks, _):
        return [Leased(each.expires_at_us) for each in asks]


class Deaf:
    """A log that takes everything."""

    async def append(self, events):
        return list(events)


def places(value, found):
    """Note every container with each of its keys."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        found.append((value, key))
        if isinstance(item, dict | list):
            places(item, found)
    return found


def mutated(chance, seeds):
    body = json.loads(chance.choice(seeds))
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        change(chance, body, seeds)
    raw = json.dumps(body).encode()
    return cut(chance, raw) if chance.random() < 0.2 else raw


def change(chance, body, seeds):
    owner, key = chance.choice(places(body, []))
    kind = chance.randrange(5)
    if kind == 0:
        del owner[key]
    elif kind == 1 and isinstance(owner, list):
        owner.append(json.loads(json.dumps(owner[key])))
    elif kind == 2:
        other, place = chance.choice(places(json.loads(chance.choice(seeds)), []))
        owner[key] = other[place]
    elif kind == 3 and isinstance(owner[key], int | float):
        owner[key] = -owner[key]
    else:
        owner[key] = copy.deepcopy(chance.choice(ODD))
    if not body:
        body["id"] = "r"


def cut(chance, raw):
    at, length = chance.randrange(len(raw)), chance.choice((0, 1, 1, 5, 50))
    return raw[:at] + chance.choice(STUFFING) + raw[at + length :]


async def run(folder, count, examples, proto):
    """Ask so many mutated requests; return how often each status was answered."""
    exchange = Exchange(folder)
    exchange.mount(ledger=Free(), log=Deaf())
    exchange.put_up(
        bidding("a", 900_000, creatives=[with_files()], categories=["IAB22"], budget=10**9),
        bidding("b", 800_000, language="en", budget=10**9),
    )
    seeds = [json.dumps(body) for _, kind, body in examples if kind == "request"]
    seeds += [json.dumps(load("requests.json")["base"])] * 3
    chance, statuses = random.Random(SEED), {}
    for _ in range(count):
        raw = mutated(chance, seeds)
        status, answer = await exchange.call(raw)
        assert status in GOOD, (status, raw)
        statuses[status] = statuses.get(status, 0) + 1
        if status == 400:
            assert all(field.path.startswith("request") for field in answer.fields), raw
        elif status == 200:
            said = msgspec.json.encode(answer)
            assert proto.faults("BidResponse", answer) == [], raw
            assert check_response(read_response(said), read_request(raw)) == [], raw
    await exchange.ledger.close()
    exchange.log.close()
    return statuses


async def test_a_sample(tmp_path, examples, proto):
    statuses = await run(tmp_path, SAMPLE, examples, proto)
    assert set(statuses) == GOOD
    assert min(statuses.values()) > SAMPLE / 50, "each kind of answer is really tried"


@pytest.mark.long
@pytest.mark.timeout(1_800)
async def test_a_hundred_thousand(tmp_path, examples, proto, record_property):
    statuses = await run(tmp_path, MANY, examples, proto)
    record_property("statuses", statuses)
    assert sum(statuses.values()) == MANY
