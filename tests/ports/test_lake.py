"""Behaviour of the lake port, on every adapter."""

from collections.abc import Callable

import pytest
from tests.ports.lakes import ADAPTERS, lake_url, new_lake  # noqa: F401  # fixtures

from queqiao.kernel.errors import Broken, InvalidInput
from queqiao.ports.lake.base import Lake
from queqiao.ports.lake.engine_files import writer
from queqiao.ports.lake.laws import laws, rows


@pytest.fixture(params=ADAPTERS)
def lake(request, new_lake: Callable[[str], Lake]) -> Lake:  # noqa: F811
    return new_lake(request.param)


async def test_the_laws_hold(lake: Lake) -> None:
    for law in laws(lake, writer(lake.access())):
        await law.check()


@pytest.mark.parametrize(
    ("table", "partition", "path"),
    [
        ("../etc", "day=1", "table"),
        ("", "day=1", "table"),
        ("Profiles", "day=1", "table"),
        ("profiles", "..", "partition"),
        ("profiles", "day=../x", "partition"),
        ("profiles", "day=.hidden", "partition"),
        ("profiles", "day=1\n", "partition"),
    ],
)
def test_names_that_leave_the_folder_are_refused(lake, table, partition, path) -> None:
    with pytest.raises(InvalidInput) as refused:
        lake.publish(table, partition, rows(1))
    assert refused.value.fields[0].path == path


def test_what_is_no_parquet_is_told_as_broken(lake) -> None:
    for content in (b"", b"PAR1", b"no Parquet at all" * 9):
        writer(lake.access())(lake.stage("events", "block=1"), content)
        lake.publish_staged("events", "block=1")
        with pytest.raises(Broken, match="no whole Parquet file"):
            lake.content("events", "block=1")
        lake.remove("events", "block=1")


def test_a_content_longer_than_one_reading_of_its_end_is_described(lake) -> None:
    wide = rows(1)
    for number in range(1_000):
        wide = wide.append_column(f"a_column_with_a_long_name_{number}", wide["spent_minor"])
    lake.publish("profiles", "day=1", wide)
    said = lake.content("profiles", "day=1")
    assert said.schema.equals(wide.schema)
    assert said.rows == 1
    assert said.bytes > 100_000


def test_several_partitions_have_one_place(lake) -> None:
    for name in ("block=1", "block=2"):
        lake.publish("events", name, rows(1))
    one = lake.place("events", "block=1")
    both = lake.place("events", "block=1", "block=2")
    head, _, rest = both.partition("{")
    assert one.startswith(head)
    first, second = rest.partition("}")[0].split(",")
    assert one == f"{head}{first}/data.parquet"
    assert second.endswith("block=2")
