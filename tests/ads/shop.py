"""A small shop of ads on real parts: the embedded ledger and the embedded event log."""

import random
from contextlib import suppress
from types import SimpleNamespace

import msgspec

from queqiao.decide.ads.budgets import Budgets
from queqiao.decide.ads.contracts import Campaign, Creative, Placement, Targeting
from queqiao.decide.ads.hot_endpoints import (
    AdsServices,
    NoticeServices,
    notice_routes,
    routes,
)
from queqiao.decide.ads.hot_state import snapshot
from queqiao.decide.ads.outbox import Outbox
from queqiao.decide.ads.wallets.hot_state import NOBODY
from queqiao.kernel.clock import parse_rfc3339
from queqiao.kernel.errors import Unavailable
from queqiao.kernel.http import Request
from queqiao.kernel.tokens import Signer
from queqiao.ports.event_log.embedded import EmbeddedEventLog
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.ports.ledger.embedded import EmbeddedLedger

NOW_US = parse_rfc3339("2026-06-18T12:00:00+08:00")


def live(identifier, document, revision=1):
    return SimpleNamespace(id=identifier, revision=revision, document=document)


def placement(identifier="home", floor_minor=10, currency="CNY"):
    return live(identifier, Placement("place", floor_minor, currency))


def campaign(
    identifier, bid_minor, *, budget=1_000_000, segments=(), channels=(), expression=None, **more
):
    creatives = more.pop(
        "creatives", [Creative(f"{identifier}-x", "买一送一", f"https://shop.example/{identifier}")]
    )
    document = Campaign(
        name=identifier,
        advertiser=more.pop("advertiser", "brand"),
        placements=more.pop("placements", ["home"]),
        bid_minor=bid_minor,
        currency=more.pop("currency", "CNY"),
        daily_budget_minor=budget,
        creatives=creatives,
        targeting=Targeting(list(segments), list(channels), expression),
        **more,
    )
    return live(identifier, document)


class Shop:
    """Both roles on one ledger and one log, asked as HTTP asks them."""

    def __init__(self, folder):
        self.folder = folder
        self.ledger = EmbeddedLedger.open(folder / "ledger")
        self.log = EmbeddedEventLog(folder / "log")
        self.signer = Signer(b"k" * 32)
        self.segments = {}
        self.hot = snapshot([], [])
        self.workers, self.outboxes = 0, []
        self.mount()

    def services(self, ledger=None, log=None, frequency=None):
        ledger, log = ledger or self.ledger, log or self.log
        self.workers += 1
        self.budgets = Budgets(ledger, "Asia/Shanghai", f"worker-{self.workers}")
        self.outbox = Outbox(log)
        self.outboxes.append(self.outbox)
        return AdsServices(
            hot=lambda: self.hot,
            budgets=self.budgets,
            outbox=self.outbox,
            event_log=log,
            signer=self.signer,
            segments_of=lambda user: self.segments.get(user, frozenset()),
            random_bits=random.Random(7).getrandbits,
            frequency=frequency,
        )

    def mount(self, ledger=None, log=None, frequency=None):
        self.decide_route, self.why_route = routes(self.services(ledger, log, frequency))
        ledger, log = ledger or self.ledger, log or self.log
        (self.notice_route,) = notice_routes(NoticeServices(ledger, log, self.signer))

    async def close(self):
        for outbox in self.outboxes:
            await outbox.close(0.1)
        await self.ledger.close()
        self.log.close()

    def show(self, placements, campaigns, counts=(), who_pays=NOBODY):
        self.hot = snapshot(placements, campaigns, counts, who_pays)

    async def ask(self, body=None, now_us=NOW_US):
        body = body or {"placements": [{"id": "home"}], "user": {"anonymous_id": "ann"}}
        request = _request("POST", {}, msgspec.json.encode(body), now_us)
        answer = msgspec.json.decode((await self.decide_route.handler(request)).body)
        with suppress(Unavailable):
            await self.outbox.flush(0.2)
        await self.budgets.tidy(now_us)  # as a worker does every second
        return answer

    async def why(self, decision_id, campaign_id=None):
        request = _request("GET", {"id": decision_id}, b"", NOW_US)
        if campaign_id:
            request.query["campaign"] = campaign_id
        return msgspec.json.decode((await self.why_route.handler(request)).body)

    async def tell(self, path, now_us=NOW_US, **query):
        request = _request("GET", {"token": path.removeprefix("/t/")}, b"", now_us)
        request.query.update(query)
        return await self.notice_route.handler(request)

    def events(self):
        reader = EmbeddedEventLogReader(self.folder / "log")
        try:
            bodies = [msgspec.json.decode(event.body) for event in reader.read(0, 10_000)]
        finally:
            reader.close()
        return bodies

    async def budget(self, campaign_id):
        (balance,) = (await self.ledger.find(f"ads:budget:{campaign_id}:", 1)).values()
        return balance


def _request(method, params, body, now_us):
    return Request(method, "", params, {}, {}, body, "127.0.0.1", now_us)
