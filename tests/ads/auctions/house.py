"""An exchange on real parts, and bidders that are real servers on the loopback."""

import asyncio
import json
import random
from types import SimpleNamespace

import msgspec
from tests.ads.openrtb.exchange import BASE, Exchange, bidding, creative
from tests.ads.shop import NOW_US

from queqiao.decide.ads.click_rate import Count
from queqiao.decide.ads.openrtb.exchange.calls.callers import Callers
from queqiao.decide.ads.openrtb.exchange.contracts import Bidder, Publisher, StoredRequest
from queqiao.decide.ads.openrtb.exchange.held import HeldAuctions
from queqiao.decide.ads.openrtb.exchange.hot_endpoints import ExchangeServices, exchange_routes
from queqiao.decide.ads.openrtb.exchange.hot_state import EMPTY, market, placement_floors
from queqiao.decide.ads.openrtb.hot_endpoints import BidServices
from queqiao.decide.ads.openrtb.standing import BidderSettings
from queqiao.kernel.errors import QueqiaoError
from queqiao.kernel.http import Request


def live(identifier, document, revision=1):
    return SimpleNamespace(id=identifier, revision=revision, document=document)


class Bidders:
    """A server whose paths are bidders; it answers as it is told, and keeps what it was asked."""

    def __init__(self):
        self.answers = {}
        self.asked = {}
        self.heads = {}
        self.connections = 0
        self._serving = set()
        self._writers = set()

    async def start(self, port=0, tls=None):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port, ssl=tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self):
        self._server.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    @property
    def open_connections(self):
        """How many are open now."""
        return len(self._writers)

    def hang_up(self):
        """Close every connection."""
        for writer in list(self._writers):
            writer.close()

    def url(self, name):
        return f"http://127.0.0.1:{self.port}/{name}"

    async def _serve(self, reader, writer):
        self.connections += 1
        self._serving.add(asyncio.current_task())
        self._writers.add(writer)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0])
                body = await reader.readexactly(length)
                name = head.split(b" ")[1].decode().strip("/")
                self.heads[name] = head.decode()
                self.asked.setdefault(name, []).append(json.loads(body))
                writer.write(_wire(*self._answer(name, json.loads(body))))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the exchange hung up: that is the end of this connection
        finally:
            self._writers.discard(writer)
            writer.close()

    def _answer(self, name, request):
        said = self.answers.get(name, {"status": 204})
        if "bids" in said:
            return 200, json.dumps(response_of(request, said["bids"], said.get("cur", "USD")))
        if "text" in said:
            return said.get("status", 200), said["text"]
        body = said.get("body")
        return said.get("status", 200), "" if body is None else json.dumps(body)


def response_of(request, bids, cur):
    """Return a response with these bids; what a bid does not say is usual."""
    whole = [
        {"id": f"b{number}", "impid": "1", "adm": "<b>ad</b>", "crid": "c"} | bid
        for number, bid in enumerate(bids, start=1)
    ]
    return {"id": request["id"], "cur": cur, "seatbid": [{"bid": whole, "seat": "s"}]}


def _wire(status, text):
    body = text.encode()
    head = f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n"
    return f"{head}content-length: {len(body)}\r\n\r\n".encode() + body


class House(Exchange):
    """Asks ``POST /openrtb2/auction`` as pages do."""

    def mount(self, ledger=None, log=None, settings=None):
        super().mount(ledger, log, settings)
        self.market = EMPTY
        self.placement_floors = {}
        self.callers = Callers()
        self.mount_auctions(ledger, log, settings)

    def mount_auctions(self, ledger=None, log=None, settings=None):
        self.records = HeldAuctions(log or self.log)
        services = ExchangeServices(
            market=lambda: self.market,
            placement_floors=lambda: self.placement_floors,
            bidding=BidServices(
                shelves=lambda: self.shelves,
                ledger=ledger or self.ledger,
                event_log=log or self.log,
                signer=self.signer,
                segments_of=lambda user: self.segments.get(user, frozenset()),
                random_bits=random.Random(7).getrandbits,
                settings=settings or BidderSettings(),
                public_url=BASE,
            ),
            callers=self.callers,
            records=self.records,
        )
        self.auction_route, self.preflight_route, self.auction_why = exchange_routes(services)

    def trade(self, bidders=None, publishers=None, stored=None, revision=1):
        """Put documents live: bidders and publishers by id, stored requests by id."""
        self.market = market(
            [
                live(name, Bidder(**document), revision)
                for name, document in (bidders or {}).items()
            ],
            [
                live(name, Publisher(**{"name": "p", **document}))
                for name, document in (publishers or {"pub": {}}).items()
            ],
            [live(name, StoredRequest(**document)) for name, document in (stored or {}).items()],
            lambda text, _: text,
        )

    def floors(self, *placements, counts=()):
        self.placement_floors = placement_floors(placements, [Count(*count) for count in counts])

    async def auction(self, body, now_us=NOW_US, **headers):
        """Return status and answer; a refusal's answer is its problem document."""
        raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
        request = Request("POST", "", {}, {}, headers, raw, "192.0.2.1", now_us)
        answer = await self.auction_route.handler(request)
        self.headers = dict(answer.headers)
        return answer.status, msgspec.json.decode(answer.body)

    async def explain(self, auction_id):
        await self.records.flush()
        request = Request("GET", "", {"id": auction_id}, {}, {}, b"", "", NOW_US)
        try:
            return msgspec.json.decode((await self.auction_why.handler(request)).body)
        except QueqiaoError as error:
            return error.status


def document(bidders, name, **more):
    return {"name": name, "url": bidders.url(name), "timeout_ms": 1_000} | more


def asked(*imps, **more):
    """Return a request of the publisher ``pub``; members given as None are left out."""
    body = {
        "id": "r",
        "imp": list(imps) or [imp()],
        "site": {
            "id": "s",
            "page": "https://news.example/a",
            "publisher": {"id": "pub"},
        },
        "tmax": 2_000,
    } | more
    return {name: value for name, value in body.items() if value is not None}


def imp(identifier="1", bidders=("alpha",), **more):
    params = {name: {"zone": name} for name in bidders if name != "queqiao"}
    params |= {name: {} for name in bidders if name == "queqiao"}
    return {
        "id": identifier,
        "banner": {"w": 300, "h": 250},
        "ext": {"prebid": {"bidder": params}},
    } | more


def bids_of(answer):
    """Return the bids of an answer by seat."""
    return {seat["seat"]: seat["bid"] for seat in answer.get("seatbid", ())}


__all__ = [
    "BASE",
    "NOW_US",
    "Bidders",
    "House",
    "asked",
    "bidding",
    "bids_of",
    "creative",
    "document",
    "imp",
    "live",
]
