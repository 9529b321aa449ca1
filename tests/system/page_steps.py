"""The shell steps of a page of the documentation, run by one shell, as a reader would."""

import os
import re
import subprocess
import sys
from pathlib import Path
from secrets import token_hex
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```bash\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_EXPORT = re.compile(r"(\w+)=")


def steps_of(page: str) -> list[str]:
    """Return the shell blocks of a page, in order."""
    return _BLOCK.findall((ROOT / "docs" / page).read_text("utf-8"))


def names_in(block: str) -> set[str]:
    """Return the variables that a block of exports sets."""
    return set(_EXPORT.findall(" ".join(re.findall(r"^export (.*)$", block, re.MULTILINE))))


class Shell:
    """A bash that stops at the first command that fails, as the reader would."""

    def __init__(self, log: Path, **variables: str) -> None:
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        environment: dict[str, Any] = {**os.environ, "LC_ALL": "C.UTF-8", "PATH": path, **variables}
        self._log = log
        self._said = log.open("wb")
        self._process = subprocess.Popen(
            ["bash", "-e", "-u", "-o", "pipefail"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
            env=environment,
        )

    def run(self, step: str) -> str:
        """Run a step to its end; return what it printed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        end = f"end of step {token_hex(8)}"
        self._process.stdin.write(f"{step}\necho '{end}'\n")
        self._process.stdin.flush()
        printed = ""
        for line in self._process.stdout:
            if line.strip() == end:
                return printed
            printed += line
        raise AssertionError(f"{step}\nfailed:\n{printed}\n{self._log.read_text()[-5_000:]}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop what the steps left running in the background, and the shell."""
        if self._process.poll() is None:
            self._process.communicate("kill -TERM $(jobs -p) 2> /dev/null || true\nwait\n", 60)
        self._process.wait(60)
        self._said.close()
