"""HBase over its second Thrift interface: the URL, the connections, the table, what errors mean."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from threading import local
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec
import thriftpy2
from thriftpy2 import transport as transports
from thriftpy2.protocol import TCyBinaryProtocolFactory
from thriftpy2.protocol.cybin import ProtocolError  # type: ignore[attr-defined]  # compiled
from thriftpy2.thrift import TClient, TException
from thriftpy2.transport import TTransportException

from queqiao.kernel.errors import (
    Broken,
    Conflict,
    FieldError,
    InvalidInput,
    Message,
    QueqiaoError,
    Unavailable,
)
from queqiao.ports.profile_rows.base import NO_COUNTER, ONCE, SETTING, Family, Shape

T = TypeVar("T")

IDL: Any = thriftpy2.load(
    str(Path(__file__).with_name("hbase.thrift")), module_name="queqiao_hbase_thrift"
)
CONNECT_MS, ANSWER_MS = 2_000, 5_000
MAKE_MS = 60_000
"""A table takes seconds to be made, on a cold cluster many."""
_WORDS_MAX = 200
_NAME = re.compile(r"(?:[A-Za-z0-9_]+:)?[A-Za-z0-9_][A-Za-z0-9_.-]*")
_FOREVER_S = 2_147_483_647


class Place(msgspec.Struct, frozen=True):
    """Where the rows lie: a Thrift server, and a table (in a namespace, with a colon)."""

    host: str
    port: int
    table: str

    @classmethod
    def of(cls, url: str) -> "Place":
        """Read ``hbase://host[:9090]/[namespace:]table``. Raises InvalidInput otherwise."""
        parts, table = urlsplit(url), urlsplit(url).path.strip("/")
        try:
            port = parts.port or 9090
        except ValueError:
            port = 0
        if parts.scheme != "hbase" or not (parts.hostname and port) or not _NAME.fullmatch(table):
            raise InvalidInput(FieldError(SETTING, _FORM))
        return cls(parts.hostname, port, table)

    @property
    def where(self) -> str:
        """Return the server's address."""
        return f"{self.host}:{self.port}"

    def name(self) -> Any:
        """Return the table's name as Thrift has it."""
        space, _, table = self.table.rpartition(":")
        return IDL.TTableName(ns=(space or "default").encode(), qualifier=table.encode())


