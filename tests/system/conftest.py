"""One running system for all tests of this folder."""

from collections.abc import Iterator

import pytest
from bench.harness import System, running_system


@pytest.fixture(scope="session")
def system() -> Iterator[System]:
    """The whole system on a home of its own, as ``queqiao serve`` starts it."""
    with running_system() as running:
        yield running
