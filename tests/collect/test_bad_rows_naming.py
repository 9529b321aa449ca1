"""Bad rows that name somebody lose their bytes, and no others do."""

import base64
import json
from itertools import starmap
from pathlib import Path
from unicodedata import normalize

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
from queqiao.process.erasure_book import Subject
from queqiao.process.identifiers import identifier
from queqiao.wiring.erasure_elsewhere import is_word

WHO = normalize("NFC", "zoé-1234")
SHORT, WORD = "15", "timestamp"
"""Ids that could also be a price, and the name of a field."""
PACKED = base64.urlsafe_b64encode(
    json.dumps({"schema": "iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0",
                "data": {"schema": "iglu:a/b/jsonschema/1-0-0", "data": {"who": WHO}}}).encode()
).decode()  # fmt: skip


def row(body: bytes, **more: object) -> BadRow:
    reason = Message("不对", "wrong")
    return BadRow(7, "web", "invalid", "event", reason, body, **more)  # type: ignore[arg-type]


def of_json(value: object, **more: object) -> BadRow:
    return row(json.dumps(value, ensure_ascii=False).encode(), **more)


NAMES = [
    "userId", "user_id", "anonymousId", "anonymous_id", "previousId", "previous_id", "alias",
    "distinct_id", "$user_id", "$device_id", "$anon_distinct_id", "client_id", "app_instance_id",
    "uid", "duid", "nuid", "customer_id", "openid",
]  # fmt: skip
SESSION = json.dumps({"data": [{
    "schema": "iglu:com.snowplowanalytics.snowplow/client_session/jsonschema/1-0-2",
    "data": {"userId": SHORT, "sessionId": "s"},
}]})  # fmt: skip

