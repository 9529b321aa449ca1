"""The client: calls in, events in the spool, a thread that sends them."""

import atexit
import logging
import os
import random
import uuid
import weakref
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypedDict, Unpack

from queqiao_client.errors import Closed, InvalidEvent, QueqiaoError
from queqiao_client.events import CallType, Values, agreed_to, context_of, encode, rfc3339
from queqiao_client.sender import Pace, Sender
from queqiao_client.spool import Spool
from queqiao_client.transport import Transport

log = logging.getLogger("queqiao_client")

Now = Callable[[], datetime]
Consent = Iterable[str] | None


class SaidOfUser(TypedDict, total=False):
    """What every call may say.

    ``message_id``: your own, where your code may repeat the call. ``timestamp``: when it happened,
    with a time zone; now by default. ``consent``: the purposes that the person agreed to.
    """

    anonymous_id: str | None
    message_id: str | None
    timestamp: datetime | None
    context: Values | None
    consent: Consent


class Said(SaidOfUser, total=False):
    """What calls may say that do not name the user themselves: one of the two ids is needed."""

    user_id: str | None


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _random_id() -> str:
    return str(uuid.uuid4())


def _warn(error: QueqiaoError) -> None:
    log.warning("%s", error)


class Client:
    """Sends events to one endpoint under one write key. Any thread may call it.

    ``spool`` is a folder of its own; the processes of one application may share it. ``durable``
    makes every call wait for the disk. ``consent`` and ``context`` hold for calls that say nothing
    else. ``on_error`` hears of failed attempts, in the sending thread; by default they are logged.
    Events are sent ``flush_every_s`` after they come, or when ``batch_events_max`` wait.
    """

    def __init__(
        self,
        write_key: str,
        endpoint: str,
        *,
        spool: str | os.PathLike[str],
        durable: bool = False,
        consent: Consent = None,
        context: Values | None = None,
        spool_bytes_max: int = 256_000_000,
        flush_every_s: float = 0.2,
        batch_events_max: int = 500,
        batch_bytes_max: int = 400_000,
        timeout_s: float = 15.0,
        exit_timeout_s: float = 3.0,
        gzip: bool = True,
        on_error: Callable[[QueqiaoError], None] = _warn,
        now: Now = _utc_now,
        new_id: Callable[[], str] = _random_id,
        chance: random.Random | None = None,
    ) -> None:
        self._durable = durable
        self._consent = None if consent is None else agreed_to(consent)
        self._context = dict(context or {})
        self._now = now
        self._new_id = new_id
        self._exit_timeout_s = exit_timeout_s
        self._closed = False
        pace = Pace(flush_every_s, batch_events_max, batch_bytes_max)
        dice = chance or random.Random()  # noqa: S311  # spreads attempts in time, guards nothing
        # Before the folder is touched, so that a wrong address leaves nothing behind.
        Transport(endpoint, write_key, timeout_s, zipped=gzip)
        self._spool = Spool(Path(spool), spool_bytes_max, self._now_us)

        def new_sender() -> Sender:
            transport = Transport(endpoint, write_key, timeout_s, zipped=gzip)
            return Sender(self._spool, transport, pace, on_error, dice)

        self._new_sender = new_sender
        self._begin()
        _clients.add(self)

    def track(
        self,
        event: str,
        properties: Values | None = None,
        **said: Unpack[Said],
    ) -> str:
        """Note that something happened; return the message id.

        Raises InvalidEvent, SpoolFull or Closed, and then nothing was taken.
        """
        fields = {"event": event, "properties": dict(properties or {})}
        return self._take("track", fields, **said)

    def page(
        self,
        name: str | None = None,
        properties: Values | None = None,
        **said: Unpack[Said],
    ) -> str:
        """Note that a page was seen; return the message id."""
        fields = {"name": name, "properties": dict(properties or {})}
        return self._take("page", fields, **said)

    def screen(
        self,
        name: str | None = None,
        properties: Values | None = None,
        **said: Unpack[Said],
    ) -> str:
        """Note that a screen of an app was seen; return the message id."""
        fields = {"name": name, "properties": dict(properties or {})}
        return self._take("screen", fields, **said)

    def identify(
        self,
        user_id: str,
        traits: Values | None = None,
        **said: Unpack[SaidOfUser],
    ) -> str:
        """Say who a person is; with ``anonymous_id``, whose visits these were."""
        return self._take("identify", {"traits": dict(traits or {})}, user_id=user_id, **said)

    def group(
        self,
        group_id: str,
        traits: Values | None = None,
        **said: Unpack[Said],
    ) -> str:
        """Say which group a person belongs to."""
        fields = {"groupId": group_id, "traits": dict(traits or {})}
        return self._take("group", fields, **said)

    def alias(self, user_id: str, previous_id: str, **said: Unpack[SaidOfUser]) -> str:
        """Say that two ids are one person's."""
        return self._take("alias", {"previousId": previous_id}, user_id=user_id, **said)

    def flush(self, timeout_s: float | None = None) -> bool:
        """Return True once all events taken so far have arrived, False after ``timeout_s``."""
        return self._spool.is_empty() or self._sender.flush(timeout_s)

    def close(self, timeout_s: float = 10.0) -> bool:
        """Flush and end; say whether all has arrived. The next start sends what is left."""
        if self._closed:
            return True
        self._closed = True
        arrived = self.flush(timeout_s)
        if self._sender.stop(timeout_s):
            self._spool.close()
        return arrived

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _take(self, call: CallType, fields: dict[str, Any], **said: Unpack[Said]) -> str:
        if self._closed:
            raise Closed("the client was closed")
        user_id, anonymous_id = said.get("user_id"), said.get("anonymous_id")
        if not user_id and not anonymous_id:
            raise InvalidEvent("user_id or anonymous_id: one of them is needed")
        message_id = said.get("message_id") or self._new_id()
        body = {
            "type": call,
            **fields,
            "userId": user_id,
            "anonymousId": anonymous_id,
            "messageId": message_id,
            "timestamp": rfc3339(said.get("timestamp") or self._now()),
            "context": context_of(
                self._context, said.get("context"), said.get("consent", self._consent)
            ),
        }
        event = encode({name: value for name, value in body.items() if value is not None})
        self._spool.append(event, durable=self._durable)
        self._sender.wake()
        return message_id

    def _begin(self) -> None:
        self._sender = self._new_sender()
        if not self._spool.is_empty():
            self._sender.wake()

    def _now_us(self) -> int:
        return int(self._now().timestamp() * 1_000_000)

    def _in_child(self) -> None:
        """Begin anew in a process that was forked: the parent's threads and files are its own."""
        self._spool.forget()
        self._spool.start()
        self._begin()

    def _at_exit(self) -> None:
        self.close(self._exit_timeout_s)


_clients: "weakref.WeakSet[Client]" = weakref.WeakSet()


def _all_in_child() -> None:
    for client in list(_clients):
        client._in_child()  # noqa: SLF001  # of this module


def _all_at_exit() -> None:
    for client in list(_clients):
        client._at_exit()  # noqa: SLF001  # of this module


os.register_at_fork(after_in_child=_all_in_child)
atexit.register(_all_at_exit)
