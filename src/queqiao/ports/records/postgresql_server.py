"""A PostgreSQL server as the records need it: its answer, version, rights, encoding and clock."""

from time import time

import msgspec
import psycopg

from queqiao.kernel.errors import FieldError, InvalidInput, Message, QueqiaoError, Unavailable

SETTING = "ports.records"
VERSION_MIN = 14
CONNECT_WITHIN_S = 5

_FACTS = """SELECT current_user, current_schema(), pg_is_in_recovery(),
 current_setting('server_encoding'), extract(epoch FROM clock_timestamp())::float8,
 has_schema_privilege(coalesce(current_schema(), 'public'), 'CREATE'),
 (SELECT string_agg(DISTINCT pg_get_userbyid(relowner), ', ') FROM pg_class
  WHERE relname = 'alembic_version' AND relnamespace = to_regnamespace(current_schema())
  AND NOT pg_has_role(current_user, relowner, 'USAGE'))"""


class Report(msgspec.Struct, frozen=True):
    """What a look at a server found; ``others_own`` names the owner of tables that are not ours."""

    version: int
    role: str
    schema: str | None
    is_standby: bool
    encoding: str
    clock_ahead_s: float
    may_create: bool
    others_own: str | None

    def words(self) -> Message:
        """Return what answers, and who we are there."""
        version = f"{self.version // 10_000}.{self.version % 10_000}"
        return Message(
            f"PostgreSQL {version}，角色 {self.role}", f"PostgreSQL {version}, as {self.role}"
        )


def look(url: str) -> Report:
    """Return what the server is; raise what keeps the records from being on it, with the cure.

    Blocking, for the start and the doctor. Unavailable when it does not answer, InvalidInput for
    everything that a setting mends.
    """
    try:
        with psycopg.connect(url, connect_timeout=CONNECT_WITHIN_S, autocommit=True) as connection:
            row = connection.execute(_FACTS).fetchone()
            assert row is not None
            role, schema, standby, encoding, clock_s, may_create, owner = row
            report = Report(
                version=connection.info.server_version,
                role=role,
                schema=schema,
                is_standby=standby,
                encoding=encoding,
                clock_ahead_s=round(clock_s - time(), 3),
                may_create=may_create,
                others_own=owner,
            )
    except psycopg.Error as error:
        raise refusal(str(error)) from error
    check(report)
    return report


def check(report: Report) -> None:
    """Raise InvalidInput with everything that the server lacks."""
    wrong = [
        message
        for is_wrong, message in (
            (report.version < VERSION_MIN * 10_000, _OLD),
            (report.is_standby, _STANDBY),
            (report.encoding != "UTF8", _ENCODING),
            (report.schema is None or not report.may_create, _rights(report.role)),
            (report.others_own is not None, _owner(report)),
        )
        if is_wrong
    ]
    if wrong:
        raise InvalidInput(*(FieldError(SETTING, message) for message in wrong))


def refusal(said: str) -> QueqiaoError:
    """Return what a failed connection means. libpq tells it in words only, in English by default.

    What cannot be told apart keeps the server's own words, which name no password.
    """
    for words, message in _REFUSALS.items():
        if all(word in said for word in words):
            return InvalidInput(FieldError(SETTING, message))
    told = " ".join(said.split())
    return Unavailable(
        Message(
            f"[ports] records：PostgreSQL 没有应答（{told}）；启动它，或改这个设置",
            f"[ports] records: PostgreSQL does not answer ({told}); start it, or mend the setting",
        ),
        retry_after_s=5,
    )


def _rights(role: str) -> Message:
    return Message(
        f"角色 {role} 不能在这个库里建表；运行 ALTER DATABASE … OWNER TO {role}，"
        f"或 GRANT CREATE, USAGE ON SCHEMA public TO {role}",
        f"the role {role} may not make tables in this database; run ALTER DATABASE … OWNER TO"
        f" {role}, or GRANT CREATE, USAGE ON SCHEMA public TO {role}",
    )


def _owner(report: Report) -> Message:
    return Message(
        f"表属于 {report.others_own}，行级安全不让 {report.role} 看见；"
        f"用 {report.others_own} 连接，或运行 REASSIGN OWNED",
        f"the tables belong to {report.others_own}, and row-level security hides them from"
        f" {report.role}; connect as {report.others_own}, or run REASSIGN OWNED",
    )


_OLD = Message(
    f"须为 PostgreSQL {VERSION_MIN} 以上；请升级服务器",
    f"must be PostgreSQL {VERSION_MIN} at least; upgrade the server",
)
_STANDBY = Message(
    "是备库，不能写；请给主库的地址", "is a standby and takes no writes; give the primary's address"
)
_ENCODING = Message(
    "数据库编码须为 UTF8；用 CREATE DATABASE … ENCODING 'UTF8' 重建",
    "the database's encoding must be UTF8; make it anew with CREATE DATABASE … ENCODING 'UTF8'",
)
_PASSWORD = Message(
    "服务器不认这个用户或密码；改 [ports] records 里的用户和密码",
    "the server does not know this user or password; mend them in [ports] records",
)
_NOT_ALLOWED = Message(
    "服务器不让这个用户从本机连接；在它的 pg_hba.conf 里加一行",
    "the server lets this user not in from this machine; add a line to its pg_hba.conf",
)
_NO_DATABASE = Message(
    "没有这个数据库；运行 CREATE DATABASE … OWNER …，或改 [ports] records 里的库名",
    "there is no such database; run CREATE DATABASE … OWNER …, or mend its name in [ports] records",
)
_TOO_MANY = Message(
    "服务器的连接已用尽；调大它的 max_connections（每个角色最多 10 个）",
    "the server has no connection left; raise its max_connections (a role of ours takes up to 10)",
)
_REFUSALS: dict[tuple[str, ...], Message] = {
    ("password authentication failed",): _PASSWORD,
    ("no password supplied",): _PASSWORD,
    ("role ", " does not exist"): _PASSWORD,
    ("no pg_hba.conf entry",): _NOT_ALLOWED,
    ("database ", " does not exist"): _NO_DATABASE,
    ("too many clients",): _TOO_MANY,
    ("remaining connection slots",): _TOO_MANY,
}
