"""ClickHouse through clickhouse-connect: in this process (chDB) or on a server, by one code.

URLs: ``chdb:///var/lib/queqiao/warehouse`` and ``clickhouse://user:password@host:8123/database``
(``clickhouses://`` for TLS). Only the opening of connections differs.
"""

import asyncio
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar
from urllib.parse import SplitResult, unquote, urlsplit

import clickhouse_connect
import pyarrow as pa
from clickhouse_connect.driver.client import Client

from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.ports.warehouse import replicas
from queqiao.ports.warehouse.base import NO_PARAMETERS, Limits, Table
from queqiao.ports.warehouse.engine_memory import give_back_library
from queqiao.ports.warehouse.faults import RAISED, fault_of
from queqiao.ports.warehouse.values import plain_rows

T = TypeVar("T")

_SERVER_SECONDS_SPARE = 20
"""How much longer than a query's own bound the HTTP client waits for a server."""

_GATHERERS = 2
"""Connections for small inserts: these wait for the server, and the loader must not wait too."""

_ALONE = {"async_insert": 0}
"""Servers of today gather all inserts. A batch of the loader's must not be: it is large already,
and it is seen at once or not at all, and nothing of it may come after the server said that it
failed, since the loader then asks what is there, and writes the rest."""

_GATHERED = {"async_insert": 1, "wait_for_async_insert": 1}
"""A part on disk for many inserts, not one for each; the answer comes when it is there."""


class ClickHouseWarehouse:
    """The warehouse over a few connections: one that writes, the others read-only.

    A server has two more, for inserts that it may gather; an engine in this process has nobody
    else's to gather, so there they are like all others.
    """

    def __init__(
        self, connect: Callable[[], Client], limits: Limits, *, in_process: bool = False
    ) -> None:
        self._limits = limits
        self._in_process = in_process
        writers = 1 if in_process else 1 + _GATHERERS
        self._threads = ThreadPoolExecutor(limits.connections + writers, "warehouse")
        clients = [_prompt(connect()) for _ in range(limits.connections + writers)]
        self._replicas = 0 if in_process else replicas.count(clients[0])
        if self._replicas:
            replicas.check_one_server(clients)
            for writer in clients[:writers]:
                replicas.set_up(writer, self._replicas)
        self._writer = _queue(_set(client, _ALONE) for client in clients[:1])
        self._gatherers = _queue(_set(client, _GATHERED) for client in clients[1:writers])
        self._readers = _queue(_set(client, _bounds(limits)) for client in clients[writers:])
        self._new_reader = lambda: _set(_prompt(connect()), _bounds(limits))
        if in_process:
            give_back_library()

    async def query(self, sql: str, parameters: Mapping[str, Any] = NO_PARAMETERS) -> Table:
        """Return the rows of one reading statement, within the limits."""
        renew = self._new_reader if self._in_process else None
        return await self._run(self._readers, lambda client: _query(client, sql, parameters), renew)

    async def insert(self, table: str, rows: pa.Table, *, gathered: bool = False) -> None:
        """Store rows durably; ``gathered`` ones perhaps together with those of other calls."""
        if not rows.num_rows:
            return
        clients = self._gatherers if gathered and not self._in_process else self._writer
        await self._run(clients, lambda client: client.insert_arrow(table, rows))

    async def command(self, sql: str) -> None:
        """Run one statement of the DDL."""
        await self._run(self._writer, lambda client: client.command(self._made(sql)))

    def _made(self, sql: str) -> str:
        return replicas.made(sql) if self._replicas else sql

    async def exclusive(self, statements: Sequence[str]) -> None:
        """Run statements of the DDL while no query runs: it borrows every reader."""

        def work(client: Client) -> None:
            held = [self._readers.get() for _ in range(self._limits.connections)]
            try:
                for sql in statements:
                    client.command(self._made(sql))
            finally:
                for reader in held:
                    self._readers.put(reader)

        await self._run(self._writer, work)

    async def give_back(self) -> None:
        """Let an engine in this process return the memory that finished work left free in it."""
        if self._in_process:
            await self.command("SYSTEM JEMALLOC PURGE")

    async def _run(
        self,
        clients: "SimpleQueue[Client]",
        work: Callable[[Client], T],
        renew: Callable[[], Client] | None = None,
    ) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, _borrow, clients, work, renew)

    def close(self) -> None:
        """Wait for running calls and give the engine's memory back."""
        self._threads.shutdown(wait=True)
        for clients in (self._writer, self._gatherers, self._readers):
            while not clients.empty():
                clients.get().close()


