"""The laws of transforms on Spark, by a driver of its own that ends with them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qs, urlsplit

from queqiao.kernel.errors import Message
from queqiao.ports.compute import spark
from queqiao.ports.laws import Law
from queqiao.process.transforms.catalogue import MACHINES_NAME
from queqiao.wiring.verification.compute_laws import laws_of

NOT_TRIED = Message(
    "未尝试：Kafka 主题上的流、被杀的驱动进程、多台机器",
    "not tried: streams on topics of Kafka, a killed driver, more than one machine's folder",
)


@asynccontextmanager
async def laws(url: str) -> AsyncIterator[list[Law]]:
    """Yield the laws bound to ``spark:PYTHON?master=…``; the master is ``local[2]`` unless said."""
    parts = urlsplit(url)
    master = parse_qs(parts.query).get("master", ["local[2]"])[0]
    with TemporaryDirectory() as folder:
        home = Path(folder)
        process = await asyncio.to_thread(spark.start, Path(parts.path), home, master=master)
        try:
            yield laws_of(lambda: spark.SparkEngine(process, machines=MACHINES_NAME))
        finally:
            await asyncio.to_thread(process.close)
