"""What Kafka's errors mean for the log."""

import time
from collections.abc import Callable
from typing import TypeVar

import structlog
from confluent_kafka import KafkaError, KafkaException

from queqiao.kernel.errors import QueqiaoError
from queqiao.ports.event_log.kafka.place import refused

T = TypeVar("T")

log = structlog.get_logger()

RETRY_EVERY_S = 0.2

_RIGHTS = frozenset(
    ("TOPIC_AUTHORIZATION_FAILED", "CLUSTER_AUTHORIZATION_FAILED",
     "TRANSACTIONAL_ID_AUTHORIZATION_FAILED", "GROUP_AUTHORIZATION_FAILED", "_AUTHENTICATION",
     "SASL_AUTHENTICATION_FAILED")
)  # fmt: skip


def on_error(error: KafkaError) -> None:
    """Tell of what a client meets on its own threads; it tries again by itself.

    Without this the client raises its fatal errors out of whatever is called next.
    """
    log.warning("trouble with Kafka", code=error.name(), cause=error.str())


def error_of(error: KafkaException) -> KafkaError:
    """Return what the client tells of an error."""
    found: KafkaError = error.args[0]
    return found


def code_of(error: KafkaException) -> str:
    """Return the name of an error, as Kafka's protocol or its client has it."""
    return error_of(error).name()


def because(error: KafkaException) -> str:
    """Return an error as words."""
    return error_of(error).str()


def is_about_rights(error: KafkaException) -> bool:
    """Say whether somebody has to be given rights."""
    return code_of(error) in _RIGHTS


def rights_missing(topic: str, seen: str) -> QueqiaoError:
    """Return the error for a user who may not do what the log needs."""
    return refused(
        f"没有权限（{seen}）；用 kafka-acls.sh 授予主题 {topic} 的 READ、WRITE、DESCRIBE、CREATE、"
        f"DESCRIBE_CONFIGS，以及 transactional.id {topic}. 前缀的 WRITE、DESCRIBE",
        f"rights are missing ({seen}); grant, by kafka-acls.sh, READ, WRITE, DESCRIBE, CREATE and"
        f" DESCRIBE_CONFIGS on topic {topic}, and WRITE, DESCRIBE on transactional ids that begin"
        f" with {topic}.",
    )


def patiently(call: Callable[[], T], within_s: float) -> T:
    """Return what a call returns, trying again while a topic was just made or a leader just died.

    Raises the KafkaException that lasts.
    """
    deadline = time.monotonic() + within_s
    while True:
        try:
            return call()
        except KafkaException as error:
            if is_about_rights(error) or error_of(error).fatal() or time.monotonic() > deadline:
                raise
        time.sleep(RETRY_EVERY_S)
