"""AuctionNet days: the rules by hand, nothing seen too early, the public days' figures."""

import json
from dataclasses import replace
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from queqiao.decide.ads.bidding.catalogue import STRATEGIES
from queqiao.decide.ads.bidding.contracts import Values
from queqiao.decide.ads.simulation.auctionnet import (
    hindsight,
    replay,
    replay_all,
    score,
    settle,
    summary,
)
from queqiao.decide.ads.simulation.auctionnet_market import USUAL
from queqiao.decide.ads.simulation.episodes import Episode, read, read_folder, usual
from queqiao.kernel.errors import InvalidInput
from queqiao.wiring.command_line import main

CASES = json.loads((Path(__file__).parents[1] / "cases/ads/auctionnet.json").read_text())
TICKS, ROWS, ADVERTISERS = 6, 120, 2


def arrays(seed: int = 3) -> dict[str, np.ndarray]:
    """A small day as a file has it."""
    generator = np.random.default_rng(seed)
    return {
        "pv_num": np.full(TICKS, ROWS // TICKS),
        "lwc": generator.lognormal(-2.5, 0.3, ROWS).astype(np.float32),
        "p": generator.uniform(0, 0.002, (ROWS, ADVERTISERS)).astype(np.float32),
        "sigma_ratio": np.full((ROWS, ADVERTISERS), 0.1, dtype=np.float16),
        "budget": np.array([2.0, 5.0]),
        "cpa": np.array([100, 120]),
        "oracle": np.array([1.0, 1.0]),
    }


def written(folder: Path, **changed: np.ndarray) -> Path:
    file = folder / "day.npz"
    np.savez(file, **(arrays() | changed))
    return file


@pytest.fixture
def episode(tmp_path: Path) -> Episode:
    return read(written(tmp_path))


@pytest.mark.parametrize("case", CASES["scores"], ids=lambda case: case["why"])
def test_score(case) -> None:
    assert score(case["conversions"], case["cost"], case["target"]) == pytest.approx(case["score"])


@pytest.mark.parametrize("case", CASES["hindsight"], ids=lambda case: case["why"])
def test_hindsight(case) -> None:
    expected, market = (np.array(case[name], dtype=float) for name in ("expected", "market"))
    assert hindsight(expected, market, case["budget"], case["target"]) == pytest.approx(
        case["score"]
    )


@given(
    rows=st.lists(
        st.tuples(st.floats(0, 1), st.floats(0, 10), st.floats(0.01, 10)), min_size=1, max_size=30
    ),
    left=st.floats(0, 50),
    seed=st.integers(0, 9),
)
def test_wins_pay_the_market_and_never_exceed_what_is_left(rows, left, seed) -> None:
    expected, bids, market = np.array(rows).T
    came = settle(Values.certain(expected), bids, market, left, np.random.default_rng(seed))
    assert came.cost <= left
    assert (came.costs[came.won] == market[came.won]).all()
    assert (bids[came.won] >= market[came.won]).all()
    assert not came.costs[~came.won].any()
    if market[bids >= market].sum() <= left:
        assert (came.won == (bids >= market)).all()


class Recording:
    """A strategy that keeps what another bid."""

    def __init__(self, strategy) -> None:
        self.strategy, self.made = strategy, []

    def bids(self, *arguments) -> np.ndarray:
        self.made.append(self.strategy.bids(*arguments))
        return self.made[-1]


@pytest.mark.parametrize("name", STRATEGIES)
def test_no_bid_knows_a_price_that_is_still_to_come(name: str, episode: Episode) -> None:
    tick = 3
    changed = episode.market.copy()
    changed[episode.begins[tick] :] *= 7
    made = []
    for day in (episode, replace(episode, market=changed)):
        recording = Recording(STRATEGIES[name](USUAL))
        replay(day, 0, recording, np.random.default_rng(1))
        made.append(recording.made)
    for before, after in zip(made[0][: tick + 1], made[1][: tick + 1], strict=True):
        assert (before == after).all()


def test_one_seed_gives_the_same_days_again(episode: Episode) -> None:
    def days() -> list[float]:
        return [day.score for day in replay_all([episode], STRATEGIES["fixed"](USUAL), 4)]

    assert days() == days()
    assert len(days()) == ADVERTISERS


WRONG = {
    "lwc": ({"lwc": np.full(ROWS, np.nan)}, "NaN"),
    "p": ({"p": np.zeros((ROWS - 1, ADVERTISERS))}, "shape"),
    "sigma_ratio": ({"sigma_ratio": np.full((ROWS, ADVERTISERS), -0.1)}, "negative"),
    "pv_num": ({"pv_num": np.full(TICKS, 3)}, "sum"),
    "budget": ({"budget": np.array([0.0, 5.0])}, "above 0"),
    "cpa": ({"cpa": np.array(["a", "b"])}, "numbers"),
}


@pytest.mark.parametrize("field", WRONG)
def test_a_wrong_array_is_named_with_its_cure(field: str, tmp_path: Path) -> None:
    changed, told = WRONG[field]
    file = written(tmp_path, **changed)
    with pytest.raises(InvalidInput) as refused:
        read(file)
    paths = [path for path, _ in refused.value.fields]
    assert f"{file}: {field}" in paths
    assert told in refused.value.explain("en")


def test_a_file_that_is_none_is_named(tmp_path: Path) -> None:
    for content in (b"", b"PK\x03\x04 torn", b"\x93NUMPY no"):
        (tmp_path / "torn.npz").write_bytes(content)
        with pytest.raises(InvalidInput, match=r"torn\.npz.*fetch or export it again"):
            read_folder(tmp_path)
    with pytest.raises(InvalidInput, match="name a folder"):
        read_folder(tmp_path / "nowhere")


def test_objects_are_never_unpickled(tmp_path: Path) -> None:
    file = tmp_path / "day.npz"
    np.savez(file, **(arrays() | {"lwc": np.array([{}] * ROWS, dtype=object)}))
    with pytest.raises(InvalidInput, match=r"day\.npz"):
        read(file)


def test_a_missing_array_is_named(tmp_path: Path) -> None:
    kept = {name: array for name, array in arrays().items() if name not in {"lwc", "cpa"}}
    np.savez(tmp_path / "day.npz", **kept)
    with pytest.raises(InvalidInput) as refused:
        read_folder(tmp_path)
    assert [path.split(": ")[1] for path, _ in refused.value.fields] == ["lwc", "cpa"]


def test_days_to_learn_from_are_alike(episode: Episode) -> None:
    shorter = replace(episode, begins=episode.begins[:-1])
    with pytest.raises(InvalidInput, match="equally many ticks"):
        usual([episode, shorter])


def test_the_command_prints_json_and_a_table(tmp_path: Path, capsys) -> None:
    written(tmp_path)
    arguments = ["simulate", "auctionnet", "--data", str(tmp_path), "--strategy", "predictive"]
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--json"])
    told = json.loads(capsys.readouterr().out)
    assert ended.value.code == 0
    assert told["days"] == ADVERTISERS == len(told["advertisers"])
    assert told["ratio"] == pytest.approx(told["score"] / told["oracle"])
    with pytest.raises(SystemExit):
        main([*arguments, "--learn", str(tmp_path)])
    assert "score ÷ oracle" in capsys.readouterr().out


def test_the_command_names_a_wrong_folder_and_a_wrong_strategy(tmp_path: Path, capsys) -> None:
    arguments = ["simulate", "auctionnet", "--data", str(tmp_path), "--strategy"]
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "pid"])
    assert ended.value.code == 1
    assert str(tmp_path) in capsys.readouterr().err
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "magic"])
    assert ended.value.code == 2


def test_the_oracle_is_that_of_the_public_days(shared_data: Path) -> None:
    for file in sorted((shared_data / "auctionnet").glob("*.npz")):
        day, told = read(file), np.load(file)["oracle"]
        ours = [
            hindsight(day.expected[:, each], day.market, day.budgets[each], day.targets[each])
            for each in range(day.advertisers)
        ]
        assert ours == pytest.approx(told, rel=1e-4)


def test_the_goal_is_met_on_each_public_day_with_what_the_other_taught(shared_data: Path) -> None:
    episodes = read_folder(shared_data / "auctionnet")
    for judged in episodes:
        market = usual(each for each in episodes if each is not judged)
        told = summary(list(replay_all([judged], STRATEGIES["predictive"](market), 1)))
        assert told.ratio >= 0.76
        assert told.violators <= 0.05


@pytest.mark.parametrize("factor", [0.3, 0.5, 0.7])
def test_a_target_that_binds_is_kept(factor: float, shared_data: Path) -> None:
    first, other = read_folder(shared_data / "auctionnet")[:2]
    tight = replace(first, targets=first.targets * factor)
    days = list(replay_all([tight], STRATEGIES["predictive"](usual([other])), 1))
    assert not [day.advertiser for day in days if day.violates]
