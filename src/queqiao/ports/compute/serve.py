"""How a process of an engine is spoken to, from its side: requests in, replies out, a line each.

Requests (``job.py``) come on the standard input, after a first line with the engine's settings;
replies go to the standard output and begin with ``queqiao ``, since an engine may write there too.
"""

import re
import sys
import traceback
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from queqiao.kernel.errors import CallerError
from queqiao.ports.compute.job import Reply, Request

_NAMES_AN_ERROR = re.compile(r"(Caused by: )?[A-Za-z_][\w.$]*(Error|Exception|Fault)\b")

MARK = "queqiao "
"""What a reply's line begins with."""


def say(reply: Reply) -> None:
    """Write a reply."""
    sys.stdout.write(f"{MARK}{msgspec.json.encode(reply).decode()}\n")
    sys.stdout.flush()


def serve(handlers: Mapping[type[Any], Callable[[Any], Reply]]) -> None:
    """Answer requests until the input ends."""
    say(Reply("ready"))
    for line in sys.stdin:
        say(_answer(line, handlers))


def _answer(line: str, handlers: Mapping[type[Any], Callable[[Any], Reply]]) -> Reply:
    try:
        asked = msgspec.json.decode(line, type=Request)
        return handlers[type(asked)](asked)
    except CallerError as error:
        return Reply("refused", detail=error.explain("en"))
    except Exception as error:  # noqa: BLE001  # whatever the engine raises is told to who asked
        traceback.print_exc()
        return Reply("failed", detail=_cause(str(error)))


def _cause(trace: str) -> str:
    """Return the line of a trace through several machines that says what was wrong first."""
    named = [line.strip() for line in trace.splitlines() if _NAMES_AN_ERROR.match(line)]
    return named[-1] if named else trace.partition("\n")[0]
