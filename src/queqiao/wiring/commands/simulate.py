"""``queqiao simulate``: how a strategy would have done in a market that is known."""

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.box import SIMPLE_HEAD
from rich.progress import track
from rich.table import Table

from queqiao.decide.ads.bidding.catalogue import STRATEGIES
from queqiao.decide.ads.simulation import auctionnet as market
from queqiao.decide.ads.simulation.auctionnet_market import USUAL
from queqiao.decide.ads.simulation.episodes import read_folder, usual
from queqiao.wiring.commands.language import language
from queqiao.wiring.commands.options import AsJson
from queqiao.wiring.commands.simulate_gate import gate
from queqiao.wiring.commands.simulate_ipinyou import ipinyou
from queqiao.wiring.commands.terminal import err, out

commands = typer.Typer(help="Try a strategy on a market before it spends.", no_args_is_help=True)
commands.command()(ipinyou)
commands.command()(gate)

Data = Annotated[Path, typer.Option(help="The folder of the market's files.", show_default=False)]
Seed = Annotated[int, typer.Option(min=0, help="Of what is drawn; the same gives the same again.")]
Learn = Annotated[
    Path | None,
    typer.Option(
        help="A folder of earlier days to learn a usual day from (default: the one built in, "
        "learned from two public days).",
        show_default=False,
    ),
]
Named = StrEnum("Named", list(STRATEGIES))  # type: ignore[misc]  # made of the table, so that --help lists it
Chosen = Annotated[Named, typer.Option("--strategy", help="What bids.", show_default=False)]

COLUMNS = {
    "zh": ("市场日", "广告主", "预算", "花费", "转化", "成本", "目标", "得分", "事后最优", "比"),
    "en": ("day", "ad.", "budget", "spent", "conv.", "CPA", "target", "score", "oracle", "ratio"),
}  # fmt: skip


@commands.command()
def auctionnet(
    data: Data,
    strategy: Chosen,
    learn: Learn = None,
    seed: Seed = 1,
    json_: AsJson = False,
) -> None:
    """Bid for each advertiser of each day.

    Example: queqiao simulate auctionnet --data days/ --strategy pid.
    """
    episodes = read_folder(data)
    known = usual(read_folder(learn)) if learn else USUAL
    total = sum(episode.advertisers for episode in episodes)
    replayed = market.replay_all(episodes, STRATEGIES[strategy.value](known), seed)
    quiet = not err.is_terminal
    shown = track(replayed, strategy.value, total, console=err, transient=True, disable=quiet)
    days = list(shown)
    told = market.summary(days)
    if json_:
        out.print(msgspec.json.encode(_as_json(strategy.value, seed, days, told)).decode())
        return
    out.print(_table(days))
    out.print(_words(told))


def _as_json(
    strategy: str, seed: int, days: list[market.Day], told: market.Summary
) -> dict[str, Any]:
    shown = [asdict(day) | {"violates": day.violates} for day in days]
    return {"strategy": strategy, "seed": seed, **asdict(told), "advertisers": shown}


def _table(days: list[market.Day]) -> Table:
    drawn = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in COLUMNS[language()]:
        drawn.add_column(name, justify="right" if drawn.columns else "left", no_wrap=True)
    for day in days:
        paid = f"{day.cost_per_conversion:.1f}"
        drawn.add_row(
            day.episode, str(day.advertiser), f"{day.budget:,.0f}", f"{day.cost:,.1f}",
            f"{day.conversions:.2f}", f"{paid} ✗" if day.violates else paid, f"{day.target:,.0f}",
            f"{day.score:.2f}", f"{day.oracle:.2f}",
            f"{day.score / day.oracle:.2f}" if day.oracle else "–",
        )  # fmt: skip
    return drawn


def _words(told: market.Summary) -> str:
    if language() == "zh":
        return (
            f"得分 ÷ 事后最优 {told.ratio:.3f}（{told.score:.1f} ÷ {told.oracle:.1f}），"
            f"{told.violators:.0%} 超出目标成本，预算花费 {told.spent:.0%}，"
            f"累计花费与流量之差 RMSE {told.spend_rmse:.3f}，每时段 {told.tick_us:.0f} µs"
        )
    return (
        f"score ÷ oracle {told.ratio:.3f} ({told.score:.1f} ÷ {told.oracle:.1f}), "
        f"{told.violators:.0%} above their target, {told.spent:.0%} of budgets spent, "
        f"RMSE of cumulative spend against traffic {told.spend_rmse:.3f}, "
        f"{told.tick_us:.0f} µs a tick"
    )
