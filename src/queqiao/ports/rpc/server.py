"""The answering side of calls between roles."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import structlog

from queqiao.kernel.errors import Broken, Message, NotFound, QueqiaoError
from queqiao.kernel.problem import to_wire
from queqiao.ports.rpc.frames import Answer, Call, call_decoder, encoder, pack, read_frame

log = structlog.get_logger()


class Method(msgspec.Struct, frozen=True):
    """One method: a coroutine from a request of that type to an answer of that type."""

    handler: Callable[[Any], Awaitable[Any]]
    request_type: Any
    response_type: Any


class RpcServer:
    """Answers the calls of other roles on a Unix socket that only this user can open."""

    def __init__(self, methods: Mapping[str, Method]) -> None:
        self._methods = {
            name: (method.handler, msgspec.msgpack.Decoder(method.request_type))
            for name, method in methods.items()
        }
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[StreamWriter] = set()

    async def serve(self, path: Path) -> None:
        """Start to answer at ``path``, taking the place of a socket left by a dead process."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._converse, path, backlog=1024)
        path.chmod(0o600)

    async def close(self) -> None:
        """Stop answering and drop the connections."""
        if self._server is not None:
            self._server.close()
        for writer in list(self._writers):
            writer.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _converse(self, reader: StreamReader, writer: StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while True:
                call = call_decoder.decode(await read_frame(reader))
                task = asyncio.create_task(self._answer(call, writer))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        except (asyncio.IncompleteReadError, ConnectionError):
            log.debug("rpc connection ended")
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _answer(self, call: Call, writer: StreamWriter) -> None:
        answer = await self._perform(call)
        if not writer.is_closing():
            writer.write(pack(answer))

    async def _perform(self, call: Call) -> Answer:
        try:
            found = self._methods.get(call.method)
            if found is None:
                raise NotFound(Message("没有这个方法", "no such method"))
            handler, decoder = found
            result = await handler(decoder.decode(call.payload))
            return Answer(call.number, payload=msgspec.Raw(encoder.encode(result)))
        except QueqiaoError as error:
            return Answer(call.number, error=to_wire(error))
        except Exception:  # a defect must answer the caller, and be seen
            log.exception("rpc method failed", method=call.method)
            return Answer(call.number, error=to_wire(Broken()))
