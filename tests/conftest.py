"""Fixtures that every suite may use."""

import os
import socket
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

pytest_plugins = ["tests.engines.fixtures"]


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host in {"localhost", ""}


@pytest.fixture(scope="session", autouse=True)
def no_network() -> Iterator[None]:
    """Fail a test of this process that would leave the machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in {socket.AF_INET, socket.AF_INET6} and not _is_here(address[0]):
            pytest.fail("a test tried to leave this machine")
        connect(self, address)

    socket.socket.connect = guarded  # type: ignore[method-assign,assignment]  # for the session
    yield
    socket.socket.connect = connect  # type: ignore[method-assign]  # as it was


@pytest.fixture(scope="session", autouse=True)
def quick_starts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Trust no certificate of the world, and let the many processes keep what they compile.

    Nothing here asks for a certificate, and httpx reads a hundred of them for each client
    otherwise; the tests open thousands.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
        patch.delenv("SSL_CERT_FILE", raising=False)
        patch.setenv("SSL_CERT_DIR", str(tmp_path_factory.mktemp("no_authorities")))
        yield


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real public data beside the project; tests that need it skip without it."""
    folder = Path(os.environ.get("QUEQIAO_SHARED", Path(__file__).parents[2] / "shared")) / "data"
    if not folder.is_dir():  # it is not part of the project: a user's checkout lacks it
        pytest.skip("the folder of public data sets is not beside this checkout (QUEQIAO_SHARED)")
    return folder
