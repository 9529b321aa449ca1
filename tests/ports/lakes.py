"""The lake on each adapter, in a place of its own: fixtures for the suites."""

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from queqiao.kernel.clock import SystemClock
from queqiao.ports.lake.base import Lake
from queqiao.ports.lake.parquet_folder import ParquetFolder
from queqiao.wiring.lakes import on_servers

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
