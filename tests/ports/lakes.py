"""The lake on each adapter, in a place of its own: fixtures for the suites."""

import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from queqiao.kernel.clock import SystemClock
from queqiao.kernel.errors import Unavailable
from queqiao.ports.lake.base import Lake
from queqiao.ports.lake.parquet_folder import ParquetFolder
from queqiao.wiring.lakes import on_servers

BACK_WITHIN_S = 60.0
REAL = pytest.mark.engines
ADAPTERS = ("parquet_folder", pytest.param("hdfs", marks=REAL), pytest.param("s3", marks=REAL))
SERVERS = ADAPTERS[1:]


@pytest.fixture
def lake_url(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], str]:
    """Return what gives the URL of a new, empty lake of HDFS or S3."""
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)  # the client of S3 starts with no less

    def url(adapter: str) -> str:
        folder = f"lakes/{uuid4().hex}"
        if adapter == "hdfs":
            return f"{request.getfixturevalue('hdfs_url')}/{folder}"
        endpoint = request.getfixturevalue("s3_url")
        server = request.getfixturevalue("engines").place.settings.seaweedfs
        keys = f"{server.access_key}:{server.secret_key}"
        return f"s3://{keys}@{server.bucket}/{folder}?endpoint={endpoint}"

    return url


@pytest.fixture
def new_lake(tmp_path: Path, lake_url: Callable[[str], str]) -> Callable[[str], Lake]:
    """Return what makes a lake of an adapter."""

    def made(adapter: str) -> Lake:
        if adapter == "parquet_folder":
            return ParquetFolder(tmp_path / "lake")
        return on_servers(lake_url(adapter), SystemClock())

    return made


def until_it_answers(call: Callable[[], object]) -> None:
    """Call again and again until it succeeds; until then it may only be Unavailable."""
    deadline = time.monotonic() + BACK_WITHIN_S
    while (away := _away(call)) is not None:
        assert "[ports] lake" in away
        assert time.monotonic() < deadline, away
        time.sleep(0.2)


def _away(call: Callable[[], object]) -> str | None:
    """Return the words with which a call says that it cannot be done now; None when it was."""
    try:
        call()
    except Unavailable as error:
        return error.explain("en")
    return None
