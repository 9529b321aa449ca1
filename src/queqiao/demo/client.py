"""The store's HTTP client: keys, bounded connections, and patience while a role restarts."""

import asyncio
from base64 import b64encode
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import httpx
import msgspec

from queqiao.demo.transport import CALL_S_MAX, LeanTransport
from queqiao.kernel.clock import format_rfc3339

ATTEMPTS_MAX = 12
_FIRST_WAIT_S = 0.1
_WAIT_S_MAX = 5.0
_URLS_KEPT = 64
_AGAIN = {408, 429, 502, 503, 504}


class StoreError(Exception):
    """The system said no to something that the store cannot do without."""


class Answer(msgspec.Struct, frozen=True):
    """What came back. ``body`` is the JSON value, None when there is none."""

    status: int
    body: Any

    @property
    def good(self) -> bool:
        """Whether it was done."""
        return self.status < 400


class StoreClient:
    """Calls the system. Faults of transport, 429 and 503 are tried again; the rest is given back.

    ``now_us`` of a call becomes ``Queqiao-Now``: the call then happens at that time of history.
    """

    def __init__(
        self,
        base_url: str,
        admin_key: str,
        intake_key: str,
        *,
        connections: int = 16,
        transport: httpx.AsyncBaseTransport | None = None,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._base = httpx.URL(base_url)
        self._http = httpx.AsyncClient(
            transport=transport or _transport(self._base, connections),
            timeout=CALL_S_MAX,
            trust_env=False,
        )
        self._urls: dict[str, httpx.URL] = {}
        self._admin = f"Bearer {admin_key}"
        self._intake = "Basic " + b64encode(f"{intake_key}:".encode()).decode()
        self._pause = pause
        self.calls = 0
        self.refusals: dict[str, int] = {}

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def post(self, path: str, body: Any, now_us: int | None = None, **headers: str) -> Answer:
        """Send a JSON body. Header names are given with underscores."""
        return await self._call("POST", path, now_us, msgspec.json.encode(body), headers)

    async def get(self, path: str, now_us: int | None = None, **headers: str) -> Answer:
        """Read, or follow a tracking link (redirects are not followed)."""
        return await self._call("GET", path, now_us, None, headers)

    async def must(self, path: str, body: Any, *accepted: int, now_us: int | None = None) -> Answer:
        """Post what has to succeed. Raises StoreError with the system's own words."""
        answer = await self.post(path, body, now_us)
        if not answer.good and answer.status not in accepted:
            raise StoreError(f"POST {path}: {answer.status} {msgspec.json.encode(answer.body)!r}")
        return answer

    async def send_events(self, events: Sequence[dict[str, Any]], now_us: int | None) -> Answer:
        """Send one batch by the Segment protocol. Raises StoreError when it is refused whole.

        Now, it comes by the write key; in history by the admin key, which alone may set the time.
        """
        by = {} if now_us is not None else {"Authorization": self._intake}
        answer = await self.post("/v1/batch", {"batch": events}, now_us, **by)
        if not answer.good:
            raise StoreError(f"/v1/batch: {answer.status} {msgspec.json.encode(answer.body)!r}")
        return answer

    async def _call(
        self,
        method: str,
        path: str,
        now_us: int | None,
        content: bytes | None,
        extra: dict[str, str],
    ) -> Answer:
        headers = {"Authorization": self._admin, "Accept-Language": "zh-CN"}
        headers |= {name.replace("_", "-"): value for name, value in extra.items()}
        if now_us is not None:
            headers["Queqiao-Now"] = format_rfc3339(now_us)
        if content is not None:
            headers["Content-Type"] = "application/json"
        request = httpx.Request(method, self._url(path), headers=headers, content=content)
        response = await self._patiently(request)
        self.calls += 1
        if response.status_code >= 400:
            self._note_refusal(path, response.status_code)
        return Answer(response.status_code, _json(response))

    def _url(self, path: str) -> httpx.URL:
        """Return the address; those that come again are read once, since reading is slow."""
        if path in self._urls:
            return self._urls[path]
        url = self._base.join(path)
        if len(self._urls) < _URLS_KEPT:
            self._urls[path] = url
        return url

    async def _patiently(self, request: httpx.Request) -> httpx.Response:
        wait_s = _FIRST_WAIT_S
        for attempt in range(1, ATTEMPTS_MAX + 1):
            asked_s = 0.0
            try:
                response = await self._http.send(request)
                if response.status_code not in _AGAIN or attempt == ATTEMPTS_MAX:
                    return response
                asked_s = _retry_after_s(response)
            except httpx.TransportError:
                if attempt == ATTEMPTS_MAX:
                    raise
            await self._pause(max(wait_s, asked_s))
            wait_s = min(2 * wait_s, _WAIT_S_MAX)
        raise AssertionError("the last attempt returns or raises")

    def _note_refusal(self, path: str, status: int) -> None:
        place = "/t/" if path.startswith("/t/") else path.partition("?")[0]
        key = f"{status} {place}"
        self.refusals[key] = self.refusals.get(key, 0) + 1


def _transport(base: httpx.URL, connections: int) -> httpx.AsyncBaseTransport:
    if base.scheme == "http":
        return LeanTransport(base.host, base.port or 80, connections)
    return httpx.AsyncHTTPTransport(limits=httpx.Limits(max_connections=connections))


def _retry_after_s(response: httpx.Response) -> float:
    text = response.headers.get("retry-after", "")
    return min(float(text), 30.0) if text.isdecimal() else 0.0


def _json(response: httpx.Response) -> Any:
    if "json" not in response.headers.get("content-type", ""):
        return None
    return msgspec.json.decode(response.content) if response.content else None
