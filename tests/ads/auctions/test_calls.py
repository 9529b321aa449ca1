"""Calls to bidders: over TLS, on the servers' own event loop, with what a document says."""

import asyncio
import ssl

import pytest
import uvloop
from tests.ads.auctions.hostile import CODES, WAYS, Hostile
from tests.ads.auctions.house import Bidders, House, asked, bids_of, document, imp
from tests.reach.test_calling import certificate

from queqiao.decide.ads.openrtb.exchange.calls.callers import Callers
from queqiao.decide.ads.openrtb.exchange.contracts import (
    Bidder,
    Publisher,
    check_bidder,
    check_publisher,
)
from queqiao.decide.ads.openrtb.exchange.held import HeldAuctions
from queqiao.kernel.errors import InvalidInput, Unavailable

NAME = "bidder.example"


async def here(_host):
    return ["127.0.0.1"]


@pytest.fixture
async def over_tls(tmp_path):
    """Bidders behind a certificate of NAME, and whom to trust for it."""
    both, shown = certificate(NAME, tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    bidders = Bidders()
    await bidders.start(tls=context)
    yield bidders, ssl.create_default_context(cadata=shown.decode())
    await bidders.stop()


@pytest.mark.parametrize(("name", "code"), [(NAME, None), ("other.example", 4)])
async def test_over_tls_the_name_is_verified(house, over_tls, name, code):
    bidders, trust = over_tls
    bidders.answers = {"alpha": {"bids": [{"price": 1.0}]}}
    house.callers = Callers(here, lambda: trust)
    house.mount_auctions()
    url = f"https://{name}:{bidders.port}/alpha"
    house.trade({"alpha": {"name": "a", "url": url, "timeout_ms": 2_000}})
    for _ in range(2):
        _, answer = await house.auction(asked())
        errors = answer["ext"].get("errors", {}).get("alpha")
        assert (errors and errors[0]["code"]) == code
    if code is None:
        assert f"host: {NAME}:{bidders.port}" in bidders.heads["alpha"]
        assert bidders.connections == 1, "a handshake is made once"


async def test_a_bidder_gets_the_header_lines_of_its_document(house, bidders):
    more = {"headers": {"X-Zone": "7"}, "authorization": "Bearer t", "openrtb": "2.5"}
    house.trade({"alpha": document(bidders, "alpha", **more)})
    await house.auction(asked())
    head = bidders.heads["alpha"].lower()
    for line in ("x-zone: 7", "authorization: bearer t", "x-openrtb-version: 2.5"):
        assert f"\r\n{line}\r\n" in head


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"headers": {"x": "a\r\nhost: b"}}, "headers.x"),
        ({"headers": {"Host": "b"}}, "headers.Host"),
        ({"headers": {"a b": "c"}}, "headers"),
        ({"authorization": "a\nb"}, "authorization"),
        ({"adjustment": 0.9}, "adjustment"),
        ({"url": "http://169.254.169.254/"}, "url"),
        ({"url": "ftp://a.example/"}, "url"),
        ({"currency": "XXZ"}, "currency"),
    ],
)
def test_a_document_that_could_not_be_used_is_refused(change, path):
    with pytest.raises(InvalidInput) as refused:
        check_bidder(Bidder(**({"name": "a", "url": "https://a.example/"} | change)))
    assert [field.path for field in refused.value.fields] == [path]


def test_the_hostile_on_the_servers_own_loop(tmp_path):
    """Roles run on uvloop, whose transports are not the standard library's."""
    ways = [way for way in WAYS if way != "dribbling_head"]

    async def held():
        house, hostile, bidders = House(tmp_path), Hostile(), Bidders()
        await hostile.start()
        await bidders.start()
        bidders.answers = {"good": {"bids": [{"price": 1.0}]}}
        house.trade(
            {way: {"name": way, "url": hostile.url(way)} for way in ways}
            | {"good": document(bidders, "good")}
        )
        status, answer = await house.auction(asked(imp(bidders=[*ways, "good"]), tmax=600))
        house.callers.close()
        await hostile.stop()
        await bidders.stop()
        await house.ledger.close()
        house.log.close()
        return status, answer

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        status, answer = runner.run(held())
    assert status == 200
    assert bids_of(answer)["good"]
    codes = {way: errors[0]["code"] for way, errors in answer["ext"]["errors"].items()}
    assert codes == {way: CODES.get(way, (3, 102))[0] for way in ways}


class Away:
    """A log that cannot be reached, until it can."""

    def __init__(self):
        self.events = []
        self.is_here = False

    async def append(self, events):
        if not self.is_here:
            raise Unavailable
        self.events += events


async def test_records_wait_while_the_log_is_away(house, bidders):
    log = Away()
    house.mount_auctions(log=log)
    house.trade({"alpha": document(bidders, "alpha")})
    ids = [(await house.auction(asked()))[1]["bidid"] for _ in range(3)]
    with pytest.raises(Unavailable):
        await house.records.flush()
    log.is_here = True
    await house.records.flush()
    assert [event.message_id for event in log.events] == ids


async def test_the_oldest_records_are_lost_when_too_many_wait(house, bidders, monkeypatch):
    log = Away()
    monkeypatch.setattr("queqiao.decide.ads.openrtb.exchange.held.WAITING_BYTES_MAX", 2_000)
    house.mount_auctions(log=log)
    assert isinstance(house.records, HeldAuctions)
    house.trade({"alpha": document(bidders, "alpha")})
    ids = [(await house.auction(asked()))[1]["bidid"] for _ in range(10)]
    log.is_here = True
    await house.records.flush()
    kept = [event.message_id for event in log.events]
    assert kept == ids[-len(kept) :]
    assert house.records.lost == len(ids) - len(kept) > 0


@pytest.mark.parametrize(
    "domain",
    [
        "", "*", "*.news.example", "https://news.example", "news.example:8443", "news.example/",
        "news..example", ".news.example", "新闻.example", "a" * 64 + ".example", "-news.example",
    ],
)  # fmt: skip
def test_a_domain_that_no_page_could_be_of_is_refused(domain):
    with pytest.raises(InvalidInput) as refused:
        check_publisher(Publisher("n", domains=["news.example", domain]))
    assert [field.path for field in refused.value.fields] == ["domains[1]"]


def test_domains_that_pages_are_of():
    domains = ["news.example", "News.EXAMPLE", "xn--fsq.cn", "localhost", "127.0.0.1"]
    check_publisher(Publisher("n", domains=domains))
