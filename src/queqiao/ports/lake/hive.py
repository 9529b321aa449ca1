"""The catalogue in a Hive metastore, over Thrift: ``thrift://host:port/database``.

Tables are external and partitioned, of Parquet files, in the database that the URL names (it is
made when it is not there); dropping one in Hive deletes no data. Versions 3 and 4; no Kerberos.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import thriftpy2
from thriftpy2.rpc import client_context
from thriftpy2.thrift import TException
from thriftpy2.transport import TTransportException

from queqiao.kernel.errors import Broken, Conflict, Message, Unavailable
from queqiao.ports.lake.base import Held
from queqiao.ports.lake.hive_types import Columns, columns_of, grown
from queqiao.ports.lake.urls import metastore_of

_IDL: Any = thriftpy2.load(
    str(Path(__file__).with_name("hive_metastore.thrift")), module_name="hive_metastore_thrift"
)
_CONNECT_MS, _TIMEOUT_MS = 5_000, 60_000
_AT_ONCE = 200
"""Partitions of one call."""

_VERSION = "queqiao.version"
_WORDS_MAX = 300

_INPUT = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"
_OUTPUT = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat"
_SERDE = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"


class _Fresh(NamedTuple):
    """A partition that the catalogue does not know as it is, with its columns."""

    held: Held
    columns: Columns


class HiveCatalogue:
    """Tables of the lake in one database of a metastore. A connection a call."""

    def __init__(self, url: str) -> None:
        self._host, self._port, self._database = metastore_of(url)

    def version(self) -> str:
        """Return the metastore's version. Raises Unavailable."""
        with self._session() as metastore:
            return str(metastore.getVersion())

    def agree(
        self,
        table: str,
        location: str,
        held: Sequence[Held],
        schema_of: Callable[[str], pa.Schema],
    ) -> int:
        """Make a table say what the lake holds. See the contract."""
        with self._session() as metastore:
            found = self._found(metastore, table, location)
            known = self._known(metastore, table) if found else {}
            gone = set(known) - {_value(one.partition) for one in held}
            lacking = [one for one in held if not _is_known(one, known.get(_value(one.partition)))]
            columns = _columns(found.sd) if found else {}
            for one in known.values():  # of another process, whose change of the table was lost
                columns = grown(columns, _columns(one.sd))
            fresh, columns, refused = _fitting(lacking, schema_of, columns)
            if found is None and fresh:
                self._make(metastore, self._table(table, location, fresh[0].held, columns))
            elif found and _columns(found.sd) != columns:
                found.sd.cols = _fields(columns)
                metastore.alter_table(self._database, table, found)
            self._write(metastore, table, fresh, set(known), gone)
        if refused:
            raise refused[0]
        return len(fresh) + len(gone)

    def described(self, table: str) -> tuple[Columns, dict[str, str]]:
        """Return a table's columns, and the locations of its partitions by their values.

        Both empty when there is no such table.
        """
        with self._session() as metastore:
            request = _IDL.GetTableRequest(dbName=self._database, tblName=table)
            try:
                columns = _columns(metastore.get_table_req(request).table.sd)
            except _IDL.NoSuchObjectException:
                return {}, {}
            known = self._known(metastore, table)
        return columns, {value: _full(one.sd.location) for value, one in known.items()}

    def drop(self) -> None:
        """Drop the database with its tables; the lake keeps its files. For trials."""
        with self._session() as metastore:
            metastore.drop_database(self._database, False, True)

    def _found(self, metastore: Any, table: str, location: str) -> Any:
        """Return the description of a table, None when there is none. Raises Conflict."""
        request = _IDL.GetTableRequest(dbName=self._database, tblName=table)
        try:
            found = metastore.get_table_req(request).table
        except _IDL.NoSuchObjectException:
            return None
        if found.tableType != "EXTERNAL_TABLE" or _full(found.sd.location) != _full(location):
            raise Conflict(
                Message(
                    f"元数据目录中已有另一张表 {table}：请在 [ports] lake_catalogue 换一个库名",
                    f"the catalogue has another table {table}: name another database in"
                    " [ports] lake_catalogue",
                )
            )
        return found

    def _known(self, metastore: Any, table: str) -> dict[str, Any]:
        """Return the partitions of a table by their values."""
        partitions = metastore.get_partitions(self._database, table, -1)
        return {one.values[0]: one for one in partitions}

    def _make(self, metastore: Any, made: Any) -> None:
        """Make a table and its database; another process may have been quicker."""
        try:
            metastore.get_database(self._database)
        except _IDL.NoSuchObjectException:
            root = made.sd.location.rpartition("/")[0]
            database = _IDL.Database(
                name=self._database, description="", locationUri=root, parameters={}
            )
            metastore.create_database(database)
        metastore.create_table(made)

    def _table(self, table: str, location: str, one: Held, columns: Columns) -> Any:
        return _IDL.Table(
            tableName=table,
            dbName=self._database,
            owner="queqiao",
            createTime=0,
            lastAccessTime=0,
            retention=0,
            sd=_descriptor(location, columns),
            partitionKeys=_fields({one.partition.partition("=")[0]: "string"}),
            # Without the second the metastore lists every folder to count its files.
            parameters={"EXTERNAL": "TRUE", "DO_NOT_UPDATE_STATS": "true"},
            tableType="EXTERNAL_TABLE",
        )

    def _write(
        self,
        metastore: Any,
        table: str,
        fresh: Sequence[_Fresh],
        known: set[str],
        gone: set[str],
    ) -> None:
        made = [_partition(self._database, table, one) for one in fresh]
        added = [one for one in made if one.values[0] not in known]
        changed = [one for one in made if one.values[0] in known]
        for part in _portions(added):
            request = _IDL.AddPartitionsRequest(
                dbName=self._database, tblName=table, parts=part, ifNotExists=True, needResult=False
            )
            metastore.add_partitions_req(request)
        for part in _portions(changed):
            metastore.alter_partitions(self._database, table, part)
        for value in sorted(gone):
            metastore.drop_partition(self._database, table, [value], False)

    @contextmanager
    def _session(self) -> Iterator[Any]:
        """Yield a connection, and say in our words what it raises."""
        try:
            with client_context(
                _IDL.Metastore,
                self._host,
                self._port,
                connect_timeout=_CONNECT_MS,
                socket_timeout=_TIMEOUT_MS,
            ) as metastore:
                yield metastore
        except (OSError, TTransportException) as error:
            raise Unavailable(_away(str(error))) from error
        except TException as error:
            said = str(getattr(error, "message", "") or error)[:_WORDS_MAX]
            raise Broken(
                Message(f"元数据目录拒绝了请求：{said}", f"the metastore refused: {said}")
            ) from error


