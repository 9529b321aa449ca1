"""HBase on HDFS: master, region server and ZooKeeper in one process; Thrift in another."""

import socket
from collections.abc import Mapping
from functools import partial

from deploy.engines import hdfs, thrift
from deploy.engines.engine import Engine, Place, Server
from deploy.engines.errors import NotReady
from deploy.engines.java import java, write_log4j1, write_site
from deploy.engines.packages import fetch_jars, jars
from deploy.engines.settings import Settings

MASTER = "org.apache.hadoop.hbase.master.HMaster"
THRIFT = "org.apache.hadoop.hbase.thrift2.ThriftServer"
OPENED = ("lang", "lang.reflect", "nio", "util", "util.concurrent")
OPTIONS = (
    *(f"--add-opens=java.base/java.{package}=ALL-UNNAMED" for package in OPENED),
    "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
    "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED",
    "--add-exports=java.security.jgss/sun.security.krb5=ALL-UNNAMED",
    "-Dorg.apache.hbase.thirdparty.io.netty.tryReflectionSetAccessible=true",
)
QUESTION = "listNamespaceDescriptors"
"""Takes no arguments, and the master answers it."""
PORTS = ("hbase_zookeeper", "hbase_master", "hbase_region")


def _versions(settings: Settings) -> dict[str, str]:
    return {"hbase": settings.hbase.version}


def _site(place: Place) -> dict[str, str | int]:
    folder = place.folder("hbase")
    return {
        "hbase.cluster.distributed": "false",
        "hbase.rootdir": f"{hdfs.url(place)}/hbase",
        "hbase.tmp.dir": str(folder / "tmp"),
        "hbase.wal.provider": "filesystem",
        "hbase.zookeeper.property.dataDir": str(folder / "zookeeper"),
        "hbase.zookeeper.quorum": "127.0.0.1",
        "hbase.zookeeper.property.clientPort": place.ports["hbase_zookeeper"],
        "hbase.master.port": place.ports["hbase_master"],
        "hbase.regionserver.port": place.ports["hbase_region"],
        "hbase.master.hostname": "localhost",
        "hbase.regionserver.hostname": "localhost",
        "hbase.master.ipc.address": "127.0.0.1",
        "hbase.regionserver.ipc.address": "127.0.0.1",
        # No web pages, whose ports would be fixed.
        "hbase.master.info.port": -1,
        "hbase.regionserver.info.port": -1,
        "hbase.thrift.info.port": -1,
        "hbase.regionserver.thrift.ipaddress": "127.0.0.1",
        "hbase.regionserver.handler.count": 8,
        # The client's default of three copies makes every log of writes complain and roll.
        "dfs.replication": len(hdfs.DATANODES),
        "dfs.client.block.write.replace-datanode-on-failure.policy": "NEVER",
    }


def _prepare(place: Place, server: str) -> None:
    conf = place.folder(server) / "conf"
    write_site(conf / "hbase-site.xml", _site(place))
    write_log4j1(conf)


def _command(place: Place, server: str, heap_mb: int, main: str, *arguments: str) -> list[str]:
    fetched = jars(place.cache, "hbase", _versions(place.settings))
    path = [f"{place.folder(server) / 'conf'}", f"{fetched}/*"]
    return java(place.settings, heap_mb, path, main, *arguments, options=OPTIONS)


def _ask(place: Place) -> None:
    """Ask ZooKeeper how it does, and whether master and region server listen.

    What they answer is asked by way of Thrift.
    """
    host, port = place.address("hbase_zookeeper").split(":")
    with socket.create_connection((host, int(port)), 5.0) as stream:
        stream.sendall(b"srvr")
        answer = stream.recv(4096)
    if b"Mode:" not in answer:
        raise NotReady(f"ZooKeeper answers {answer[:100]!r}")
    for name in PORTS[1:]:
        socket.create_connection(("127.0.0.1", place.ports[name]), 5.0).close()


def _server(place: Place) -> Server:
    return Server(
        name="hbase",
        command=_command(place, "hbase", place.settings.hbase.heap_mb, MASTER, "start"),
        ports=PORTS,
        prepare=partial(_prepare, place, "hbase"),
        ready=partial(_ask, place),
        needs=("hdfs_namenode", *(f"hdfs_datanode_{one}" for one in hdfs.DATANODES)),
        stop_within_s=60.0,
        start_within_s=180.0,
    )


def _thrift(place: Place) -> Server:
    bound = ("-p", str(place.ports["hbase_thrift"]), "-b", "127.0.0.1", "--infoport", "-1")
    heap_mb = place.settings.hbase.thrift_heap_mb
    return Server(
        name="hbase_thrift",
        command=_command(place, "hbase_thrift", heap_mb, THRIFT, *bound, "start"),
        ports=("hbase_thrift",),
        prepare=partial(_prepare, place, "hbase_thrift"),
        ready=lambda: thrift.call(place.address("hbase_thrift"), QUESTION),
        needs=("hbase",),
    )


def _urls(place: Place) -> Mapping[str, str]:
    return {"hbase_thrift": place.address("hbase_thrift")}


ENGINE = Engine(
    name="hbase",
    install=lambda cache, settings: fetch_jars(cache, "hbase", _versions(settings)),
    servers=lambda place: [_server(place), _thrift(place)],
    urls=_urls,
    ports=(*PORTS, "hbase_thrift"),
    needs=("hdfs",),
)
