"""``queqiao sizing``: how many machines a traffic needs, and what ends first."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from queqiao.wiring import sizing as model
from queqiao.wiring.commands.language import language
from queqiao.wiring.commands.options import AsJson
from queqiao.wiring.commands.terminal import out

Rate = Annotated[float, typer.Option(min=0, help="At the peak, a second.")]
Days = Annotated[int, typer.Option(min=0, help="For so many days events are kept.")]
Cores = Annotated[int, typer.Option(min=1, help="Of one machine.")]
Price = Annotated[float, typer.Option(min=0, help="Of an hour of one machine, in any currency.")]
Busy = Annotated[float, typer.Option(min=0.05, max=1, help="How busy a process may be.")]
Servers = Annotated[bool, typer.Option("--on-servers", help="On Kafka, Redis and PostgreSQL.")]
Costs = Annotated[
    Path | None,
    typer.Option("--coefficients", help="Yours, as make bench ONLY=scaling writes them."),
]


def sizing(
    events_per_s: Rate = 0,
    quotes_per_s: Rate = 0,
    decisions_per_s: Rate = 0,
    days: Days = 365,
    cores: Cores = 8,
    price_per_hour: Price = 0.4,
    utilisation: Busy = 0.6,
    on_servers: Servers = False,
    coefficients: Costs = None,
    json_: AsJson = False,
) -> None:
    """Compute machines and costs. Example: queqiao sizing --events-per-s 5000 --quotes-per-s 200.

    Computed from measured CPU seconds a call: a first guess, to be held against your own load.
    """
    cost = model.read(coefficients) if coefficients else model.packaged()
    demand = model.Demand(events_per_s, quotes_per_s, decisions_per_s, days)
    machine = model.Machine(cores, price_per_hour, utilisation)
    found = model.size(demand, machine, cost, "servers" if on_servers else "embedded")
    if json_:
        out.print_json(msgspec.json.encode(found).decode())
        return
    for line in _lines(found, cost, chinese=language() == "zh"):
        out.print(line)


def _lines(found: model.Sizing, cost: model.Coefficients, *, chinese: bool) -> list[str]:
    machines = ", ".join(f"{count} {name}" for name, count in found.machines.items())
    needed = ", ".join(f"{role} {used:.2f}" for role, used in found.cores.items())
    disk, network = found.disk_bytes / 1e9, found.network_bytes_per_s / 1e6
    if chinese:
        return [
            f"机器：{machines}；每套系统 {found.workers} 个 decide 进程",
            f"一套系统可承担其中 {found.share:.0%}；最先到顶的是 {found.bottleneck}",
            f"所需核数：{needed}",
            f"内存 {found.memory_mb / 1000:.1f} GB；磁盘 {disk:,.0f} GB；网络 {network:.2f} MB/s",
            f"每百万事件成本：{found.cost_per_million:.4f}",
            f"由 {cost.measured} 实测的系数算出（当时负载 {cost.load}）",
        ]
    return [
        f"machines: {machines}; {found.workers} decide workers a system",
        f"one system carries {found.share:.0%} of it; {found.bottleneck} ends first",
        f"cores needed: {needed}",
        f"memory {found.memory_mb / 1000:.1f} GB; disk {disk:,.0f} GB; network {network:.2f} MB/s",
        f"cost of a million events: {found.cost_per_million:.4f}",
        f"computed from what was measured on {cost.measured} (load {cost.load})",
    ]