def _fitting(
    lacking: Sequence[Held], schema_of: Callable[[str], pa.Schema], columns: Columns
) -> tuple[list[_Fresh], Columns, list[Conflict]]:
    """Return what to register, the columns of the table with it, and why some of it cannot be."""
    fresh, refused = [], []
    for one in lacking:
        try:
            mine = columns_of(schema_of(one.partition))
            columns = grown(columns, mine)
            fresh.append(_Fresh(one, mine))
        except Conflict as conflict:
            refused.append(conflict)
    return fresh, columns, refused


def _is_known(one: Held, partition: Any) -> bool:
    return (
        partition is not None
        and _full(partition.sd.location) == _full(one.location)
        and (partition.parameters or {}).get(_VERSION) == one.version
    )


def _full(location: str) -> str:
    """Return a location as the lake writes it: Hadoop says ``file:/x`` for ``file:///x``."""
    return re.sub(r"^file:/+", "file:///", location).rstrip("/")


def _value(partition: str) -> str:
    return partition.partition("=")[2]


def _columns(descriptor: Any) -> Columns:
    return {field.name: field.type for field in descriptor.cols or ()}


def _fields(columns: Mapping[str, str]) -> list[Any]:
    return [_IDL.FieldSchema(name=name, type=kind, comment="") for name, kind in columns.items()]


def _partition(database: str, table: str, one: _Fresh) -> Any:
    return _IDL.Partition(
        values=[_value(one.held.partition)],
        dbName=database,
        tableName=table,
        createTime=0,
        lastAccessTime=0,
        sd=_descriptor(one.held.location, one.columns),
        parameters={_VERSION: one.held.version, "DO_NOT_UPDATE_STATS": "true"},
    )


def _descriptor(location: str, columns: Columns) -> Any:
    return _IDL.StorageDescriptor(
        cols=_fields(columns),
        location=location,
        inputFormat=_INPUT,
        outputFormat=_OUTPUT,
        compressed=True,
        numBuckets=-1,
        serdeInfo=_IDL.SerDeInfo(name="", serializationLib=_SERDE, parameters={}),
        bucketCols=[],
        sortCols=[],
        parameters={},
    )


def _portions(partitions: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(partitions), _AT_ONCE):
        yield partitions[start : start + _AT_ONCE]


def _away(said: str) -> Message:
    said = said[:_WORDS_MAX]
    return Message(
        f"Hive 元数据服务没有应答（{said}）：请检查 [ports] lake_catalogue 的地址",
        f"the Hive metastore does not answer ({said}): look at the address in"
        " [ports] lake_catalogue",
    )
