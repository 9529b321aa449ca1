"""One batch over HTTP, on a connection that is kept."""

import gzip
from base64 import b64encode
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import NamedTuple
from urllib.parse import urlsplit

from queqiao_client.events import VERSION

GZIP_BYTES_MIN = 1_000


class Answer(NamedTuple):
    """What came back. ``status`` 0 means that nothing did, for ``reason``."""

    status: int
    retry_after_s: float | None = None
    reason: str = ""


class Transport:
    """Posts batches to one endpoint. Used by one thread."""

    def __init__(self, endpoint: str, write_key: str, timeout_s: float, *, zipped: bool) -> None:
        parts = urlsplit(endpoint)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("endpoint: an address such as https://events.example.com")
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._connection = kind(parts.hostname, parts.port, timeout=timeout_s)
        self._path = f"{parts.path.rstrip('/')}/v1/batch"
        self._zipped = zipped
        self._headers = {
            "authorization": f"Basic {b64encode(f'{write_key}:'.encode()).decode()}",
            "content-type": "application/json",
            "user-agent": f"queqiao-client/{VERSION}",
        }

    def post(self, body: bytes) -> Answer:
        """Send a batch and return the answer. Never raises for what the network does."""
        headers = self._headers
        if self._zipped and len(body) >= GZIP_BYTES_MIN:
            body, headers = gzip.compress(body, 5), {**headers, "content-encoding": "gzip"}
        was_open = self._connection.sock is not None
        answer = self._attempt(body, headers)
        if was_open and not answer.status:
            return self._attempt(
                body, headers
            )  # the other end may have closed it while it lay idle
        return answer

    def close(self) -> None:
        """Close the connection; the next post opens one."""
        self._connection.close()

    def _attempt(self, body: bytes, headers: dict[str, str]) -> Answer:
        try:
            self._connection.request("POST", self._path, body, headers)
            response = self._connection.getresponse()
            response.read()
            return Answer(response.status, _retry_after_s(response))
        except (OSError, HTTPException) as error:
            self._connection.close()
            return Answer(0, None, str(error) or type(error).__name__)


def _retry_after_s(response: HTTPResponse) -> float | None:
    """Return how long to wait: the header holds seconds, or a date."""
    said = response.getheader("retry-after", "").strip()
    if said.isdecimal():
        return float(said)
    try:
        return max(0.0, (parsedate_to_datetime(said) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None
