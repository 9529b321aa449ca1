"""The event log as a source of transforms; the position is the offset."""

from collections.abc import Callable, Sequence

import pyarrow as pa

from queqiao.kernel.errors import InvalidInput
from queqiao.ports.compute.base import Chunk
from queqiao.ports.compute.values import ARROW, schema_of
from queqiao.ports.event_log.base import EventLogReader, StoredEvent
from queqiao.process.enrichment.enricher import Enricher, campaign_of
from queqiao.process.facts import Fact, FactReader
from queqiao.process.identity import ids_of
from queqiao.process.stitching_events import is_order
from queqiao.process.transforms.catalogue import EVENT_COLUMNS

EVENTS_A_CHUNK = 10_000
"""How many events are read at once."""


class EventRows:
    """Reads events as the log stores them, as the columns of the catalogue.

    They are read by the reader that the loader reads them by, so time, ids and campaign mean the
    same. What has no row of ``events`` is left out: what cannot be read, which ``refused`` counts,
    and an operator's orders. It is a ``RecordReader`` of ``ports/compute``: engines read a log in
    Kafka by it.
    """

    def __init__(self, enricher: Enricher | None = None, currency: str = "CNY") -> None:
        self._facts = FactReader(enricher or Enricher(), currency)
        self.refused = 0

    def read(self, lines: Sequence[bytes]) -> tuple[pa.Table, list[int]]:
        """Return the rows of stored bodies, and for each the place of its body."""
        return self.rows([StoredEvent(0, body) for body in lines])

    def rows(self, events: Sequence[StoredEvent]) -> tuple[pa.Table, list[int]]:
        """Return the rows of stored events, and for each the place of its event."""
        found, places = list[Fact](), list[int]()
        for place, event in enumerate(events):
            fact = self._fact(event)
            if fact is not None:
                found.append(fact)
                places.append(place)
        return _table(found), places

    def _fact(self, event: StoredEvent) -> Fact | None:
        try:
            fact = self._facts.read(event)
        except InvalidInput:
            self.refused += 1
            return None
        return None if is_order(fact.envelope) else fact


class LogSource:
    """Committed events in the order of the log, as the columns of the catalogue.

    ``veiled`` gives an event as an erasure leaves it, where the log could not be rewritten.
    """

    def __init__(
        self,
        reader: EventLogReader,
        events_a_chunk: int = EVENTS_A_CHUNK,
        *,
        enricher: Enricher | None = None,
        currency: str = "CNY",
        veiled: Callable[[StoredEvent], StoredEvent] | None = None,
    ) -> None:
        self._reader, self._events_a_chunk = reader, events_a_chunk
        self._rows = EventRows(enricher, currency)
        self._veiled = veiled

    def read(self, position: int) -> Chunk | None:
        """Return the events after an offset."""
        events = self._reader.read(position, self._events_a_chunk)
        if not events:
            return None
        shown = events if self._veiled is None else list(map(self._veiled, events))
        rows, _ = self._rows.rows(shown)
        return Chunk(rows, events[-1].offset)


def _table(facts: list[Fact]) -> pa.Table:
    rows = [fact.envelope for fact in facts]
    ids = [ids_of(fact) for fact in facts]
    times = pa.array([row.timestamp_us for row in rows], pa.int64()).cast(ARROW["time"])
    columns = [
        [row.source for row in rows],
        [row.message_id for row in rows],
        [row.event for row in rows],
        [anonymous_id or None for anonymous_id, _ in ids],
        [user_id or None for _, user_id in ids],
        times,
        [bytes(row.properties).decode() for row in rows],
        [campaign_of(fact.circumstances) for fact in facts],
    ]
    return pa.table(columns, schema=schema_of(EVENT_COLUMNS))
