"""The asking side of calls between roles: one connection, many calls at once, back after a fall.

A call that was cut off by the other role's death is sent again when it is back: methods are
idempotent by their keys, which is what makes that safe.
"""

import asyncio
from asyncio import StreamReader, StreamWriter
from itertools import count
from pathlib import Path
from typing import Any

import msgspec

from queqiao.kernel.errors import Message, Unavailable
from queqiao.kernel.problem import from_wire
from queqiao.ports.rpc.frames import Answer, Call, answer_decoder, encoder, pack, read_frame

RETRY_FOR_S = 3.0
RETRY_EVERY_S = 0.02
ANSWER_WITHIN_S = 30.0
"""A role that hangs fails its callers after so long; a report may take 10 s and a queue."""
LATE = Message("内部服务没有及时应答", "a part of the system did not answer in time")


class RpcClient:
    """Calls methods of another role. Bound to the event loop of its first call."""

    def __init__(
        self,
        path: Path,
        retry_for_s: float = RETRY_FOR_S,
        answer_within_s: float = ANSWER_WITHIN_S,
    ) -> None:
        self._path = path
        self.answer_within_s = answer_within_s
        self._retry_for_s = retry_for_s
        self._numbers = count(1)
        self._waiting: dict[int, asyncio.Future[Answer]] = {}
        self._writer: StreamWriter | None = None
        self._listener: asyncio.Task[None] | None = None
        self._connecting = asyncio.Lock()
        self._decoders: dict[Any, msgspec.msgpack.Decoder[Any]] = {}

    async def call(self, method: str, request: Any, response_type: Any) -> Any:
        """Return the other role's answer as ``response_type``.

        Raises the error that it raised; Unavailable when it cannot be reached or does not
        answer within the bounds.
        """
        payload = msgspec.Raw(encoder.encode(request))
        try:
            async with asyncio.timeout(self.answer_within_s):
                answer = await self._ask_until_answered(method, payload)
        except TimeoutError as error:
            raise Unavailable(LATE) from error
        if answer.error is not None:
            raise from_wire(answer.error)
        decoder = self._decoders.get(response_type)
        if decoder is None:
            decoder = self._decoders[response_type] = msgspec.msgpack.Decoder(response_type)
        return decoder.decode(answer.payload)

    async def close(self) -> None:
        """Drop the connection; calls under way fail as Unavailable."""
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.gather(self._listener, return_exceptions=True)

    async def _ask_until_answered(self, method: str, payload: msgspec.Raw) -> Answer:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._retry_for_s
        while True:
            try:
                return await self._ask(method, payload)
            except OSError as error:
                if loop.time() >= deadline:
                    raise Unavailable(
                        Message("内部服务正在重启", "a part of the system is restarting")
                    ) from error
            await asyncio.sleep(RETRY_EVERY_S)

    async def _ask(self, method: str, payload: msgspec.Raw) -> Answer:
        writer = self._writer or await self._connect()
        number = next(self._numbers)
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        try:
            _write(writer, pack(Call(number, method, payload)))
            return await future
        finally:
            self._waiting.pop(number, None)

    async def _connect(self) -> StreamWriter:
        async with self._connecting:
            if self._writer is None:
                reader, writer = await asyncio.open_unix_connection(self._path)
                self._writer = writer
                self._listener = asyncio.create_task(self._listen(reader, writer))
            return self._writer

    async def _listen(self, reader: StreamReader, writer: StreamWriter) -> None:
        try:
            while True:
                answer = answer_decoder.decode(await read_frame(reader))
                future = self._waiting.get(answer.number)
                if future is not None and not future.done():
                    future.set_result(answer)
        except (asyncio.IncompleteReadError, OSError):
            pass  # the other role is gone: every waiting call learns it below and asks again
        finally:
            self._writer = None
            writer.close()
            for future in self._waiting.values():
                if not future.done():
                    future.set_exception(ConnectionResetError("the other role went away"))


def _write(writer: StreamWriter, frame: bytes) -> None:
    """Send a frame. Raises ConnectionResetError when the connection is gone."""
    try:
        writer.write(frame)
    except RuntimeError as error:  # uvloop's word for a transport that closed meanwhile
        raise ConnectionResetError("the other role went away") from error
