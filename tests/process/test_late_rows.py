"""What windows of a transform call too late is on record, once."""

import pyarrow as pa
import pytest
from tests.process.conftest import MINUTE, event
from tests.process.test_corrections import ask

from queqiao.kernel.clock import DAY_US
from queqiao.kernel.envelope import decode_envelope
from queqiao.kernel.errors import InvalidInput
from queqiao.ports.compute.embedded import EmbeddedEngine
from queqiao.ports.compute.sinks import MemorySink
from queqiao.ports.event_log.base import NewEvent
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.process.late_rows import LateRowsBook, Recorded, late_rows
from queqiao.process.transforms.catalogue import MACHINES, TRANSFORMS
from queqiao.process.transforms.log_source import LogSource

PATH = "/api/v1/corrections"
LATE = [
    event("Order Completed", 0, anon="d", total_minor=500),
    event("Order Completed", 5 * DAY_US, anon="d", total_minor=700),
    event("Order Completed", MINUTE, anon="d", total_minor=900),
    event("Product Viewed", 2 * MINUTE, anon="d"),
    event("Order Completed", 5 * DAY_US + MINUTE, anon="d", total_minor=100),
]
"""The third and the fourth come five days after they happened."""


async def fill(house, bodies) -> None:
    """Store events under the ids that they bear, and load them."""
    ids = [decode_envelope(body).message_id for body in bodies]
    pairs = zip(ids, bodies, strict=True)
    await house.log.append([NewEvent("web", one, body, bytes(8)) for one, body in pairs])
    await house.load()


def too_late(house, name: str) -> pa.Table:
    sink = MemorySink()
    source = LogSource(EmbeddedEventLogReader(house.folder / "log"))
    EmbeddedEngine(machines=MACHINES).run(TRANSFORMS[name], source, sink, ended=False)
    return sink.read("too_late")


async def test_each_late_row_has_a_line_once_that_says_what_the_results_lack(house) -> None:
    await fill(house, LATE)
    book = LateRowsBook(house.warehouse, house.log, "CNY")
    given = late_rows(TRANSFORMS["events_a_minute"], too_late(house, "events_a_minute"))
    assert await book.record(given) == Recorded(recorded=2)
    assert await book.record(given) == Recorded(known=2)
    again = LateRowsBook(house.warehouse, house.log, "CNY")
    assert await again.record(given) == Recorded(known=2)
    items = (await ask(house, PATH, transform="events_a_minute"))["items"]
    assert [(one["offset"], one["grain"], one["event"], one["moved"]) for one in items] == [
        (4, "minute", "Product Viewed", {"events": 1}),
        (3, "minute", "Order Completed", {"events": 1, "revenue_minor": 900}),
    ]
    assert items[0]["currency"] == "CNY"
    assert (await ask(house, PATH, transform="events_an_hour"))["items"] == []


async def test_the_lines_of_reports_stay_their_own(house) -> None:
    await fill(house, LATE)
    before = await ask(house, PATH)
    book = LateRowsBook(house.warehouse, house.log, "CNY")
    given = late_rows(TRANSFORMS["events_an_hour"], too_late(house, "events_an_hour"))
    assert (await book.record(given)).recorded == 2
    assert await ask(house, PATH) == before
    page = await ask(house, PATH, transform="events_an_hour", limit="1")
    assert [one["offset"] for one in page["items"]] == [4]
    rest = await ask(house, PATH, transform="events_an_hour", cursor=page["next_cursor"])
    assert [(one["offset"], one["grain"]) for one in rest["items"]] == [(3, "hour")]


async def test_a_row_whose_event_is_not_known_is_told(house) -> None:
    await fill(house, LATE)
    given = late_rows(TRANSFORMS["events_a_minute"], too_late(house, "events_a_minute"))
    empty = LateRowsBook(house.warehouse, Nothing(), "CNY")
    assert await empty.record(given) == Recorded(unknown=2)
    assert (await ask(house, PATH, transform="events_a_minute"))["items"] == []


class Nothing:
    async def find(self, message_id, source=None):
        return []


async def test_a_transform_without_windows_and_one_that_is_not_there_are_refused(house) -> None:
    rows = pa.table({"source": ["web"], "message_id": ["m"]})
    for name in ("identity", "sessions"):
        with pytest.raises(InvalidInput) as refused:
            late_rows(TRANSFORMS[name], rows)
        assert refused.value.fields[0].path == "transform"
    await fill(house, LATE)
    with pytest.raises(InvalidInput) as refused:
        await ask(house, PATH, transform="no_such")
    assert refused.value.fields[0].path == "transform"
