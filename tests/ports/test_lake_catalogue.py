"""The catalogue of the lake: types, outages, and its laws on a real metastore."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from random import Random
from threading import Event
from uuid import uuid4

import pyarrow as pa
import pytest
from tests.ports.lakes import lake_url, new_lake, until_it_answers  # noqa: F401  # fixtures

from deploy.engines.instance import Instance
from queqiao.kernel.errors import Conflict, InvalidInput, NotFound, Unavailable
from queqiao.ports.lake.base import Lake
from queqiao.ports.lake.catalogue import CataloguedLake
from queqiao.ports.lake.catalogue_laws import laws
from queqiao.ports.lake.engine_files import writer
from queqiao.ports.lake.hive import HiveCatalogue
from queqiao.ports.lake.hive_types import columns_of, grown, type_of
from queqiao.ports.lake.laws import laws as laws_of_lake
from queqiao.ports.lake.laws import rows
from queqiao.ports.lake.parquet_folder import ParquetFolder

AWAY = "thrift://127.0.0.1:9/promo"


@pytest.mark.parametrize(
    ("arrow", "hive"),
    [
        (pa.uint64(), "decimal(20,0)"),
        (pa.uint32(), "bigint"),
        (pa.uint8(), "smallint"),
        (pa.timestamp("us", tz="UTC"), "timestamp"),
        (pa.decimal128(18, 2), "decimal(18,2)"),
        (pa.dictionary(pa.int32(), pa.string()), "string"),
        (pa.list_(pa.int64()), "array<bigint>"),
        (pa.map_(pa.string(), pa.float64()), "map<string,double>"),
        (pa.struct([("a", pa.bool_()), ("b", pa.list_(pa.date32()))]), None),
    ],
)
def test_arrow_in_hives_words(arrow: pa.DataType, hive: str | None) -> None:
    assert type_of(arrow) == (hive or "struct<a:boolean,b:array<date>>")


@pytest.mark.parametrize("arrow", [pa.time64("us"), pa.month_day_nano_interval()])
def test_what_hive_has_no_word_for_is_refused(arrow: pa.DataType) -> None:
    with pytest.raises(Conflict, match="Hive has no type"):
        type_of(arrow)


def test_a_column_that_hive_cannot_name_is_refused() -> None:
    with pytest.raises(Conflict, match="lower-case letters"):
        columns_of(pa.schema([("名", pa.string())]))


def test_columns_grow_at_the_end_and_widen() -> None:
    known = {"a": "int", "b": "string"}
    assert grown(known, {"b": "string", "c": "double", "a": "bigint"}) == {
        "a": "bigint",
        "b": "string",
        "c": "double",
    }
    assert grown({"a": "bigint"}, {"a": "int"}) == {"a": "bigint"}
    assert list(grown(known, {"z": "int", "c": "int"})) == ["a", "b", "z", "c"]
    with pytest.raises(Conflict, match="column a is int and cannot be string too"):
        grown(known, {"a": "string"})


@pytest.mark.parametrize(
    "url",
    ["thrift://host", "thrift:///db", "http://host/db", "thrift://host:x/db", "thrift://h/a-b"],
)
def test_a_url_that_names_no_database_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput, match="thrift://host:9083/database"):
        HiveCatalogue(url)


def test_a_catalogue_that_is_away_holds_up_no_publishing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lake = CataloguedLake(ParquetFolder(tmp_path), HiveCatalogue(AWAY), ["profiles"])
    lake.publish("profiles", "day=1", rows(1))
    assert lake.read("profiles", "day=1").equals(rows(1))
    assert "the lake's catalogue is behind" in capsys.readouterr().out
    with pytest.raises(Unavailable, match=r"\[ports\] lake_catalogue"):
        lake.catch_up()


def test_a_table_that_is_not_shown_asks_no_catalogue(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lake = CataloguedLake(ParquetFolder(tmp_path), HiveCatalogue(AWAY), ["profiles"])
    lake.publish("tier_probe", "block=1", rows(1))
    assert capsys.readouterr().out == ""


async def test_a_lake_with_a_catalogue_keeps_the_laws(tmp_path: Path) -> None:
    lake = CataloguedLake(ParquetFolder(tmp_path), HiveCatalogue(AWAY), ["profiles"])
    for law in laws_of_lake(lake, writer(lake.access())):
        await law.check()


@pytest.fixture
def catalogue(metastore_url: str) -> HiveCatalogue:
    return HiveCatalogue(f"{metastore_url}/promo_{uuid4().hex[:8]}")


@pytest.mark.engines
async def test_the_laws_hold(catalogue: HiveCatalogue, hdfs_url: str) -> None:
    for law in laws(catalogue, f"{hdfs_url}/laws_{uuid4().hex[:8]}"):
        await law.check()


@pytest.mark.engines
def test_what_was_published_during_an_outage_is_registered_by_the_next_comparison(
    catalogue: HiveCatalogue,
    new_lake: Callable[[str], Lake],  # noqa: F811
) -> None:
    lake = new_lake("hdfs")
    shown = CataloguedLake(lake, catalogue, ["profiles"])
    shown.publish("profiles", "day=1", rows(1))
    lake.publish("profiles", "day=2", rows(2).append_column("channel", pa.array(["a"])))
    lake.remove("profiles", "day=1")
    assert shown.catch_up() == 2
    columns, partitions = catalogue.described("profiles")
    assert columns["channel"] == "string"
    assert partitions == {"2": f"{lake.location('profiles')}/day=2"}
    assert shown.catch_up() == 0
    shown.remove("profiles", "day=2")
    assert catalogue.described("profiles")[1] == {}
    with pytest.raises(NotFound):
        lake.read("profiles", "day=2")


@pytest.mark.engines
def test_a_metastore_killed_while_it_registers_says_it_all_when_it_is_back(
    catalogue: HiveCatalogue,
    new_lake: Callable[[str], Lake],  # noqa: F811
    engines: Instance,
) -> None:
    lake, chance, days = new_lake("hdfs"), Random(11), count()
    shown = CataloguedLake(lake, catalogue, ["profiles"])
    shown.publish("profiles", f"day={next(days):03d}", rows(1))
    for _ in range(3):
        stop = Event()
        with ThreadPoolExecutor(1) as pool:
            published = pool.submit(publish_until, stop, shown, days)
            time.sleep(chance.uniform(0.2, 0.8))
            os.kill(engines.server("metastore").pid, signal.SIGKILL)
            time.sleep(0.5)
            stop.set()
        assert published.result() > 0, "publishing waits for no metastore"
        until_it_answers(catalogue.version)
        held = {one.partition.partition("=")[2]: one.location for one in lake.held("profiles")}
        said = catalogue.described("profiles")[1]
        assert said.items() <= held.items(), "nothing by half: what is registered is there"
        assert len(said) < len(held), "some was published while it was away"
        assert shown.catch_up() == len(held) - len(said)
        assert catalogue.described("profiles")[1] == held
        assert shown.catch_up() == 0


def publish_until(stop: Event, lake: Lake, days: Iterator[int]) -> int:
    """Publish a partition after the other; return how many."""
    for number in count():
        if stop.is_set():
            return number
        lake.publish("profiles", f"day={next(days):03d}", rows(number))
    raise AssertionError
