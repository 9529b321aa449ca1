"""Spark: an environment of its own, in which processes of ours run; no server."""

from collections.abc import Mapping
from pathlib import Path

from deploy.engines.engine import Engine, Place
from deploy.engines.packages import environment, fetch_environment, fetch_jars, jars, program
from deploy.engines.settings import Settings


def _versions(settings: Settings) -> dict[str, str]:
    return {"spark": settings.spark.version}


def _install(cache: Path, settings: Settings) -> None:
    program("java")
    fetch_environment(cache, "spark")
    fetch_jars(cache, "spark", _versions(settings))


def _urls(place: Place) -> Mapping[str, str]:
    connector = jars(place.cache, "spark", _versions(place.settings))
    return {
        "spark_python": str(environment(place.cache, "spark") / "bin" / "python"),
        "spark_jars": ",".join(sorted(str(jar) for jar in connector.glob("*.jar"))),
    }


ENGINE = Engine(name="spark", install=_install, servers=lambda _place: [], urls=_urls)
