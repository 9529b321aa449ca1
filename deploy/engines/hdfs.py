"""HDFS: a name node and two data nodes; every block lies on both."""

import json
import subprocess
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from deploy.engines import asking
from deploy.engines.engine import Engine, Place, Server
from deploy.engines.errors import EngineError, NotReady
from deploy.engines.java import OPEN_LANG, java, write_log4j1, write_site
from deploy.engines.packages import fetch_jars, jars
from deploy.engines.settings import Settings

DATANODES = (1, 2)
NAMENODE = "org.apache.hadoop.hdfs.server.namenode.NameNode"
DATANODE = "org.apache.hadoop.hdfs.server.datanode.DataNode"


def _versions(settings: Settings) -> dict[str, str]:
    return {"hadoop": settings.hdfs.version}


def url(place: Place) -> str:
    """Return the file system's address."""
    return f"hdfs://{place.address('namenode')}"


def _site(place: Place, folder: Path) -> dict[str, str | int]:
    """Return the settings that name node and data nodes share."""
    return {
        "dfs.replication": len(DATANODES),
        "dfs.namenode.http-address": place.address("namenode_http"),
        "dfs.namenode.name.dir": f"file://{folder / 'data'}",
        "dfs.datanode.data.dir": f"file://{folder / 'data'}",
        "dfs.datanode.hostname": "127.0.0.1",
        "dfs.namenode.datanode.registration.ip-hostname-check": "false",
        "dfs.namenode.safemode.extension": 0,
        # With two nodes there is none to take a dead one's place in a pipeline.
        "dfs.client.block.write.replace-datanode-on-failure.policy": "NEVER",
        # A dead node is known as dead after 2 x recheck + 10 x heartbeat: 40 s instead of 10 min.
        "dfs.namenode.heartbeat.recheck-interval": 5_000,
        "dfs.heartbeat.interval": 3,
        "dfs.blocksize": 16 * 1024 * 1024,
        "dfs.namenode.fs-limits.min-block-size": 4096,
    }


def _configure(place: Place, server: str, more: Mapping[str, str | int]) -> None:
    folder = place.folder(server)
    conf = folder / "conf"
    write_site(conf / "hdfs-site.xml", {**_site(place, folder), **more})
    write_site(
        conf / "core-site.xml",
        {
            "fs.defaultFS": url(place),
            "hadoop.tmp.dir": str(folder / "tmp"),
            "hadoop.http.staticuser.user": "root",
        },
    )
    write_log4j1(conf)
    # The jars lack the pages of the web interface, without which the daemons end.
    for pages in ("hdfs", "datanode"):
        inside = conf / "webapps" / pages / "WEB-INF"
        inside.mkdir(parents=True, exist_ok=True)
        (inside / "web.xml").write_text("<web-app/>\n")


def _command(place: Place, server: str, heap_mb: int, main: str, *arguments: str) -> list[str]:
    fetched = jars(place.cache, "hdfs", _versions(place.settings))
    path = [f"{place.folder(server) / 'conf'}", f"{fetched}/*"]
    return java(place.settings, heap_mb, path, main, *arguments, options=[OPEN_LANG])


def _prepare_namenode(place: Place) -> None:
    _configure(place, "hdfs_namenode", {})
    if (place.folder("hdfs_namenode") / "data" / "current" / "VERSION").exists():
        return
    format_it = ("-format", "-nonInteractive", "-force")
    command = _command(place, "hdfs_namenode", 128, NAMENODE, *format_it)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise EngineError(f"hdfs_namenode could not be formatted: {done.stderr[-500:]}")


def _prepare_datanode(place: Place, number: int) -> None:
    name = f"datanode_{number}"
    more: dict[str, str | int] = {
        "dfs.datanode.address": place.address(name),
        "dfs.datanode.http.address": place.address(f"{name}_http"),
        "dfs.datanode.ipc.address": place.address(f"{name}_ipc"),
    }
    _configure(place, f"hdfs_{name}", more)


def _ask_namenode(place: Place) -> None:
    answer = asking.document(place.address("namenode_http"), "/webhdfs/v1/?op=GETFILESTATUS")
    if answer["FileStatus"]["type"] != "DIRECTORY":
        raise NotReady(f"the root is no directory: {answer}")


def _ask_datanode(place: Place, number: int) -> None:
    """Ask the name node whether the data node lives, out of safe mode; then the node itself."""
    query = "/jmx?qry=Hadoop:service=NameNode,name=NameNodeInfo"
    beans = asking.document(place.address("namenode_http"), query)["beans"]
    if not beans or beans[0]["Safemode"]:
        raise NotReady(beans[0]["Safemode"] if beans else "the name node is not up yet")
    live = json.loads(beans[0]["LiveNodes"])
    address = place.address(f"datanode_{number}")
    if address not in {node["xferaddr"] for node in live.values()}:
        raise NotReady(f"the name node does not know {address} as live yet")
    asking.document(place.address(f"datanode_{number}_http"), "/jmx?qry=java.lang:type=Runtime")


def _namenode(place: Place) -> Server:
    heap_mb = place.settings.hdfs.namenode_heap_mb
    return Server(
        name="hdfs_namenode",
        command=_command(place, "hdfs_namenode", heap_mb, NAMENODE),
        ports=("namenode", "namenode_http"),
        prepare=partial(_prepare_namenode, place),
        ready=partial(_ask_namenode, place),
    )


def _datanode(place: Place, number: int) -> Server:
    name, heap_mb = f"datanode_{number}", place.settings.hdfs.datanode_heap_mb
    return Server(
        name=f"hdfs_{name}",
        command=_command(place, f"hdfs_{name}", heap_mb, DATANODE),
        ports=(name, f"{name}_http", f"{name}_ipc"),
        prepare=partial(_prepare_datanode, place, number),
        ready=partial(_ask_datanode, place, number),
        needs=("hdfs_namenode",),
    )


def _urls(place: Place) -> Mapping[str, str]:
    return {
        "webhdfs_url": f"webhdfs://{place.address('namenode_http')}",
        "hdfs_url": url(place),
    }


ENGINE = Engine(
    name="hdfs",
    install=lambda cache, settings: fetch_jars(cache, "hdfs", _versions(settings)),
    servers=lambda place: [_namenode(place), *(_datanode(place, one) for one in DATANODES)],
    urls=_urls,
    ports=(
        "namenode",
        "namenode_http",
        *(f"datanode_{one}{kind}" for one in DATANODES for kind in ("", "_http", "_ipc")),
    ),
)
