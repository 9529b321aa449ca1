"""The event log as a source of transforms; the position is the offset."""

import pyarrow as pa

from queqiao.kernel.envelope import Envelope, decode_envelope
from queqiao.ports.compute.base import Chunk
from queqiao.ports.compute.values import ARROW, schema_of
from queqiao.ports.event_log.base import EventLogReader
from queqiao.process.transforms.catalogue import EVENT_COLUMNS

EVENTS_A_CHUNK = 10_000
"""How many events are read at once."""


class LogSource:
    """Committed events in the order of the log, as the columns of the catalogue."""

    def __init__(self, reader: EventLogReader, events_a_chunk: int = EVENTS_A_CHUNK) -> None:
        self._reader, self._events_a_chunk = reader, events_a_chunk

    def read(self, position: int) -> Chunk | None:
        """Return the events after an offset."""
        events = self._reader.read(position, self._events_a_chunk)
        if not events:
            return None
        rows = [decode_envelope(event.body) for event in events]
        return Chunk(_table(rows), events[-1].offset)


def _table(rows: list[Envelope]) -> pa.Table:
    times = pa.array([row.timestamp_us for row in rows], pa.int64()).cast(ARROW["time"])
    columns = [
        [row.source for row in rows],
        [row.message_id for row in rows],
        [row.event for row in rows],
        [row.anonymous_id for row in rows],
        [row.user_id for row in rows],
        times,
        [bytes(row.properties).decode() for row in rows],
    ]
    return pa.table(columns, schema=schema_of(EVENT_COLUMNS))
