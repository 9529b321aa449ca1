"""Prebid.js, as npm has it, on a page of another origin wins bids of our exchange."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from bench.harness import System
from playwright.sync_api import Browser, FrameLocator, Page, expect
from tests.browser.store import _client

from queqiao.kernel.envelope import Envelope, decode_envelope
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader

DIST = Path(__file__).parents[1] / "clients" / "node_modules" / "prebid.js" / "dist" / "chunks"
MODULES = ("prebid-core.js", "prebidServerBidAdapter.js")
AUTHORIZATION = "Bearer of-the-exchange"
"""What the bidder knows the exchange by: stored sealed, sent in clear."""
PAGE = """<!doctype html><title>news</title><link rel="icon" href="data:,">
<div id="top"><iframe id="frame" src="/frame" width="300" height="250"></iframe></div>
<script>var pbjs = {que: []};</script><script src="/prebid.js"></script>
<script>
  pbjs.que.push(function () {
    pbjs.setConfig({debug: false, s2sConfig: [{
      accountId: "news", bidders: ["queqiao", "alpha"], enabled: true, timeout: 4000,
      endpoint: {p1Consent: "%s/openrtb2/auction", noP1Consent: "%s/openrtb2/auction"},
      extPrebid: {returnallbidstatus: true}
    }]});
    pbjs.addAdUnits([{
      code: "top", mediaTypes: {banner: {sizes: [[300, 250]]}},
      bids: [{bidder: "queqiao", params: {}}, {bidder: "alpha", params: {zone: 7}}]
    }]);
    var loaded = new Promise(function (done) { window.addEventListener("load", done); });
    pbjs.requestBids({timeout: 5000, bidsBackHandler: function () {
      var won = pbjs.getHighestCpmBids("top")[0];
      window.targeting = pbjs.getAdserverTargetingForAdUnitCode("top");
      loaded.then(function () {
        if (won) pbjs.renderAd(document.getElementById("frame").contentDocument, won.adId);
        window.won = won ? {bidder: won.bidder, cpm: won.cpm, currency: won.currency} : null;
      });
    }});
  });
</script>"""


def prebid() -> bytes:
    """Return Prebid.js with the one module, of the pieces that its package is built in."""
    needs = json.loads((DIST / "dependencies.json").read_text("utf-8"))
    names: list[str] = []

    def add(name: str) -> None:
        for other in needs.get(name, ()):
            add(other)
        if name not in names:
            names.append(name)

    for module in MODULES:
        add(module)
    pieces = [(DIST / name).read_text("utf-8") for name in names]
    return ("\n".join(pieces) + "\npbjs.processQueue();").encode()


class Outside:
    """Another origin: a page of the publisher's, and a foreign bidder of one price."""

    def __init__(self) -> None:
        self.price: float | None = None
        self.asked: list[dict[str, Any]] = []
        self.authorization: str | None = None
        self.page = b""
        self.prebid = prebid()
        outside = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                served = {"/prebid.js": outside.prebid, "/page": outside.page}
                script = self.path == "/prebid.js"
                kind = "text/javascript" if script else "text/html; charset=utf-8"
                self.answer(served.get(self.path, b"<!doctype html><body></body>"), kind)

            def do_POST(self) -> None:
                length = int(self.headers["content-length"])
                request = json.loads(self.rfile.read(length))
                outside.asked.append(request)
                outside.authorization = self.headers["authorization"]
                self.answer(outside.bid(request), "application/json")

            def answer(self, body: bytes, kind: str) -> None:
                self.send_response(200)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def bid(self, request: dict[str, Any]) -> bytes:
        """Answer with the price of the moment, or with no bid."""
        if self.price is None:
            return b"{}"
        bid = {
            "id": "b1", "impid": request["imp"][0]["id"], "price": self.price, "crid": "c",
            "adm": "<h1>alpha paid ${AUCTION_PRICE}</h1>", "w": 300, "h": 250,
        }  # fmt: skip
        return json.dumps({"id": request["id"], "cur": "USD", "seatbid": [{"bid": [bid]}]}).encode()


