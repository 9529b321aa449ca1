"""The real door in process: the intake's routes over the embedded log, spoken to by httpx."""

import random
from pathlib import Path

import httpx
import pytest

from queqiao.collect.bad_rows import BadRowsLog
from queqiao.collect.hot_endpoints import IntakeServices, routes
from queqiao.collect.offline.intake_client import IntakeClient
from queqiao.kernel.clock import SystemClock
from queqiao.kernel.ids import IdSource
from queqiao.ports.event_log.embedded import EmbeddedEventLog
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.wiring.asgi import HotApplication

KEY = "write-key"


class Nobody:
    """No bearer keys here: imports use write keys."""

    def principal(self, headers, cookies=None, method=""):
        return None


class Door:
    """The intake of one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = EmbeddedEventLog(folder / "log")
        self.bad_rows = BadRowsLog(folder / "bad_rows")
        ids = IdSource(SystemClock(), random.Random(1).getrandbits)
        services = IntakeServices(self.log, self.bad_rows, ids, {KEY: "import"}.get)
        self.application = HotApplication(routes(services), SystemClock(), Nobody())
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.application), base_url="http://intake"
        )

    def client(self, key: str = KEY) -> IntakeClient:
        return IntakeClient(self.http, key, sleep=self._no_sleep)

    async def _no_sleep(self, _seconds: float) -> None:
        return

    @property
    def reader(self) -> EmbeddedEventLogReader:
        return EmbeddedEventLogReader(self.folder / "log")

    async def close(self) -> None:
        await self.http.aclose()
        self.bad_rows.close()
        self.log.close()


@pytest.fixture
async def door(tmp_path):
    made = Door(tmp_path)
    yield made
    await made.close()
