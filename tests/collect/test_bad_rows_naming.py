"""Bad rows that name somebody lose their bytes, and no others do."""

import base64
import json
from pathlib import Path
from unicodedata import normalize

import pytest

from queqiao.collect.bad_row_groups import BadRowGroups
from queqiao.collect.bad_rows import BadRowsLog
from queqiao.collect.bad_rows_naming import naming
from queqiao.collect.contracts import BadRow
from queqiao.collect.replay import Replayer
from queqiao.collect.validation import Validator
from queqiao.kernel.clock import FixedClock
from queqiao.kernel.errors import Message
from queqiao.kernel.ids import IdSource
from queqiao.ports.event_log.embedded import EmbeddedEventLog

WHO = normalize("NFC", "zoé-12")
PACKED = base64.urlsafe_b64encode(
    json.dumps({"schema": "iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0",
                "data": {"schema": "iglu:a/b/jsonschema/1-0-0", "data": {"who": WHO}}}).encode()
).decode()  # fmt: skip


def row(body: bytes, **more: object) -> BadRow:
    reason = Message("不对", "wrong")
    return BadRow(7, "web", "invalid", "event", reason, body, **more)  # type: ignore[arg-type]


def of_json(value: object, **more: object) -> BadRow:
    return row(json.dumps(value, ensure_ascii=False).encode(), **more)


NAMING = {
    "id": of_json({"userId": WHO}),
    "escaped": row(json.dumps({"userId": WHO}).encode()),
    "decomposed": of_json({"userId": normalize("NFD", WHO)}),
    "deep": of_json({"batch": [[{"x": {"of": WHO}}]]}),
    "as-a-name": of_json({"prefs": {WHO: True}}),
    "number": of_json({"userId": 4711}),
    "torn": row(f'{{"userId":"{WHO}","ev'.encode()),
    "form": row(f"a=1&user={WHO}&b=2".encode()),
    "quoted-form": row(b"a=1&user=zo%C3%A9-12&b=2"),
    "bytes": row(b"\xff\xfe " + WHO.encode() + b" \xff"),
    "snowplow": of_json({"e": "ue", "ue_px": PACKED, "tna": "x"}, protocol="snowplow"),
}
OTHERS = {
    "part-of-an-id": of_json({"userId": WHO + "3"}),
    "in-a-sentence": of_json({"text": f"{WHO} said"}),
    "longer-number": of_json({"userId": 47110}),
    "true-is-no-number": of_json({"userId": True}),
    "torn-part": row(f'{{"userId":"{WHO}3","ev'.encode()),
    "empty": row(b""),
    "deeply-nested": row(b"[" * 100_000),
}


async def kept(folder: Path, rows: dict[str, BadRow]) -> tuple[BadRowsLog, dict[str, str]]:
    """Return a log of rows, and the id of each."""
    log = BadRowsLog(folder / "bad_rows")
    ids = {}
    for name, one in rows.items():
        await log.keep([one])
        ids[name] = log.newest(1, None)[0].id
    return log, ids


def found(folder: Path) -> list[str]:
    return naming(folder / "bad_rows", [WHO, "4711"], {WHO, "4711"}.__contains__)


async def test_rows_are_found_by_whole_ids_only(tmp_path: Path) -> None:
    log, ids = await kept(tmp_path, NAMING | OTHERS)
    assert found(tmp_path) == [ids[name] for name in NAMING]
    log.close()


async def test_an_emptied_row_says_why_and_nothing_more(tmp_path: Path) -> None:
    log, ids = await kept(tmp_path, NAMING | OTHERS)
    groups = BadRowGroups(tmp_path / "bad_rows")
    before = {one.id: one.rows for one in groups.groups()}
    await log.empty([*found(tmp_path), "no-such-row"])
    assert found(tmp_path) == []
    for _ in range(2):
        for name, row_id in ids.items():
            one, there = (NAMING | OTHERS)[name], log.find(row_id)
            assert there is not None
            assert there.row.body == (b"" if name in NAMING else one.body)
            assert (there.row.reason, there.row.path) == (one.reason, one.path)
        log.close()
        log = BadRowsLog(tmp_path / "bad_rows")
    assert {one.id: one.rows for one in groups.groups()} == before
    held = b"".join(path.read_bytes() for path in (tmp_path / "bad_rows").iterdir())
    assert held.count(WHO.encode()) == sum(one.body.count(WHO.encode()) for one in OTHERS.values())
    await log.empty(found(tmp_path))
    log.close()


async def test_an_emptied_row_cannot_be_replayed(tmp_path: Path) -> None:
    log, ids = await kept(tmp_path, {"id": NAMING["id"]})
    await log.empty(list(ids.values()))
    events = EmbeddedEventLog(tmp_path / "log")
    replayer = Replayer(events, log, Validator(IdSource(FixedClock(7), lambda bits: bits)))
    answer = await replayer.replay(list(ids.values()))
    assert (answer.replayed, len(answer.refused)) == (0, 1)
    events.close()
    log.close()


@pytest.mark.parametrize("name", ["id", "torn"])
async def test_a_word_that_is_theirs_is_found_in_json(tmp_path: Path, name: str) -> None:
    log, ids = await kept(tmp_path, {name: NAMING[name]})
    by_word = naming(tmp_path / "bad_rows", ["nobody"], lambda text: text == WHO)
    assert by_word == ([ids[name]] if name == "id" else [])
    log.close()
