"""The engine of transforms: its environment, its cluster, its clock, and what it may write."""

import os
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path

from queqiao.kernel.errors import Message
from queqiao.ports.compute import flink, flink_cluster, spark
from queqiao.ports.compute.place import ComputePlace, compute_place
from queqiao.wiring import transform_folder
from queqiao.wiring.doctor_machine import UnfitError, check_clock
from queqiao.wiring.settings import Settings

LOOK_S = 60
JAVA_MIN = 17
_INSTALL = {"spark": spark.INSTALL, "flink": flink.INSTALL}
_ASK = {
    "spark": "import pyspark, pandas, pyarrow, msgspec, xxhash, tzdata; print(pyspark.__version__)",
    "flink": "import pyflink.version as v, pyarrow, msgspec, xxhash, tzdata; print(v.__version__)",
}
"""What a run imports, in the engine's own Python, and its version."""


def compute(settings: Settings) -> Message:
    """Look at the engine; there is nothing to look at when it is embedded."""
    place = compute_place(settings.ports.compute)
    if place.python is None:
        return Message("embedded，在发问的进程中", "embedded, in the process that asks")
    version = _environment(place)
    _java()
    _files(transform_folder.of(settings.home), place)
    where = place.at or "local"
    if place.engine == "flink" and place.at:
        _flink_cluster(place.at, version)
    elif place.at.startswith("spark://"):
        _spark_master(place.at)
    return Message(f"{place.engine} {version} 可用，{where}", f"{place.engine} {version}: {where}")


def _environment(place: ComputePlace) -> str:
    """Import what a run imports; return the engine's version."""
    asked = [str(place.python), "-c", _ASK[place.engine]]
    try:
        said = subprocess.run(asked, capture_output=True, text=True, timeout=LOOK_S, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise _no_environment(place) from error
    return said.stdout.strip()


def _no_environment(place: ComputePlace) -> UnfitError:
    assert place.python is not None
    folder, install = place.python.parent.parent, _INSTALL[place.engine]
    run = f"python3 -m venv {folder} && {folder}/bin/{install}"
    lacks = Message(
        f"{place.python} 不能导入 {place.engine}", f"{place.python} has no {place.engine}"
    )
    return UnfitError(lacks, Message(f"运行 {run}", f"run {run}"))


def _java() -> None:
    java = os.environ.get("JAVA_HOME")
    program = f"{java}/bin/java" if java else shutil.which("java")
    said = ""
    if program:
        done = subprocess.run([program, "-version"], capture_output=True, text=True, timeout=LOOK_S,
                              check=False)  # fmt: skip
        said = done.stderr.partition("\n")[0]
    found = re.search(r'version "(\d+)', said)
    if found is None or int(found[1]) < JAVA_MIN:
        cure = f"apt-get install openjdk-{JAVA_MIN}-jre-headless"
        raise UnfitError(
            Message(f"需要 Java {JAVA_MIN}：{said or '没有 java'}",
                    f"Java {JAVA_MIN} is needed: {said or 'there is no java'}"),
            Message(f"运行 {cure}，或设 JAVA_HOME", f"run {cure}, or set JAVA_HOME"),
        )  # fmt: skip


def _files(folder: Path, place: ComputePlace) -> None:
    """Look for the jars, and whether results and checkpoints can be written."""
    missing = [str(jar) for jar in place.jars if not jar.is_file()]
    if missing:
        names = ", ".join(missing)
        raise UnfitError(
            Message(f"没有 {names}", f"there is no {names}"),
            Message("改 [ports] compute 的 jars", "mend jars in [ports] compute"),
        )
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UnfitError(
            Message(f"{folder} 不可写", f"{folder} cannot be written"),
            Message("改它的属主", "change its owner"),
        )


def _flink_cluster(cluster: str, version: str) -> None:
    """Ask the cluster: its version, its task managers and their clock, what it starts with."""
    try:
        theirs, beats = flink_cluster.version(cluster), flink_cluster.heartbeats_us(cluster)
        knows_python = flink_cluster.knows_python(cluster)
    except OSError as error:
        raise _away(cluster, str(error)) from error
    if theirs != version:
        raise UnfitError(
            Message(f"集群是 {theirs}，环境是 {version}", f"the cluster is {theirs}, we {version}"),
            Message("让两边版本相同", "let both be of one version"),
        )
    if not beats:
        raise _away(cluster, "no task manager")
    check_clock(max(0.0, max(beats) / 1e6 - time.time()))
    if not knows_python:
        raise UnfitError(
            Message("集群的类路径中没有 flink-python", "flink-python is not on its class path"),
            Message(
                f"把 opt/flink-python-{version}.jar 放进每台机器的 lib/，再重启集群",
                f"put opt/flink-python-{version}.jar into lib/ on each machine, and start it again",
            ),
        )


def _spark_master(master: str) -> None:
    """Connect: a master tells its version and its clock to nobody who has not begun a job."""
    host, _, port = master.removeprefix("spark://").partition(",")[0].rpartition(":")
    try:
        socket.create_connection((host, int(port)), 5).close()
    except (OSError, ValueError) as error:
        raise _away(master, str(error)) from error


def _away(where: str, cause: str) -> UnfitError:
    return UnfitError(
        Message(f"{where} 没有应答：{cause}", f"{where} does not answer: {cause}"),
        Message("启动它，或改 [ports] compute", "start it, or mend [ports] compute"),
    )
