"""The model of machines: its laws, its command, and that the page says what it computes."""

import json
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from bench import sizing_page
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from queqiao.kernel.errors import InvalidInput
from queqiao.wiring import sizing
from queqiao.wiring.command_line import application
from queqiao.wiring.sizing import Coefficients, Demand, Machine, On

SIMPLE = msgspec.convert(
    dict.fromkeys(Coefficients.__struct_fields__, 0.0)
    | {"measured": "2026-01-01", "event_intake_s": 10.0, "event_analytics_s": 30.0,
       "quote_intake_s": 40.0, "quote_decide_s": 200.0, "event_bytes": 500.0, "log_bytes": 100.0,
       "system_mb": 500.0, "decide_mb": 100.0},
    type=Coefficients,
)  # fmt: skip
"""The loader takes 1 / 30 µs = 33,333 events a second on its core; half busy, 16,667."""
HALF = Machine(cores=8, price_per_hour=1.0, utilisation=0.5)
rates = st.floats(1, 1e5)
both = st.sampled_from(("embedded", "servers"))


def test_by_hand() -> None:
    found = sizing.size(Demand(20_000, days=1), HALF, SIMPLE)
    assert found.share == pytest.approx(0.8333, abs=1e-4)
    assert (found.bottleneck, found.systems, found.machines) == ("analytics", 2, {"queqiao": 2})
    assert found.cores["intake"] == pytest.approx(0.2)
    assert found.disk_bytes == 20_000 * 86_400 * 100
    assert found.network_bytes_per_s == 20_000 * 500
    assert found.cost_per_million == pytest.approx(2 / 72)
    assert found.memory_mb == 2 * 600


def test_workers_need_cores_and_these_end_first_on_a_small_machine() -> None:
    asked = Demand(0, quotes=10_000)
    small = sizing.size(asked, Machine(2, 1.0, 0.5), SIMPLE)
    assert (small.bottleneck, small.systems) == ("cores", 3)
    large = sizing.size(asked, Machine(64, 1.0, 0.5), SIMPLE)
    assert (large.bottleneck, large.systems, large.workers) == ("intake", 1, 4)


@given(rates, rates, rates, both)
def test_twice_the_traffic_needs_twice_the_cores_and_no_fewer_machines(
    events: float, quotes: float, ads: float, on: On
) -> None:
    one, cost = Demand(events, quotes, ads), sizing.packaged()
    first, second = (sizing.size(one.times(n), HALF, cost, on) for n in (1, 2))
    assert second.cores == pytest.approx({role: 2 * used for role, used in first.cores.items()})
    assert sum(second.machines.values()) >= sum(first.machines.values())
    assert second.bottleneck == first.bottleneck


@given(rates, rates, rates, both)
def test_more_machines_carry_no_less_and_what_they_carry_fits(
    events: float, quotes: float, ads: float, on: On
) -> None:
    mix, cost = Demand(events, quotes, ads), sizing.packaged()
    carried = [sizing.carried(mix, machines, HALF, cost, on) for machines in range(1, 20)]
    assert all(one <= two for one, two in pairwise(carried))
    for machines, times in enumerate(carried, 1):
        if times:
            needed = sizing.size(mix.times(times * 0.999), HALF, cost, on).machines
            assert sum(needed.values()) <= machines


def test_nothing_to_do_is_refused() -> None:
    with pytest.raises(InvalidInput, match="rates must be above 0"):
        sizing.size(Demand(0), HALF, SIMPLE)


def test_the_command_says_what_ends_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    arguments = ["sizing", "--events-per-s", "5000", "--quotes-per-s", "250"]
    said = CliRunner().invoke(application, arguments)
    assert said.exit_code == 0
    assert "ends first" in said.output
    found = json.loads(CliRunner().invoke(application, [*arguments, "--json"]).output)
    assert found == msgspec.to_builtins(
        sizing.size(Demand(5000, 250), Machine(), sizing.packaged())
    )


def test_coefficients_of_ones_own_are_used_and_a_wrong_file_is_told(tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    file.write_bytes(msgspec.json.encode(SIMPLE))
    assert sizing.read(file) == SIMPLE
    file.write_text('{"load": 1}')
    with pytest.raises(InvalidInput, match="--coefficients"):
        sizing.read(file)


def test_pages_and_charts_say_what_the_model_computes() -> None:
    for file, content in sizing_page.files().items():
        assert file.read_text("utf-8") == content, f"{file.name}: python -m bench.sizing_page"


def test_every_coefficient_was_measured() -> None:
    cost = msgspec.to_builtins(sizing.packaged())
    assert all(
        value for name, value in cost.items() if name not in {"measured", "quote_analytics_s"}
    )
