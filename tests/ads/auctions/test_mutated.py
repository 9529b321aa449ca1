"""Mutated requests, mutated answers of bidders: whatever the bytes, a valid answer or 400.

A seed of chance makes every run repeatable. Bidders answer from memory here: what the network does
is tested elsewhere.
"""

import json
import random

import msgspec
import pytest
from tests.ads.auctions.house import NOW_US, House, asked, bidding, creative, imp, response_of
from tests.ads.openrtb.test_mutated import Deaf, Free, mutated

from queqiao.decide.ads.openrtb.check_response import check_response, read_response
from queqiao.decide.ads.openrtb.exchange.calls.connection import Reply

SAMPLE, MANY = 1_500, 100_000
SEED = 20261130
EXT = {
    "prebid": {
        "aliases": {"twin": "alpha"},
        "bidadjustmentfactors": {"alpha": 0.9, "mediatypes": {"banner": {"beta": 0.8}}},
        "currency": {"rates": {"USD": {"CNY": 7.1}}},
        "data": {"bidders": ["alpha"], "eidpermissions": [{"source": "a.b", "bidders": ["beta"]}]},
        "bidderconfig": [{"bidders": ["beta"], "config": {"ortb2": {"site": {"keywords": "a"}}}}],
        "floors": {
            "floormin": 0.1,
            "data": {
                "modelgroups": [
                    {
                        "schema": {"fields": ["mediaType", "size"]},
                        "values": {"banner|*": 0.2},
                        "default": 0.1,
                    }
                ]
            },
        },
        "multibid": [{"bidder": "alpha", "maxbids": 2, "targetbiddercodeprefix": "a"}],
        "schains": [{"bidders": ["*"], "schain": {"ver": "1.0", "complete": 1, "nodes": []}}],
        "targeting": {"pricegranularity": {"ranges": [{"max": 20, "increment": 0.1}]}},
        "returnallbidstatus": True,
    }
}
WHOLE = asked(
    imp(bidders=["alpha", "beta", "twin", "queqiao"], bidfloor=0.1),
    imp("2", ["beta"], pmp={"deals": [{"id": "d", "bidfloor": 1}]}, secure=1),
    bcat=["IAB25"],
    badv=["x.example"],
    user={"id": "u", "eids": [{"source": "a.b", "uids": [{"id": "1"}]}], "data": [{"id": "1"}]},
    device={"ip": "192.0.2.1", "geo": {"country": "CHN"}},
    source={"tid": "t", "ext": {"schain": {"ver": "1.0", "complete": 1, "nodes": []}}},
    regs={"ext": {"us_privacy": "1---"}},
    ext=EXT,
)


class Instant:
    """A bidder's server that answers at once, from memory, often what it should not."""

    def __init__(self, chance):
        self.chance = chance
        self.health = self

    def may_ask(self, _now_us):
        return True

    def note(self, _now_us, *, failed):
        assert isinstance(failed, bool)

    def cut(self, _call):
        raise AssertionError("it has answered already")

    def ask(self, body, done):
        bids = [
            {
                "price": self.chance.choice((0.5, 1, 2.5)),
                "adomain": ["a.example"],
                "w": 300,
                "h": 250,
            },
            {"id": "x", "impid": "2", "price": 3, "dealid": "d", "mtype": 1, "cat": ["IAB25-1"]},
        ]
        answer = json.dumps(response_of(json.loads(body), bids, "USD")).encode()
        if self.chance.random() < 0.5:
            answer = mutated(self.chance, [answer.decode()])
        done(Reply(200, answer))


class InstantCallers:
    """All bidders are one."""

    def __init__(self, chance):
        self._peer = Instant(chance)

    def of(self, _bidder):
        return self._peer

    def forget_others(self, _market):
        """Nothing is remembered."""

    def close(self):
        """Nothing is open."""


async def run(folder, count, examples, proto_faults):
    """Ask so many mutated requests; return how often each status was answered."""
    house, chance = House(folder), random.Random(SEED)
    house.callers = InstantCallers(chance)
    house.mount_auctions(ledger=Free(), log=Deaf())
    house.trade(
        {name: {"name": name, "url": f"http://127.0.0.1/{name}"} for name in ("alpha", "beta")},
        {"pub": {"requests_per_s_max": 1_000_000, "events": True, "debug": True}},
        {"s": {"name": "s", "kind": "imp", "body": {"bidfloor": 0.1}}},
    )
    house.put_up(bidding("tea", 900_000, budget=10**10, creatives=[creative()]))
    seeds = [json.dumps(WHOLE)] * 4 + [
        _of_prebid(body) for _, kind, body in examples if kind == "request"
    ]
    statuses = {}
    for _ in range(count):
        raw = mutated(chance, seeds)
        status, answer = await house.auction(raw, NOW_US)
        assert status in {200, 400}, (status, raw)
        statuses[status] = statuses.get(status, 0) + 1
        if status == 400:
            assert all(each["path"].startswith("request") for each in answer["errors"]), raw
        else:
            assert proto_faults("BidResponse", answer) == [], raw
            faults = check_response(read_response(msgspec.json.encode(answer), 10**7))
            assert faults == [], (raw, faults, answer["seatbid"])
    await house.ledger.close()
    house.log.close()
    return statuses


def _of_prebid(body):
    """Return a published example as a page would send it."""
    body = json.loads(json.dumps(body))
    for each in body.get("imp", ()):
        each["ext"] = {"prebid": {"bidder": {"alpha": {}, "beta": {}}}}
    for outlet in ("site", "app", "dooh"):
        if outlet in body:
            body[outlet]["publisher"] = {"id": "pub"}
    return json.dumps(body)


async def test_a_sample(tmp_path, examples, proto_faults):
    statuses = await run(tmp_path, SAMPLE, examples, proto_faults)
    assert min(statuses[200], statuses[400]) > SAMPLE / 20, "each kind of answer is really tried"


@pytest.mark.long
@pytest.mark.timeout(1_800)
async def test_a_hundred_thousand(tmp_path, examples, proto_faults, record_property):
    statuses = await run(tmp_path, MANY, examples, proto_faults)
    record_property("statuses", statuses)
    assert sum(statuses.values()) == MANY
