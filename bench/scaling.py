"""What an event, a quote and a decision cost each process; how many more decide workers answer.

A whole system with 100 promotions, 100 campaigns and 1,000 SKUs is asked through its public port by
clients in another process: quotes of five lines, decisions of one ad, batches of 100 page views.
CPU seconds are those of each process from /proc, between two moments at which nothing was left to
load; so the clients, which share the cores, are not in them, and they are counted apart.

Then 1, 2 and 4 workers are asked half quotes, half decisions, as fast as they answer; once on the
embedded ledger and records, once on Redis (``appendfsync always``) and PostgreSQL.

What is measured becomes the coefficients of ``queqiao sizing``: they are written to
``bench/out/sizing.json`` in the shape of ``queqiao/wiring/sizing.json``, with what the machine did
beside (its load). What the log and the warehouse take on disk is measured by ``storage``, Kafka's
disks and brokers by ``kafka``: those coefficients are taken from the packaged file here.

Learned: of a quote the workers do a little more than half and the public port the rest, of a
decision half (its ledger's lease and its event in the log are calls of other roles). So one worker
and the intake can fill two cores; that more workers answer more needs more cores to be seen. At
load 30 rates of 81, 74 and 369 calls a second came from 1, 2 and 4 workers: they say what else ran
at the moment, nothing of workers (one answered 787 a quarter of an hour later, at load 11). CPU
seconds hold better, but loading few events at a time costs several times what it costs in large
batches (104 us an event at 5,000 a second and load 30; 25 in quiet at 20,000), and idle roles use
some: it is measured first, and taken off.
"""

import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import msgspec

from bench.callers import Called, Question, call
from bench.harness import System, row
from bench.load import load
from bench.processes import cpu_s
from deploy.engines.errors import EngineError
from deploy.engines.instance import Instance
from queqiao.wiring import local_system, sizing, system_status
from queqiao.wiring.settings import read
from queqiao.wiring.supervisor import statuses

OUT = Path(__file__).parent / "out" / "sizing.json"
SKUS, DOCUMENTS, LINES, QUESTIONS = 1_000, 100, 5, 200
CALLS, CONNECTIONS, WARM_UP = 4_000, 16, 500
EVENTS_PER_S, EVENTS = 10_000, 120_000
SETTLED_WITHIN_S = 120.0
IDLE_FOR_S = 10.0
WORKERS = (1, 2, 4)
Row = dict[str, Any]
Seconds = dict[str, float]
"""CPU seconds by role; ``decide-0``, ``decide-1`` … are one."""


def run() -> list[Row]:
    """Measure, write the coefficients, return the rows of the table."""
    with TemporaryDirectory(prefix="queqiao-bench-") as folder:
        home = Path(folder)
        rows, found = _on(home / "embedded", "", {}, "embedded")
        _write(found)
        on_servers, servers = _servers(home)
    _write(found | servers)
    return [*rows, *on_servers]


def _write(measured: Seconds) -> None:
    """Write what was measured over what is packaged."""
    names = set(sizing.Coefficients.__struct_fields__)
    found = {name: round(value, 1) for name, value in measured.items() if name in names}
    now = {"measured": datetime.now(UTC).date().isoformat(), "load": round(os.getloadavg()[2], 1)}
    known = msgspec.structs.replace(sizing.packaged(), **found, **now)
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_bytes(msgspec.json.format(msgspec.json.encode(known), indent=1) + b"\n")


def _servers(home: Path) -> tuple[list[Row], Seconds]:
    """Measure on Redis and PostgreSQL; nothing where they cannot be started."""
    home.chmod(0o711)  # PostgreSQL runs as a user of its own, who must get to its folder
    instance = Instance(home / "engines")
    try:
        instance.up(["redis", "postgresql"])
    except EngineError as error:
        return [row("scaling", f"on servers: {error}", "s per million", "lower", None)], {}
    try:
        urls = instance.urls(["redis", "postgresql"])
        ports = f'[ports]\nledger = "{urls["redis_url"]}"\nrecords = "{urls["postgresql_url"]}"\n'
        pids = {name: instance.server(name).pid or 0 for name in ("redis", "postgresql")}
        rows, found = _on(home / "servers", ports, pids, "Redis, PostgreSQL")
    finally:
        instance.down()
    return rows, {
        "decision_redis_s": found["decision_redis_s"],
        "decision_decide_redis_s": found["decision_decide_s"],
    }


