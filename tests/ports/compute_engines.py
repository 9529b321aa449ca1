"""Engines of other processes as tests use them: small, and one process a module."""

from pathlib import Path

from queqiao.ports.compute import flink, spark
from queqiao.ports.compute.engine_process import EngineProcess
from queqiao.ports.compute.process_engine import ProcessEngine

SPARK = {
    "spark.driver.memory": "700m",
    "spark.ui.enabled": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.shuffle.partitions": "2",
}
FLINK = {
    "parallelism.default": "2",
    "taskmanager.numberOfTaskSlots": "2",
    "rest.port": "0",
    "taskmanager.memory.managed.size": "64m",
    "taskmanager.memory.network.min": "32m",
    "taskmanager.memory.network.max": "32m",
}
ADAPTERS: dict[str, type[ProcessEngine]] = {"spark": spark.SparkEngine, "flink": flink.FlinkEngine}


def start(name: str, python: Path, folder: Path, **options) -> EngineProcess:
    """Start the process of an engine with bounded memory."""
    if name == "spark":
        return spark.start(python, folder, settings={**SPARK, **options.pop("settings", {})})
    # A cluster has settings of its own.
    own = {} if options.get("rest") else FLINK
    return flink.start(python, folder, settings={**own, **options.pop("settings", {})}, **options)