NAMING = {
    "id": of_json({"userId": WHO}),
    "escaped": row(json.dumps({"userId": WHO}).encode()),
    "decomposed": of_json({"userId": normalize("NFD", WHO)}),
    "deep": of_json({"batch": [[{"x": {"of": WHO}}]]}),
    "as-a-name": of_json({"prefs": {WHO: True}}),
    "number": of_json({"userId": 15}),
    "torn": row(f'{{"userId":"{WHO}","ev'.encode()),
    "form": row(f"a=1&user={WHO}&b=2".encode()),
    "quoted-form": row(b"a=1&user=zo%C3%A9-1234&b=2"),
    "bytes": row(b"\xff\xfe " + WHO.encode() + b" \xff"),
    "snowplow": of_json({"e": "ue", "ue_px": PACKED, "tna": "x"}, protocol="snowplow"),
    **{f"named-by-{name}": of_json({"of": [{name: SHORT}]}) for name in NAMES},
    **{f"torn-{name}": row(f'[{{"{name}" : "{SHORT}","ev'.encode()) for name in NAMES},
    **{f"form-{name}": row(f"a=1&{name}={SHORT}&b=2".encode()) for name in NAMES},
    "many": of_json({"userId": ["14", SHORT]}),
    "wrapped": of_json({"user_properties": {"user_id": {"value": 15}}}),
    "device": of_json({"context": {"device": {"id": SHORT}}}),
    "torn-number": row(b'{"userId":15,"ev'),
    "torn-in-a-text": row(rb'{"co":"{\"userId\":\"15\",\"x'),
    "word": of_json({"event": {"of": WORD}}),
    "torn-word": row(f'{{"userId":"{WORD}","ev'.encode()),
    "torn-batch": row(b'[{"userId":"other","price":3},{"userId":"15","event":"a"},{"us'),
    "pixel": row(b"e=pv&uid=15&p=web", protocol="snowplow"),
    "snowplow-session": of_json({"e": "pv", "co": SESSION}, protocol="snowplow"),
}
OTHERS = {
    "price": of_json({"userId": "other", "event": "Order Completed", "price": 15}),
    "sku": of_json({"userId": "other", "products": [{"sku": SHORT}]}),
    "as-a-short-name": of_json({"sizes": {SHORT: 2}, "userId": "other"}),
    "form-price": row(b"price=15&user=other"),
    "torn-others-batch": row(b'[{"userId":"other","price":15,"sku":"15"},{"us'),
    "held-elsewhere": of_json({"user": {"age": 15, "name": SHORT}}),
    "named-elsewhere": of_json({"product": {"id": SHORT}, "value": 15}),
    "torn-longer": row(b'{"userId":"15-3","uid":15.5,"user_id":"15@x","event'),
    "ends-alike": row(b"paid=15&liquid=15&suid=15"),
    "name-of-a-field": of_json({"userId": "other", WORD: "2026-06-01T00:00:00Z"}),
    "torn-name-of-a-field": row(f'{{"{WORD}":"2026-06-01T00:00:00Z","userId":"o'.encode()),
    "part-of-an-id": of_json({"userId": WHO + "3"}),
    "in-a-sentence": of_json({"text": f"{WHO} said"}),
    "longer-number": of_json({"userId": 150}),
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
    return naming(folder / "bad_rows", [WHO, SHORT, WORD], lambda *_: False)


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


async def test_a_word_that_is_theirs_is_found_in_json(tmp_path: Path) -> None:
    rows = {
        "phone": of_json({"text": "138 0000-1111"}),
        "phone-as-number": of_json({"x": 13800001111}),
        "name": of_json({"x": {"Li@x.com": 1}}),
        "card": of_json({"member_card": 4711}),
        "long-card": of_json({"x": "CARD-4711"}),
        "price": of_json({"price": 4711}),
        "torn": row(b'{"phone":"13800001111","ev'),
    }
    told = [("phone", "13800001111"), ("email", "li@x.com"), ("card", "4711"), ("card", "card4711")]
    held = [one for one in starmap(identifier, told) if one]
    log, ids = await kept(tmp_path, rows)
    by_word = naming(tmp_path / "bad_rows", ["nobody"], is_word(Subject(identifiers=held)))
    assert by_word == [ids[name] for name in rows if name not in {"price", "torn"}]
    log.close()


async def test_an_emptied_row_says_no_more_which_event_it_became(tmp_path: Path) -> None:
    folder, secret = tmp_path / "bad_rows", "message-of-zoe"
    log, ids = await kept(tmp_path, {"id": NAMING["id"], "other": OTHERS["price"]})
    groups = BadRowGroups(folder)
    for _ in range(2):  # as two replays at once may
        await log.mark_replayed(ids["id"], secret)
    await log.mark_replayed(ids["other"], "of-another")
    assert [one.waiting for one in groups.groups()] == [0, 0]
    await log.empty([ids["id"]])
    held = b"".join(path.read_bytes() for path in folder.iterdir())
    assert (held.count(secret.encode()), held.count(b"of-another")) == (0, 1)
    for seen in (log.find, groups.row, BadRowGroups(folder).row):
        emptied, other = seen(ids["id"]), seen(ids["other"])
        assert emptied is not None
        assert other is not None
        assert (emptied.replayed_as, other.replayed_as) == ("", "of-another")
    await log.mark_replayed(ids["id"], secret)  # by a replay that had begun before
    log.close()
    log = BadRowsLog(folder)
    assert [one.replayed_as for one in log.newest(2, None)] == ["of-another", ""]
    assert secret.encode() not in b"".join(path.read_bytes() for path in folder.iterdir())
    log.close()


async def test_marks_of_rows_that_were_emptied_before_are_emptied_too(tmp_path: Path) -> None:
    folder, secret = tmp_path / "bad_rows", b"message-of-zoe"
    log, ids = await kept(tmp_path, {"id": row(b"")})
    log._emptied.clear()  # as a build of before left it
    await log.mark_replayed(ids["id"], secret.decode())
    log.close()
    assert secret in b"".join(path.read_bytes() for path in folder.iterdir())
    log = BadRowsLog(folder)
    await log.empty([])
    assert secret not in b"".join(path.read_bytes() for path in folder.iterdir())
    log.close()
