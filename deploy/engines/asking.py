"""Questions over HTTP, plain and without a body."""

import json
from collections.abc import Mapping
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from typing import Any

from deploy.engines.errors import NotReady

TIMEOUT_S = 5.0


def status(method: str, address: str, path: str, headers: Mapping[str, str]) -> int:
    """Send a request to ``HOST:PORT``; return the status of its answer."""
    return _ask(method, address, path, headers)[0]


def document(address: str, path: str) -> Any:
    """Return the JSON document at a path of ``HOST:PORT``; raises NotReady for other answers."""
    number, body = _ask("GET", address, path, {})
    if number != 200:
        raise NotReady(f"{path} is answered {number}: {body[:200]!r}")
    return json.loads(body)


def _ask(method: str, address: str, path: str, headers: Mapping[str, str]) -> tuple[int, bytes]:
    with closing(HTTPConnection(address, timeout=TIMEOUT_S)) as connection:
        try:
            connection.request(method, path, headers=dict(headers))
            answer = connection.getresponse()
            return answer.status, answer.read()
        except HTTPException as error:
            raise NotReady(f"{path}: {type(error).__name__} {error}") from error