class Sessions:
    """A connection a thread, opened when first used and thrown away after a fault."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._own = local()
        self._opened: list[Any] = []

    def ask(self, work: Callable[[Any], T], *, again: bool = True, within_ms: int = 0) -> T:
        """Return what some work on the service gives; ``again``: it may be done twice.

        A connection of before may be dead, so such work is tried on a new one. ``within_ms`` takes
        a connection of its own, for what may last.
        """
        if within_ms:
            return self._once(work, self._connected(within_ms), kept=False)
        kept = getattr(self._own, "client", None)
        if kept is not None:
            try:
                return self._once(work, kept)
            except Unavailable as error:
                if not again or isinstance(error.__cause__, TimeoutError):
                    raise
        self._own.client = self._connected(ANSWER_MS)
        return self._once(work, self._own.client)

    def close(self) -> None:
        """Close all connections; nothing may be under way."""
        for client in self._opened:
            client.close()
        self._opened.clear()

    def _connected(self, answer_ms: int) -> Any:
        try:
            client = _client(self._place, answer_ms)
        except (OSError, TTransportException) as error:
            raise self._away(error) from error
        self._opened.append(client)
        return client

    def _once(self, work: Callable[[Any], T], client: Any, *, kept: bool = True) -> T:
        done = False
        try:
            answer = work(client)
            done = kept
        except (IDL.TIOError, IDL.TIllegalArgument) as error:
            done = kept  # the connection is as good as before
            raise fault_of(str(error.message or ""), self._place) from error
        except (OSError, TTransportException, EOFError) as error:
            raise self._away(error) from error
        except (TException, ProtocolError) as error:
            raise InvalidInput(FieldError(SETTING, _OTHER_SERVER)) from error
        else:
            return answer
        finally:
            if not done:
                self._drop(client)

    def _drop(self, client: Any) -> None:
        client.close()
        if client in self._opened:
            self._opened.remove(client)
        if getattr(self._own, "client", None) is client:
            self._own.client = None

    def _away(self, error: Exception) -> Unavailable:
        where, said = self._place.where, str(error)[:_WORDS_MAX]
        return Unavailable(
            Message(
                f"[ports] profile_rows：{where} 没有及时应答（{said}）；"
                "启动 HBase 的 Thrift 2 服务（hbase thrift2 start），或改这个设置",
                f"[ports] profile_rows: {where} does not answer in time ({said}); start HBase's"
                " Thrift 2 server (hbase thrift2 start), or mend the setting",
            ),
            retry_after_s=5,
        )


def _client(place: Place, answer_ms: int) -> Any:
    thrift: Any = transports
    stream = thrift.TSocket(
        place.host, place.port, connect_timeout=CONNECT_MS, socket_timeout=answer_ms
    )
    transport = thrift.TCyBufferedTransportFactory().get_transport(stream)
    factory: Any = TCyBinaryProtocolFactory
    protocol = factory().get_protocol(transport)
    transport.open()
    return TClient(IDL.THBaseService, protocol)


def fault_of(said: str, place: Place) -> QueqiaoError:
    """Return what HBase's words are to a caller, with the setting and the cure."""
    first = said.strip().partition("\n")[0][:_WORDS_MAX]
    if "Field is not a long" in said:
        return Conflict(NO_COUNTER)
    if "AccessDenied" in said:
        return Unavailable(_no_rights(place))
    if "TableNotFound" in said:
        return Unavailable(_no_table(place))
    if "NoSuchColumnFamily" in said:
        return Broken(_no_family(place))
    return Unavailable(
        Message(
            f"[ports] profile_rows：HBase 暂时不能应答（{first}）",
            f"[ports] profile_rows: HBase cannot answer now ({first})",
        ),
        retry_after_s=5,
    )


def open_table(sessions: Sessions, place: Place, shape: Shape, *, make: bool = True) -> bool:
    """See that the table is there with its families, ``make`` it when it is not.

    Returns whether it is there. Raises InvalidInput for one that is another, with the cure.
    """
    if not sessions.ask(lambda client: client.tableExists(place.name()), within_ms=MAKE_MS):
        if make:
            _make(sessions, place, shape)
        return make
    found = sessions.ask(lambda client: client.getTableDescriptor(place.name()))
    known = {one.name.decode(): one.timeToLive for one in found.columns or []}
    wrong = [one for one in shape.families if not _is_as(one, known)]
    if wrong:
        raise InvalidInput(FieldError(SETTING, _other_families(place, wrong, known)))
    return True


def _is_as(family: Family, known: dict[str, int | None]) -> bool:
    if family.name not in known:
        return False
    lives_s = known[family.name]
    return (family.ttl_s or _FOREVER_S) == (lives_s if lives_s and lives_s > 0 else _FOREVER_S)


def _make(sessions: Sessions, place: Place, shape: Shape) -> None:
    table = IDL.TTableDescriptor(
        tableName=place.name(), columns=[_described(family) for family in shape.families]
    )
    try:
        sessions.ask(lambda client: client.createTable(table, None), within_ms=MAKE_MS)
    except QueqiaoError:  # another process may have been quicker
        if not sessions.ask(lambda client: client.tableExists(place.name())):
            raise


def _described(family: Family) -> Any:
    """Return a family. Of two writes within a millisecond the later one counts, also a delete's.

    HBase orders versions by milliseconds, deletes first, unless told to go by the order of writes.
    """
    return IDL.TColumnFamilyDescriptor(
        name=family.name.encode(),
        maxVersions=1,
        timeToLive=family.ttl_s or _FOREVER_S,
        attributes={b"NEW_VERSION_BEHAVIOR": b"true"},
    )


