"""Flink from PyPI, in an environment of its own: a job manager and a task manager."""

import json
import re
import shutil
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from deploy.engines import asking
from deploy.engines.engine import Engine, Place, Server
from deploy.engines.errors import EngineError, NotReady
from deploy.engines.java import compiling
from deploy.engines.packages import environment, fetch_environment, fetch_jars, jars, program
from deploy.engines.settings import Settings

JOBMANAGER = "flink_jobmanager"
TASKMANAGER = "flink_taskmanager"


def _versions(settings: Settings) -> dict[str, str]:
    return {"flink.kafka": settings.flink.kafka_connector_version}


def _flink_home(cache: Path) -> Path:
    found = environment(cache, "flink").glob("lib/python3.*/site-packages/pyflink")
    return next(found, environment(cache, "flink") / "pyflink")


def _java_options(cache: Path, settings: Settings) -> str:
    """Return the flags of the packaged configuration: one of our own must repeat them."""
    packaged = (_flink_home(cache) / "conf" / "config.yaml").read_text()
    found = re.search(r"^ +all: (--add-.*)$", packaged, re.MULTILINE)
    if found is None:
        raise EngineError("flink: its packaged config.yaml names no options of Java")
    hidden = ("net.util", "security.util", "security.x509")
    exports = " ".join(f"--add-exports=java.base/sun.{one}=ALL-UNNAMED" for one in hidden)
    more = [*compiling(settings), "-XX:+UseSerialGC", "-XX:-UsePerfData"]
    return " ".join([found[1], exports, *more])


def _configuration(place: Place) -> dict[str, Any]:
    flink, python = place.settings.flink, str(environment(place.cache, "flink") / "bin" / "python")
    checkpoints = place.home / JOBMANAGER / "checkpoints"
    return {
        "jobmanager.bind-host": "127.0.0.1",
        "jobmanager.rpc.address": "127.0.0.1",
        "jobmanager.rpc.port": place.ports["flink_rpc"],
        "jobmanager.memory.process.size": f"{flink.jobmanager_mb}m",
        "jobmanager.memory.jvm-overhead.min": "64m",
        "jobmanager.memory.jvm-overhead.max": "128m",
        "jobmanager.memory.jvm-metaspace.size": "160m",
        "jobmanager.execution.failover-strategy": "region",
        "taskmanager.bind-host": "127.0.0.1",
        "taskmanager.host": "127.0.0.1",
        "taskmanager.numberOfTaskSlots": flink.task_slots,
        "taskmanager.memory.process.size": f"{flink.taskmanager_mb}m",
        "taskmanager.memory.jvm-overhead.min": "64m",
        "taskmanager.memory.jvm-overhead.max": "128m",
        "taskmanager.memory.jvm-metaspace.size": "192m",
        "taskmanager.memory.managed.size": "256m",
        "taskmanager.memory.network.min": "32m",
        "taskmanager.memory.network.max": "32m",
        "rest.address": "127.0.0.1",
        "rest.bind-address": "127.0.0.1",
        "rest.port": place.ports["flink_rest"],
        "blob.server.port": str(place.ports["flink_blob"]),
        "parallelism.default": flink.task_slots,
        "env.java.opts.all": _java_options(place.cache, place.settings),
        # A dead task manager is known as dead after this time.
        "heartbeat.interval": "2 s",
        "heartbeat.timeout": "10 s",
        "restart-strategy.type": "fixed-delay",
        "restart-strategy.fixed-delay.attempts": 20,
        "restart-strategy.fixed-delay.delay": "2 s",
        "execution.checkpointing.dir": f"file://{checkpoints}",
        "python.executable": python,
        "python.client.executable": python,
    }


