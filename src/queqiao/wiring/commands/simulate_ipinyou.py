"""``queqiao simulate ipinyou``: how a bidder would have done on logged auctions."""

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.progress import track
from rich.table import Table

from queqiao.decide.ads.simulation import ipinyou as market
from queqiao.decide.ads.simulation.ipinyou_logs import log_files, read
from queqiao.wiring.commands.language import language
from queqiao.wiring.commands.options import AsJson
from queqiao.wiring.commands.terminal import err, out

Data = Annotated[Path, typer.Option(help="The folder of the logs.", show_default=False)]
Named = StrEnum("Named", list(market.BIDDERS))  # type: ignore[misc]  # made of the table, so that --help lists it
Chosen = Annotated[Named, typer.Option("--strategy", help="What bids.", show_default=False)]
WithPeers = Annotated[bool, typer.Option("--peers/--no-peers", help="Run the two peers too.")]

PEERS = ("linear", "rlb")
COLUMNS = {
    "zh": ("计划", "竞价", "预算", "花费", "赢得", "点击", "每次点击"),
    "en": ("campaign", "auctions", "budget", "spent", "won", "clicks", "a click"),
}
PEER_COLUMNS = {"zh": ("事后线性", "RLB"), "en": ("linear in hindsight", "RLB")}

Row = tuple[market.Replay, dict[str, market.Replay]]


def ipinyou(data: Data, strategy: Chosen, peers: WithPeers = True, json_: AsJson = False) -> None:
    """Bid through each campaign's log, beside linear bidding tuned in hindsight and RLB.

    Example: queqiao simulate ipinyou --data logs/ --strategy budgeted.
    """
    quiet = not err.is_terminal
    files = track(log_files(data), strategy.value, console=err, transient=True, disable=quiet)
    rows = [_replayed(file, strategy.value, peers) for file in files]
    if json_:
        out.print(msgspec.json.encode(_as_json(strategy.value, rows)).decode())
        return
    out.print(_table(rows, peers))
    out.print(_words(rows))


def _replayed(file: Path, strategy: str, peers: bool) -> Row:
    log = read(file)
    ours = market.replay(log, market.BIDDERS[strategy](log))
    if not peers:
        return ours, {}
    rlb = ours if strategy == "rlb" else market.replay(log, market.by_average(log))
    return ours, {"linear": market.linear_in_hindsight(log)[1], "rlb": rlb}


def _as_json(strategy: str, rows: list[Row]) -> dict[str, Any]:
    campaigns = [
        asdict(ours) | {"peers": {name: asdict(peer) for name, peer in peers.items()}}
        for ours, peers in rows
    ]
    return {"strategy": strategy, "budget_share": market.BUDGET_SHARE, "campaigns": campaigns}


def _table(rows: list[Row], with_peers: bool) -> Table:
    drawn = Table(*COLUMNS[language()], *(PEER_COLUMNS[language()] if with_peers else ()))
    for column in drawn.columns[1:]:
        column.justify = "right"
    for ours, peers in rows:
        drawn.add_row(
            ours.campaign, f"{ours.auctions:,}", f"{ours.budget:,}", f"{ours.cost:,}",
            f"{ours.won:,}", str(ours.clicks),
            f"{ours.cost / ours.clicks:,.0f}" if ours.clicks else "–",
            *(str(peers[name].clicks) for name in PEERS if name in peers),
        )  # fmt: skip
    return drawn


def _words(rows: list[Row]) -> str:
    clicks, cost = sum(ours.clicks for ours, _ in rows), sum(ours.cost for ours, _ in rows)
    budget = sum(ours.budget for ours, _ in rows)
    if language() == "zh":
        return f"共 {clicks:,} 次点击，花费 {cost:,}，为预算的 {cost / budget:.0%}"
    return f"{clicks:,} clicks for {cost:,}, {cost / budget:.0%} of the budgets"
