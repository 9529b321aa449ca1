"""Lines as servers write them, read to events; whatever else comes becomes a bad row."""

import contextlib
import json
import re
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from tests.collect_logs.conftest import Store, drain, files, line, tail_of

from queqiao.collect.logs.formats import reader_of
from queqiao.collect.logs.line_ids import Place, line_id, place_of
from queqiao.collect.logs.requests import call_of
from queqiao.collect.logs.settings import LogFiles, LogSettings, problems
from queqiao.kernel.clock import format_rfc3339
from queqiao.kernel.errors import InvalidInput

CASES = json.loads((Path(__file__).parents[1] / "cases/collect_logs/lines.json").read_text("utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
async def test_a_line(case: dict, store: Store, logs: Path) -> None:
    log = logs / "access.log"
    log.write_bytes(case["line"].encode() + b"\n" + line(2))
    second = files(log, format="combined")
    await drain(tail_of(store, files(log, **case["files"])))
    if "refused" in case:
        (first, *_rest) = reversed(store.bad_rows.newest(9, None))
        assert (first.row.path, first.row.body) == (case["refused"], case["line"].encode())
        assert first.row.reason.zh
        return
    event = store.events()[0]
    assert event["event"] == case["event"]
    assert format_rfc3339(event["timestamp_us"]) == case["timestamp"]
    assert event["properties"] == case["properties"]
    assert event["context"] == case["context"]
    assert event.get("user_id") == case.get("user_id")
    assert event["anonymous_id"] == "log:nginx"
    assert event["source"] == "nginx" == second.source


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    some.sampled_from(["combined", "json"]),
    some.text(max_size=200)
    | some.recursive(
        some.none() | some.booleans() | some.floats() | some.integers() | some.text(),
        lambda inner: some.dictionaries(
            some.sampled_from(["status", "path", "time", "bytes", "request", "request_time"]), inner
        ),
    ).map(json.dumps),
)
def test_any_line_is_read_or_refused(kind: str, text: str) -> None:
    read = reader_of(LogFiles("s", ["x"], format=kind))
    with contextlib.suppress(InvalidInput):  # and with nothing else
        assert call_of(read(text), "e", "s", "id")


@pytest.mark.parametrize("filler", [" [", '"', "\\", "- [x] ", "a" * 20 + " "])
def test_a_hostile_line_takes_no_time(filler: str) -> None:
    text = "1.1.1.1 - " + (filler * 65_536)[:65_000]
    started = time.process_time()
    with pytest.raises(InvalidInput):
        reader_of(LogFiles("s", ["x"]))(text)
    assert time.process_time() - started < 0.5


def test_an_id_tells_its_place() -> None:
    place = Place("0123456789abcdef" * 2, 618)
    assert place_of(line_id(place, b"x")) == place
    assert line_id(place, b"x") != line_id(place, b"y")
    assert place_of("log-x-1-2") is None
    assert place_of(None) is None


def test_what_the_settings_must_not_say() -> None:
    bad = LogSettings(
        files=[
            LogFiles("ads", ["x"]),
            LogFiles("a", ["x"], format="regex", pattern="("),
            LogFiles("b", ["x"], format="regex", pattern="x"),
            LogFiles("c", ["x"], format="regex", pattern="(?P<path>x)"),
        ]
    )
    found = [field.path for field in problems(bad)]
    assert found == ["logs.files[0].source", "logs.files[1].pattern", "logs.files[2].pattern"]
    assert re.compile(bad.files[3].pattern)
