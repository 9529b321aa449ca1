"""All engines in the order of their start, and what a name means."""

from collections.abc import Iterable, Sequence

from deploy.engines import (
    flink,
    hbase,
    hdfs,
    kafka,
    metastore,
    postgresql,
    prometheus,
    redis,
    seaweedfs,
    spark,
)
from deploy.engines.engine import Engine, Place, Server
from deploy.engines.errors import EngineError

ENGINES: tuple[Engine, ...] = (
    kafka.ENGINE,
    postgresql.ENGINE,
    *redis.ENGINES,
    hdfs.ENGINE,
    seaweedfs.ENGINE,
    metastore.ENGINE,
    hbase.ENGINE,
    spark.ENGINE,
    flink.ENGINE,
    prometheus.ENGINE,
)
PORTS = tuple(port for engine in ENGINES for port in engine.ports)


def chosen(names: Iterable[str], engines: Sequence[Engine] = ENGINES) -> list[Engine]:
    """Return the engines of these names and those they need, in the order of their start.

    A name is an engine's or one of its servers'; none means all. Raises EngineError for others.
    """
    known = {engine.name: engine for engine in engines}
    todo = [_engine_of(name, known) for name in names] or list(known)
    wanted: set[str] = set()
    while todo:
        name = todo.pop()
        if name not in wanted:
            wanted.add(name)
            todo.extend(known[name].needs)
    return [engine for engine in engines if engine.name in wanted]


def _engine_of(name: str, known: Iterable[str]) -> str:
    # A server is named for its engine: kafka_2, hdfs_namenode.
    engine = name if name in known else name.split("_", maxsplit=1)[0]
    if engine not in known:
        raise EngineError(f"no engine is named {name}; there are: {', '.join(known)}")
    return engine


def servers_of(names: Iterable[str], engines: Sequence[Engine], place: Place) -> list[Server]:
    """Return the servers that the names mean, with all of what they need, in order of start."""
    names = list(names)
    whole = set(names) & {engine.name for engine in engines} if names else None
    picked = []
    for engine in chosen(names, engines):
        servers = list(engine.servers(place))
        single = [server for server in servers if server.name in names]
        picked += single if single and whole is not None and engine.name not in whole else servers
    unknown = {name for name in names if "_" in name} - {server.name for server in picked}
    if unknown:
        raise EngineError(f"no server is named {', '.join(sorted(unknown))}")
    return picked


def dependents(names: Iterable[str], servers: Sequence[Server]) -> list[str]:
    """Return the names and all that need one of them, directly or not, in order of start."""
    reached = set(names)
    for _ in servers:
        reached |= {server.name for server in servers if reached & set(server.needs)}
    return [server.name for server in servers if server.name in reached]
