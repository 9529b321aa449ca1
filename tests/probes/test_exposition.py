"""The Prometheus formats: golden documents, hostile ones, and what we write read by promtool."""

import json
import math
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as some

from queqiao.collect.probes.contracts import Sample
from queqiao.collect.probes.exposition import parse, render

CASES = json.loads((Path(__file__).parents[1] / "cases/probes/expositions.json").read_text("utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_document(case: dict) -> None:
    found = parse(case["text"], openmetrics=case.get("openmetrics", False))
    assert found.wrong_lines == case.get("wrong", 0)
    assert found.samples == [
        Sample(name, float(value), labels, kind, at)
        for name, value, labels, kind, at in case["samples"]
    ]


def test_not_a_number() -> None:
    (sample,) = parse("x NaN\n").samples
    assert math.isnan(sample.value)


def test_the_number_of_samples_is_bounded() -> None:
    text = "".join(f"m{n} 1\n" for n in range(100))
    found = parse(text, samples_max=10)
    assert (len(found.samples), found.cut) == (10, True)
    assert not parse(text, samples_max=100).cut


NAMES = some.from_regex(r"[a-z_:][a-z0-9_:]{0,8}", fullmatch=True)
LABELS = some.dictionaries(
    some.from_regex(r"[a-z_][a-z0-9_]{0,5}", fullmatch=True),
    some.text(some.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=20),
    max_size=3,
)


@settings(max_examples=60, deadline=None)
@example([("a", -0.0, {}), ("b", 2.0**53, {}), ("c", -7.0, {})])
@given(some.lists(some.tuples(NAMES, some.floats(allow_nan=False), LABELS), max_size=10))
def test_what_is_written_is_read_again(parts: list[tuple[str, float, dict[str, str]]]) -> None:
    written = [Sample(name, value, labels, "unknown") for name, value, labels in parts]
    found = parse(render(written).decode())
    assert found.wrong_lines == 0
    assert sorted(map(repr, found.samples)) == sorted(map(repr, written))


@settings(deadline=None)
@given(some.text())
def test_any_text_is_read(text: str) -> None:
    assert parse(text).samples is not None


@pytest.mark.parametrize("filler", ['a="b",', '"', "{", '\\"', 'x="', " , "])
def test_a_hostile_line_takes_no_time(filler: str) -> None:
    started = time.process_time()
    parse("m{" + (filler * 100_000)[:99_000] + "} 1\n" * 3)
    assert time.process_time() - started < 0.5


@pytest.mark.skipif(shutil.which("promtool") is None, reason="Debian's prometheus is not installed")
def test_prometheus_own_tool_reads_what_we_write() -> None:
    samples = [
        Sample("node_load1", 0.5),
        Sample("process_cpu_seconds_total", 12.25, {"role": 'a"\\\n鹊桥'}, "counter"),
        Sample("up", math.inf),
    ]
    done = subprocess.run(
        ["promtool", "check", "metrics"],
        check=False,
        input=render(samples),
        capture_output=True,
        timeout=30,
    )
    assert b"error while linting" not in done.stderr.lower(), done.stderr
    assert b"parsing error" not in done.stderr, done.stderr