def shell_words(place: Place, families: "list[Family] | tuple[Family, ...]", verb: str) -> str:
    """Return what to type in HBase's shell for some families."""
    told = ", ".join(
        f"{{NAME => '{one.name}', VERSIONS => 1, NEW_VERSION_BEHAVIOR => 'true'"
        + (f", TTL => {one.ttl_s}}}" if one.ttl_s else ", TTL => 'FOREVER'}")
        for one in families
    )
    return f"{verb} '{place.table}', {told}"


class Report(msgspec.Struct, frozen=True):
    """What a look at a server found; ``clock_ahead_s`` is None where there is no table yet."""

    table: str
    is_there: bool
    clock_ahead_s: float | None


def look(url: str, families: "list[Family] | tuple[Family, ...]") -> Report:
    """Return what the server is; raise what keeps rows from being on it, with the cure."""
    place, shape = Place.of(url), Shape(families)
    sessions = Sessions(place)
    try:
        if sessions.ask(lambda client: client.getThriftServerType()) != IDL.TThriftServerType.TWO:
            raise InvalidInput(FieldError(SETTING, _OTHER_SERVER))
        is_there = open_table(sessions, place, shape, make=False)
        ahead_s = _clock_ahead_s(sessions, place) if is_there else None
        return Report(place.table, is_there, ahead_s)
    finally:
        sessions.close()


def _clock_ahead_s(sessions: Sessions, place: Place) -> float:
    """Write a cell, which shows the rights too, and compare its time with ours."""
    row, name = b"~doctor", ONCE.encode()
    value = IDL.TColumnValue(family=name, qualifier=b"doctor", value=b"1")
    table, column = place.table.encode(), IDL.TColumn(family=name, qualifier=b"doctor")
    put = IDL.TPut(row=row, columnValues=[value])
    sessions.ask(lambda client: client.putMultiple(table, [put]))
    get = IDL.TGet(row=row, columns=[column])
    (found,) = sessions.ask(lambda client: client.getMultiple(table, [get]))
    taken_ms: int = found.columnValues[0].timestamp
    return round(taken_ms / 1_000 - time.time(), 3)


_FORM = Message(
    "写成 hbase://主机:9090/表名（HBase 的 Thrift 2 服务；命名空间写成 空间:表）",
    "write hbase://host:9090/table (HBase's Thrift 2 server; namespace:table in a namespace)",
)
_OTHER_SERVER = Message(
    "应答的不是 HBase 的 Thrift 2 服务；启动 hbase thrift2 start，并给出它的地址",
    "what answers is not HBase's Thrift 2 server; start it (hbase thrift2 start) and give its"
    " address",
)


def _no_rights(place: Place) -> Message:
    grant = f"grant 'queqiao', 'RWXC', '{place.table}'"
    return Message(
        f"[ports] profile_rows：Thrift 服务的用户在表 {place.table} 上权限不够；{grant}",
        f"[ports] profile_rows: the Thrift server's user has too few rights on table {place.table};"
        f" {grant}",
    )


def _no_table(place: Place) -> Message:
    return Message(
        f"[ports] profile_rows：表 {place.table} 不在了；会再建它，并从事件填满",
        f"[ports] profile_rows: table {place.table} is gone; it is made again, and filled from the"
        " events",
    )


def _no_family(place: Place) -> Message:
    return Message(
        f"[ports] profile_rows：表 {place.table} 少了列族；运行 queqiao doctor",
        f"[ports] profile_rows: table {place.table} lacks a family; run queqiao doctor",
    )


def _other_families(place: Place, wrong: list[Family], known: dict[str, int | None]) -> Message:
    verb = shell_words(place, wrong, "alter")
    names = ", ".join(sorted(known)) or "-"
    return Message(
        f"表 {place.table} 的列族（{names}）不是所要的；换一个表名，或在 hbase shell 里：{verb}",
        f"the families of table {place.table} ({names}) are not those needed; name another table,"
        f" or in hbase shell: {verb}",
    )
