"""Forecasts and replays: how quickly, and how often their intervals hold what comes.

- Held-out days of iPinYou: each campaign's log is cut into 28 parts of equal length, taken for
  days. From 14 of them our forecaster says how many auctions a bid wins over the next seven and
  what they cost; those seven are judged. Bids are at a quarter, half and three quarters of the
  prices, the forecast starts after the 14th, 18th and 21st day. The peer takes the training log's
  prices, as one would without our own: so many auctions, each won as often and as dearly as then.
- A warm forecast with both curves over a sample of 40,000 opportunities.
- A replay of auctions under another bid, from the bytes of their records, beside a plain loop over
  the same bytes: the standard library's JSON, a list of bids, the best two.

What was learned:

- Days drawn again are not enough: prices drift. With traffic alone in the level's error the
  intervals held 52 and 47 % of wins and cost; with the drift between windows of days 86 and 81 %.
  What is left is 2997, whose level halves in the middle: no drift before it told of that.
- Of a replay, the decoding of a record is a third; auctions that the changed campaign cannot move
  are not run.
"""

import json
import random
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import msgspec
import numpy as np

from bench.harness import public_data, row
from queqiao.decide.ads import auction
from queqiao.decide.ads.auction import DRAW_BITS, Bid
from queqiao.decide.ads.contracts import Campaign, Creative
from queqiao.decide.ads.forecast.forecaster import Case, Forecaster, Range
from queqiao.decide.ads.forecast.messages import Draft, Forecast
from queqiao.decide.ads.forecast.opportunities import Gathering, Opportunity, Rival
from queqiao.decide.ads.forecast.sample import Sample
from queqiao.decide.ads.replay.auctions import logged
from queqiao.decide.ads.replay.change import NewCampaign
from queqiao.decide.ads.replay.replay import Past, Replay
from queqiao.decide.ads.served import Auction, Served
from queqiao.decide.ads.simulation.ipinyou_logs import Log, log_files, read
from queqiao.kernel.clock import DAY_US, day_start_us

ZONE = "Asia/Shanghai"
START_US = day_start_us("2026-06-01", ZONE)
DAYS, PAST, AHEAD = 28, 14, 7
SAMPLED = 40_000
BEGINS = (14, 18, 21)
QUARTILES = (0.25, 0.5, 0.75)
RECORDS, RIVALS = 30_000, 20
ROUNDS = 5
Row = dict[str, Any]


def run() -> list[Row]:
    """Measure and return the rows of the table."""
    return [*_held_out(), *_warm(), *_replayed()]


class Judged(NamedTuple):
    """What came of one bid over days that were held out: whether it lay within, and the errors."""

    wins_within: bool
    cost_within: bool
    ours: float
    peer: float


def _held_out() -> Iterator[Row]:
    folder = public_data("ipinyou")
    if not folder:
        return
    found = [one for file in log_files(folder) for one in _judged(read(file))]
    for name in ("wins", "cost"):
        share = float(np.mean([getattr(one, f"{name}_within") for one in found]))
        yield row(f"forecast: {name} of held-out days within 90 %", "share", "", "higher", share,
                  goal=0.9)  # fmt: skip
    errors = [float(np.mean([getattr(one, who) for one in found])) for who in ("ours", "peer")]
    yield row("forecast: error of wins and cost, held-out days", "mean relative", "", "lower",
              errors[0], peer=errors[1], peer_name="the training log's prices")  # fmt: skip


def _judged(log: Log) -> Iterator[Judged]:
    """Yield what came of each bid from each beginning."""
    day = np.arange(len(log.prices)) * DAYS // len(log.prices)
    counts = log.training.price_counts
    for begin in BEGINS:
        known = (day >= begin - PAST) & (day < begin)
        coming = log.prices[(day >= begin) & (day < begin + AHEAD)]
        forecaster = _forecaster(log, np.flatnonzero(known), begin)
        for quartile in QUARTILES:
            bid = int(np.quantile(log.prices[known], quartile))
            told = forecaster.forecast(_case(bid, begin))
            wins, cost = _won(coming, bid)
            share, price = _training(counts, bid)
            guessed = np.array([len(coming) * share, len(coming) * share * price / 1_000])
            ours = np.array([told.impressions.expected, told.cost_minor.expected])
            came = np.array([wins, cost])
            yield Judged(
                told.impressions.low <= wins <= told.impressions.high,
                told.cost_minor.low <= cost <= told.cost_minor.high,
                float(np.abs(ours / came - 1).mean()),
                float(np.abs(guessed / came - 1).mean()),
            )


def _won(prices: np.ndarray[Any, Any], bid: int) -> tuple[float, float]:
    """Return how many auctions a bid wins (equal ones half the time), and what they cost."""
    weights = (prices < bid) + 0.5 * (prices == bid)
    return float(weights.sum()), float((weights * prices).sum() / 1_000)


def _training(counts: np.ndarray[Any, Any], bid: int) -> tuple[float, float]:
    """Return how often and how dearly a bid won in training."""
    prices = np.arange(len(counts))
    weights = counts * ((prices < bid) + 0.5 * (prices == bid))
    return float(weights.sum() / counts.sum()), float((weights * prices).sum() / weights.sum())


