"""The process of an engine, seen from outside: what is missing, refused, silent or dead is told."""

import sys
from pathlib import Path

import msgspec
import pytest
from tests.transforms import strategies as our
from tests.transforms.engines import table_of
from tests.transforms.test_printers import edges

from queqiao.kernel.errors import InvalidInput
from queqiao.ports.compute import flink, spark
from queqiao.ports.compute.digest import digest
from queqiao.ports.compute.job import Cut, Job, machines_of
from queqiao.ports.compute.plan import Plan
from queqiao.ports.compute.wire import LineReader, lines_of


@pytest.mark.parametrize("engine", [spark, flink], ids=["spark", "flink"])
@pytest.mark.parametrize("python", [Path("/nowhere/python"), Path(sys.executable)], ids=str)
def test_a_missing_environment_is_answered_with_the_command_that_makes_it(
    engine, python, tmp_path
) -> None:
    with pytest.raises(InvalidInput) as refused:
        engine.start(python, tmp_path)
    assert refused.value.fields[0].path == "python"
    assert engine.INSTALL in refused.value.explain("en")
    assert engine.INSTALL in refused.value.explain("zh")


def test_rows_come_back_from_lines_as_they_were() -> None:
    rows = table_of(edges(90), our.COLUMNS)
    reader = LineReader(our.COLUMNS)
    back, places = reader.read(lines_of(rows))
    assert digest(back) == digest(rows)
    assert places == list(range(rows.num_rows))


def test_lines_that_are_no_rows_are_left_out_and_counted() -> None:
    reader = LineReader({"a": "text", "n": "int", "at": "time"})
    lines = [
        b'{"a": "\xe9\xb9\x8a", "n": 7, "at": 5, "other": [1]}', b"", b"{", b"[]", b'{"a": 1}',
        b'{"n": 9223372036854775808}', b'{"n": 1.5}', b"\xff", b'{"n": -9223372036854775808}',
    ]  # fmt: skip
    rows, places = reader.read(lines)
    assert places == [0, 8]
    assert rows.column("n").to_pylist() == [7, -(2**63)]
    assert rows.column("a").to_pylist() == ["鹊", None]
    assert reader.refused == 6


def test_a_job_is_data() -> None:
    job = Job(plan=Plan("p", {"n": "int"}, ()), machines="queqiao.nowhere:MACHINES")
    asked = Cut(job=job, rows="r", folder="f", epoch=1, ended=True)
    assert msgspec.json.decode(msgspec.json.encode(asked), type=Cut) == asked
    with pytest.raises(InvalidInput) as refused:
        machines_of(job.machines)
    assert refused.value.fields[0].path == "job.machines"
