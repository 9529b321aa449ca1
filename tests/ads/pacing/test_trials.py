"""A strategy must pass the simulator, as it is now, before it may spend."""

from types import SimpleNamespace

import numpy as np
import pytest
from msgspec.structs import replace
from tests.ads.shop import campaign
from typer.testing import CliRunner

from queqiao.decide.ads.bidding.contracts import Target
from queqiao.decide.ads.bidding.delivery import Fixed
from queqiao.decide.ads.contracts import CAMPAIGN
from queqiao.decide.ads.pacing import trials
from queqiao.decide.ads.pacing.document import BidStrategy
from queqiao.decide.ads.simulation.reference_days import reference_days
from queqiao.kernel.errors import InvalidInput
from queqiao.ports.records.sqlite import SqliteRecords
from queqiao.wiring import kinds
from queqiao.wiring.commands.simulate import commands
from queqiao.wiring.settings import Settings

EVEN = campaign("a", 100, strategy=BidStrategy(pacing="even")).document
PLAIN = campaign("b", 100).document


@pytest.fixture
def records(tmp_path):
    records = SqliteRecords(tmp_path / "records.sqlite")
    records.upgrade()
    yield records
    records.close()


def test_what_is_shipped_has_passed_as_it_is():
    passed = trials.passes()
    for name in trials.BARS:
        cure = "run: queqiao simulate gate --output src/queqiao/decide/ads/pacing/trials.json"
        assert (name, trials.version_of(name)) in passed, cure


def test_a_strategy_that_was_changed_is_refused_until_it_passes(records, monkeypatch):
    check = kinds.handlings(None, Settings())[CAMPAIGN.name].check_live
    records.read_now(lambda conn: check(EVEN, conn))
    monkeypatch.setattr(trials, "version_of", lambda _name: "changed")
    records.read_now(lambda conn: check(PLAIN, conn))
    with pytest.raises(InvalidInput) as refused:
        records.read_now(lambda conn: check(EVEN, conn))
    (field,) = refused.value.fields
    assert field.path == "strategy"
    assert "queqiao simulate gate" in field.message.en
    good = trials.Trial("throttled", "changed", "days", 16, 0.01, 1.0, 0.0, 0)
    records.write_now(lambda conn: trials.record(conn, [replace(good, overspent=1)], 1))
    with pytest.raises(InvalidInput):
        records.read_now(lambda conn: check(EVEN, conn))
    records.write_now(lambda conn: trials.record(conn, [good], 2))
    records.read_now(lambda conn: check(EVEN, conn))


@pytest.mark.parametrize(
    "bad", [{"plan_rmse": 0.051}, {"spent": 0.97}, {"overspent": 1}, {"violators": 0.06}]
)
def test_each_bar_counts(bad):
    good = trials.Trial("steady", "v", "days", 16, 0.05, 0.98, 0.05, 0)
    assert good.passed
    assert not replace(good, **bad).passed


def test_a_strategy_that_follows_no_plan_does_not_pass(monkeypatch):
    days = reference_days(2)[:2]
    monkeypatch.setattr(trials, "made", lambda *_: Fixed(base=1e9))
    found = trials.tried("steady", days, "two", 1)
    assert not found.passed
    assert found.plan_rmse > 0.2


def test_reference_days_are_those_of_their_seed():
    one, same, other = (reference_days(seed)[0] for seed in (1, 1, 2))
    assert np.array_equal(one.expected, same.expected)
    assert not np.array_equal(one.market[:100], other.market[:100])
    assert Target.cpa(float(one.targets[0])).cost_per_value > 0


def test_the_command_records_what_passed(tmp_path):
    done = CliRunner().invoke(commands, ["gate", "--home", str(tmp_path), "--json"])
    assert done.exit_code == 0, done.output
    records = SqliteRecords(Settings(home=tmp_path).path_of(Settings().ports.records))
    recorded = records.read_now(lambda conn: SimpleNamespace(found=trials.passes(conn)))
    own = records.read_now(lambda conn: trials.artifacts.get(conn, trials.ARTIFACT))
    records.close()
    assert own is not None
    assert {name for name, _ in recorded.found} == set(trials.BARS)
