"""Running the unmodified clients for Node."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

CLIENTS = Path(__file__).parents[1] / "clients"
MODULES = CLIENTS / "node_modules"


def run(script: str, *arguments: str) -> Any:
    """Return what a script prints as JSON."""
    node = shutil.which("node")
    if node is None or not MODULES.is_dir():
        pytest.fail("the clients for Node are not installed; run: make setup-dev")
    done = subprocess.run(
        [node, CLIENTS / script, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])
