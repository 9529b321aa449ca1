"""Print the OpenAPI document of this checkout, without a running system: `npm run api` reads it."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from litestar.testing import TestClient

from queqiao.kernel.clock import SystemClock
from queqiao.operate.authentication import Authenticator
from queqiao.wiring import adapters
from queqiao.wiring.processes.console import application
from queqiao.wiring.settings import Settings
from queqiao.wiring.system import prepare


def published(home: Path) -> bytes:
    """Return the document as the console's role of a fresh home publishes it."""
    settings = Settings(home=home)
    prepare(settings)
    records = adapters.records(settings)
    try:
        console = application(settings, records, Authenticator(records, SystemClock()))
        with TestClient(console) as client:
            return client.get("/openapi.json").content
    finally:
        records.close()


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        sys.stdout.buffer.write(published(Path(folder)))
