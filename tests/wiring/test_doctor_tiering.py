"""The doctor's line about old events: what lies in the lake, and each way it can be bad."""

import os
from collections.abc import Callable
from pathlib import Path

import msgspec
import pyarrow as pa
import pytest

from queqiao.ports.lake.parquet_folder import ParquetFolder
from queqiao.process.tier import LAKE_TABLE, PROBE, partition
from queqiao.process.tiering import TieringState, TierSize
from queqiao.wiring import adapters, doctor_tiering
from queqiao.wiring.doctor_machine import UnfitError
from queqiao.wiring.doctor_tiering import old_events
from queqiao.wiring.settings import Settings

WRITTEN_S = 1_800_000_000
IDLE = TieringState(
    TierSize(9, 900), TierSize(64, 640), 2, 64, 400, "2027-01-15T09:00:00Z", None, None
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


@pytest.fixture
def lake(settings: Settings) -> ParquetFolder:
    """Two files of 32 rows each, and a probe that a kill left in a table of its own."""
    made = adapters.lake(settings)
    assert isinstance(made, ParquetFolder)
    rows = pa.table({"offset": list(range(32))})
    for name in (partition(1, 32), partition(33, 64)):
        made.publish(LAKE_TABLE, name, rows)
        os.utime(made.place(LAKE_TABLE, name), (WRITTEN_S, WRITTEN_S))
    made.publish(*PROBE, rows)
    return made


def of_days(settings: Settings, raw_days: int) -> Settings:
    warehouse = msgspec.structs.replace(settings.warehouse, raw_days=raw_days)
    return msgspec.structs.replace(settings, warehouse=warehouse)


def test_nothing_in_the_lake_is_told_with_the_setting(settings: Settings) -> None:
    assert old_events(settings).en == "move after 400 days; none lie in the lake yet"
    assert old_events(of_days(settings, 0)).en.startswith("stay in the warehouse (raw_days = 0)")


def test_what_lies_in_the_lake_is_counted(settings: Settings, lake: ParquetFolder) -> None:
    told = old_events(settings)
    assert "64 lie in the lake" in told.en
    assert "in 2 files, the last written 2027-01-15T08:00:00Z" in told.en
    assert "湖中 64 条，2 个文件" in told.zh
    del lake


def cut_short(lake: ParquetFolder) -> None:
    place = Path(lake.place(LAKE_TABLE, partition(33, 64)))
    place.write_bytes(place.read_bytes()[:-9])


def lost(lake: ParquetFolder) -> None:
    lake.remove(LAKE_TABLE, partition(1, 32))


@pytest.mark.parametrize(
    ("harm", "words"), [(cut_short, "block=000000000033-000000000064"), (lost, "1-32")]
)
def test_files_that_cannot_be_read_and_blocks_that_are_missing_are_named(
    settings: Settings, lake: ParquetFolder, harm: Callable[[ParquetFolder], None], words: str
) -> None:
    harm(lake)
    with pytest.raises(UnfitError) as found:
        old_events(settings)
    assert words in found.value.detail.en
    assert words in found.value.detail.zh
    assert "restore" in found.value.cure.en


def test_only_a_few_of_many_bad_files_are_named(settings: Settings, lake: ParquetFolder) -> None:
    for first in range(65, 265, 20):
        lake.publish(LAKE_TABLE, partition(first + 10, first + 19), pa.table({"offset": [1]}))
    with pytest.raises(UnfitError, match=r"\(\+5\)"):
        old_events(settings)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"refused": {"zh": "看不到", "en": "it sees no lake"}}, "it sees no lake"),
        ({"failed": {"zh": "满了", "en": "disk full"}}, "disk full"),
        ({"files": 4}, "lost 2 files"),
    ],
)
def test_what_the_running_system_says_is_told(
    settings: Settings,
    lake: ParquetFolder,
    monkeypatch: pytest.MonkeyPatch,
    state: dict[str, object],
    words: str,
) -> None:
    del lake
    monkeypatch.setattr(doctor_tiering, "_state", lambda _: IDLE)
    assert old_events(settings).en.endswith("; looked at 2027-01-15T09:00:00Z")
    told = msgspec.structs.replace(IDLE, **state)
    monkeypatch.setattr(doctor_tiering, "_state", lambda _: told)
    with pytest.raises(UnfitError, match=words):
        old_events(settings)


def test_a_running_system_of_another_version_is_no_crash(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def older(_: Settings) -> TieringState:
        return msgspec.msgpack.decode(msgspec.msgpack.encode({"files": 2}), type=TieringState)

    monkeypatch.setattr(doctor_tiering.local_system, "address", lambda _: object())
    monkeypatch.setattr(doctor_tiering, "_asked", older)
    with pytest.raises(UnfitError, match="another version"):
        old_events(settings)
