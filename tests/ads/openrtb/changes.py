"""Golden cases as changes of one good message: values put in at a path, or taken away."""

import copy
import json
from pathlib import Path

CASES = Path(__file__).parents[2] / "cases" / "openrtb"


def load(name):
    return json.loads((CASES / name).read_text("utf-8"))


def changed(base, case):
    """Return the base with the changes of a case."""
    body = copy.deepcopy(base)
    for path in case.get("without", ()):
        owner, last = _owner(body, path)
        del owner[last]
    for path, value in case.get("set", {}).items():
        owner, last = _owner(body, path)
        owner[last] = value
    return body


def _owner(body, path):
    *steps, last = [int(step) if step.isdecimal() else step for step in path.split(".")]
    for step in steps:
        body = body[step]
    return body, last
