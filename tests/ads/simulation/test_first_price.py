"""First-price replay: the winner pays his bid, within the budget, and shading earns more."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from queqiao.decide.ads.bidding.linear import Linear
from queqiao.decide.ads.simulation import first_price as market
from queqiao.decide.ads.simulation import ipinyou
from queqiao.decide.ads.simulation.ipinyou_logs import Log, Training, read


def test_the_winner_pays_his_bid() -> None:
    training = Training(32_000.0 * 15 / 3, 0.5, np.array([0.0, 1.0, 1.0]))
    log = Log("m", training, 3, np.array([0, 3]), np.array([0, 0, 1]), np.array([4, 9, 6]),
              np.array([0.5, 0.1, 0.5]))  # fmt: skip
    told = market.replay(log, Linear(14.0, 300), market.Way())
    assert (told.cost, told.won) == (15 - 15 % 7, 2)
    assert told.worth == pytest.approx(2 * min(0.5 * training.cost_per_click, 300))
    assert told.surplus == told.worth - 14


@pytest.mark.parametrize("told", [True, False])
def test_shading_earns_more_with_the_same_money(shared_data: Path, told: bool) -> None:
    log = read(shared_data / "ipinyou" / "3358.validation.txt.gz")
    early = replace(log, begins=log.begins[:11])
    way = market.shaded(market.fresh(early), np.random.default_rng(1), told)
    plain = market.replay(early, ipinyou.budgeted(early), market.Way())
    ours = market.replay(early, market.bidder(early), way)
    budget = ipinyou.episode_budget(early) * early.episodes
    assert max(ours.cost, plain.cost) <= budget
    assert ours.surplus > 1.25 * plain.surplus
