"""The event log's laws on Kafka brokers, in a topic of their own."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from secrets import token_hex
from urllib.parse import urlsplit, urlunsplit

from queqiao.kernel.errors import Message
from queqiao.ports.event_log.kafka.place import place_of
from queqiao.ports.event_log.laws import laws as laws_of
from queqiao.ports.laws import Law
from queqiao.wiring.extras import extra

NOT_TRIED = Message(
    "未尝试：杀死或写满 broker、副本少于 min.insync.replicas",
    "not tried: killed or full brokers, fewer replicas than min.insync.replicas",
)


@asynccontextmanager
async def laws(url: str) -> AsyncIterator[list[Law]]:
    """Yield the laws bound to a log in a new topic, which is deleted at the end."""
    with extra("ports.event_log", "kafka"):
        from queqiao.ports.event_log.kafka.log import KafkaEventLog  # noqa: PLC0415  # when named
        from queqiao.ports.event_log.kafka.reader import KafkaEventLogReader  # noqa: PLC0415
        from queqiao.ports.event_log.kafka.topic import delete_topic  # noqa: PLC0415
    topic = f"queqiao.verify.{token_hex(4)}"
    place = place_of(urlunsplit(urlsplit(url)._replace(path=f"/{topic}")))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        log = await asyncio.to_thread(KafkaEventLog, place, folder)
        reader = KafkaEventLogReader(place, folder)
        try:
            yield laws_of(log, reader)
        finally:
            reader.close()
            log.close()
            await asyncio.to_thread(delete_topic, place)
