"""One running system, and an endpoint that answers as a test tells it to."""

from collections.abc import Callable, Iterator

import pytest
from bench.harness import System, running_system
from tests.sdk.endpoint import Endpoint, serving

from queqiao.kernel.envelope import Envelope, decode_envelope
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader


@pytest.fixture(scope="session")
def system() -> Iterator[System]:
    """The whole system on a home of its own, as ``queqiao serve`` starts it."""
    with running_system() as running:
        yield running


@pytest.fixture
def stored(system: System) -> Callable[[str], list[Envelope]]:
    """Return the stored events of a name, in the order of the log."""

    def named(event: str) -> list[Envelope]:
        reader = EmbeddedEventLogReader(system.home / "log")
        found = [decode_envelope(one.body) for one in reader.read(0, 1_000_000)]
        reader.close()
        return [envelope for envelope in found if envelope.event == event]

    return named


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """Serve until the end of the test."""
    with serving() as known:
        yield known
