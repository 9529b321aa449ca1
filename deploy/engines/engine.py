"""What an engine is made of: servers, the ports they take, the questions they must answer."""

import os
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deploy.engines.settings import Settings


@dataclass(frozen=True)
class Place:
    """Where one instance lives: its folder, what was fetched, its ports, its settings."""

    home: Path
    cache: Path
    settings: Settings
    ports: Mapping[str, int]

    def folder(self, name: str) -> Path:
        """Return the folder of a server, made if it lacks."""
        folder = self.home / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def address(self, port: str) -> str:
        """Return ``127.0.0.1:PORT`` of a named port."""
        return f"127.0.0.1:{self.ports[port]}"


def nothing() -> None:
    """Do nothing: what a server without preparation does."""


@dataclass(frozen=True)
class Server:
    """One process that is watched.

    ``ready`` asks the server a real question and raises NotReady, or any OSError, until it answers
    rightly. ``prepare`` runs before every start, ``settle`` after the first good answer of every
    start; both may run again and again.
    """

    name: str
    command: Sequence[str | Path]
    ready: Callable[[], None]
    ports: Sequence[str] = ()
    prepare: Callable[[], None] = nothing
    settle: Callable[[], None] = nothing
    environment: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    """Runs as this user where we are root."""
    needs: Sequence[str] = ()
    """Servers that must be ready first, and that stop after this one."""
    stop_signal: signal.Signals = signal.SIGTERM
    stop_within_s: float = 30.0
    start_within_s: float = 120.0

    def run_as(self) -> str | None:
        """Return the user to become, or None for our own."""
        return self.user if os.geteuid() == 0 else None


@dataclass(frozen=True)
class Engine:
    """A technology: how it is fetched, its servers, and what its users are told."""

    name: str
    install: Callable[[Path, Settings], None]
    """Fetches into the cache what lacks; a second call does nothing."""
    servers: Callable[[Place], Sequence[Server]]
    urls: Callable[[Place], Mapping[str, str]]
    """Names (as in the fixtures of the tests) and addresses."""
    ports: Sequence[str] = ()
    needs: Sequence[str] = ()
    """Engines that are started with it."""
