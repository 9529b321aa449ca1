"""The log's topic: made with the settings that the log rests on, or looked at whether it has them.

A topic that somebody made otherwise is never changed from here: the error names the setting and the
command that mends it.
"""

from concurrent.futures import Future
from functools import partial
from typing import Any, NamedTuple

import msgspec
from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import (
    AclOperation,
    AdminClient,
    ConfigResource,
    NewTopic,
    ResourceType,
    TopicDescription,
)

from queqiao.kernel.errors import Message, QueqiaoError, Unavailable
from queqiao.ports.event_log.kafka.faults import (
    because,
    code_of,
    is_about_rights,
    on_error,
    patiently,
    rights_missing,
)
from queqiao.ports.event_log.kafka.place import PARTITIONS, Place, refused

ANSWER_WITHIN_S = 15.0
SETTLED_WITHIN_S = 30.0
"""So long a topic may lack a leader: when a broker has just died, another takes over in 10 s."""
FORGOTTEN_WITHIN_S = 30.0
"""A broker that answers hears of a deletion within milliseconds."""
EVENT_BYTES_MAX = 2_000_000
"""The largest record that the topic must take: an event and its headers."""

_NEEDED = {
    "cleanup.policy": "delete",
    "retention.ms": "-1",
    "retention.bytes": "-1",
    "unclean.leader.election.enable": "false",
}
"""The log is for ever, and its order is of what all replicas know."""


_NO_ID = "AAAAAAAAAAAAAAAAAAAAAA"
"""What brokers that know no ids of topics tell (Kafka before 2.8)."""


class Topic(NamedTuple):
    """The topic as the brokers describe it. ``id`` changes when it is deleted and made again."""

    name: str
    id: str
    cluster: str
    partitions: int


def admin_of(place: Place) -> AdminClient:
    """Return a client that asks about a place; keep it while an answer is waited for."""
    settings: dict[str, Any] = {**place.settings("admin"), "error_cb": on_error}
    return AdminClient(settings)


def open_topic(place: Place, *, make: bool = True) -> Topic:
    """Return the topic of a place, made when it is missing; else with no partition.

    Raises Unavailable when no broker answers, InvalidInput when the topic is not as the log needs.
    """
    admin = admin_of(place)
    try:
        known = admin.list_topics(timeout=ANSWER_WITHIN_S)
        if place.topic not in known.topics and not make:
            return Topic(place.topic, "", known.cluster_id or "", 0)
        if place.topic not in known.topics:
            _make(admin, place, len(known.brokers))
        found = patiently(lambda: _describe(admin, place), SETTLED_WITHIN_S)
        _check(found, patiently(lambda: _config(admin, place), SETTLED_WITHIN_S), place)
    except KafkaException as error:
        raise _explained(error, place) from error
    cluster = known.cluster_id or ""
    return Topic(place.topic, str(found.topic_id), cluster, len(found.partitions))


def delete_topic(place: Place) -> None:
    """Delete the topic of a place, if it is there, and wait until no broker knows it.

    Otherwise who makes it anew may still be shown the former one.
    """
    admin = admin_of(place)
    try:
        brokers = admin.list_topics(timeout=ANSWER_WITHIN_S).brokers.values()
        _result(admin.delete_topics([place.topic])[place.topic])
        for broker in brokers:
            at_one = msgspec.structs.replace(place, servers=f"{broker.host}:{broker.port}")
            patiently(partial(_forgotten, at_one), FORGOTTEN_WITHIN_S)
    except KafkaException as error:
        if code_of(error) != "UNKNOWN_TOPIC_OR_PART":
            raise _explained(error, place) from error


def _forgotten(place: Place) -> None:
    """Raise KafkaException while a place's brokers, asked by themselves, know the topic."""
    try:
        known = admin_of(place).list_topics(timeout=ANSWER_WITHIN_S).topics
    except KafkaException:
        return  # it is away, and asks the others before it serves again
    if place.topic in known:
        raise KafkaException(KafkaError(KafkaError.TOPIC_ALREADY_EXISTS))


def _explained(error: KafkaException, place: Place) -> QueqiaoError:
    if is_about_rights(error):
        return rights_missing(place.topic, str(error.args[0]))
    return Unavailable(
        Message(
            f"[ports] event_log：连不上 Kafka（{place.servers}）：{because(error)}；"
            "检查地址、网络、用户与密码、security.protocol",
            f"[ports] event_log: Kafka at {place.servers} cannot be reached: {because(error)};"
            " check the addresses, the network, user and password, security.protocol",
        ),
        retry_after_s=5,
    )


