"""Where a log lies in Kafka, as its URL says it.

    kafka://[user:password@]host:port[,host:port …]/topic[?partitions=3&replication=3&min_insync=2]

Any further setting with a dot in its name goes to the client as it stands: ``ssl.ca.location``,
``sasl.mechanism``. With a user, ``security.protocol`` is SASL_SSL and ``sasl.mechanism``
SCRAM-SHA-512, unless the URL says otherwise.
"""

import re
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from queqiao.kernel.errors import FieldError, InvalidInput, Message

SETTING = "ports.event_log"
PARTITIONS = 3

_SERVER = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):\d{1,5}")
_TOPIC = re.compile(r"[A-Za-z0-9._-]{1,249}")
_NUMBERS = {"partitions": 10_000, "replication": 100, "min_insync": 100}
_OURS = frozenset(
    ("bootstrap.servers", "client.id", "transactional.id", "transaction.timeout.ms",
     "enable.idempotence", "isolation.level", "group.id", "enable.auto.commit",
     "auto.offset.reset", "enable.partition.eof", "request.required.acks")
)  # fmt: skip
"""Settings of the client that the log's promises rest on."""


class Place(msgspec.Struct, frozen=True):
    """A topic, and how to get there. ``partitions`` None: as many as it has, 3 when it is made."""

    servers: str
    topic: str
    partitions: int | None = None
    replication: int = 3
    min_insync: int = 2
    client: dict[str, str] = {}

    def settings(self, name: str) -> dict[str, str | int | float | bool]:
        """Return what every client of the place is made with; ``name`` shows in brokers' logs."""
        return {
            "bootstrap.servers": self.servers,
            "client.id": f"queqiao-{name}",
            "log_level": 2,  # what is worth telling is told by on_error
            **self.client,
        }


_LOGINS = {
    "PLAIN": "org.apache.kafka.common.security.plain.PlainLoginModule",
    "SCRAM-SHA-256": "org.apache.kafka.common.security.scram.ScramLoginModule",
    "SCRAM-SHA-512": "org.apache.kafka.common.security.scram.ScramLoginModule",
}


def java_settings(place: Place) -> dict[str, str]:
    """Return what Kafka's Java client, in Flink or Spark, needs to read the place.

    Raises InvalidInput for a way of signing in that has no like there.
    """
    asked = {n: v for n, v in place.client.items() if n.startswith(("security.", "sasl.", "ssl."))}
    user, password = asked.pop("sasl.username", None), asked.pop("sasl.password", "")
    shared = [name for name in asked if name in ("security.protocol", "sasl.mechanism")]
    made = {name: asked.pop(name) for name in shared}
    if "ssl.ca.location" in asked:
        made["ssl.truststore.type"] = "PEM"
        made["ssl.truststore.location"] = asked.pop("ssl.ca.location")
    login = _LOGINS.get(made.get("sasl.mechanism", "PLAIN"))
    if asked or (user is not None and login is None):
        name = next(iter(asked), "sasl.mechanism")
        raise refused(f"Flink 与 Spark 不能使用 {name}", f"Flink and Spark cannot go by {name}")
    if user is not None:
        said = f"username={_in_quotes(user)} password={_in_quotes(password)}"
        made["sasl.jaas.config"] = f"{login} required {said};"
    return made


def _in_quotes(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def refused(zh: str, en: str) -> InvalidInput:
    """Return the error for a log that its setting names wrongly."""
    return InvalidInput(FieldError(SETTING, Message(zh, en)))


def place_of(url: str) -> Place:
    """Return the place that a URL names. Raises InvalidInput, with the cure."""
    parts = urlsplit(url)
    credentials, _, servers = parts.netloc.rpartition("@")
    topic = parts.path.removeprefix("/")
    if not all(map(_SERVER.fullmatch, servers.split(","))) or not _TOPIC.fullmatch(topic):
        raise refused(
            "应为 kafka://主机:端口[,主机:端口…]/主题",
            "write kafka://host:port[,host:port …]/topic",
        )
    asked = dict(parse_qsl(parts.query, keep_blank_values=True))
    numbers = {name: _number(name, asked.pop(name)) for name in _NUMBERS if name in asked}
    client = {**_signed_in(credentials), **_for_client(asked)}
    place = Place(servers, topic, client=client, **numbers)
    if place.min_insync > place.replication:
        raise refused(
            "min_insync 不能大于 replication", "min_insync must not be more than replication"
        )
    return place


def _number(name: str, text: str) -> int:
    highest = _NUMBERS[name]
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= highest:
        raise refused(
            f"{name} 应为 1 到 {highest} 的整数", f"{name} is a number from 1 to {highest}"
        )
    return int(text)


def _signed_in(credentials: str) -> dict[str, str]:
    if not credentials:
        return {}
    user, _, password = credentials.partition(":")
    return {
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": unquote(user),
        "sasl.password": unquote(password),
    }


def _for_client(asked: dict[str, str]) -> dict[str, str]:
    for name in asked:
        if name in _OURS or "." not in name:
            known = ", ".join(_NUMBERS)
            raise refused(
                f"没有 {name} 这一项，或不可更改；可用：{known}，以及 Kafka 客户端的其他配置项",
                f"{name} is unknown or fixed; there are {known} and settings of Kafka's client",
            )
    return asked
