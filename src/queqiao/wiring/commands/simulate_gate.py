"""``queqiao simulate gate``: what every strategy must pass before it may spend."""

from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.progress import track
from rich.table import Table

from queqiao.decide.ads.pacing import trials
from queqiao.decide.ads.pacing.trials import BARS, Trial
from queqiao.decide.ads.simulation.episodes import Episode, read_folder
from queqiao.decide.ads.simulation.reference_days import reference_days
from queqiao.wiring import adapters
from queqiao.wiring.commands.language import language
from queqiao.wiring.commands.options import AsJson, Config, Home, settings
from queqiao.wiring.commands.terminal import err, mark, out

Data = Annotated[
    Path | None,
    typer.Option(help="A folder of AuctionNet days (default: drawn ones).", show_default=False),
]
Seed = Annotated[int, typer.Option(min=0, help="Of what is drawn; the same gives the same again.")]
Output = Annotated[
    Path | None,
    typer.Option(help="Write the results there instead of into the home.", show_default=False),
]

COLUMNS = {
    "zh": ("策略", "版本", "广告主日", "与计划之差", "花费", "超目标", "超预算", "合格"),
    "en": ("strategy", "version", "days", "off plan", "spent", "above target", "overspent", ""),
}


def gate(
    data: Data = None,
    seed: Seed = 1,
    output: Output = None,
    home: Home = None,
    config: Config = None,
    json_: AsJson = False,
) -> None:
    """Try every strategy of this build, and record which may spend.

    Example: queqiao simulate gate --home /var/lib/queqiao.
    """
    days, told = _days(data, seed)
    quiet = not err.is_terminal
    names = track(BARS, "gate", console=err, transient=True, disable=quiet)
    found = [trials.tried(name, days, told, seed) for name in names]
    if output is not None:
        output.write_bytes(msgspec.json.format(msgspec.json.encode(found)) + b"\n")
    else:
        _record(found, home, config)
    out.print(msgspec.json.encode(_as_json(found)).decode() if json_ else _table(found))
    if not all(one.passed for one in found):
        raise typer.Exit(1)


def _days(data: Path | None, seed: int) -> tuple[list[Episode], str]:
    if data is not None:
        return read_folder(data), f"{data.name}/"
    return reference_days(seed), f"reference days of seed {seed}"


def _record(found: list[Trial], home: Path | None, config: Path | None) -> None:
    known = settings(home, config)
    records, clock = adapters.records(known), adapters.clock(known)
    records.upgrade()
    try:
        records.write_now(lambda conn: trials.record(conn, found, clock.now_us()))
    finally:
        records.close()


def _as_json(found: list[Trial]) -> list[dict[str, Any]]:
    return [msgspec.to_builtins(one) | {"passed": one.passed} for one in found]


def _table(found: list[Trial]) -> Table:
    drawn = Table(*COLUMNS[language()])
    for one in found:
        drawn.add_row(
            one.strategy, one.version, str(one.advertisers), f"{one.plan_rmse:.3f}",
            f"{one.spent:.1%}", f"{one.violators:.0%}", str(one.overspent), mark(one.passed),
        )  # fmt: skip
    return drawn
