"""Sends calls to the public intake: bounded batches, bounded retries."""

import asyncio
from base64 import b64encode
from collections.abc import Awaitable, Callable

import httpx

from queqiao.kernel.errors import Forbidden, InvalidInput, Message, QueqiaoError, Unavailable

BATCH_EVENTS_MAX = 100
BATCH_BYTES_MAX = 400_000
ATTEMPTS_MAX = 6
FIRST_WAIT_S = 0.25
WAIT_S_MAX = 5.0

_AGAIN = frozenset({408, 429, 500, 502, 503, 504})
_GONE = Message("采集入口没有应答，请检查地址", "the intake does not answer; check its address")
_NO_KEY = Message("写入密钥无效", "the write key is not valid")

Sleep = Callable[[float], Awaitable[None]]


class IntakeClient:
    """Gathers calls and posts them to ``/v1/batch``.

    ``http`` carries the base URL. A batch counts as sent when the answer is 200, which the intake
    gives after everything is on disk. Sending a batch twice is harmless: message ids are the same.
    """

    def __init__(
        self, http: httpx.AsyncClient, write_key: str, sleep: Sleep = asyncio.sleep
    ) -> None:
        self._http = http
        self._headers = {
            "authorization": "Basic " + b64encode(f"{write_key}:".encode()).decode(),
            "content-type": "application/json",
        }
        self._sleep = sleep
        self._calls: list[bytes] = []
        self._bytes = 0
        self.events = 0
        self.batches = 0

    async def add(self, call: bytes) -> None:
        """Take one call (JSON); post the gathered ones when the batch is full."""
        if self._calls and self._bytes + len(call) > BATCH_BYTES_MAX:
            await self.flush()
        self._calls.append(call)
        self._bytes += len(call)
        if len(self._calls) >= BATCH_EVENTS_MAX:
            await self.flush()

    async def flush(self) -> None:
        """Post what is gathered. Raises the intake's refusal, or Unavailable after the retries."""
        if not self._calls:
            return
        await self._post(b'{"batch":[' + b",".join(self._calls) + b"]}")
        self.events += len(self._calls)
        self.batches += 1
        self._calls, self._bytes = [], 0

    async def _post(self, body: bytes) -> None:
        wait_s = FIRST_WAIT_S
        for _ in range(ATTEMPTS_MAX):
            try:
                answer = await self._http.post("/v1/batch", content=body, headers=self._headers)
            except httpx.TransportError:
                asked_s = 0.0
            else:
                if answer.status_code == httpx.codes.OK:
                    return
                if answer.status_code not in _AGAIN:
                    raise _refusal(answer.status_code)
                asked_s = _retry_after_s(answer)
            await self._sleep(min(max(wait_s, asked_s), WAIT_S_MAX))
            wait_s *= 2
        raise Unavailable(_GONE)


def _retry_after_s(answer: httpx.Response) -> float:
    said = answer.headers.get("retry-after", "")
    return float(said) if said.isdigit() else 0.0


def _refusal(status: int) -> QueqiaoError:
    if status in {401, 403}:
        return Forbidden(_NO_KEY)
    message = Message(f"采集入口拒绝了请求 ({status})", f"the intake refused the batch ({status})")
    return InvalidInput(detail=message)
