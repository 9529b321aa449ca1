"""The exchange, `POST /openrtb2/auction`, with one bidder that answers over HTTP.

Three processes: clients, the exchange as the decide role serves it (HTTP server, routes, calls,
records in an embedded event log), and a bidder that parses nothing and answers the same bytes. CPU
is that of the exchange's process, all of it, over the calls; the peers are answers by the same HTTP
server in the same process: a plain ASGI one that reads the body and sends the response's bytes
back, and one that decodes and encodes the request by the standard library's ``json`` besides.

Prebid Server (Go), asked alike, took .36 to .51 ms of CPU here, and .53 ms at one client.
"""

import asyncio
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from statistics import quantiles
from tempfile import TemporaryDirectory
from time import perf_counter
from types import SimpleNamespace
from typing import Any, TypeAlias

import httpx
import uvloop

from bench.callers import Called, Question, call
from bench.harness import row, running_system
from bench.processes import cpu_s
from queqiao.decide.ads.openrtb.exchange.calls.callers import Callers
from queqiao.decide.ads.openrtb.exchange.contracts import Bidder, Publisher
from queqiao.decide.ads.openrtb.exchange.held import HeldAuctions
from queqiao.decide.ads.openrtb.exchange.hot_endpoints import ExchangeServices, exchange_routes
from queqiao.decide.ads.openrtb.exchange.hot_state import market
from queqiao.decide.ads.openrtb.hot_endpoints import BidServices
from queqiao.decide.ads.openrtb.shelf import EMPTY
from queqiao.kernel.clock import SystemClock
from queqiao.kernel.tokens import Signer
from queqiao.ports.event_log.embedded import EmbeddedEventLog
from queqiao.ports.ledger.embedded import EmbeddedLedger
from queqiao.wiring import exchange
from queqiao.wiring.asgi import HotApplication
from queqiao.wiring.http_server import serve

CALLS, WARM_UP, CONNECTIONS, ROUNDS = 4_000, 500, 8, 3
AUCTION, PLAIN, JSON = "/openrtb2/auction", "/plain", "/json"
Row = dict[str, Any]

REQUEST: dict[str, Any] = {
    "id": "80ce30c53c16e6ede735f123ef6e32361bfc7b22",
    "imp": [
        {
            "id": "slot-1",
            "banner": {"format": [{"w": 300, "h": 250}, {"w": 336, "h": 280}], "pos": 1},
            "bidfloor": 0.01, "secure": 1, "tagid": "/1234/home",
            "ext": {
                "prebid": {"bidder": {"alpha": {"zone": 7}}}, "gpid": "/1234/home#1", "tid": "a7b1",
            },
        }
    ],
    "site": {
        "domain": "news.example", "page": "https://news.example/2026/1234.html",
        "publisher": {"id": "pub", "domain": "news.example"},
    },
    "device": {
        "ua": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36",
        "language": "zh", "w": 1440, "h": 900, "dnt": 0,
    },
    "cur": ["USD"], "tmax": 1_000, "at": 1,
    "source": {"tid": "a7b1"},
    "ext": {
        "prebid": {
            "targeting": {"includewinners": True, "includebidderkeys": False},
            "channel": {"name": "pbjs", "version": "v11"},
        }
    },
}  # fmt: skip
"""As Prebid.js sends it, 1 KB."""

MARKUP = "<a href='https://a.example/c?x=${AUCTION_PRICE}'><img src='https://a.example/i.png'></a>"
RESPONSE: dict[str, Any] = {
    "id": REQUEST["id"], "cur": "USD",
    "seatbid": [{"seat": "s", "bid": [{
        "id": "b1", "impid": "slot-1", "price": 1.234, "adm": MARKUP * 3, "crid": "c1",
        "adomain": ["brand.example"], "w": 300, "h": 250, "cat": ["IAB22-1"], "mtype": 1,
        "burl": "https://a.example/b?p=${AUCTION_PRICE}",
    }]}],
}  # fmt: skip

Pipe: TypeAlias = "Connection[Any, Any]"


def run() -> list[Row]:
    """Measure and return the rows of the table."""
    with _process(_bidder) as bidder, _process(_exchange, f"http://127.0.0.1:{bidder[1]}/") as own:
        pid, port = own
        base_url = f"http://127.0.0.1:{port}"
        _check(base_url)
        for path in (AUCTION, PLAIN, JSON):
            _ask(base_url, path, WARM_UP, CONNECTIONS)
        found = {path: _cpu_ms(pid, base_url, path) for path in (AUCTION, PLAIN, JSON)}
        alone = _ask(base_url, AUCTION, CALLS, 1).late_ms
        plain = _ask(base_url, PLAIN, CALLS, 1).late_ms
        public = _through_the_public_port(bidder[1])
    cuts, plain_cuts = quantiles(alone, n=100), quantiles(plain, n=100)
    cpu = "CPU per auction, one answering bidder"
    return [
        _row(cpu, 0.30, found[AUCTION], (found[PLAIN], "plain ASGI answer")),
        _row(cpu, None, found[AUCTION], (found[JSON], "ASGI, json.loads and dumps")),
        _row("one client, p50", 1.0, cuts[49], (plain_cuts[49], "plain ASGI answer")),
        _row(
            "public port of a running system, one client, p50", None, public, (cuts[49], "no hop")
        ),
        _row("one client, p99", None, cuts[98], (plain_cuts[98], "plain ASGI answer")),
    ]