def _on(home: Path, ports: str, pids: dict[str, int], kind: str) -> tuple[list[Row], Seconds]:
    """Measure on one choice of ports: what each call costs with one worker, then more workers."""
    found, rows = {}, []
    for workers in WORKERS:
        with _system(home, ports, workers) as system:
            meter = Meter(system, pids)
            if workers == 1:
                _fill(system)
                found = _coefficients(system, meter)
                rows += _cost_rows(found, kind)
            rows.append(_rate(system, meter, workers, kind))
            print(f"scaling: {rows[-1]['figure']}: {rows[-1]['ours']}/s", file=sys.stderr)
    return rows, found


@contextmanager
def _system(home: Path, ports: str, workers: int) -> Iterator[System]:
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    config = home / "queqiao.toml"
    config.write_text(ports)
    settings = read(config, home.absolute())
    options = ["--port", "0", "--config", str(config), "--workers", str(workers)]
    with local_system.started(home, options) as address:
        keys = [local_system.key(settings, one, "bench") for one in ("admin", "intake", "decide")]
        yield System(address.base_url, *keys, home, address.pid, address.sign_in_token)


class Meter:
    """Reads the CPU seconds of a system's processes, and of servers beside it with all theirs."""

    def __init__(self, system: System, servers: dict[str, int]) -> None:
        self._system, self._servers = system, servers

    def seconds(self) -> Seconds:
        """Return what each role and server has used so far, and when (``clock``)."""
        found: Seconds = {"clock": time.monotonic()}
        for one in statuses(self._system.home):
            role = one.name.partition("-")[0]
            found[role] = found.get(role, 0.0) + cpu_s(one.pid)
        for name, pid in self._servers.items():
            found[name] = sum(map(cpu_s, [pid, *_descendants(pid)]))
        return found

    def idle(self) -> Seconds:
        """Return the CPU seconds a second of each role that has nothing to do."""
        before = self.settled()
        time.sleep(IDLE_FOR_S)
        after = self.seconds()
        took_s = after.pop("clock") - before["clock"]
        return {role: (used - before[role]) / took_s for role, used in after.items()}

    def memory_mb(self) -> Seconds:
        """Return the proportional set size of each role."""
        return {
            one.name.partition("-")[0]: (system_status.memory_bytes(one.pid) or 0) / 1e6
            for one in statuses(self._system.home)
        }

    def settled(self) -> Seconds:
        """Return the seconds when nothing waits for the warehouse and merges have ended."""
        http = httpx.Client(
            base_url=self._system.base_url,
            headers={"authorization": f"Bearer {self._system.admin_key}"},
            timeout=30,
        )
        end = time.monotonic() + SETTLED_WITHIN_S
        before = self.seconds()
        while time.monotonic() < end:
            time.sleep(2)
            now = self.seconds()
            behind = http.get("/api/v1/system").raise_for_status().json()["lag_events"]
            if not behind and now["analytics"] - before["analytics"] < 0.2:
                return now
            before = now
        raise TimeoutError("the system does not come to rest")


