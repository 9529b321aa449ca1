"""Hive's metastore: the catalogue of the lake's tables, its own tables in PostgreSQL."""

import subprocess
from functools import partial
from pathlib import Path

import psycopg

from deploy.engines import hdfs, postgresql, seaweedfs, thrift
from deploy.engines.engine import Engine, Place, Server
from deploy.engines.errors import EngineError
from deploy.engines.java import OPEN_LANG, java, write_log4j2, write_site
from deploy.engines.packages import archive, fetch_archive, fetch_jars, jars
from deploy.engines.settings import Settings

DATABASE = "metastore"
MAIN = "org.apache.hadoop.hive.metastore.HiveMetaStore"
OPENS = (
    OPEN_LANG,
    "--add-opens=java.base/java.net=ALL-UNNAMED",
    "--add-opens=java.base/java.util=ALL-UNNAMED",
)


def _versions(settings: Settings) -> dict[str, str]:
    metastore = settings.metastore
    return {
        "hive": metastore.version,
        "hadoop": metastore.hadoop_version,
        "postgresql.driver": metastore.postgresql_driver_version,
    }


def _archive(settings: Settings) -> str:
    return f"org.apache.hive:hive-standalone-metastore:{settings.metastore.version}:tar.gz:bin"


def _site(place: Place) -> dict[str, str | int]:
    package = "org.apache.hadoop.hive.metastore"
    return {
        "javax.jdo.option.ConnectionURL": f"jdbc:{_jdbc(place)}",
        "javax.jdo.option.ConnectionDriverName": "org.postgresql.Driver",
        "javax.jdo.option.ConnectionUserName": postgresql.ROLE,
        "javax.jdo.option.ConnectionPassword": "",
        # Made by itself, it locks itself out at the first table: the schema is loaded instead.
        "datanucleus.schema.autoCreateAll": "false",
        "metastore.schema.verification": "true",
        "metastore.warehouse.dir": f"{hdfs.url(place)}/warehouse",
        "metastore.thrift.uris": f"thrift://{place.address('metastore')}",
        "metastore.thrift.bind.host": "127.0.0.1",
        "metastore.task.threads.always": f"{package}.events.EventCleanerTask",
        "metastore.compactor.initiator.on": "false",
        "metastore.housekeeping.threads.on": "false",
        "metastore.expression.proxy": f"{package}.DefaultPartitionExpressionProxy",
        "metastore.filter.hook": f"{package}.DefaultMetaStoreFilterHookImpl",
        "metastore.event.db.notification.api.auth": "false",
        **seaweedfs.hadoop_settings(place),
    }


def _jdbc(place: Place) -> str:
    return f"postgresql://{place.address('postgresql')}/{DATABASE}"


def _prepare(place: Place) -> None:
    conf = place.folder("metastore") / "conf"
    write_site(conf / "metastore-site.xml", _site(place))
    write_log4j2(conf)
    postgresql.make_database(place, DATABASE)
    _load_schema(place)


def _load_schema(place: Place) -> None:
    """Make the metastore's own tables, once, all or none."""
    url = postgresql.url(place, DATABASE)
    with psycopg.connect(url) as connection:
        if connection.execute("""SELECT to_regclass('"VERSION"')""").fetchone() != (None,):
            return
    major = ".".join([*place.settings.metastore.version.split(".")[:2], "0"])
    name = f"hive-schema-{major}.postgres.sql"
    found = list(archive(place.cache, _archive(place.settings)).rglob(name))
    if not found:
        raise EngineError(f"[metastore] version: its archive holds no {name}")
    command = ["psql", "-q", "-1", "-v", "ON_ERROR_STOP=1", "-f", str(found[0]), url]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise EngineError(f"metastore: its tables could not be made: {done.stderr[-500:]}")


def _server(place: Place) -> Server:
    folder = place.folder("metastore")
    conf = folder / "conf"
    return Server(
        name="metastore",
        command=java(
            place.settings,
            place.settings.metastore.heap_mb,
            [conf, f"{jars(place.cache, 'metastore', _versions(place.settings))}/*"],
            MAIN,
            "-p",
            str(place.ports["metastore"]),
            options=[*OPENS, write_log4j2(conf)],
        ),
        ports=("metastore",),
        prepare=partial(_prepare, place),
        ready=lambda: thrift.call(place.address("metastore"), "get_all_databases"),
        needs=("postgresql", "hdfs_namenode"),
    )


def _install(cache: Path, settings: Settings) -> None:
    fetch_jars(cache, "metastore", _versions(settings))
    fetch_archive(cache, _archive(settings))


ENGINE = Engine(
    name="metastore",
    install=_install,
    servers=lambda place: [_server(place)],
    urls=lambda place: {"metastore_url": f"thrift://{place.address('metastore')}"},
    ports=("metastore",),
    needs=("postgresql", "hdfs"),
)
