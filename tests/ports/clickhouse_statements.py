"""Runs statements in an engine of its own that reads a server's configuration file, for tests only.

The engine in process knows replicated tables and their keeper, clusters and distributed tables. It
listens nowhere, so it cannot give parts to another replica, and its replicated tables stay
read-only: what it takes of them is their definition.

Reads ``{"folder": ..., "config": ..., "statements": [...]}`` from its input; prints a list with
``[answer, ""]`` or ``["", error]`` for each statement.
"""

import json
import os
import sys

import chdb


def main() -> None:
    asked = json.load(sys.stdin)
    engine = chdb.connect(f"{asked['folder']}?config-file={asked['config']}")
    answers = []
    for statement in asked["statements"]:
        try:
            answers.append([engine.query(statement, "TSV").bytes().decode(), ""])
        except Exception as error:  # noqa: BLE001  # whatever the engine raises is the answer
            answers.append(["", str(error)])
    print(json.dumps(answers), flush=True)
    os._exit(0)  # an engine with replicated tables waits for their threads for minutes


if __name__ == "__main__":
    main()
