"""The command ``queqiao`` as an operator runs it."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any


def queqiao(
    *arguments: object, home: Path | None = None, timeout_s: float = 120, **environment: str
) -> "subprocess.CompletedProcess[str]":
    """Run the command to its end and return its code and output."""
    command = [sys.executable, "-m", "queqiao", *map(str, arguments)]
    if home is not None:
        command += ["--home", str(home)]
    known: dict[str, Any] = {**os.environ, "LC_ALL": "C.UTF-8", **environment}
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=timeout_s, env=known
    )
