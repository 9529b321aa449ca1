"""Our own log: an error's traceback never shows what the variables held."""

import subprocess
import sys

import pytest

PROGRAM = """
import sys
import structlog
from queqiao.wiring import logs
sys.stderr.isatty = lambda: {people}
logs.set_up()

def handle(authorization):
    raise RuntimeError("it broke")

try:
    handle("Bearer " + "s3cr" + "et")
except RuntimeError as error:
    structlog.get_logger().error("request failed", exc_info=error)
"""


@pytest.mark.parametrize("people", [True, False])
def test_a_traceback_shows_no_variables(people: bool) -> None:
    program = PROGRAM.format(people=people)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "it broke" in done.stderr
    assert "handle" in done.stderr
    assert "s3cret" not in done.stderr
