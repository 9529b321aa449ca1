"""A server that answers every POST with the same 2 kB of JSON: what uvicorn alone costs here."""

import sys
from typing import Any

import uvicorn

BODY = b'{"decisions":["' + b"x" * 2_000 + b'"],"no_fill":[]}'
HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(BODY))]


async def answer(scope: Any, receive: Any, send: Any) -> None:
    """Read a request and answer it."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": BODY})


if __name__ == "__main__":
    uvicorn.run(answer, port=int(sys.argv[1]), log_level="error", loop="uvloop", lifespan="off")
