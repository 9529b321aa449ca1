"""The express lane of the Segment API: what nearly every request is, taken without a coroutine.

A request goes this way when its key is known, its body is sound and every call in it is right and
new. Anything else answers None, having done nothing, and goes the general way (``segment``), which
tells what is wrong. Both ways make the same events: both ask the same ``Validator``.
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeAlias

import msgspec

from queqiao.collect.columns import usual_events
from queqiao.collect.contracts import BATCH_BYTES_MAX, BATCH_EVENTS_MAX, SINGLE_BYTES_MAX
from queqiao.collect.hot_endpoints import BATCH_PATHS, CALL_PATHS
from queqiao.collect.messages import SegmentCalls, decode_calls, decode_own_call
from queqiao.collect.segment import SourceOf, sent_us
from queqiao.collect.soundness import Soundness
from queqiao.collect.validation import Origin, Validator, lacks_ids
from queqiao.kernel.clock import Clock
from queqiao.kernel.envelope import CallType
from queqiao.kernel.errors import QueqiaoError
from queqiao.ports.event_log.base import DirectLog, NewEvents

HeaderLines = Sequence[tuple[bytes, bytes]]
"""Names in lower case, and values."""

Stored: TypeAlias = "asyncio.Future[None] | None"
"""Done when the disk has it; None: not this way."""

SourceOfLine = Callable[[bytes], str | None]
"""Returns the source that an ``Authorization`` line stands for."""

_GENERAL = frozenset((b"content-encoding", b"queqiao-now"))
"""Headers with which a request is not of the usual kind."""


class Express:
    """Takes usual requests. Each method returns a future of the disk, or None: not this way."""

    def __init__(
        self,
        log: DirectLog,
        validator: Validator,
        clock: Clock,
        source_of: SourceOf,
        source_of_line: SourceOfLine,
    ) -> None:
        self._log = log
        self._validator = validator
        self._clock = clock
        self._source_of = source_of
        self._source_of_line = source_of_line
        self._soundness = Soundness()

    def batch(self, headers: HeaderLines, body: bytes, client: str) -> Stored:
        """Take a batch."""
        line, client_ip = _caller(headers, client)
        if line is None or len(body) > BATCH_BYTES_MAX or not self._soundness.of(body):
            return None
        try:
            batch = decode_calls(body)
            if not 0 < len(batch.batch) <= BATCH_EVENTS_MAX:
                return None
            source = self._source(line, batch.write_key)
            return None if source is None else self._store_batch(batch, source, client_ip)
        except (msgspec.MsgspecError, QueqiaoError):
            return None

    def _store_batch(self, batch: SegmentCalls, source: str, client_ip: str) -> Stored:
        origin = Origin(
            source,
            self._clock.now_us(),
            sent_us(batch),
            batch.context,
            sound=True,
            client_ip=client_ip,
        )
        events = usual_events(batch.batch, origin, self._validator.schemas)
        return None if events is None else self._log.append_new(events)

    def single(self, call: CallType, headers: HeaderLines, body: bytes, client: str) -> Stored:
        """Take one call."""
        line, client_ip = _caller(headers, client)
        if line is None or len(body) > SINGLE_BYTES_MAX or not self._soundness.of(body):
            return None
        try:
            message = decode_own_call(body)
            source = self._source(line, message.write_key)
            if source is None or lacks_ids(message):
                return None
            origin = Origin(source, self._clock.now_us(), sound=True, client_ip=client_ip)
            event = self._validator.event_of(message, call, origin)
            return self._log.append_new(
                NewEvents(source, (event.message_id,), (event.body,), (event.fingerprint,))
            )
        except (msgspec.MsgspecError, QueqiaoError):
            return None

    def _source(self, line: bytes, write_key: str | None) -> str | None:
        if line:
            return self._source_of_line(line)
        return self._source_of(write_key) if write_key else None


Take = Callable[[HeaderLines, bytes, str], Stored]


def express_paths(express: Express) -> dict[str, Take]:
    """Return what takes the usual requests of each path."""
    singles = {path: partial(express.single, call) for path, call in CALL_PATHS.items()}
    return {**singles, **dict.fromkeys(BATCH_PATHS, express.batch)}


def _caller(headers: HeaderLines, client: str) -> tuple[bytes | None, str]:
    """Return the ``Authorization`` line, empty when there is none, and a browser's address.

    The line is None for unusual requests.
    """
    found, cookie, page = b"", False, False
    for name, value in headers:
        if name == b"authorization":
            found = value
        elif name == b"origin":
            page = True
        elif name == b"cookie":
            cookie = True
        elif name in _GENERAL:
            return None, ""
    line = None if cookie and not found else found  # a session may stand behind the cookie
    return line, client if page else ""
