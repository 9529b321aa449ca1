"""A file system of its own that is soon full."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(place: Path, megabytes: int, mode: str = "700") -> Iterator[Path]:
    """Mount a tmpfs of that size at a new folder."""
    place.mkdir()
    options = f"size={megabytes}m,mode={mode}"
    command = ["mount", "-t", "tmpfs", "-o", options, "queqiao-test", place]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        # On a user's machine it is their choice; where the project is judged it must be shown.
        refuse = pytest.fail if os.environ.get("CI") else pytest.skip
        refuse("mounting a small tmpfs needs the rights of root on this machine")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)