def _link_library(place: Place, server: str) -> None:
    """Link what a server starts with: the packaged jars, Python's, and Kafka's connector.

    What comes with a job instead, is loaded once more with each, and a task manager never forgets
    it: its metaspace is full after some jobs.
    """
    folder, flink_home = place.folder(server) / "lib", _flink_home(place.cache)
    connector = jars(place.cache, "flink", _versions(place.settings))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    every = [*flink_home.glob("lib/*.jar"), *flink_home.glob("opt/flink-python-*.jar")]
    for jar in [*every, *connector.glob("*.jar")]:
        (folder / jar.name).symlink_to(jar)


def _write(place: Place, server: str, more: Mapping[str, str]) -> None:
    """Write a server's configuration; JSON is YAML, which is what it must be."""
    conf = place.folder(server) / "conf"
    conf.mkdir(exist_ok=True)
    _link_library(place, server)
    for file in (_flink_home(place.cache) / "conf").glob("log4j*.properties"):
        shutil.copy(file, conf)
    values = {**_configuration(place), **more}
    (conf / "config.yaml").write_text(json.dumps(values, indent=1))


def _resource(place: Place) -> Path:
    return place.folder(TASKMANAGER) / "resource"


def _prepare_taskmanager(place: Place) -> None:
    """Give it a name of its own at every start: the dead one's is listed for some seconds more."""
    name = f"taskmanager-{time.time_ns()}"
    _resource(place).write_text(name)
    _write(place, TASKMANAGER, {"taskmanager.resource-id": name})


def _ask_jobmanager(place: Place) -> None:
    asking.document(place.address("flink_rest"), "/overview")


def _ask_taskmanager(place: Place) -> None:
    listed = asking.document(place.address("flink_rest"), "/taskmanagers")["taskmanagers"]
    if _resource(place).read_text() not in {one["id"] for one in listed}:
        raise NotReady("the job manager does not know it yet")


def _server(place: Place, name: str, **more: Any) -> Server:
    folder, flink_home = place.folder(name), _flink_home(place.cache)
    script = name.removeprefix("flink_")
    return Server(
        name=name,
        # The script ends by becoming the Java process.
        command=["bash", flink_home / "bin" / f"{script}.sh", "start-foreground"],
        environment={
            "FLINK_HOME": str(flink_home),
            "FLINK_CONF_DIR": str(folder / "conf"),
            "FLINK_LIB_DIR": str(folder / "lib"),
            "FLINK_LOG_DIR": str(folder),
            "FLINK_PID_DIR": str(folder),
            "PATH": f"{environment(place.cache, 'flink') / 'bin'}:/usr/local/bin:/usr/bin:/bin",
        },
        **more,
    )


def _servers(place: Place) -> list[Server]:
    return [
        _server(
            place,
            JOBMANAGER,
            ports=("flink_rest", "flink_rpc", "flink_blob"),
            prepare=partial(_write, place, JOBMANAGER, {}),
            ready=partial(_ask_jobmanager, place),
        ),
        _server(
            place,
            TASKMANAGER,
            prepare=partial(_prepare_taskmanager, place),
            ready=partial(_ask_taskmanager, place),
            needs=(JOBMANAGER,),
        ),
    ]


def _urls(place: Place) -> Mapping[str, str]:
    connector = jars(place.cache, "flink", _versions(place.settings))
    return {
        "flink_rest": f"http://{place.address('flink_rest')}",
        "flink_python": str(environment(place.cache, "flink") / "bin" / "python"),
        "flink_home": str(_flink_home(place.cache)),
        "flink_conf": str(place.home / JOBMANAGER / "conf"),
        "flink_jars": ",".join(sorted(str(jar) for jar in connector.glob("*.jar"))),
    }


def _install(cache: Path, settings: Settings) -> None:
    program("java")
    fetch_environment(cache, "flink")
    fetch_jars(cache, "flink", _versions(settings))


ENGINE = Engine(
    name="flink",
    install=_install,
    servers=_servers,
    urls=_urls,
    ports=("flink_rest", "flink_rpc", "flink_blob"),
)
