"""What the console takes the API to be is what this checkout publishes."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CONSOLE = ROOT / "console"


def test_the_consoles_types_are_the_servers(tmp_path: Path) -> None:
    """``published.json``, from which the console's types are made, equals the server's document.

    ``npm run check`` then compiles the console against those types.
    """
    document = tmp_path / "openapi.json"
    printed = [sys.executable, str(CONSOLE / "scripts" / "document.py")]
    document.write_bytes(subprocess.run(printed, check=True, capture_output=True).stdout)
    compared = ["node", "scripts/api.mjs", "check", str(document)]
    done = subprocess.run(compared, check=False, cwd=CONSOLE, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
