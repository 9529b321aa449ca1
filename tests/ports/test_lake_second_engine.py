"""A second engine reads what we wrote: Spark SQL, by the Hive metastore, and ClickHouse."""

import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import chdb
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from tests.ports.lakes import lake_url, new_lake  # noqa: F401  # fixtures

from deploy.engines import seaweedfs
from deploy.engines.instance import Instance
from deploy.engines.packages import cache_folder, fetch_jars, jars
from queqiao.ports.lake.base import Lake
from queqiao.ports.lake.catalogue import CataloguedLake
from queqiao.ports.lake.hive import HiveCatalogue

pytestmark = pytest.mark.engines

SPARK = Path(__file__).with_name("spark_lake.py")
SPARK_WITHIN_S = 600
TABLES = ("profiles", "events")


def profiles(day: int, rows: int) -> pa.Table:
    """Return a day of people with money, moments and lists."""
    numbers = range(rows)
    return pa.table(
        {
            "person_id": [f"p{number}" for number in numbers],
            "spent_minor": pa.array([day * number for number in numbers], pa.int64()),
            "first_seen": pa.array(
                [1_700_000_000_000_000 + number for number in numbers], pa.timestamp("us", tz="UTC")
            ),
            "categories": pa.array(
                [["a"] * (number % 3) for number in numbers], pa.list_(pa.string())
            ),
        }
    )


def by_our_reader(lake: Lake) -> list[list[object]]:
    """Return what Spark is asked for, as the lake's own reader sees it."""
    counts = []
    for partition in lake.partitions("profiles"):
        rows = lake.read("profiles", partition)
        named = "channel" in rows.column_names
        last_us = pc.max(rows["first_seen"].cast(pa.int64())).as_py()
        counts.append(
            [
                partition.partition("=")[2],
                rows.num_rows,
                pc.sum(rows["spent_minor"]).as_py(),
                rows.num_rows - rows["channel"].null_count if named else 0,
                datetime.fromtimestamp(last_us // 10**6, UTC)
                .replace(microsecond=last_us % 10**6, tzinfo=None)
                .isoformat(),
                pc.sum(pc.list_value_length(rows["categories"])).as_py(),
            ]
        )
    return counts


def by_spark(python: str, metastore: str, database: str, *settings: str) -> dict[str, list]:
    """Return what Spark says, in a process of its own."""
    command = [python, str(SPARK), metastore, database, *settings]
    told = subprocess.run(
        command, capture_output=True, text=True, timeout=SPARK_WITHIN_S, check=False
    )
    assert told.returncode == 0, told.stderr[-3000:]
    return json.loads(told.stdout.splitlines()[-1])


@pytest.fixture(params=["hdfs", "s3"])
def adapter(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def settings(adapter: str, engines: Instance) -> list[str]:
    """What Spark must be told of the lake's place."""
    if adapter == "hdfs":
        return []
    cache = cache_folder()
    fetch_jars(cache, "spark_s3", {})
    found = ",".join(map(str, sorted(jars(cache, "spark_s3", {}).glob("*.jar"))))
    told = seaweedfs.hadoop_settings(engines.place)
    return [f"spark.jars={found}", *(f"spark.hadoop.{name}={told[name]}" for name in told)]


@pytest.mark.timeout(SPARK_WITHIN_S + 60)
def test_spark_sees_the_same_numbers_also_after_a_new_column(
    adapter: str,
    settings: list[str],
    new_lake: Callable[[str], Lake],  # noqa: F811
    metastore_url: str,
    spark_python: str,
) -> None:
    database = f"promo_{uuid4().hex[:8]}"
    lake = CataloguedLake(new_lake(adapter), HiveCatalogue(f"{metastore_url}/{database}"), TABLES)
    lake.publish("profiles", "day=2026-11-10", profiles(1, 3_000))
    lake.publish("profiles", "day=2026-11-11", profiles(2, 500))
    later = profiles(3, 800)
    channel = pa.array(["ad" if number % 2 else None for number in range(800)])
    lake.publish("profiles", "day=2026-11-12", later.append_column("channel", channel))
    lake.publish("profiles", "day=2026-11-11", profiles(2, 700))
    numbers = pa.array([2**64 - 1, 2**63, 1], pa.uint64())
    lake.publish("events", "block=1", pa.table({"n": numbers}))
    said = by_spark(str(spark_python), metastore_url, database, *settings)
    assert said["counts"] == by_our_reader(lake)
    assert said["columns"][:5] == [
        "person_id", "spent_minor", "first_seen", "categories", "channel",
    ]  # fmt: skip
    assert said["offsets"] == [str(2**64 + 2**63), str(2**64 - 1)]


def test_clickhouse_sees_the_same_numbers(
    new_lake: Callable[[str], Lake],  # noqa: F811
) -> None:
    lake = new_lake("hdfs")
    for day in (1, 2):
        lake.publish("profiles", f"day={day}", profiles(day, 2_000))
    place = lake.place("profiles", "day=1", "day=2")
    found = chdb.query(
        f"SELECT count(), sum(spent_minor), sum(length(categories)) FROM hdfs('{place}', Parquet)",
        "JSONCompactEachRow",
    )
    ours = by_our_reader(lake)
    wanted = [sum(row[column] for row in ours) for column in (1, 2, 5)]
    assert [int(one) for one in json.loads(str(found))] == wanted
