"""A ClickHouse server as the warehouse needs it: its answer, version, rights and clock."""

from secrets import token_hex
from time import time
from urllib.parse import urlsplit

import msgspec

from queqiao.kernel.errors import FieldError, InvalidInput, Message, QueqiaoError, Unavailable
from queqiao.ports.warehouse import replicas
from queqiao.ports.warehouse.base import Limits
from queqiao.ports.warehouse.clickhouse import client_opener
from queqiao.ports.warehouse.faults import RAISED

SETTING = "ports.warehouse"


class Report(msgspec.Struct, frozen=True):
    """What a look at a server found. ``replicas``: how many servers keep its database, 0: one."""

    version: str
    clock_ahead_s: float
    replicas: int


def look(url: str) -> Report:
    """Return what the server is; raise what keeps the warehouse from being on it, with the cure.

    Blocking, for the start and the doctor. It makes a table in memory and drops it, which is how a
    server of any version tells whether it may.
    """
    try:
        client = client_opener(urlsplit(url), Limits())()
        try:
            version, now_s = client.query("SELECT version(), toFloat64(now64(3))").result_rows[0]
            copies = replicas.count(client)
            table = f"queqiao_looks_{token_hex(4)}"
            client.command(f"CREATE TABLE {table} (x Int8) ENGINE = Memory")
            client.command(f"DROP TABLE {table}")
        finally:
            client.close()
    except RAISED as error:
        raise refusal(getattr(error, "code", None), url) from error
    return Report(str(version), round(now_s - time(), 3), copies)


def refusal(code: int | None, url: str) -> QueqiaoError:
    """Return what ClickHouse's code of a failed look means; None is no answer at all."""
    message = _BY_CODE.get(code)
    if message is not None:
        return InvalidInput(FieldError(SETTING, message))
    parts = urlsplit(url)
    where = f"{parts.hostname}:{parts.port or 8123}"
    told = "" if code is None else f" ({code})"
    return Unavailable(
        Message(
            f"[ports] warehouse：{where} 的 ClickHouse 没有应答{told}；启动它，或改这个设置",
            f"[ports] warehouse: ClickHouse at {where} does not answer{told}; start it, or mend"
            " the setting",
        ),
        retry_after_s=5,
    )


_PASSWORD = Message(
    "服务器不认这个用户或密码；改 [ports] warehouse 里的用户和密码",
    "the server does not know this user or password; mend them in [ports] warehouse",
)
_NO_DATABASE = Message(
    "没有这个数据库；运行 CREATE DATABASE，或改 [ports] warehouse 里的库名",
    "there is no such database; run CREATE DATABASE, or mend its name in [ports] warehouse",
)
_NO_RIGHTS = Message(
    "这个用户不能在库里建表；运行 GRANT ALL ON 库名.* TO 用户",
    "this user may not make tables in the database; run GRANT ALL ON database.* TO user",
)
_BY_CODE: dict[int | None, Message] = {
    81: _NO_DATABASE,
    192: _PASSWORD,
    193: _PASSWORD,
    194: _PASSWORD,
    497: _NO_RIGHTS,
    516: _PASSWORD,
}
"""Codes: src/Common/ErrorCodes.cpp of ClickHouse."""
