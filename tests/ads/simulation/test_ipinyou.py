"""The iPinYou replay: its rules, the files it reads, and the bidders on real logs."""

import gzip
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from queqiao.decide.ads.bidding.linear import Linear
from queqiao.decide.ads.simulation import ipinyou as market
from queqiao.decide.ads.simulation.ipinyou_logs import Log, Training, read, read_folder
from queqiao.kernel.errors import InvalidInput

TRAINING = "CPC:\t10\nCPM:\t32000\navg ctr:\t0.1\ncounter:\t0_1_3_2\n"
LOG = "9 4\n1\n1 3 0.5\n0 2 0.2\n1 1 0.4\n0 9 0.9\n2\n1 2 0.3\n"


def folder(path: Path, log: str = LOG, training: str | None = TRAINING) -> Path:
    (path / "7.validation.txt").write_text(log)
    if training is not None:
        (path / "7.train-info.txt").write_text(training)
    return path


def made(prices: list[int], clicked: list[int], expected: list[float], auctions: int) -> Log:
    begins = np.array([*range(0, len(prices), auctions), len(prices)])
    training = Training(3200.0, 0.1, np.array([1.0, 2, 3, 4]))
    return Log("m", training, auctions, begins, np.array(clicked), np.array(prices),
               np.array(expected))  # fmt: skip


def test_a_folder_is_read(tmp_path: Path) -> None:
    (log,) = read_folder(folder(tmp_path))
    assert (log.name, log.episode_auctions, log.episodes) == ("7", 4, 2)
    assert log.begins.tolist() == [0, 4, 5]
    assert log.prices.tolist() == [3, 2, 1, 9, 2]
    assert log.clicked.tolist() == [1, 0, 1, 0, 1]
    assert log.training.cost_per_click == pytest.approx(320)
    assert market.episode_budget(log) == 4


def test_packed_files_and_the_other_training_file_are_read_too(tmp_path: Path) -> None:
    (tmp_path / "7.test.txt.gz").write_bytes(gzip.compress(LOG.encode()))
    (tmp_path / "7.info.json").write_text(
        '{"imp_train": 100, "cost_train": 3200, "clk_train": 10, "price_counter_train": [0,1,3]}'
    )
    (log,) = read_folder(tmp_path)
    assert log.training.cost_per_thousand == 32_000
    assert log.training.click_rate == 0.1


def test_an_episode_never_grows_beyond_its_auctions(tmp_path: Path) -> None:
    unmarked = "9 2\n" + "0 1 0.5\n" * 5
    assert read_folder(folder(tmp_path, unmarked))[0].begins.tolist() == [0, 2, 4, 5]


@pytest.mark.parametrize(
    ("log", "training", "named"),
    [
        ("", TRAINING, "7.validation.txt:1"),
        ("9\n", TRAINING, "7.validation.txt:1"),
        ("9 0\n", TRAINING, "7.validation.txt:1"),
        ("9 4\n1\n", TRAINING, "7.validation.txt"),
        ("9 4\n1\n1 3 0.5\n2 3 0.5\n", TRAINING, "7.validation.txt:4"),
        ("9 4\n1 3.5 0.5\n", TRAINING, "7.validation.txt:2"),
        ("9 4\n1 -3 0.5\n", TRAINING, "7.validation.txt:2"),
        ("9 4\n1 3 nan\n", TRAINING, "7.validation.txt:2"),
        ("9 4\n1 3 0.5 8\n", TRAINING, "7.validation.txt:2"),
        ("9 4\n1 x 0.5\n", TRAINING, "7.validation.txt:2"),
        (LOG, None, "7.train-info.txt"),
        (LOG, "CPM:\t32000\n", "7.train-info.txt"),
        (LOG, TRAINING.replace("0.1", "0"), "7.train-info.txt"),
        (LOG, TRAINING.replace("0_1_3_2", "0_0"), "7.train-info.txt"),
        (LOG, TRAINING.replace("0_1_3_2", "0_-1_3"), "7.train-info.txt"),
    ],
)
def test_a_bad_file_is_named(tmp_path: Path, log: str, training: str | None, named: str) -> None:
    with pytest.raises(InvalidInput) as told:
        read_folder(folder(tmp_path, log, training))
    assert told.value.fields[0].path == str(tmp_path / named)


@pytest.mark.parametrize("content", [b"\x1f\x8b broken", b"\xff\xfe", gzip.compress(b"9 4")[:-6]])
def test_a_broken_archive_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "7.train-info.txt").write_text(TRAINING)
    (tmp_path / "7.validation.txt.gz").write_bytes(content)
    with pytest.raises(InvalidInput) as told:
        read_folder(tmp_path)
    assert told.value.fields[0].path.endswith("7.validation.txt.gz")


def test_a_folder_without_logs_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput):
        read_folder(tmp_path / "absent")


def test_a_win_pays_the_market_price_while_money_lasts() -> None:
    log = made([3, 2, 30, 4, 1, 300], [1, 0, 1, 1, 1, 1], [0.5] * 6, 6)
    log = replace(log, training=replace(log.training, cost_per_thousand=32_000 * 9 / 6))
    told = market.replay(log, Linear(1000, 300))
    assert (told.budget, told.cost, told.won, told.clicks) == (9, 9, 3, 2)
    assert told.expected == pytest.approx(1.5)


logs = some.integers(1, 30).flatmap(
    lambda count: some.builds(
        made,
        some.lists(some.integers(0, 320), min_size=count, max_size=count),
        some.lists(some.integers(0, 1), min_size=count, max_size=count),
        some.lists(some.floats(0, 1), min_size=count, max_size=count),
        some.integers(1, 12),
    )
)


@settings(max_examples=60, deadline=None)
@given(logs, some.sampled_from(sorted(market.BIDDERS)), some.floats(1, 9e6))
def test_no_bidder_breaks_a_budget(log: Log, name: str, cost: float) -> None:
    log = replace(log, training=replace(log.training, cost_per_thousand=cost))
    told = market.replay(log, market.BIDDERS[name](log))
    assert 0 <= told.cost <= told.budget
    assert told.clicks <= told.won <= told.auctions


@settings(max_examples=30, deadline=None)
@given(logs)
def test_hindsight_is_a_replay_and_none_of_its_grid_wins_more(log: Log) -> None:
    log = replace(log, training=replace(log.training, cost_per_thousand=300_000.0))
    multiplier, best = market.linear_in_hindsight(log)
    again = market.replay(log, Linear(multiplier, 300))
    assert (again.clicks, again.cost, again.won) == (best.clicks, best.cost, best.won)
    assert market.replay(log, Linear(multiplier * 1.0471**3, 300)).clicks <= best.clicks


def test_real_auctions_bring_more_than_to_either_peer(shared_data: Path) -> None:
    log = read(shared_data / "ipinyou" / "2997.validation.txt.gz")
    early = replace(log, begins=log.begins[:21], prices=log.prices[:20_000])
    ours = market.replay(early, market.budgeted(early))
    assert ours.clicks >= market.linear_in_hindsight(early)[1].clicks
    assert ours.clicks > market.replay(early, market.by_average(early)).clicks
