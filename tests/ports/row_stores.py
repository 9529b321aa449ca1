"""Stores of profile rows for tests, by the name of what they lie on; each a place of its own."""

import os
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path

import pytest

from queqiao.ports.profile_rows.base import Family, ProfileRows
from queqiao.wiring.row_stores import open_rows

SERVERS = {
    "redis": [pytest.mark.engines, pytest.mark.engines_ci],
    "valkey": [pytest.mark.engines, pytest.mark.engines_ci],
    "hbase": [pytest.mark.engines],
}
ADAPTERS = ["sqlite", *(pytest.param(name, marks=marks) for name, marks in SERVERS.items())]

Opener = Callable[[str, Sequence[Family]], ProfileRows]
_serial = count()
_session = os.getpid()


def place_of(name: str, request: pytest.FixtureRequest) -> str:
    """Return the URL of a new place on a server."""
    number = f"{_session}_{next(_serial)}"
    if name == "sqlite":
        return f"sqlite:rows-{number}.sqlite"
    if name == "hbase":
        return f"hbase://{request.getfixturevalue('hbase_thrift')}/rows_{number}"
    return f"{request.getfixturevalue(f'{name}_url')}?prefix=rows-{number}"


@pytest.fixture
def rows_url(request: pytest.FixtureRequest) -> str:
    """The URL of a new place; parametrize it indirectly with ``ADAPTERS``."""
    return place_of(request.param, request)


@pytest.fixture
def open_store(tmp_path: Path) -> Opener:
    """Return what opens a store by its URL and families; a relative path lies under tmp_path."""
    return lambda url, families: open_rows(url, tmp_path, families)