@pytest.fixture(scope="module")
def outside(system: System) -> Iterator[Outside]:
    """The other origin, known to the exchange as publisher and bidder."""
    if not DIST.is_dir():
        pytest.fail("Prebid.js is not installed; run: make setup-dev")
    place = Outside()
    place.page = (PAGE % (system.base_url, system.base_url)).encode()
    documents = {
        "publishers": ("news", {"name": "News", "domains": ["127.0.0.1"], "secure_markup": "skip"}),
        "bidders": (
            "alpha",
            {"name": "Alpha", "url": f"{place.url}/bid", "authorization": AUTHORIZATION},
        ),
    }
    with _client(system, system.admin_key) as client:
        for path, (name, document) in documents.items():
            body = {"id": name, "document": document}
            client.post(f"/api/v1/{path}", json=body).raise_for_status()
            client.post(f"/api/v1/{path}/{name}/publish").raise_for_status()
    until(lambda: _is_known(system))
    yield place
    place.server.shutdown()
    place.server.server_close()


def _is_known(system: System) -> bool:
    """Say whether the exchange knows the publisher: the change feed carries it within a second."""
    body = {
        "id": "x",
        "test": 1,
        "imp": [
            {"id": "1", "banner": {"w": 1, "h": 1}, "ext": {"prebid": {"bidder": {"alpha": {}}}}}
        ],
        "site": {"page": "http://127.0.0.1/", "publisher": {"id": "news"}},
    }
    answer = httpx.post(f"{system.base_url}/openrtb2/auction", json=body)
    return answer.status_code == httpx.codes.OK and "errors" not in answer.json()["ext"]


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds that happens beside."""
    deadline = time.monotonic() + 15
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


@pytest.fixture
def reader(chromium: Browser) -> Iterator[Page]:
    """A tab of somebody who reads the news."""
    context = chromium.new_context()
    yield context.new_page()
    context.close()


def shown(reader: Page, outside: Outside) -> dict[str, Any]:
    """Open the page and return who won."""
    reader.goto(f"{outside.url}/page")
    reader.wait_for_function("() => window.won !== undefined")
    won: dict[str, Any] = reader.evaluate("() => window.won")
    return won


def frame_of(reader: Page) -> FrameLocator:
    """Return where Prebid.js puts the markup: a frame of its own within the publisher's."""
    return reader.frame_locator("#frame").frame_locator("iframe")


def events(system: System, name: str) -> list[Envelope]:
    """Return the events of a name, from the log of the running system."""
    log = EmbeddedEventLogReader(system.home / "log")
    try:
        found = [decode_envelope(event.body) for event in log.read(0, 100_000)]
    finally:
        log.close()
    return [event for event in found if event.event == name]


def test_our_campaign_is_shown_and_billed(reader: Page, outside: Outside, system: System) -> None:
    outside.price = None
    won = shown(reader, outside)
    assert (won["bidder"], won["currency"]) == ("queqiao", "USD")
    assert won["cpm"] > 0
    ad = frame_of(reader)
    expect(ad.get_by_text("明前龙井").first).to_be_visible()
    expect(ad.get_by_text("广告", exact=True)).to_be_visible()
    assert reader.evaluate("() => window.targeting.hb_bidder") == "queqiao"
    until(lambda: bool(events(system, "Ad Billed")))
    until(lambda: bool(events(system, "Auction Held")))


def test_a_dearer_bidder_is_shown(reader: Page, outside: Outside, system: System) -> None:
    outside.price = 7.5
    won = shown(reader, outside)
    assert won == {"bidder": "alpha", "cpm": 7.5, "currency": "USD"}
    expect(frame_of(reader).get_by_text("alpha paid 7.5")).to_be_visible()
    asked = outside.asked[-1]
    assert asked["imp"][0]["ext"]["bidder"] == {"zone": 7}
    assert asked["site"]["publisher"]["id"] == "news"
    until(lambda: len(events(system, "Auction Held")) >= 2)
    assert outside.authorization == AUTHORIZATION
    auction_id = events(system, "Auction Held")[-1].message_id
    with _client(system, system.admin_key) as client:
        why = client.get(f"/api/v1/auctions/{auction_id}/why").raise_for_status().json()
        stored = client.get("/api/v1/bidders/alpha").raise_for_status().text
    assert {bid["bidder"]: bid["outcome"] for bid in why["bids"]} == {
        "queqiao": "passed_on",
        "alpha": "won",
    }
    assert why["replay"]["equal"]
    assert AUTHORIZATION not in stored