def _through_the_public_port(bidder_port: int) -> float:
    """Return the p50 of one client's calls to a whole system: the port's process hands them on."""
    documents = {
        "bidders/alpha": {"name": "a", "url": f"http://127.0.0.1:{bidder_port}/"},
        "publishers/pub": {"name": "p", "requests_per_s_max": 1_000_000},
    }
    with running_system() as system, httpx.Client(base_url=system.base_url) as client:
        client.headers["authorization"] = f"Bearer {system.admin_key}"
        for path, document in documents.items():
            kind, _, name = path.partition("/")
            client.post(f"/api/v1/{kind}", json={"id": name, "document": document})
            client.post(f"/api/v1/{path}/publish").raise_for_status()
        deadline = perf_counter() + 10
        while "hb_pb" not in client.post(AUCTION, json=REQUEST).text:
            assert perf_counter() < deadline, "the bidder is not asked"
        _ask(system.base_url, AUCTION, WARM_UP, 1)
        return quantiles(_ask(system.base_url, AUCTION, CALLS, 1).late_ms, n=100)[49]


def _check(base_url: str) -> None:
    """Raise AssertionError unless the bidder's bid wins: an empty auction would be quick too."""
    answer = httpx.post(f"{base_url}{AUCTION}", json=REQUEST).json()
    (bid,) = answer["seatbid"][0]["bid"]
    assert bid["ext"]["prebid"]["targeting"]["hb_pb"] == "1.20", answer


def _row(figure: str, goal: float | None, ours: float, peer: tuple[float, str]) -> Row:
    return row(
        "exchange", figure, "ms", "lower", round(ours, 4),
        goal=goal, peer=round(peer[0], 4), peer_name=peer[1],
    )  # fmt: skip


def _ask(base_url: str, path: str, count: int, connections: int) -> Called:
    return call(
        base_url, "none", [Question(path, json.dumps(REQUEST).encode())], count, connections
    )


def _cpu_ms(pid: int, base_url: str, path: str) -> float:
    """Return the CPU of one call, the least of some rounds: others work on these cores too."""
    spent = []
    for _ in range(ROUNDS):
        before_s = cpu_s(pid)
        _ask(base_url, path, CALLS, CONNECTIONS)
        spent.append((cpu_s(pid) - before_s) / CALLS * 1_000)
    return min(spent)


@contextmanager
def _process(main: Any, *arguments: Any) -> Iterator[tuple[int, int]]:
    """Run a server in a process of its own; give its pid and port."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=main, args=(theirs, *arguments))
    process.start()
    try:
        if not ours.poll(30):
            raise RuntimeError("the server did not start")
        yield process.pid or 0, ours.recv()
    finally:
        process.terminate()
        process.join()


def _listener() -> socket.socket:
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    listener.setblocking(False)
    return listener


def _bidder(pipe: Pipe) -> None:
    body = json.dumps(RESPONSE).encode()
    answer = (
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b"
        % (
            len(body),
            body,
        )
    )

    class Bidder(asyncio.Protocol):
        """Answers whatever is asked; a request of the exchange comes in one piece."""

        def connection_made(self, transport: Any) -> None:
            self.transport = transport

        def data_received(self, data: bytes) -> None:
            assert data.endswith(b"}"), "a request in pieces"
            self.transport.write(answer)

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        listener = _listener()
        await loop.create_server(Bidder, sock=listener)
        pipe.send(listener.getsockname()[1])
        await asyncio.Event().wait()

    uvloop.run(serve())


def _exchange(pipe: Pipe, bidder_url: str) -> None:
    with TemporaryDirectory() as folder:
        uvloop.run(_serve(pipe, bidder_url, Path(folder)))


async def _serve(pipe: Pipe, bidder_url: str, folder: Path) -> None:
    log, ledger = EmbeddedEventLog(folder / "log"), EmbeddedLedger.open(folder / "ledger")
    records = HeldAuctions(log)
    bidder = Bidder(name="alpha", url=bidder_url, timeout_ms=1_000)
    publisher = Publisher(name="pub", requests_per_s_max=1_000_000)
    live = market(
        [SimpleNamespace(id="alpha", revision=1, document=bidder)],
        [SimpleNamespace(id="pub", revision=1, document=publisher)],
        [],
        lambda text, _: text,
    )
    services = ExchangeServices(
        market=lambda: live,
        placement_floors=dict,
        bidding=BidServices(
            shelves=lambda: EMPTY,
            ledger=ledger,
            event_log=log,
            signer=Signer(b"k" * 32),
            segments_of=lambda _: frozenset(),
            random_bits=Random(7).getrandbits,
            public_url="https://ads.shop.example",
        ),
        callers=Callers(),
        records=records,
    )
    nobody: Any = SimpleNamespace(principal=lambda *_: None)
    application = HotApplication(exchange_routes(services), SystemClock(), nobody, otherwise=_peers)
    listener, stop = _listener(), asyncio.Event()
    pipe.send(listener.getsockname()[1])
    await asyncio.gather(serve(application, listener, stop), exchange.tell(records, stop))


RESPONSE_BYTES = json.dumps(RESPONSE).encode()


async def _peers(scope: Any, receive: Any, send: Any) -> None:
    """Answer the response's bytes, or decode and encode the request besides."""
    message = await receive()
    body = message["body"]
    while message.get("more_body"):
        message = await receive()
        body += message["body"]
    if scope["path"] == JSON:
        json.dumps(json.loads(body)).encode()
    head = [(b"content-length", b"%d" % len(RESPONSE_BYTES))]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    await send({"type": "http.response.body", "body": RESPONSE_BYTES})
