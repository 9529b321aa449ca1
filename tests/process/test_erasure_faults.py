"""What fails in the middle of an erasure, a statement or one event, is gone on from."""

from typing import Any

import msgspec
import pytest
from tests.process.conftest import Nowhere, eraser_of, event
from tests.process.test_erasure import DEVICE, KEPT_USER, SECRET, USER, fill

from queqiao.kernel.envelope import decode_envelope, encode_envelope
from queqiao.kernel.own_events import OWN_SOURCE
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.process.erasure_book import Subject
from queqiao.process.stitching_events import MERGED


def of_no_kind(raw: bytes, made: bytes, **changed: Any) -> bytes:
    """Return an event with properties that no door lets pass."""
    envelope = decode_envelope(made)
    envelope.properties = msgspec.Raw(raw)
    return encode_envelope(msgspec.structs.replace(envelope, **changed))


async def test_an_event_that_our_code_fails_on_stops_no_erasure(
    house, lake, book, tmp_path
) -> None:
    order = {"source": OWN_SOURCE, "event": MERGED}
    await house.load(
        of_no_kind(b"null", event("A", 0, user=USER, context={"page": {"url": SECRET}})),
        of_no_kind(b'["harbour-street-12"]', event("A", 1, user=USER, anon=DEVICE)),
        of_no_kind(b'{"id":5,"other":"%s"}' % USER.encode(), event("A", 2), **order),
        of_no_kind(b'{"id":5,"other":"x"}', event("A", 3, user=USER, anon="x"), **order),
        of_no_kind(b'{"id":5,"other":"tea"}', event("A", 4), **order),
        of_no_kind(b"null", event(None, 5, user=KEPT_USER, kind="alias")),
        event("A", 6, user=USER, note=SECRET),
    )  # fmt: skip
    rows = "SELECT offset, person, session_id, timestamp FROM events ORDER BY offset"
    before = await house.ask(rows)
    assert [row[0] for row in before] == [1, 2, 6, 7]
    for number, one in enumerate((USER, KEPT_USER)):
        book.request(f"e{number}", Subject(user_id=one), number)
        await eraser_of(house, lake, book).advance(2)
        await eraser_of(house, lake, book).advance(3)
        book.done(f"e{number}", 4)
    assert book.unfinished() is None
    told = repr(EmbeddedEventLogReader(tmp_path / "log").read(0, 100))
    assert [one for one in (USER, DEVICE, SECRET, KEPT_USER) if one in told] == []
    assert "tea" in told
    assert await house.ask(rows) == before


async def test_where_events_are_is_known_after_a_crash_too(house, lake, book) -> None:
    """What fails comes after the rows, which would tell it, were rewritten."""
    await fill(house)
    book.request("e1", Subject(user_id=USER), 1)
    nowhere, command = Nowhere(), house.warehouse.command
    eraser = eraser_of(house, lake, book, elsewhere=nowhere)
    await eraser.advance(2)

    async def failing(sql: str) -> None:
        if "ALTER TABLE stitches" in sql:
            raise OSError("cut off")
        await command(sql)

    house.warehouse.command = failing
    with pytest.raises(OSError, match="cut off"):
        await eraser.advance(3)
    del house.warehouse.command
    await eraser_of(house, lake, book, elsewhere=nowhere).advance(3)
    assert [offsets for _, offsets in nowhere.asked] == [[1, 2, 3, 4, 6]] * 3
    assert book.find("e1").phase == "removing"
