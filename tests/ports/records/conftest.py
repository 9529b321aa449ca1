"""The stores on which the suites of the records port run."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.ports.postgresql import new_postgresql_url, postgresql_cluster  # noqa: F401  # fixtures

from queqiao.ports.records.base import Records
from queqiao.ports.records.postgresql import PostgresqlRecords
from queqiao.ports.records.sqlite import SqliteRecords

Opener = Callable[[], Any]
NOW_US = 1_781_000_000_000_000


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Opener:
    """Return a function that opens the same store again, as another process would."""
    if request.param == "sqlite":
        return lambda: SqliteRecords(tmp_path / "records.sqlite")
    url = request.getfixturevalue("new_postgresql_url")()
    return lambda: PostgresqlRecords(url)


@pytest.fixture
def records(opener: Opener) -> Iterator[Records]:
    opened = opener()
    opened.upgrade()
    yield opened
    opened.close()
