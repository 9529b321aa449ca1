"""Bad rows by what is wrong with them, as the console's role reads them from the journal."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from queqiao.collect import bad_row_ids
from queqiao.collect.bad_row_groups import BadRowGroups, event_of
from queqiao.collect.bad_rows import BadRowsLog
from queqiao.collect.contracts import BadRow, BadRowCode, Protocol
from queqiao.kernel.errors import Message

MINUTE_US = 60_000_000
MISSING = Message("缺少单号", "the order id is missing")
TYPE = Message("须为文字", "text is wanted")


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[BadRowsLog]:
    rows = BadRowsLog(tmp_path)
    yield rows
    rows.close()


def row(
    event: str, reason: Message, at_us: int = 0, source: str = "web", code: BadRowCode = "invalid"
) -> BadRow:
    body = b'{"type":"track","event":"%s"}' % event.encode()
    return BadRow(at_us, source, code, "properties.order_id", reason, body)


@pytest.mark.parametrize(
    ("protocol", "body", "message_id"),
    [
        ("segment", {"messageId": "m-1"}, "m-1"),
        ("segment", {"message_id": "m-2", "properties": 7}, "m-2"),
        ("segment", {"messageId": 12345678901234567890123}, "12345678901234567890123"),
        ("segment", {"messageId": "cafe\u0301"}, "café"),
        ("posthog", {"event": "x", "uuid": "u-1", "distinct_id": "d"}, "u-1"),
        ("snowplow", {"e": "pv", "eid": "e-1"}, "e-1"),
    ],
)
def test_rows_are_found_by_the_message_id_that_they_bear(
    kept: BadRowsLog, tmp_path: Path, protocol: Protocol, body: dict[str, Any], message_id: str
) -> None:
    groups = BadRowGroups(tmp_path)
    raw = json.dumps(body).encode()
    mine = BadRow(1, "web", "invalid", "", TYPE, raw, protocol=protocol)
    derived = BadRow(2, "web", "invalid", "", TYPE, b"no JSON", own_id="ga4-1")
    keep(kept, mine, mine, derived, row("Order Completed", MISSING))
    assert [found.row for found in groups.named(message_id, 9)] == [mine, mine]
    assert [found.row for found in groups.named("ga4-1", 9)] == [derived]
    assert len(groups.named(message_id, 1)) == 1
    assert groups.named("", 9) == groups.named("other", 9) == []


def test_rows_whose_ids_share_a_hash_are_told_apart(
    kept: BadRowsLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bad_row_ids, "_hash", len)
    groups = BadRowGroups(tmp_path)
    for message_id in ("a", "b"):
        body = b'{"messageId":"%s"}' % message_id.encode()
        keep(kept, BadRow(1, "web", "invalid", "", TYPE, body))
    assert [found.row.body for found in groups.named("b", 9)] == [b'{"messageId":"b"}']


def keep(kept: BadRowsLog, *rows: BadRow) -> None:
    asyncio.run(kept.keep(rows))


def test_rows_with_one_cause_are_one_group(kept: BadRowsLog, tmp_path: Path) -> None:
    keep(kept, row("Order Completed", MISSING, 1), row("Order Completed", MISSING, 9))
    keep(kept, row("Order Completed", TYPE, 5), row("Order Refunded", MISSING, 3))
    found = BadRowGroups(tmp_path).groups()
    told = [(one.event, one.reason.en, one.rows, one.first_at_us, one.last_at_us) for one in found]
    assert told == [
        ("Order Completed", MISSING.en, 2, 1, 9),
        ("Order Completed", TYPE.en, 1, 5, 5),
        ("Order Refunded", MISSING.en, 1, 3, 3),
    ]


def test_what_comes_later_is_seen_and_a_replay_is_taken_off(
    kept: BadRowsLog, tmp_path: Path
) -> None:
    groups = BadRowGroups(tmp_path)
    assert groups.groups() == []
    keep(kept, row("A", MISSING), row("A", MISSING))
    (group,) = groups.groups()
    first, second = groups.waiting(group, 10)
    asyncio.run(kept.mark_replayed(first, "m-1"))
    (group,) = groups.groups()
    assert (group.rows, group.waiting, groups.waiting(group, 10)) == (2, 1, [second])
    newest = groups.newest(group, 10)
    assert [(one.id, one.replayed_as) for one in newest] == [(second, None), (first, "m-1")]
    assert groups.newest(group, 1)[0].row.body == row("A", MISSING).body


def test_the_minutes_of_each_source_are_counted(kept: BadRowsLog, tmp_path: Path) -> None:
    keep(kept, row("A", MISSING, 5 * MINUTE_US), row("A", TYPE, 5 * MINUTE_US + 7))
    keep(kept, row("A", MISSING, 9 * MINUTE_US, source="app"))
    groups = BadRowGroups(tmp_path)
    assert groups.by_minute(0) == {("web", 5): 2, ("app", 9): 1}
    assert groups.by_minute(6 * MINUTE_US) == {("app", 9): 1}


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b'{"event":"Order Completed"}', "Order Completed"),
        (b'{"type":"identify"}', "identify"),
        (b'{"event":7,"type":"track"}', "track"),
        (b"\xff\xfe", ""),
        (b"[1]", ""),
        (b"[" * 100_000, ""),
    ],
)
def test_the_event_is_told_where_it_can_be(body: bytes, name: str) -> None:
    assert event_of(BadRow(0, "web", "invalid", "", TYPE, body)) == name


def test_only_rows_of_the_journal_have_bytes(kept: BadRowsLog, tmp_path: Path) -> None:
    keep(kept, row("A", MISSING))
    groups = BadRowGroups(tmp_path)
    (row_id,) = groups.waiting(groups.groups()[0], 1)
    found = groups.row(row_id)
    assert found is not None
    assert found.row.body == row("A", MISSING).body
    for stranger in ("1", "x", "-1", "9" * 30):
        assert groups.row(stranger) is None
