"""The engine of transforms as the settings name it: read, looked at, and run."""

import json
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests.process.test_late_rows import LATE
from tests.system.commands import queqiao

from queqiao.kernel.errors import InvalidInput, Unavailable
from queqiao.ports.compute.place import ComputePlace, compute_place
from queqiao.ports.event_log.base import NewEvent
from queqiao.ports.event_log.embedded import EmbeddedEventLog
from queqiao.process.erasure_book import Subject
from queqiao.wiring import computing, erasure_elsewhere, transform_folder
from queqiao.wiring.doctor import CHECKS, _finding
from queqiao.wiring.settings import Ports, Settings, read


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("embedded", ComputePlace("embedded")),
        ("spark:/o/bin/python", ComputePlace("spark", Path("/o/bin/python"))),
        (
            "spark:/o/bin/python?master=spark://h:7077&jars=/a.jar,/b.jar&spark.driver.memory=1g",
            ComputePlace(
                "spark", Path("/o/bin/python"), "spark://h:7077",
                (Path("/a.jar"), Path("/b.jar")), {"spark.driver.memory": "1g"},
            ),
        ),
        (
            "flink:/o/bin/python?rest=http://h:8081",
            ComputePlace("flink", Path("/o/bin/python"), "http://h:8081"),
        ),
    ],
)  # fmt: skip
def test_a_url_names_an_engine(url, place) -> None:
    assert compute_place(url) == place


@pytest.mark.parametrize(
    "url",
    ["", "storm:/o/bin/python", "flink:relative", "flink://h:8081", "embedded:x",
     "flink:/o/bin/python?rest=h:8081", "spark:/o/bin/python?workers=2"],
)  # fmt: skip
def test_a_wrong_url_names_the_setting(url, tmp_path) -> None:
    file = tmp_path / "queqiao.toml"
    file.write_text(f'[ports]\ncompute = "{url}"\n')
    with pytest.raises(InvalidInput, match=r"ports\.compute"):
        read(file, tmp_path)


def look(home: Path, url: str):
    known = Settings(home=home, ports=Ports(compute=url))
    return _finding("compute", CHECKS["compute"], known)


def test_doctor_tells_the_exact_command_where_the_environment_is_missing(tmp_path) -> None:
    assert look(tmp_path, "embedded").good
    for engine, package in (("spark", "pyspark"), ("flink", "apache-flink")):
        found = look(tmp_path, f"{engine}:{tmp_path}/env/bin/python")
        assert not found.good
        assert found.cure is not None
        install = f"run python3 -m venv {tmp_path}/env && {tmp_path}/env/bin/pip install"
        assert found.cure.en.startswith(install)
        assert package in found.cure.en
        there = look(tmp_path, f"{engine}:{sys.executable}")
        assert f"has no {engine}" in there.detail.en


def test_a_run_without_the_environment_names_the_setting(tmp_path) -> None:
    known = Settings(home=tmp_path, ports=Ports(compute=f"spark:{tmp_path}/none/bin/python"))
    with (
        pytest.raises(InvalidInput, match=r"pip install 'pyspark") as refused,
        computing.engine(known),
    ):
        pass
    assert refused.value.fields[0].path == "ports.compute"


def test_one_run_at_a_time_works_in_a_home_and_an_erasure_waits_for_it(tmp_path) -> None:
    known = Settings(home=tmp_path)
    with computing.engine(known):
        (tmp_path / "transforms" / "results").mkdir()
        with pytest.raises(Unavailable, match="another run"), computing.engine(known):
            pass
        with pytest.raises(Unavailable):
            transform_folder.clear(tmp_path)
    transform_folder.clear(tmp_path)
    assert [one.name for one in (tmp_path / "transforms").iterdir()] == [transform_folder.LOCK]
    transform_folder.clear(tmp_path / "nowhere")


def test_each_engine_has_results_of_its_own(tmp_path) -> None:
    one, other = (
        Settings(home=tmp_path, ports=Ports(compute=url))
        for url in ("embedded", "spark:/o/bin/python")
    )
    assert computing.results(one, "sessions") != computing.results(other, "sessions")


async def test_an_erased_person_is_not_read_from_a_log_that_still_names_them(tmp_path) -> None:
    known = Settings(home=tmp_path)
    log = EmbeddedEventLog(tmp_path / "log")
    await log.append([NewEvent("web", str(n), body, bytes(8)) for n, body in enumerate(LATE)])
    log.close()
    book = erasure_elsewhere.book_of(known)
    subject = Subject(anonymous_id="d", numbers={"d": 1})
    book.request("e", subject, 1)
    book.plan("e", subject, len(LATE))
    book.close()
    with computing.engine(known) as engine:
        computing.run(known, engine, "identity", ended=True)
    told = repr(computing.given(known, "identity", "results").to_pylist())
    assert "'erased" in told
    assert "'d'" not in told
    assert "-None-d" not in told, "nor do message ids say it"


def on_the_command_line(home: Path, *arguments: str) -> dict:
    done = queqiao("transforms", *arguments, "--json", home=home)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


async def test_a_transform_runs_over_the_log_and_goes_on_from_its_checkpoint(tmp_path) -> None:
    log = EmbeddedEventLog(tmp_path / "log")
    await log.append([NewEvent("web", str(n), body, bytes(8)) for n, body in enumerate(LATE)])
    log.close()
    first = on_the_command_line(tmp_path, "run", "events_a_minute")
    assert (first["results"], first["too_late"], first["late"]) == (3, 2, None)
    assert first["progress"]["position"] == len(LATE)
    assert first["engine"] == "embedded"
    again = on_the_command_line(tmp_path, "run", "events_a_minute")
    assert again == first
    chained = on_the_command_line(tmp_path, "run", "sessions", "--ended")
    assert chained["results"] == len(pq.read_table(chained["folder"])) == 2
    assert "sessions" in queqiao("transforms", "list").stdout
