"""The laws of transforms on Flink, by a client of its own that ends with them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qs, urlsplit

from queqiao.kernel.errors import Message
from queqiao.ports.compute import flink
from queqiao.ports.laws import Law
from queqiao.process.transforms.catalogue import MACHINES_NAME
from queqiao.wiring.verification.compute_laws import laws_of

NOT_TRIED = Message(
    "未尝试：Kafka 主题上的流、被杀的任务管理器、多台机器",
    "not tried: streams on topics of Kafka, a killed task manager, more than one machine's folder",
)


@asynccontextmanager
async def laws(url: str) -> AsyncIterator[list[Law]]:
    """Yield the laws bound to ``flink:PYTHON?rest=http://…``; without it the client runs all."""
    parts = urlsplit(url)
    rest = parse_qs(parts.query).get("rest", [None])[0]
    with TemporaryDirectory() as folder:
        home = Path(folder)
        process = await asyncio.to_thread(flink.start, Path(parts.path), home, rest=rest)
        try:
            yield laws_of(lambda: flink.FlinkEngine(process, machines=MACHINES_NAME))
        finally:
            await asyncio.to_thread(process.close)
