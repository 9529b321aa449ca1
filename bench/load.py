"""A shop's page views from a process of its own, at a rate, as cheaply as they can be sent.

The load shares two cores with the system that it measures, so it may not weigh much itself: plain
sockets, and bodies that differ in what the system tells apart (ids, devices, goods) only.
"""

import asyncio
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.sharedctypes import Synchronized
from random import Random
from time import perf_counter
from typing import TypeAlias
from urllib.parse import urlsplit

BATCH, CONNECTIONS = 100, 8
DEVICES, GOODS = 20_000, 5_000
SEED = 618

Counter: TypeAlias = "Synchronized[int]"
"""Events acknowledged so far, counted in one process and read in another."""


@contextmanager
def load(base_url: str, write_key: str, rate: int) -> Iterator[Counter]:
    """Send ``rate`` events a second for as long as this lasts; give the count acknowledged."""
    context = get_context("spawn")
    sent = context.Value("q", 0)
    process = context.Process(target=_flood, args=(base_url, write_key, rate, sent))
    process.start()
    try:
        yield sent
    finally:
        process.terminate()
        process.join()


def _flood(base_url: str, write_key: str, rate: int, sent: Counter) -> None:
    asyncio.run(_on_all_connections(base_url, write_key, rate, sent))


async def _on_all_connections(base_url: str, write_key: str, rate: int, sent: Counter) -> None:
    address = urlsplit(base_url)
    key = b64encode(f"{write_key}:".encode()).decode()
    head = (
        f"POST /v1/batch HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Basic {key}\r\n"
        "Content-Type: application/json\r\nContent-Length: "
    ).encode()
    random = Random(SEED)  # figures, not secrets

    async def one_connection() -> None:
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        due = perf_counter()
        while True:
            body = _batch(random)
            writer.write(b"%s%d\r\n\r\n%s" % (head, len(body), body))
            await _acknowledged(reader)
            with sent.get_lock():
                sent.value += BATCH
            # A late answer is made up for, at most by a second.
            due = max(due + BATCH * CONNECTIONS / rate, perf_counter() - 1)
            await asyncio.sleep(max(0.0, due - perf_counter()))

    await asyncio.gather(*(one_connection() for _ in range(CONNECTIONS)))


async def _acknowledged(reader: asyncio.StreamReader) -> None:
    """Read an answer. Raises RuntimeError when it is not 200."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
    body = await reader.readexactly(int(length))
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"{head!r} {body[:200]!r}")


def _batch(random: Random) -> bytes:
    """Return a batch of page views, about 450 bytes each."""
    first = random.getrandbits(96)
    views = ",".join(_view(random, f"{first:024x}{number:08x}") for number in range(BATCH))
    return f'{{"batch":[{views}]}}'.encode()


def _view(random: Random, message_id: str) -> str:
    sku, device = int(random.random() * GOODS), int(random.random() * DEVICES)
    return (
        f'{{"type":"track","event":"Product Viewed","messageId":"{message_id}",'
        f'"anonymousId":"a-{device}","context":{{"page":{{"path":"/p/{sku}"}},'
        '"locale":"zh-CN","userAgent":"Mozilla/5.0 (X11; Linux x86_64) Chrome/142.0"},'
        f'"properties":{{"product_id":"{sku}","sku":"S-{sku}","name":"保温杯 {sku}",'
        f'"price":18.99,"currency":"CNY","quantity":1,"category":"Home {sku % 40}"}}}}'
    )
