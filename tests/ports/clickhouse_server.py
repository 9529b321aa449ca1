"""ClickHouse's HTTP interface in front of the engine, as a process of its own: see the face."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

FACE = Path(__file__).parent / "clickhouse_face.py"


@pytest.fixture
def face_port(tmp_path: Path) -> Iterator[int]:
    """Start the face on a folder of the test and give its port."""
    command = [sys.executable, str(FACE), str(tmp_path / "warehouse")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as face:
        yield int(face.stdout.readline())
        face.stdin.close()