def _forecaster(log: Log, rows: np.ndarray[Any, Any], begin: int) -> Forecaster:
    """Return what knows a sample of the auctions of the days before ``begin``."""
    share = min(1.0, SAMPLED / len(rows))
    chosen = rows[np.random.default_rng(7).random(len(rows)) < share]
    at_us = START_US + chosen * (DAYS * DAY_US) // len(log.prices)
    gathering = Gathering()
    gathering.take(
        _opportunity(int(moment), int(number), int(log.prices[number]))
        for moment, number in zip(at_us, chosen, strict=True)
    )
    since_us, until_us = START_US + (begin - PAST) * DAY_US, START_US + begin * DAY_US
    return Forecaster(
        Sample(since_us, until_us, share, gathering.columns(), []), lambda _: None, {}, ZONE
    )


def _opportunity(at_us: int, number: int, price: int) -> Opportunity:
    """Return an auction whose best rival bids ``price`` for a thousand impressions."""
    rivals = (Rival("market", price / 1_000),)
    return Opportunity(
        at_us, "home", number + 1, (), str(number), "web", (), None, 0, rivals
    )  # fmt: skip


def _case(bid: int, begin: int, **more: Any) -> Case:
    from_us = START_US + begin * DAY_US
    draft = Draft(bid, more.pop("budget", 10**12), pricing=more.pop("pricing", "cpm"))
    return Case(draft, None, Range(from_us, from_us + AHEAD * DAY_US, ("home",), "CNY"))


def _warm() -> Iterator[Row]:
    """Measure a forecast whose audience is known: a slider that moves."""
    chance = random.Random(5)
    gathering = Gathering()
    for number in range(SAMPLED):
        at_us = START_US + number * DAYS * DAY_US // SAMPLED
        gathering.take([_opportunity(at_us, number % 9_000, chance.randint(1, 300))])
    sample = Sample(START_US, START_US + DAYS * DAY_US, 0.1, gathering.columns(), [])
    forecaster = Forecaster(sample, lambda _: None, {}, ZONE)
    took = [_seconds(partial(_ask, forecaster, bid)) for bid in range(95, 95 + ROUNDS)]
    yield row("forecast: warm, with both curves, 40,000 opportunities", "median", "ms", "lower",
              float(np.median(took)) * 1e3, goal=300)  # fmt: skip


def _ask(forecaster: Forecaster, bid: int) -> Forecast:
    return forecaster.forecast(_case(bid, DAYS, budget=200_000))


def _replayed() -> Iterator[Row]:
    """Measure a replay of records under another bid, and the plain loop over the same bytes."""
    rows = [_record(random.Random(number), number) for number in range(RECORDS)]
    ours = min(_seconds(partial(_replay, rows)) for _ in range(3))
    plain = min(_seconds(partial(_loop, [one[-1] for one in rows])) for _ in range(3))
    yield row("replay: auctions of 20 bids under another bid", "auctions", "/s", "higher",
              RECORDS / ours, peer=RECORDS / plain, peer_name="json.loads and a list")  # fmt: skip
    yield row("replay: a day of a million auctions", "time", "s", "lower", 1e6 / RECORDS * ours)


def _record(chance: random.Random, number: int) -> tuple[Any, ...]:
    """Return the row of one auction: twenty campaigns, of which c0 is the one that is changed."""
    bids = [
        Bid(f"c{at}", 1, chance.randint(50, 150), chance.randint(3_000_000, 9_000_000))
        for at in range(RIVALS)
    ]
    draw = chance.getrandbits(DRAW_BITS)
    award = auction.run(bids, 10, draw)
    assert award is not None
    ranked = sorted(bids, key=lambda bid: -bid.score)
    held = Auction(1, 10, draw, [], ranked, [], 1, award.propensity, award.runner_up, 0)
    served = Served(
        f"d{number}", "home", award.bid.campaign_id, "x", award.price_minor, "CNY", "web", held, 0
    )
    at_us = START_US + number * DAY_US // RECORDS
    return (number, "Ad Served", at_us, number + 1, f"u{number}", "", f"d{number}",
            msgspec.json.encode(served))  # fmt: skip


def _replay(rows: list[tuple[Any, ...]]) -> None:
    before = Campaign("c", "a", ["home"], 100, "CNY", 10**9, [Creative("x", "t", "/x")])
    after = msgspec.structs.replace(before, bid_minor=130)
    replay = Replay(Past([], {}, "CNY", ZONE), NewCampaign("c0", 1, before, after), None)
    for one in rows:
        replay.take(logged(one, (), {}))
    assert replay.result().slots == len(rows)


def _loop(bodies: list[bytes]) -> None:
    for body in bodies:
        held = json.loads(body)["auction"]
        bids = [[*bid] for bid in held["bids"] if bid[2] >= held["floor_minor"]]
        for bid in bids:
            if bid[0] == "c0":
                bid[2] = bid[2] * 130 // 100
        bids.sort(key=lambda bid: -bid[2] * bid[3])
        max(held["floor_minor"], -(-bids[1][2] * bids[1][3] // bids[0][3]))


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
