"""How many machines a shop's traffic needs, and what ends first: computed from measured costs.

A *system* is one home on one machine: one intake, which orders the events, one ledger, one loader,
as many decide workers as there is room for. More machines are more systems, each with shops of its
own; engines (Kafka, Redis, PostgreSQL) have machines of their own. What every kind of call costs
each process is measured (``bench/scaling.py``), in CPU seconds per million; the rest is arithmetic:

    need of a role = Σ over kinds (calls a second · CPU seconds a call)        [cores]
    share that one system carries = min over limits (utilisation · limit / need)
    systems = ⌈1 / share⌉;  cost per million events = machines · price / (events an hour / 10⁶)

A process that is alone in its system may need one core at most, all of them as many as the machine
has. A decision is one more event to load. What is linear in the measurement is taken to be linear
here: caches, networks and disks that fill up are not in the model.
"""

from collections.abc import Mapping
from importlib import resources
from math import ceil, inf
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from queqiao.kernel.errors import FieldError, InvalidInput, Message

On = Literal["embedded", "servers"]
"""Log, ledger and records in the home, or on Kafka, Redis and PostgreSQL."""

Cost = Annotated[float, Meta(ge=0)]
BROKERS_MIN = 3
_SECONDS_A_DAY = 86_400


class Coefficients(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one call costs. ``…_s``: CPU seconds per million of a role; ``…_bytes``: of one call or
    event; ``…_mb``: memory of a process. ``measured`` is a date, ``load`` how many processes
    wanted the two cores while it was measured.
    """

    measured: str
    load: Cost
    event_intake_s: Cost
    event_intake_kafka_s: Cost
    event_brokers_s: Cost
    event_analytics_s: Cost
    quote_intake_s: Cost
    quote_decide_s: Cost
    decision_intake_s: Cost
    decision_decide_s: Cost
    decision_ledger_s: Cost
    decision_decide_redis_s: Cost
    decision_redis_s: Cost
    event_bytes: Cost
    quote_bytes: Cost
    decision_bytes: Cost
    log_bytes: Cost
    warehouse_bytes: Cost
    kafka_bytes: Cost
    system_mb: Cost
    decide_mb: Cost


class Demand(msgspec.Struct, frozen=True):
    """Calls a second at the peak, and for how many days events are kept."""

    events: Annotated[float, Meta(ge=0)]
    quotes: Annotated[float, Meta(ge=0)] = 0.0
    decisions: Annotated[float, Meta(ge=0)] = 0.0
    days: Annotated[int, Meta(ge=0)] = 365

    def times(self, factor: float) -> "Demand":
        """Return so many times as much traffic."""
        return Demand(
            self.events * factor, self.quotes * factor, self.decisions * factor, self.days
        )


class Machine(msgspec.Struct, frozen=True):
    """A machine: cores, price of an hour in any currency, and how busy it may be."""

    cores: Annotated[int, Meta(ge=1)] = 8
    price_per_hour: Annotated[float, Meta(ge=0)] = 0.4
    utilisation: Annotated[float, Meta(gt=0, le=1)] = 0.6


class Sizing(msgspec.Struct, frozen=True):
    """What a demand needs. ``share``: of it, one system carries; ``bottleneck``: what ends first.

    ``cores``: of all systems together, by role; the bytes are those of the whole demand.
    """

    share: float
    bottleneck: str
    systems: int
    machines: dict[str, int]
    workers: int
    cores: dict[str, float]
    memory_mb: float
    disk_bytes: float
    network_bytes_per_s: float
    cost_per_million: float


def packaged() -> Coefficients:
    """Return the coefficients of this release, as they were measured."""
    return _decoded(resources.files("queqiao.wiring").joinpath("sizing.json").read_bytes())


def read(file: Path) -> Coefficients:
    """Return the coefficients of a file. Raises InvalidInput."""
    try:
        return _decoded(file.read_bytes())
    except (OSError, msgspec.MsgspecError) as error:
        cure = "bench/out/sizing.json"
        message = Message(
            f"无法读取：{error}；应为 make bench ONLY=scaling 写出的 {cure} 的格式",
            f"cannot be read: {error}; write it as {cure}, made by make bench ONLY=scaling",
        )
        raise InvalidInput(FieldError("--coefficients", message)) from error


def _decoded(content: bytes) -> Coefficients:
    return msgspec.json.decode(content, type=Coefficients)


def cores(demand: Demand, cost: Coefficients, on: On) -> dict[str, float]:
    """Return how many cores each role needs for a demand, were there no limit."""
    servers = on == "servers"
    per_million = {
        "intake": (
            cost.event_intake_kafka_s if servers else cost.event_intake_s,
            cost.quote_intake_s,
            cost.decision_intake_s,
        ),
        "decide": (
            0.0,
            cost.quote_decide_s,
            cost.decision_decide_redis_s if servers else cost.decision_decide_s,
        ),
        "analytics": (cost.event_analytics_s, 0.0, cost.event_analytics_s),
        "redis" if servers else "ledger": (
            0.0,
            0.0,
            cost.decision_redis_s if servers else cost.decision_ledger_s,
        ),
    }
    if servers:
        per_million["brokers"] = (cost.event_brokers_s, 0.0, cost.event_brokers_s)
    calls = (demand.events, demand.quotes, demand.decisions)
    return {
        role: sum(one * seconds for one, seconds in zip(calls, costs, strict=True)) / 1e6
        for role, costs in per_million.items()
    }


ALONE = ("intake", "analytics", "ledger", "redis")
"""Processes of which a system has one."""
ELSEWHERE = ("brokers", "redis")
"""On machines of their own."""


def share_of(need: Mapping[str, float], machine: Machine) -> tuple[float, str]:
    """Return how much of a demand one system carries (1: all of it), and what ends first."""
    here = sum(used for role, used in need.items() if role not in ELSEWHERE)
    limits = {role: 1 / need[role] for role in ALONE if need.get(role)}
    limits["cores"] = machine.cores / here if here else inf
    first = min(limits, key=lambda role: limits[role])
    return limits[first] * machine.utilisation, first


def size(demand: Demand, machine: Machine, cost: Coefficients, on: On = "embedded") -> Sizing:
    """Return what a demand needs on machines of a kind. Raises InvalidInput when it is nothing."""
    need = cores(demand, cost, on)
    if not any(need.values()):
        message = Message("至少一项每秒次数要大于 0", "one of the rates must be above 0")
        raise InvalidInput(FieldError("--events-per-s", message))
    share, bottleneck = share_of(need, machine)
    systems = ceil(1 / share)
    machines = _machines(systems, need, machine, on)
    workers = max(1, ceil(need["decide"] / systems / machine.utilisation))
    hourly = sum(machines.values()) * machine.price_per_hour
    millions = demand.events * 3600 / 1e6
    return Sizing(
        share,
        bottleneck,
        systems,
        machines,
        workers,
        need,
        systems * (cost.system_mb + workers * cost.decide_mb),
        _disk(demand, cost, on),
        demand.events * cost.event_bytes
        + demand.quotes * cost.quote_bytes
        + demand.decisions * cost.decision_bytes,
        hourly / millions if millions else inf,
    )


def _machines(systems: int, need: Mapping[str, float], machine: Machine, on: On) -> dict[str, int]:
    """Return machines by what runs on them. A Redis serves as many systems as its one core can."""
    if on == "embedded":
        return {"queqiao": systems}
    busy = machine.cores * machine.utilisation
    return {
        "queqiao": systems,
        "kafka": max(BROKERS_MIN, ceil(need["brokers"] / busy)),
        "redis": max(1, ceil(need["redis"] / machine.utilisation)),
        "postgresql": 1,
    }


def _disk(demand: Demand, cost: Coefficients, on: On) -> float:
    log = cost.kafka_bytes if on == "servers" else cost.log_bytes
    stored = demand.events + demand.decisions
    return stored * _SECONDS_A_DAY * demand.days * (log + cost.warehouse_bytes)


def carried(
    mix: Demand, machines: int, machine: Machine, cost: Coefficients, on: On = "embedded"
) -> float:
    """Return how many times a mix of traffic so many machines carry together, 0 if not one."""
    share, _ = share_of(cores(mix, cost, on), machine)
    systems = machines
    while systems and on == "servers":
        need = cores(mix.times(share * systems), cost, on)
        if sum(_machines(systems, need, machine, on).values()) <= machines:
            break
        systems -= 1
    return share * systems


def cost_per_million(carried_events_per_s: float, machines: int, machine: Machine) -> float:
    """Return the price of a million events at the rate that is carried."""
    if not carried_events_per_s:
        return inf
    return machines * machine.price_per_hour / (carried_events_per_s * 3600 / 1e6)
