"""Prometheus from Debian: reads the metrics of the addresses in the settings, and its own."""

import json
from functools import partial
from pathlib import Path

from deploy.engines import asking
from deploy.engines.engine import Engine, Place, Server
from deploy.engines.errors import NotReady
from deploy.engines.packages import program
from deploy.engines.settings import Settings

RETENTION = "2d"


def _prepare(place: Place) -> None:
    targets = [place.address("prometheus"), *place.settings.prometheus.scrape]
    jobs = [{"job_name": "engines", "static_configs": [{"targets": targets}]}]
    configuration = {"global": {"scrape_interval": "5s"}, "scrape_configs": jobs}
    # JSON is YAML, which is what it must be.
    (place.folder("prometheus") / "prometheus.yml").write_text(json.dumps(configuration, indent=1))


def _ask(place: Place) -> None:
    answer = asking.document(place.address("prometheus"), "/api/v1/query?query=vector(1)")
    if answer["status"] != "success":
        raise NotReady(f"a query is answered {answer}")


def _server(place: Place) -> Server:
    folder = place.folder("prometheus")
    return Server(
        name="prometheus",
        command=[
            program("prometheus"),
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--storage.tsdb.retention.time={RETENTION}",
            f"--web.listen-address={place.address('prometheus')}",
        ],
        ports=("prometheus",),
        prepare=partial(_prepare, place),
        ready=partial(_ask, place),
    )


def _install(_cache: Path, _settings: Settings) -> None:
    program("prometheus")


ENGINE = Engine(
    name="prometheus",
    install=_install,
    servers=lambda place: [_server(place)],
    urls=lambda place: {"prometheus_url": f"http://{place.address('prometheus')}"},
    ports=("prometheus",),
)
