"""Clients of the public port in a process of their own: keep-alive, each with one call under way.

With a ``rate`` they call at fixed moments, whether answers are quick or not: who was still waiting
at the moment of the next call counts its time from that moment.

A question is prepared as bytes before it is timed, so that a client costs as little as it can; what
it costs is counted apart (``cpu_s``), since it runs on the same cores as what it measures.
"""

import asyncio
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from multiprocessing import get_context
from time import perf_counter, process_time
from urllib.parse import urlsplit

import msgspec


class Question(msgspec.Struct, frozen=True):
    """One call."""

    path: str
    body: bytes


class Called(msgspec.Struct):
    """What one process of clients did. ``late_ms`` of each call; bytes with their HTTP heads."""

    took_s: float
    cpu_s: float
    late_ms: list[float]
    sent_bytes: int
    received_bytes: int


def call(
    base_url: str,
    key: str,
    questions: Sequence[Question],
    count: int,
    connections: int,
    *,
    rate: float = 0,
) -> Called:
    """Ask ``count`` times in a fresh process, ``rate`` times a second, or as quickly as may be.

    Raises RuntimeError at an answer that is not 200.
    """
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(_call, (base_url, key, list(questions), (count, connections, rate)))


Pace = tuple[int, int, float]
"""How many calls, on how many connections, how many a second (0: as quickly as may be)."""


def _call(base_url: str, key: str, questions: list[Question], pace: Pace) -> Called:
    return asyncio.run(_all(base_url, key, questions, pace))


async def _all(base_url: str, key: str, questions: list[Question], pace: Pace) -> Called:
    count, connections, rate = pace
    address = urlsplit(base_url)
    prepared = [_request(address.netloc, key, question) for question in questions]
    done = Called(0, 0, [], 0, 0)
    since, before = perf_counter(), process_time()
    moments = (since + number / rate if rate else 0.0 for number in range(count))
    calls = zip(moments, islice(cycle(prepared), count), strict=True)
    await asyncio.gather(
        *(_one(address.hostname, address.port, calls, done) for _ in range(connections))
    )
    done.took_s, done.cpu_s = perf_counter() - since, process_time() - before
    return done


def _request(host: str, key: str, question: Question) -> bytes:
    head = (
        f"POST {question.path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(question.body)}\r\n\r\n"
    )
    return head.encode() + question.body


async def _one(
    host: str | None, port: int | None, calls: Iterator[tuple[float, bytes]], done: Called
) -> None:
    reader, writer = await asyncio.open_connection(host, port)
    for due, request in calls:
        wait_s = due - perf_counter()
        if wait_s > 0:
            await asyncio.sleep(wait_s)
        # A timer that rings late is the client's fault; a call that waited for an answer is not.
        since = perf_counter() if wait_s > 0 or not due else due
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        body = await reader.readexactly(length)
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"{head!r} {body[:300]!r}")
        done.late_ms.append((perf_counter() - since) * 1000)
        done.sent_bytes += len(request)
        done.received_bytes += len(head) + length
    writer.close()
