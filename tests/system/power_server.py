"""An intake in a process of its own, for a disk that is watched or broken from outside.

python power_server.py HOME LISTENING_DESCRIPTOR [without-sync]
"""

import asyncio
import socket
import sys
from pathlib import Path
from random import Random

import uvloop

from queqiao.collect.bad_rows import BadRowsLog
from queqiao.collect.express import Express
from queqiao.collect.hot_endpoints import IntakeServices, routes
from queqiao.collect.validation import Validator
from queqiao.kernel.clock import SystemClock
from queqiao.kernel.ids import IdSource
from queqiao.ports.event_log.embedded import EmbeddedEventLog
from queqiao.ports.journal import Disk
from queqiao.wiring.asgi import HotApplication
from queqiao.wiring.direct_intake import direct_protocol
from queqiao.wiring.http_server import serve


class Forgetful(Disk):
    """What a build would be whose sync was lost."""

    def sync(self, file: int) -> None:
        pass


class Nobody:
    def principal(self, *_: object) -> None:
        return None


async def main(home: Path, descriptor: int, disk: Disk) -> None:
    clock = SystemClock()
    ids = IdSource(clock, Random(1).getrandbits)
    log = EmbeddedEventLog(home / "log", disk=disk)
    rows = BadRowsLog(home / "bad_rows")
    keys = {"key": "web"}.get
    application = HotApplication(routes(IntakeServices(log, rows, ids, keys)), clock, Nobody())
    express = Express(log, Validator(ids), clock, keys, lambda _: None)
    listener = socket.socket(fileno=descriptor)
    await serve(application, listener, asyncio.Event(), protocol=direct_protocol(express))


if __name__ == "__main__":
    uvloop.run(
        main(
            Path(sys.argv[1]),
            int(sys.argv[2]),
            Forgetful() if sys.argv[3:] == ["without-sync"] else Disk(),
        )
    )
