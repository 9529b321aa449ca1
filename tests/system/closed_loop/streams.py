"""A transform at work on the loop's log while it grows, by Spark or Flink, and killed there."""

import os
import signal
from pathlib import Path

import pyarrow as pa
from confluent_kafka.admin import NewTopic
from tests.system.closed_loop.stands import Stand
from tests.system.closed_loop.transforms import start_engine
from tests.system.waiting import until

from deploy.engines.instance import Instance
from queqiao.ports.compute.digest import digest
from queqiao.ports.compute.embedded import EmbeddedEngine
from queqiao.ports.compute.keyed import columns_given
from queqiao.ports.compute.sinks import MemorySink
from queqiao.ports.compute.streams import RunningStream
from queqiao.ports.compute.versions import standing
from queqiao.ports.compute.written import read_written
from queqiao.ports.event_log.kafka.topic import ANSWER_WITHIN_S, admin_of
from queqiao.process.transforms.catalogue import MACHINES, TRANSFORMS
from queqiao.process.transforms.log_source import LogSource
from queqiao.process.transforms.log_streams import log_stream
from queqiao.wiring import adapters

TRANSFORM = "events_a_minute"
"""It tells early and corrects itself, so what stands in the end is all that came."""

EQUAL_WITHIN_S = 120.0


class LiveStream:
    """The stream, and the hand that starts it again, as an operator's supervisor does."""

    def __init__(self, name: str, engines: Instance, stand: Stand, folder: Path) -> None:
        place = adapters.kafka_place(stand.settings)
        assert place is not None
        self._name, self._engines, self._stand, self._place = name, engines, stand, place
        self._topics = {kind: f"{place.topic}.{name}.{kind}" for kind in ("results", "too_late")}
        admin = admin_of(place)  # held: what it was asked ends with it
        made = admin.create_topics([NewTopic(topic, 3, 3) for topic in self._topics.values()])
        for topic in made.values():
            topic.result(ANSWER_WITHIN_S)
        self._folder = folder / name
        self._folder.mkdir()
        self._asked = log_stream(TRANSFORM, place, self._folder, *self._topics.values())
        self.start()

    def start(self) -> None:
        """Start the engine's process and give it the stream; it goes on from its checkpoint."""
        self._process = start_engine(self._name, self._engines, self._folder)
        self._stream = RunningStream(self._process, self._asked)

    def kill_driver(self) -> None:
        """Kill the process that the stream was given to, with all that it started."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.close()

    def rows(self) -> pa.Table:
        """Return what it has written by now, each result once."""
        self._stream.check()
        columns = columns_given(TRANSFORMS[TRANSFORM], MACHINES)["results"]
        client = self._place.settings("loop")
        return read_written(client, self._topics["results"], columns).rows

    def expect_all(self) -> None:
        """Wait until what stands is what the embedded engine makes of the whole log."""
        sink = MemorySink()
        source = LogSource(adapters.event_log_reader(self._stand.settings))
        EmbeddedEngine(machines=MACHINES).run(TRANSFORMS[TRANSFORM], source, sink, ended=False)
        meant = _stands(sink.read("results"))
        until(lambda: _stands(self.rows()) == meant, EQUAL_WITHIN_S, 1.0)

    def close(self) -> None:
        """End it."""
        self._stream.close()


def _stands(results: pa.Table | None) -> str:
    assert results is not None
    return digest(standing(results, ("event", "bucket")))
