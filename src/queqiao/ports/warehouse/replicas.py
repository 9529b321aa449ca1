"""A database that several ClickHouse servers keep, as the warehouse needs it.

The database's own engine (``Replicated``) tells whether it is one; there is no setting of ours that
could say something else. Its statements of the DDL go to all of its servers by themselves, so here
is only what is left: its tables are made of replicated engines, and a writer that asks what is
there before it writes must be able to rely on the answer:

- An insert is acknowledged when **every** replica holds its rows. So any of them may take over, and
  a mutation that asks another table finds the same rows on each.
- All connections are to **one** of the servers, the one that the URL names. An insert of which the
  answer was lost is seen there, and perhaps not yet on the others: who asked those would write it
  again.
- The engine's own deduplication is off. It would drop rows that are inserted again on purpose, such
  as a block of rollups after what a crash left of it was deleted.
"""

import re
from collections.abc import Iterable

from clickhouse_connect.driver.client import Client

from queqiao.kernel.errors import FieldError, InvalidInput, Message, Unavailable

_ENGINE = re.compile(r"\bENGINE = (?=\w*MergeTree\b)")
_IS_REPLICATED = (
    "SELECT count() FROM system.databases WHERE name = currentDatabase() AND engine = 'Replicated'"
)
_COUNT = "SELECT max(replica_num) FROM system.clusters WHERE cluster = currentDatabase()"
"""A ``Replicated`` database is a cluster of its own name; no shard of it has more."""

_QUORUM_TIMEOUT_MS = 10_000
_DDL_TIMEOUT_S = 15
"""Both below the time that the HTTP client waits: the server says what happened, not a time-out."""

_ONE_SERVER = Message(
    "连接到了几个 ClickHouse 副本；请写某一个副本的地址，而不是负载均衡的地址",
    "the connections reach several replicas; name one of them, not what balances over them",
)


def count(client: Client) -> int:
    """Return by how many servers the database is kept, 0 when it is not a ``Replicated`` one.

    Raises Unavailable while a server that has just started does not know the others.
    """
    if client.query(_IS_REPLICATED).result_rows[0][0] == 0:
        return 0
    replicas = int(client.query(_COUNT).result_rows[0][0])
    if replicas == 0:
        raise Unavailable
    return replicas


def set_up(client: Client, replicas: int) -> None:
    """Set on a connection what writing to such a database needs, as far as the server knows it."""
    for name, value in settings(replicas).items():
        if name in client.server_settings:
            client.set_client_setting(name, value)


def settings(replicas: int) -> dict[str, int | str]:
    """Return what a connection sets that writes to a database on so many servers."""
    return {
        "insert_quorum": replicas,  # below 2 the server takes it for none
        "insert_quorum_timeout": _QUORUM_TIMEOUT_MS,
        # Of servers before and since 26: they know one of these names or the other.
        "insert_deduplicate": 0,
        "async_insert_deduplicate": 0,
        "deduplicate_insert": "disable",
        "deduplicate_insert_select": "disable",
        # An erasure asks the table of the ids, which every replica holds.
        "allow_nondeterministic_mutations": 1,
        # A replica that is away follows when it is back.
        "distributed_ddl_output_mode": "throw_only_active",
        "distributed_ddl_task_timeout": _DDL_TIMEOUT_S,
    }


def made(statement: str) -> str:
    """Return a statement that makes a table of the MergeTree family, made a replicated one."""
    return _ENGINE.sub("ENGINE = Replicated", statement)


def check_one_server(clients: Iterable[Client]) -> None:
    """Raise InvalidInput when the connections are not all to the same server."""
    servers = {client.query("SELECT serverUUID()").result_rows[0][0] for client in clients}
    if len(servers) > 1:
        raise InvalidInput(FieldError("ports.warehouse", _ONE_SERVER))
