"""An exchange that asks our bidder, on real parts: the embedded ledger and the embedded log."""

import random
from urllib.parse import parse_qsl, urlsplit

import msgspec
from tests.ads.shop import NOW_US, Shop, campaign, live

from queqiao.decide.ads.contracts import Creative
from queqiao.decide.ads.hot_state import snapshot
from queqiao.decide.ads.openrtb.hot_endpoints import BidServices, bid_routes
from queqiao.decide.ads.openrtb.shades import UNSHADED
from queqiao.decide.ads.openrtb.shelf import shelves
from queqiao.decide.ads.openrtb.standing import BidderSettings
from queqiao.decide.ads.openrtb.terms import AudioFile, ExchangeTerms, VideoFile
from queqiao.decide.ads.wallets.hot_state import NOBODY
from queqiao.kernel.errors import QueqiaoError
from queqiao.kernel.http import Principal, Request

BASE = "https://ads.shop.example"


def creative(identifier="x", **more):
    more.setdefault("image_url", "https://shop.example/x.jpg")
    more.setdefault("landing_url", "https://www.shop.example/landing")
    return Creative(identifier, more.pop("title", "买一送一"), **more)


def with_files(identifier="x", video_s=15, audio_s=20):
    return creative(
        identifier,
        video=VideoFile("https://shop.example/v.mp4", video_s),
        audio=AudioFile("https://shop.example/a.mp3", audio_s),
    )


def bidding(identifier, bid_minor=500, **more):
    """Return a live campaign with the terms given as keywords."""
    names = ExchangeTerms.__struct_fields__
    terms = {name: more.pop(name) for name in names if name in more}
    more.setdefault("creatives", [creative()])
    exchange = ExchangeTerms(**terms) if terms else None
    return campaign(identifier, bid_minor, exchange=exchange, **more)


def banner_imp(identifier="1", **more):
    return {"id": identifier, "banner": {"w": 300, "h": 250}} | more


def asked(*imps, **more):
    """Return a request; members given as None are left out."""
    body = {
        "id": "r",
        "at": 1,
        "tmax": 300,
        "cur": ["CNY"],
        "imp": list(imps) or [banner_imp()],
        "site": {"id": "s", "page": "https://news.example/a"},
    } | more
    return {name: value for name, value in body.items() if value is not None}


class Exchange(Shop):
    """Asks ``POST /openrtb2/bid`` and tells notices."""

    def mount(self, ledger=None, log=None, settings=None):
        super().mount(ledger, log)
        settings = settings or BidderSettings()
        self.shelves = None
        self.shades = UNSHADED
        services = BidServices(
            shelves=lambda: self.shelves,
            ledger=ledger or self.ledger,
            event_log=log or self.log,
            signer=self.signer,
            segments_of=lambda user: self.segments.get(user, frozenset()),
            random_bits=random.Random(7).getrandbits,
            settings=settings,
            public_url=BASE,
            shades=lambda: self.shades,
        )
        (self.bid_route,) = bid_routes(services)
        self.put_up()

    def put_up(self, *campaigns, placements=(), counts=(), who_pays=NOBODY):
        hot = snapshot(placements, campaigns, counts, who_pays)
        self.shelves = shelves(campaigns, hot, counts, who_pays)

    async def call(self, body, now_us=NOW_US):
        """Return status and body of the answer; a refusal is told as the server tells it."""
        raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
        caller = Principal("k", "foreign", None, frozenset({"exchange"}))
        request = Request("POST", "", {}, {}, {}, raw, "192.0.2.1", now_us, caller)
        try:
            answer = await self.bid_route.handler(request)
        except QueqiaoError as error:
            return error.status, error
        return answer.status, msgspec.json.decode(answer.body) if answer.body else None

    async def bids(self, body, now_us=NOW_US):
        """Return the bids of an answer, none when there is none."""
        status, answer = await self.call(body, now_us)
        assert status in {200, 204}, answer
        return [bid for seat in (answer or {}).get("seatbid", ()) for bid in seat["bid"]]

    async def notice(self, url, now_us=NOW_US, **filled):
        """Tell a notice with macros filled in by name (``AUCTION_PRICE=1.5``)."""
        for name, value in filled.items():
            url = url.replace(f"${{{name}}}", str(value))
        parts = urlsplit(url)
        assert f"{parts.scheme}://{parts.netloc}" == BASE
        token = parts.path.removeprefix("/t/")
        query = dict(parse_qsl(parts.query))
        request = Request("GET", "", {"token": token}, query, {}, b"", "192.0.2.1", now_us)
        return await self.notice_route.handler(request)


__all__ = ["Exchange", "asked", "banner_imp", "bidding", "creative", "live", "with_files"]
