"""The URLs of the lake and of its catalogue, checked without their clients."""

from typing import NamedTuple
from urllib.parse import urlsplit

from queqiao.kernel.errors import FieldError, InvalidInput, Message

METASTORE_PORT = 9083

_LAKES = {
    "hdfs": Message(
        "请写成 hdfs://主机:端口/目录", "write hdfs://host:port/folder, the folder not empty"
    ),
    "s3": Message(
        "请写成 s3://密钥:口令@桶/前缀?endpoint=http://主机:端口（密钥与口令须同时给出或同时省略）",
        "write s3://key:secret@bucket/prefix?endpoint=http://host:port, with key and secret or"
        " with neither",
    ),
}
_CATALOGUE = Message(
    "请写成 thrift://主机:9083/库名，库名为小写字母、数字和下划线；不用目录时留空",
    "write thrift://host:9083/database, the database of lower-case letters, digits and _; or leave"
    " it empty",
)


class Metastore(NamedTuple):
    """Where a metastore listens, and the database of the lake's tables in it."""

    host: str
    port: int
    database: str


def metastore_of(url: str) -> Metastore:
    """Return the parts of a catalogue's URL. Raises InvalidInput."""
    try:
        parts = urlsplit(url)
        found = Metastore(parts.hostname or "", parts.port or METASTORE_PORT, parts.path.strip("/"))
    except ValueError as error:
        raise _refused() from error
    named = found.database.isidentifier() and found.database.isascii()
    if parts.scheme != "thrift" or not found.host or not named or not found.database.islower():
        raise _refused()
    return found


def problems(lake: str, catalogue: str) -> list[FieldError]:
    """Return what is wrong with the URLs of the lake and of its catalogue."""
    found = []
    scheme = urlsplit(lake).scheme
    if scheme in _LAKES and not _is_place(lake):
        found.append(FieldError("ports.lake", _LAKES[scheme]))
    if catalogue:
        try:
            metastore_of(catalogue)
        except InvalidInput as error:
            found += error.fields
    return found


def _is_place(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    if parts.scheme == "hdfs":
        return bool(parts.hostname and parts.path.strip("/"))
    return bool(parts.hostname and port is None and bool(parts.username) == bool(parts.password))


def _refused() -> InvalidInput:
    return InvalidInput(FieldError("ports.lake_catalogue", _CATALOGUE))