def _descendants(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [one for child in map(int, children) for one in (child, *_descendants(child))]


def _fill(system: System) -> None:
    """Make goods, promotions, a placement and campaigns, and publish them."""
    random = Random(618)  # figures, not secrets
    headers = {"authorization": f"Bearer {system.admin_key}"}
    with httpx.Client(base_url=system.base_url, headers=headers, timeout=60) as http:
        goods = [_product(number, random) for number in range(SKUS)]
        http.post("/api/v1/products/bulk", json={"products": goods}).raise_for_status()
        _publish(http, "placements", "home", {"name": "home", "floor_minor": 10, "currency": "CNY"})
        for number in range(DOCUMENTS):
            _publish(http, "promotions", f"p{number}", _promotion(number, random))
            _publish(http, "campaigns", f"c{number}", _campaign(number, random))
    time.sleep(3)  # until every worker has them


def _publish(http: httpx.Client, kind: str, name: str, document: dict[str, Any]) -> None:
    made = {"id": name, "document": document}
    http.post(f"/api/v1/{kind}", json=made).raise_for_status()
    http.post(f"/api/v1/{kind}/{name}/publish", json={}).raise_for_status()


def _product(number: int, random: Random) -> dict[str, Any]:
    price = random.randrange(500, 50_000)
    sku = {"sku": f"s{number}", "price_minor": price, "currency": "CNY", "stock": 10_000}
    category = [f"c{random.randrange(40)}"]
    return {"product_id": f"g{number}", "name": f"茶 {number}", "category": category, "skus": [sku]}


def _promotion(number: int, random: Random) -> dict[str, Any]:
    least = random.randrange(5_000, 80_000)
    benefit = {"type": "threshold", "tiers": [{"at_least": least, "discount": least // 40}]}
    scope = {"categories": [f"c{number % 40}"]}
    return {"name": f"promotion {number}", "benefit": benefit, "scope": scope}


def _campaign(number: int, random: Random) -> dict[str, Any]:
    creative = {"id": "x", "title": "茶", "landing_url": "https://shop.example/landing"}
    return {
        "name": f"campaign {number}", "advertiser": "bench", "placements": ["home"],
        "bid_minor": random.randrange(20, 500), "currency": "CNY",
        "daily_budget_minor": 10**12, "creatives": [creative],
        "targeting": {"channels_any": random.sample(["web", "app", "mini"], 2)},
    }  # fmt: skip


def quotes() -> list[Question]:
    """Return questions for the price of five lines."""
    random = Random(11)
    return [
        Question(
            "/api/v1/promotions/quote",
            msgspec.json.encode({"currency": "CNY", "channel": "web", "cart": {"lines": [
                {"id": str(line), "sku": f"s{random.randrange(SKUS)}", "quantity": 2}
                for line in range(LINES)]}}),
        )
        for _ in range(QUESTIONS)
    ]  # fmt: skip


def decisions() -> list[Question]:
    """Return questions for one ad each."""
    return [
        Question(
            "/api/v1/decisions",
            msgspec.json.encode({"placements": [{"id": "home"}], "user": {"id": f"u-{number}"},
                                 "context": {"channel": "web"}}),
        )
        for number in range(QUESTIONS)
    ]  # fmt: skip


def _ask(system: System, questions: Sequence[Question], count: int) -> Called:
    return call(system.base_url, system.decide_key, questions, count, CONNECTIONS)


def _coefficients(system: System, meter: Meter) -> Seconds:
    """Return CPU seconds per million by kind of call and role, bytes a call, memory."""
    found: Seconds = {}
    idle = meter.idle()
    for name, questions in (("quote", quotes()), ("decision", decisions())):
        _ask(system, questions, WARM_UP)
        before = meter.settled()
        called = _ask(system, questions, CALLS)
        found |= _per_million(name, before, meter.settled(), idle, CALLS)
        found[f"{name}_bytes"] = (called.sent_bytes + called.received_bytes) / CALLS
        found[f"{name}_client_s"] = called.cpu_s / CALLS * 1e6
    before = meter.settled()
    with load(system.base_url, system.intake_key, EVENTS_PER_S) as sent:
        while sent.value < EVENTS:
            time.sleep(0.05)
    taken = sent.value
    found |= _per_million("event", before, meter.settled(), idle, taken)
    memory = meter.memory_mb()
    return found | {"decide_mb": memory.pop("decide"), "system_mb": sum(memory.values())}


def _per_million(name: str, before: Seconds, after: Seconds, idle: Seconds, count: int) -> Seconds:
    """Return what each role used for so many calls, less what it uses anyway."""
    took_s = after["clock"] - before["clock"]
    return {
        f"{name}_{role}_s": max(0.0, after[role] - before[role] - idle[role] * took_s) / count * 1e6
        for role in idle
    }


def _cost_rows(found: Seconds, kind: str) -> list[Row]:
    shown = ("intake", "decide", "ledger", "analytics", "redis", "postgresql", "client")
    return [
        row("scaling", f"{name}, {role}, {kind}", "CPU s per million", "lower", round(value, 1))
        for name in ("event", "quote", "decision")
        for role in shown
        if (value := found.get(f"{name}_{role}_s", 0.0)) >= 0.1
    ]


def _rate(system: System, meter: Meter, workers: int, kind: str) -> Row:
    """Measure how many quotes and decisions a second so many workers answer together."""
    mixed = [one for pair in zip(quotes(), decisions(), strict=True) for one in pair]
    _ask(system, mixed, WARM_UP * workers)
    meter.settled()
    called = _ask(system, mixed, CALLS)
    rate = CALLS / called.took_s
    p99 = sorted(called.late_ms)[CALLS * 99 // 100]
    name = f"{workers} workers, half quotes, half decisions, {kind}; p99 {p99:.0f} ms"
    return row("scaling", name, "calls/s", "higher", round(rate))
