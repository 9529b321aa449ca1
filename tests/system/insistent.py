"""A client with a queue: what it sends is sent again until it is answered for good."""

import asyncio

import httpx


async def until_answered(
    client: httpx.AsyncClient, path: str, body: object = None
) -> httpx.Response:
    """Send again after no answer and after one that says to come again."""
    while True:
        try:
            answer = await client.post(path, json=body, timeout=10)
        except httpx.HTTPError:
            await asyncio.sleep(0.02)
            continue
        if answer.status_code < 500:
            return answer
        assert "retry-after" in answer.headers, answer.text
        await asyncio.sleep(0.05)