def _make(admin: AdminClient, place: Place, brokers: int) -> None:
    if brokers < place.replication:
        raise refused(
            f"只有 {brokers} 个 broker，不能有 {place.replication} 份副本；"
            "加 broker，或写 ?replication=1&min_insync=1（仅供试用）",
            f"{brokers} brokers cannot hold {place.replication} replicas; add brokers, or say"
            " ?replication=1&min_insync=1 (for trials only)",
        )
    config = {
        **_NEEDED,
        "min.insync.replicas": str(place.min_insync),
        "max.message.bytes": str(EVENT_BYTES_MAX),
    }
    new = NewTopic(
        place.topic,
        num_partitions=place.partitions or PARTITIONS,
        replication_factor=place.replication,
        config=config,
    )
    try:
        _result(admin.create_topics([new])[place.topic])
    except KafkaException as error:
        if code_of(error) != "TOPIC_ALREADY_EXISTS":  # another one was quicker
            raise


def _result(future: "Future[Any]") -> Any:
    return future.result(ANSWER_WITHIN_S)


def _describe(admin: AdminClient, place: Place) -> TopicDescription:
    """Return the topic. Raises KafkaException while a partition of it has no leader."""
    asked = admin.describe_topics(
        TopicCollection([place.topic]), include_authorized_operations=True
    )
    found: TopicDescription = _result(asked[place.topic])
    if any(one.leader is None or one.leader.id < 0 for one in found.partitions):
        raise KafkaException(KafkaError(KafkaError.LEADER_NOT_AVAILABLE))
    return found


def _config(admin: AdminClient, place: Place) -> dict[str, str]:
    resource = ConfigResource(ResourceType.TOPIC, place.topic)
    found = _result(admin.describe_configs([resource])[resource])
    return {name: entry.value for name, entry in found.items()}


def _check(found: TopicDescription, config: dict[str, str], place: Place) -> None:
    """Raise InvalidInput when the topic is not as the log needs it."""
    if str(found.topic_id) == _NO_ID:
        raise refused(
            "broker 版本太旧：需要 Kafka 3.0 或更新", "the brokers are too old: Kafka 3.0 is needed"
        )
    allowed = found.authorized_operations
    if allowed is not None and not {AclOperation.READ, AclOperation.WRITE} <= set(allowed):
        raise rights_missing(place.topic, "READ, WRITE")
    _check_shape(found, place)
    wanted = {name: value for name, value in _NEEDED.items() if config.get(name) != value}
    for name, least in (
        ("min.insync.replicas", place.min_insync),
        ("max.message.bytes", EVENT_BYTES_MAX),
    ):
        if int(config.get(name, "0")) < least:
            wanted[name] = str(least)
    if wanted:
        raise _set_otherwise(place, wanted, config)


def _check_shape(found: TopicDescription, place: Place) -> None:
    partitions = len(found.partitions)
    if place.partitions not in {None, partitions}:
        raise refused(
            f"主题 {place.topic} 有 {partitions} 个分区，而不是 {place.partitions}；"
            f"写 partitions={partitions}，或用 kafka-topics.sh --alter --partitions 增加",
            f"topic {place.topic} has {partitions} partitions, not {place.partitions}; say"
            f" partitions={partitions}, or add some with kafka-topics.sh --alter --partitions",
        )
    copies = min(len(one.replicas) for one in found.partitions)
    if copies < place.replication:
        raise refused(
            f"主题 {place.topic} 只有 {copies} 份副本，需要 {place.replication}；"
            f"用 kafka-reassign-partitions.sh 增加，或写 replication={copies}",
            f"topic {place.topic} has {copies} replicas where {place.replication} are needed; add"
            f" some with kafka-reassign-partitions.sh, or say replication={copies}",
        )


def _set_otherwise(place: Place, wanted: dict[str, str], config: dict[str, str]) -> QueqiaoError:
    seen = ", ".join(f"{name}={config.get(name, '')}" for name in wanted)
    cure = (
        f"kafka-configs.sh --bootstrap-server {place.servers} --alter --entity-type topics"
        f" --entity-name {place.topic} --add-config "
        + ",".join(f"{name}={value}" for name, value in wanted.items())
    )
    return refused(
        f"主题 {place.topic} 的配置不符（{seen}）；运行 {cure}",
        f"topic {place.topic} is set otherwise ({seen}); run {cure}",
    )