def open_warehouse(url: str, limits: Limits | None = None) -> ClickHouseWarehouse:
    """Open the warehouse that ``url`` names. Raises InvalidInput for another scheme.

    Unavailable when a server does not answer. One process holds one chDB folder at a time.
    """
    bounds = limits or Limits()
    parts = urlsplit(url)
    openers = {"chdb": _in_process, "clickhouse": client_opener, "clickhouses": client_opener}
    if parts.scheme not in openers:
        message = Message(
            "请写成 chdb:///目录 或 clickhouse://主机:8123/库名",
            "write chdb:///folder or clickhouse://host:8123/database",
        )
        raise InvalidInput(FieldError("warehouse", message))
    try:
        connect = openers[parts.scheme](parts, bounds)
        return ClickHouseWarehouse(connect, bounds, in_process=parts.scheme == "chdb")
    except RAISED as error:
        raise fault_of(error) from error


def _in_process(parts: SplitResult, limits: Limits) -> Callable[[], Client]:
    folder = Path(unquote(parts.path))
    folder.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("LIBHDFS3_CONF", str(Path(__file__).with_name("libhdfs3.xml")))
    # Without these the engine sizes its caches and pools for a server that owns the machine.
    options = {
        "max_server_memory_usage": limits.engine_bytes_max,
        "mark_cache_size": 16 << 20,
        "uncompressed_cache_size": 0,
        "background_pool_size": 2,
        "background_schedule_pool_size": 2,
        "max_threads": limits.threads,
    }

    def connect() -> Client:
        return clickhouse_connect.get_client(
            interface="chdb", path=str(folder), chdb_options=options
        )

    return connect


def client_opener(parts: SplitResult, limits: Limits) -> Callable[[], Client]:
    """Return what opens one connection to the server of a URL. It raises the library's errors."""
    secure = parts.scheme == "clickhouses"

    def connect() -> Client:
        return clickhouse_connect.get_client(
            interface="https" if secure else "http",
            host=parts.hostname or "localhost",
            port=parts.port or (8443 if secure else 8123),
            username=unquote(parts.username or "default"),
            password=unquote(parts.password or ""),
            database=unquote(parts.path.strip("/")) or "default",
            compress=False,
            autogenerate_session_id=False,
            send_receive_timeout=limits.query_seconds_max + _SERVER_SECONDS_SPARE,
        )

    return connect


def _prompt(client: Client) -> Client:
    """Let the engine say soon that an object store does not answer, not after 500 tries."""
    client.set_client_setting("s3_retry_attempts", 2)
    return client


def _bounds(limits: Limits) -> dict[str, int | str]:
    return {
        "max_execution_time": limits.query_seconds_max,
        "max_result_rows": limits.query_rows_max,
        "result_overflow_mode": "throw",
        "max_memory_usage": limits.query_bytes_max,
        "max_threads": limits.threads,
        # Last, since nothing may be set after it: reads only, and no way back.
        "readonly": 2,
    }


def _set(client: Client, settings: Mapping[str, int | str]) -> Client:
    for name, value in settings.items():
        client.set_client_setting(name, value)
    return client


def _queue(clients: Iterable[Client]) -> "SimpleQueue[Client]":
    found: SimpleQueue[Client] = SimpleQueue()
    for client in clients:
        found.put(client)
    return found


def _borrow(
    clients: "SimpleQueue[Client]",
    work: Callable[[Client], T],
    renew: Callable[[], Client] | None = None,
) -> T:
    """Do work with a client of a queue.

    Where it fails and ``renew`` is given, another takes the client's place: in this process, an
    answer that was cut off stays open on its handle, and the next one would be read from its rest.
    """
    client = clients.get()
    try:
        return work(client)
    except RAISED as error:
        if renew is not None:
            client.close()
            client = renew()
        raise fault_of(error) from error
    finally:
        clients.put(client)


def _query(client: Client, sql: str, parameters: Mapping[str, Any]) -> Table:
    result = client.query(sql, parameters=dict(parameters))
    return Table(list(result.column_names), plain_rows(result.result_rows))
