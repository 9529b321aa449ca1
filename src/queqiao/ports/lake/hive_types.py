"""Arrow's types in Hive's words, and how a table's columns grow with its partitions."""

import re
from collections.abc import Mapping

import pyarrow as pa
from pyarrow import types

from queqiao.kernel.errors import Conflict, Message

Columns = dict[str, str]
"""Hive's type of each column, in their order."""

_NAME = re.compile(r"[a-z0-9_]+")

_PLAIN = {
    pa.bool_(): "boolean",
    pa.int8(): "tinyint",
    pa.int16(): "smallint",
    pa.int32(): "int",
    pa.int64(): "bigint",
    pa.uint8(): "smallint",
    pa.uint16(): "int",
    pa.uint32(): "bigint",
    pa.uint64(): "decimal(20,0)",
    pa.float32(): "float",
    pa.float64(): "double",
    pa.string(): "string",
    pa.large_string(): "string",
    pa.binary(): "binary",
    pa.large_binary(): "binary",
    pa.date32(): "date",
}
"""What an engine reads from a Parquet file of that type without loss."""

_WIDER = {
    "smallint": {"tinyint"},
    "int": {"tinyint", "smallint"},
    "bigint": {"tinyint", "smallint", "int"},
    "double": {"float"},
}
"""Types whose files an engine reads as the wider one."""


def columns_of(schema: pa.Schema) -> Columns:
    """Return a schema in Hive's words. Raises Conflict for what Hive cannot hold."""
    for name in schema.names:
        if not _NAME.fullmatch(name):
            raise Conflict(
                Message(
                    "元数据目录只接受由小写字母、数字和下划线组成的列名",
                    "a catalogue takes columns named by lower-case letters, digits and _ only",
                )
            )
    return {field.name: type_of(field.type) for field in schema}


def type_of(one: pa.DataType) -> str:
    """Return Hive's word for a type. Raises Conflict when there is none."""
    if types.is_nested(one):
        return _nested(one)
    if types.is_dictionary(one):
        return type_of(one.value_type)
    if types.is_timestamp(one):
        return "timestamp"
    if types.is_decimal128(one):
        return f"decimal({one.precision},{one.scale})"
    if one not in _PLAIN:
        raise Conflict(Message(f"Hive 没有类型 {one}", f"Hive has no type for {one}"))
    return _PLAIN[one]


def _nested(one: pa.DataType) -> str:
    if types.is_map(one):
        return f"map<{type_of(one.key_type)},{type_of(one.item_type)}>"
    if types.is_struct(one):
        return f"struct<{','.join(f'{field.name}:{type_of(field.type)}' for field in one)}>"
    return f"array<{type_of(one.value_type)}>"


def grown(known: Mapping[str, str], more: Mapping[str, str]) -> Columns:
    """Return columns after those of another partition: new ones come last, narrow ones widen.

    Raises Conflict for a column of two kinds.
    """
    both = dict(known)
    for name, kind in more.items():
        former = both.setdefault(name, kind)
        if former == kind or former in _WIDER.get(kind, ()):
            both[name] = kind
        elif kind not in _WIDER.get(former, ()):
            raise Conflict(
                Message(
                    f"列 {name} 已是 {former}，不能再是 {kind}：请换列名或重写旧分区",
                    f"column {name} is {former} and cannot be {kind} too: name it otherwise, or"
                    " publish the older partitions anew",
                )
            )
    return both
