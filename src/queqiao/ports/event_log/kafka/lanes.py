"""Groups into Kafka: a transaction each, two under way, committed strictly in order.

A transaction waits on brokers most of its time, so there are two producers, each with a
transactional id of its own and a thread: while one commits, the next group is sent on the other. It
commits only when the one before has, so what is committed is a beginning of the log at any moment;
and it is sent only when the one before has arrived, so in each partition offsets increase.

Whoever takes the transactional ids next (a new intake) ends whatever was open, and a writer that
was taken for dead can commit nothing more: it is *fenced*.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from itertools import repeat
from queue import SimpleQueue
from threading import Thread
from time import monotonic

import structlog
from confluent_kafka import KafkaError, KafkaException, Message, Producer
from xxhash import xxh3_128_digest

from queqiao.kernel.errors import Broken, QueqiaoError, Unavailable
from queqiao.kernel.errors import Message as Words
from queqiao.ports.event_log.group import GROUP_BYTES_MAX, Group
from queqiao.ports.event_log.kafka.faults import because, code_of, error_of, on_error
from queqiao.ports.event_log.kafka.place import Place
from queqiao.ports.event_log.kafka.records import SEED, headers_of, key_of
from queqiao.ports.event_log.kafka.topic import EVENT_BYTES_MAX, Topic

LANES = 2
TRANSACTION_MS = 60_000
"""After so long without its writer, the brokers end a transaction by themselves."""
OPEN_WITHIN_S = 60.0
TRY_S = 1.0
"""So long one call of the client waits, before it is looked whether the log closes."""
GIVE_UP_AFTER_S = 5.0
"""So long a log that closes waits for the brokers."""
WATCHED = 32
"""Of so many records of a group it is asked where they came to lie."""

log = structlog.get_logger()


class Work:
    """A group on its way. ``arrived``: every record lies with the brokers; ``lot``: committed."""

    __slots__ = ("arrived", "before", "group", "lot", "timer")

    def __init__(self, group: Group, before: "Work | None") -> None:
        self.group = group
        self.before = before
        self.arrived: Future[bool] = Future()
        self.lot: Future[bool] = Future()
        self.timer: asyncio.TimerHandle | None = None


class Fate:
    """Shared by the lanes: the fault that ends them all, since what the one holds is not known."""

    fault: QueqiaoError | None = None


class NotStoredError(Exception):
    """The group was not committed, and never will be."""


Ended = Callable[[Work, list[int], QueqiaoError | None], None]
"""Told, on the lane's thread and in the order of the groups, how each of them ended. The positions
are those in front of which none of its events lies, -1 where the lane does not know."""


class Lane:
    """One producer and its thread."""

    def __init__(
        self,
        place: Place,
        topic: Topic,
        number: int,
        ended: Ended,
        fate: Fate,
        *,
        seed: int | None = None,
    ) -> None:
        """``seed`` is that of a copied log, which its first event brings with it."""
        self._topic = topic
        self._seed = seed
        self._fate = fate
        self._ended = ended
        self._queue: SimpleQueue[Work | None] = SimpleQueue()
        self._closing_at: float | None = None
        self._landed: dict[int, int] = {}
        self._producer = Producer(
            {
                "compression.type": "lz4",
                "linger.ms": 1000,  # what is there is sent by the flush, in few and large batches
                "retry.backoff.ms": 10,
                "partitioner": "murmur2_random",
                **place.settings("intake"),
                "error_cb": on_error,
                "transactional.id": f"{topic.name}.{number}",
                "transaction.timeout.ms": TRANSACTION_MS,
                "enable.idempotence": True,
                "message.max.bytes": EVENT_BYTES_MAX,
                "queue.buffering.max.messages": 1_000_000,
                "queue.buffering.max.kbytes": 8 * GROUP_BYTES_MAX // 1024,
            }
        )
        self._thread = Thread(target=self._run, name=f"kafka-{number}", daemon=True)

    def open(self) -> None:
        """Take the transactional id: whoever had it is fenced, what was open is ended.

        Raises KafkaException, or Unavailable when the brokers do not answer in time.
        """
        deadline = monotonic() + OPEN_WITHIN_S
        while True:
            try:
                self._producer.init_transactions(OPEN_WITHIN_S)
                break
            except KafkaException as error:
                if not error_of(error).retriable() or monotonic() > deadline:
                    raise
        self._thread.start()

    def put(self, work: Work) -> None:
        """Send a group, after those that were put before."""
        self._queue.put(work)

    def stop(self) -> None:
        """Take no more, and give up soon what the brokers do not answer."""
        self._closing_at = monotonic()
        self._queue.put(None)

    def join(self) -> None:
        """Return when the thread has ended."""
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        while (work := self._queue.get()) is not None:
            error = self._store(work)
            positions = [self._landed.get(one, -1) for one in range(self._topic.partitions)]
            self._ended(work, positions, error)
            if not work.arrived.done():
                work.arrived.set_result(False)
            work.lot.set_result(error is None)
            work.before = None

    def _store(self, work: Work) -> QueqiaoError | None:
        """Store a group; return why not, where it is not."""
        if self._fate.fault is not None:
            return _unknown()
        try:
            self._transact(work)
        except NotStoredError as error:
            return Unavailable(
                Words(f"Kafka 未接收：{error}，请重试", f"Kafka did not take it: {error}; retry")
            )
        except KafkaException as error:
            self._break(error)
            return _unknown()
        except Exception as error:  # noqa: BLE001  # the thread must live to answer who waits
            self._break(error)
            return _unknown()
        return None

    def _transact(self, work: Work) -> None:
        before = work.before
        if before is not None and not before.arrived.result():
            raise NotStoredError("the group before it was not stored")
        self._producer.begin_transaction()
        try:
            self._send(work.group)
            self._flush()
        except (KafkaException, NotStoredError, SystemError) as error:
            # A fatal error stops the client in the middle of its callbacks, as a SystemError; then
            # aborting tells what it was.
            self._abort()
            raise NotStoredError(str(error)) from error
        work.arrived.set_result(True)
        if before is not None and not before.lot.result():
            self._abort()
            raise NotStoredError("the group before it was not stored")
        self._commit()

    def _send(self, group: Group) -> None:
        """Hand the records to the client, which sends them on its own threads."""
        self._landed = {}
        produce, topic, offset = self._producer.produce, self._topic.name, group.first
        sources = (source for source, count in group.origins for source in repeat(source, count))
        for source, message_id, fingerprint, body in zip(
            sources, group.ids, group.fingerprints, group.bodies, strict=True
        ):
            watch = self._lands if offset - group.first < WATCHED else None
            headers = headers_of(offset, source, message_id, fingerprint)
            if offset == 1 and self._seed is not None:
                headers.append((SEED, str(self._seed)))
            while True:
                try:
                    produce(topic, body, key_of(body), headers=headers, on_delivery=watch)
                    break
                except BufferError:
                    self._producer.poll(TRY_S)
                    self._look_whether_closing()
            offset += 1

    def _lands(self, error: KafkaError | None, message: Message) -> None:
        """Note the first position of the group in each partition."""
        partition, position = message.partition() or 0, message.offset()
        if error is None and position is not None:
            self._landed.setdefault(partition, position)

    def _flush(self) -> None:
        """Return when every record has arrived, or the client knows that one cannot."""
        while self._producer.flush(TRY_S):
            self._look_whether_closing()

    def _commit(self) -> None:
        """Commit. Raises NotStoredError when it was aborted; KafkaException: nobody knows."""
        while not self._done(self._producer.commit_transaction):
            self._look_whether_closing()

    def _abort(self) -> None:
        """End the transaction without its records. Raises KafkaException when that is not known."""
        while not self._done(self._producer.abort_transaction):
            self._look_whether_closing()

    def _done(self, call: Callable[[float], None]) -> bool:
        """Try a call of the client; return whether it is done, and not to be tried again."""
        try:
            call(TRY_S)
        except KafkaException as error:
            found = error_of(error)
            if found.txn_requires_abort():
                self._abort()
                raise NotStoredError(because(error)) from error
            if not found.retriable():
                raise
            return False
        return True

    def _look_whether_closing(self) -> None:
        closing_at = self._closing_at
        if closing_at is not None and monotonic() > closing_at + GIVE_UP_AFTER_S:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))  # noqa: SLF001  # its public name

    def _break(self, error: Exception) -> None:
        """Only a new writer, which asks the brokers anew, learns what they hold."""
        log.error("the log's writer has ended", cause=str(error))  # no trace: not ours
        fenced = isinstance(error, KafkaException) and "FENCED" in code_of(error)
        fault = Broken(_TAKEN_OVER if fenced else _MUST_RESTART)
        fault.__cause__ = error
        self._fate.fault = fault


_TAKEN_OVER = Words(
    "另一个进程接管了这个主题（fenced）；一个主题只能由一个系统写入",
    "another writer has taken this topic over (fenced); only one system may write a topic",
)
_MUST_RESTART = Words(
    "Kafka 事务结果未知，需要重启以核对",
    "the outcome of a transaction is not known; a restart finds out",
)


def _unknown() -> Unavailable:
    return Unavailable(
        Words(
            "Kafka 没有答复是否已存储；请原样重发，不会重复",
            "Kafka did not say whether it is stored; send the same again, it counts once",
        )
    )


def key_bytes(group: Group, seed: int) -> list[bytes]:
    """Return digest and fingerprint, joined, of each event of a group."""
    prefixes = (
        prefix
        for source, count in group.origins
        for prefix in repeat(source.encode() + b"\x00", count)
    )
    digests = map(xxh3_128_digest, map(bytes.__add__, prefixes, group.ids), repeat(seed))
    return list(map(bytes.__add__, digests, group.fingerprints))
