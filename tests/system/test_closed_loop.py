"""The closed loop: one seed gives one shop, on the embedded engines and on a cluster's servers.

Twenty simulated minutes of a store (``closed_loop/traffic.py``) are lived on a system of one worker
with everything embedded, and on one of four workers by ``deploy/queqiao.cluster.toml``: Kafka,
PostgreSQL, Redis, HDFS and Hive's metastore, real servers each. Then every report, counter of the
ledger, loaded row, published count and profile in the lake must be equal; what is left out of that
stands in ``closed_loop/figures.py``, with why.
"""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.system.closed_loop.figures import Figures, figures_of
from tests.system.closed_loop.stands import Stand, cluster_ports, standing
from tests.system.closed_loop.traffic import RUSH_BUDGET_MINOR, RUSH_USES, Traffic
from tests.system.closed_loop.transforms import digests_by, embedded_digests, process_engine
from tests.system.commands import queqiao

from deploy.engines.instance import Instance
from queqiao.demo.client import StoreClient
from queqiao.wiring import adapters
from queqiao.wiring.settings import Settings

pytestmark = [pytest.mark.system, pytest.mark.engines, pytest.mark.timeout(900)]

SEED = 5
WORKERS = 4


async def lived(stand: Stand) -> Traffic:
    """Live the minutes on a system."""
    system = stand.system
    client = StoreClient(system.base_url, system.admin_key, system.intake_key)
    try:
        traffic = Traffic(client, SEED)
        await traffic.set_up()
        await traffic.live()
    finally:
        await client.close()
    return traffic


class Loop(NamedTuple):
    """A loop that was lived: the settings of its system, its figures, and how long it took."""

    settings: Settings
    figures: Figures
    took_s: float


def loop(home: Path, ports: dict[str, str], workers: int) -> Loop:
    """Live a loop on a new home."""
    with standing(home, ports, workers) as stand:
        began = time.monotonic()
        traffic = asyncio.run(lived(stand))
        took_s = time.monotonic() - began
        found = {"rush": traffic.rushed, "counts": traffic.store.counts, **figures_of(stand)}
        catalogue = adapters.catalogued_lake(stand.settings)
        assert catalogue is None or catalogue.catch_up() == 0, (
            "the catalogue says what the lake has"
        )
    proof = queqiao("verify", "ledger", "--config", home / "queqiao.toml", home=home)
    assert proof.returncode == 0, proof.stdout
    return Loop(stand.settings, found, took_s)


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Loop:
    return loop(tmp_path_factory.mktemp("loop") / "embedded", {}, workers=1)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, engines: Instance) -> Loop:
    ports = cluster_ports(engines)
    return loop(tmp_path_factory.mktemp("loop") / "cluster", ports, workers=WORKERS)


def test_one_seed_is_one_shop_on_both(
    embedded: Loop, cluster: Loop, record_property: Callable[[str, object], None]
) -> None:
    meant, found = embedded.figures, cluster.figures
    assert {name for name in meant if meant[name] != found.get(name)} == set()
    assert found.keys() == meant.keys()
    expect_a_busy_shop(meant)
    record_property("seconds_embedded", round(embedded.took_s, 1))
    record_property("seconds_cluster", round(cluster.took_s, 1))
    record_property("figures", len(found))
    record_property("counts", found["counts"])


@pytest.mark.parametrize("engine", ["spark", "flink"])
def test_transforms_of_its_log_are_those_of_the_embedded_engine(
    engine: str, embedded: Loop, cluster: Loop, engines: Instance, tmp_path: Path
) -> None:
    """The engine reads the log in Kafka itself; the embedded one reads that of the other loop."""
    meant = embedded_digests(embedded.settings)
    with process_engine(engine, engines, tmp_path) as process:
        assert digests_by(process, cluster.settings, tmp_path) == meant
    assert min(int(digest.partition(":")[0]) for digest in meant.values()) > 0


def expect_a_busy_shop(found: Figures) -> None:
    """Make sure that what was compared is there: money, ads, coupons, and what ran short."""
    counts = found["counts"]
    for name in ("orders", "ads seen", "ads clicked", "recommended", "codes redeemed", "returns"):
        assert counts[name] > 0, name
    assert found["table order_lines"] > counts["orders"]
    rows, currency, _ = found["report gross by minute"]
    assert currency == "CNY"
    assert sum(gross for _, gross in rows) > 0
    assert found["ledger coupon:rush:code:RUSH"]["spent"] == RUSH_USES
    rush = next(one for name, one in found.items() if name.startswith("ledger ads:budget:rush:"))
    assert 0 < rush["spent"] <= RUSH_BUDGET_MINOR == rush["limit"]
    assert any("budget" in told for told in found["rush"]), "the campaign ran short of money"
    assert any("code_used_up" in told for told in found["rush"])
    assert next(len(rows) for name, rows in found.items() if name.startswith("lake profiles")) > 100
