"""A world whose rates are known: lived through by the real auction, with money and leases.

It can be lived again under a change, with the same shoppers, the same draws and the same luck of
every ad: then whatever comes otherwise comes of the change.
"""

import random
from collections import deque

from tests.ads.shop import campaign, live

from queqiao.decide.ads.auction import DRAW_BITS, fortune
from queqiao.decide.ads.budgets import RETRY_US
from queqiao.decide.ads.contracts import Placement
from queqiao.decide.ads.forecast.rates import counts
from queqiao.decide.ads.forecast.results import Result
from queqiao.decide.ads.hot_state import snapshot
from queqiao.decide.ads.replay.auctions import Logged, Outcome, empty_auction
from queqiao.decide.ads.replay.change import NewCampaign, NewFloor, asked_in
from queqiao.decide.ads.replay.replay import Past, Replay
from queqiao.decide.ads.served import record
from queqiao.decide.ads.slices import LEASE_US
from queqiao.decide.ads.targeting.index import Facts
from queqiao.decide.ads.unfilled import Unfilled
from queqiao.kernel.clock import DAY_US, day_start_us

ZONE = "Asia/Shanghai"
START_US = day_start_us("2026-06-18", ZONE)
SEEN = 0.8
SEGMENTS = ("gold", "new", "men")


class World:
    """One day of one place: ``requests`` shoppers, six campaigns, their true click rates."""

    def __init__(self, seed, requests=400, budget=10**9):
        chance = random.Random(seed)
        self.seed = seed
        self.rates = {f"c{at}": chance.betavariate(4, 60) for at in range(6)}
        self.bids = {name: chance.randint(60, 160) for name in self.rates}
        self.budgets = dict.fromkeys(self.rates, 10**9) | {"c0": budget}
        self.segments = {"c0": ["gold"], "c1": ["gold", "new"], "c2": [], "c3": ["men"]}
        self.floor = 20
        self.shoppers = [
            (
                START_US + int(at * DAY_US / requests),
                frozenset(s for s in SEGMENTS if chance.random() < 0.5),
                chance.getrandbits(DRAW_BITS),
                at + 1,
            )
            for at in range(requests)
        ]
        self.results = self._history(chance)

    def _history(self, chance):
        """Earlier days: what the auction knows of rates, and the replay too."""
        found = []
        for name, rate in self.rates.items():
            seen = chance.randint(300, 1_500)
            clicks = sum(chance.random() < rate for _ in range(seen))
            found.append(Result(name, "home", round(seen / SEEN), seen, clicks, 0, 0))
        return found

    def documents(self):
        campaigns = [
            campaign(name, bid, budget=self.budgets[name], segments=self.segments.get(name, []))
            for name, bid in self.bids.items()
        ]
        return [live("home", Placement("place", self.floor, "CNY"))], campaigns

    def lived(self):
        """Yield what the log would hold of the day."""
        hot = snapshot(*self.documents(), counts(self.results))
        place = hot.placements["home"]
        purse = Purse(self.budgets)
        for at_us, segments, draw, person in self.shoppers:
            facts = Facts(segments, "web", at_us)
            out = purse.short(at_us)
            award = place.choose(facts, draw, out)
            while award is not None and not purse.lease(award, at_us):
                out[award.bid.campaign_id] = "budget"
                award = place.choose(facts, draw, out)
            request = f"r{person}"
            if award is None:
                names = frozenset(place.segments)
                told = Unfilled("d", "home", "web", [], sorted(segments & names))
                empty = empty_auction(told, 1, self.floor)
                yield Logged(at_us, "home", person, request, "web", empty)
                continue
            auction = record(place, facts, out, draw, award)
            outcome = self.outcome(award, draw)
            purse.settle(award, at_us, outcome.cost_minor)
            yield Logged(
                at_us, "home", person, request, "web", auction, award.bid.campaign_id,
                award.price_minor, award.bid.pricing, True, outcome,
            )  # fmt: skip

    def outcome(self, award, draw):
        """The shopper's luck with an ad is of shopper and campaign, whatever else happens."""
        name = award.bid.campaign_id
        if luck(draw, "seen") >= SEEN:
            return Outcome()
        clicks = int(luck(draw, f"click {name}") < self.rates[name])
        return Outcome(1, clicks, clicks * award.price_minor)

    def changed(self, **what):
        """The same world with other bids, budgets, segments, or another floor."""
        other = World.__new__(World)
        other.__dict__ |= self.__dict__
        for name, value in what.items():
            current = getattr(self, name)
            setattr(other, name, current | value if isinstance(current, dict) else value)
        return other

    def replay(self, after, slots):
        """What the replay says of the log under the change to another world."""
        ((place,), campaigns), (_, others) = self.documents(), after.documents()
        asked = asked_in({"home": place.document}, [one.document for one in campaigns])
        past = Past(self.results, {}, "CNY", ZONE, asked)
        floor = new = None
        if after.floor != self.floor:
            floor = NewFloor("home", self.floor, after.floor)
        else:
            before, then = ({one.id: one for one in each}["c0"] for each in (campaigns, others))
            new = NewCampaign("c0", 1, before.document, then.document)
        replay = Replay(past, new, floor)
        replay.take(slots)
        return replay.result()


class Purse:
    """Budgets with leases, as the ledger keeps them."""

    def __init__(self, budgets):
        self.free = dict(budgets)
        self.open = deque()
        self.until = {}

    def short(self, now_us):
        while self.open and self.open[0][0] <= now_us:
            _, name, back = self.open.popleft()
            self.free[name] += back
        return {name: "budget" for name, until in self.until.items() if now_us < until}

    def lease(self, award, now_us):
        name = award.bid.campaign_id
        if self.free[name] < award.price_minor:
            self.until[name] = now_us + RETRY_US
            return False
        self.free[name] -= award.price_minor
        return True

    def settle(self, award, now_us, cost_minor):
        self.open.append((now_us + LEASE_US, award.bid.campaign_id, award.price_minor - cost_minor))


def luck(draw, name):
    return fortune(draw, name) / 2**64


def became(slots, campaign=None):
    """Sum up what became of the ads of a day."""
    found = [one.outcome for one in slots if one.winner and campaign in (None, one.winner)]
    return tuple(sum(column) for column in zip(*found, strict=True)) if found else (0, 0, 0, 0)
