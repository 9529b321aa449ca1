"""The compose file and the chart: valid, hardened, and set as the engines that the tests run on."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deploy.engines import packages
from deploy.engines.catalogue import PORTS
from deploy.engines.engine import Place
from deploy.engines.kafka import _properties
from deploy.engines.packages import HERE
from deploy.engines.ports import assign
from deploy.engines.settings import DEFAULT_FILE, read

pytestmark = [pytest.mark.engines, pytest.mark.engines_ci]
DEPLOY = HERE.parent
CHART = DEPLOY / "helm" / "queqiao"
FILES = CHART / "files"
COMPOSE = DEPLOY / "compose" / "compose.yaml"
PASSWORDS = {"queqiao": "a" * 16, "postgresql": "B" * 16}
ENGINES = ["kafka", "postgresql", "valkey", "namenode", "datanode", "metastore", "hbase", "flink"]
ENGINES += ["clickhouse", "keeper"]
STORE = {"url": "https://s3.example.com/backups/shop", "key": "k", "secret": "s"}
ALL_ON = {
    "passwords": PASSWORDS,
    "engines": {name: {"enabled": True} for name in ENGINES},
    "backup": {"clickhouse": STORE},
}
DIFFER = r"listeners|quorum\.voters|node\.id|log\.dirs|num\.(network|io)\.threads|dedupe\.buffer"
"""Kafka settings that are of the place, or of a machine with two cores."""


@pytest.fixture(scope="session")
def ask() -> Callable[[dict[str, Any]], dict[str, Any]]:
    cache = packages.cache_folder()
    packages.fetch_environment(cache, "deploy")
    python = packages.environment(cache, "deploy") / "bin" / "python"
    script = Path(__file__).with_name("read_deployments.py")

    def ask(question: dict[str, Any]) -> dict[str, Any]:
        done = subprocess.run(
            [python, script],
            input=json.dumps(question),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout)

    return ask


@pytest.fixture(scope="session")
def chart(ask: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    return ask({"folder": str(CHART), "values": ALL_ON})


@pytest.fixture(scope="session")
def compose(ask: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    return ask({"compose": str(COMPOSE)})


def of_kind(chart: dict[str, Any], *kinds: str) -> dict[str, dict[str, Any]]:
    return {one["metadata"]["name"]: one for one in chart["resources"] if one["kind"] in kinds}


def pods(chart: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the specification of every pod that the chart would start."""
    found = {
        name: one["spec"]["template"]["spec"] for name, one in of_kind(chart, "StatefulSet").items()
    }
    for name, one in of_kind(chart, "CronJob").items():
        found[name] = one["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    for name, one in of_kind(chart, "Job").items():
        found[name] = one["spec"]["template"]["spec"]
    return found


def test_the_chart_is_what_helm_and_kubernetes_take(chart: dict[str, Any]) -> None:
    assert (chart["wrong"], chart["lint"]) == ([], [])
    assert set(of_kind(chart, "StatefulSet")) == {"queqiao", *ENGINES}


def test_what_is_off_is_not_there(ask: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    off = {name: {"enabled": False} for name in ENGINES}
    chart = ask({"folder": str(CHART), "values": {"passwords": PASSWORDS, "engines": off}})
    assert set(of_kind(chart, "StatefulSet")) == {"queqiao"}
    assert not of_kind(chart, "CronJob", "Job")


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({}, "passwords.queqiao: give one of 16 letters and digits or more"),
        ({"passwords": {**PASSWORDS, "queqiao": "p@ss"}}, "passwords"),
        ({**ALL_ON, "workers": 0}, "workers"),
        ({**ALL_ON, "backup": {"keepDays": 0}}, "keepDays"),
        ({**ALL_ON, "engines": {"kafka": {"enabledd": True}}}, "enabledd"),
        ({**ALL_ON, "engines": {"clickhouse": {"enabled": True}}}, "engines.keeper.enabled"),
        ({**ALL_ON, "backup": {"clickhouse": {"url": "https://s3/'; DROP"}}}, "url"),
        ({**ALL_ON, "backup": {"clickhouse": {**STORE, "secret": ""}}}, "backup.clickhouse.secret"),
    ],
)
def test_a_wrong_value_is_named(
    ask: Callable[[dict[str, Any]], dict[str, Any]], values: dict[str, Any], told: str
) -> None:
    assert told in ask({"folder": str(CHART), "values": values})["error"]


def test_no_pod_is_root_or_writes_its_image(chart: dict[str, Any]) -> None:
    for name, pod in pods(chart).items():
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["securityContext"]["runAsUser"] > 0, name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert pod["automountServiceAccountToken"] is False, name
        for container in pod["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }, name


def test_every_container_says_what_it_needs_and_every_server_is_probed(
    chart: dict[str, Any],
) -> None:
    for name, pod in pods(chart).items():
        for container in pod["containers"]:
            assert set(container["resources"]["requests"]) == {"cpu", "memory"}, name
            assert "memory" in container["resources"]["limits"], name
            assert not container["image"].endswith(":latest"), name
    for name in of_kind(chart, "StatefulSet"):
        probes = {"startupProbe", "readinessProbe", "livenessProbe"}
        assert probes < set(pods(chart)[name]["containers"][0]), name


def test_every_mount_is_of_a_volume_and_every_port_of_a_container(chart: dict[str, Any]) -> None:
    for name, one in of_kind(chart, "StatefulSet").items():
        pod = pods(chart)[name]
        claims = [
            claim["metadata"]["name"] for claim in one["spec"].get("volumeClaimTemplates", [])
        ]
        volumes = [volume["name"] for volume in pod["volumes"]] + claims
        assert len(volumes) == len(set(volumes)), name
        for container in pod["containers"]:
            assert {mount["name"] for mount in container["volumeMounts"]} <= set(volumes), name
        ports = {port["name"] for port in pod["containers"][0]["ports"]}
        assert {
            port["targetPort"] for port in of_kind(chart, "Service")[name]["spec"]["ports"]
        } == ports


def test_every_server_has_a_disruption_budget_of_one_and_its_selector_fits(
    chart: dict[str, Any],
) -> None:
    budgets = of_kind(chart, "PodDisruptionBudget")
    sets = of_kind(chart, "StatefulSet")
    assert set(budgets) == set(sets)
    for name, budget in budgets.items():
        assert budget["spec"]["maxUnavailable"] == 1
        labels = sets[name]["spec"]["template"]["metadata"]["labels"]
        assert budget["spec"]["selector"]["matchLabels"].items() <= labels.items()


def test_only_the_public_port_is_open_to_the_outside(chart: dict[str, Any]) -> None:
    inside, public = (
        of_kind(chart, "NetworkPolicy")["inside"],
        of_kind(chart, "NetworkPolicy")["queqiao"],
    )
    covered = inside["spec"]["podSelector"]["matchLabels"].items()
    for one in of_kind(chart, "StatefulSet").values():
        assert covered <= one["spec"]["template"]["metadata"]["labels"].items()
    assert [rule["from"] for rule in inside["spec"]["ingress"]] == [
        [{"podSelector": inside["spec"]["podSelector"]}]
    ]
    assert public["spec"]["ingress"] == [{"ports": [{"port": "http", "protocol": "TCP"}]}]


def test_what_is_backed_up_is_read_back_first(chart: dict[str, Any]) -> None:
    jobs = of_kind(chart, "CronJob")
    assert set(jobs) == {"backup-postgresql", "backup-valkey", "backup-clickhouse"}
    for name, read_back in (("postgresql", "pg_restore --list"), ("valkey", "valkey-check-rdb")):
        script = pods(chart)[f"backup-{name}"]["containers"][0]["command"][-1]
        assert script.index(read_back) < script.index("mv $new") < script.index("-delete")
        subprocess.run(["sh", "-n", "-c", script], check=True)


def test_the_compose_file_is_valid_and_hardened(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert int(service["user"].split(":")[0]) > 0, name
        assert re.search(r":[\d.]+$", service["image"]), name
        assert service["mem_limit"], name
        assert service["healthcheck"]["test"], name
        for needed in service.get("depends_on", {}):
            missing = set(service.get("profiles", [])) - set(
                compose["services"][needed].get("profiles", service.get("profiles", []))
            )
            assert not missing, f"{name} needs {needed} where it is off: {missing}"


def test_the_compose_file_mounts_what_there_is(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            there = source in compose["volumes"] or (COMPOSE.parent / source).exists()
            assert there or source == "./s3", volume
        for word in service.get("command", []):
            if word.startswith("/etc/engine/"):
                assert (FILES / Path(word).name).is_file(), word


def test_images_are_the_same_in_both(chart: dict[str, Any], compose: dict[str, Any]) -> None:
    ours = {service["image"] for service in compose["services"].values()}
    theirs = {container["image"] for pod in pods(chart).values() for container in pod["containers"]}
    # PostgreSQL with the metastore's tables is made by hand for the chart (values.yaml).
    assert theirs - ours == {"postgres:17"}


def test_kafka_is_set_as_the_tests_have_it(tmp_path: Path) -> None:
    settings = read(DEFAULT_FILE)
    place = Place(tmp_path, tmp_path, settings, assign(settings.ports, tmp_path, PORTS))
    assert _settled((FILES / "kafka.properties").read_text()) == _settled(_properties(place, 1))


def _settled(properties: str) -> dict[str, str]:
    pairs = (line.split("=", 1) for line in properties.splitlines())
    return {name: value for name, value in pairs if not re.search(DIFFER, name)}


def test_versions_are_those_of_the_engines(compose: dict[str, Any]) -> None:
    settings = read(DEFAULT_FILE)
    images = {one["image"] for one in compose["services"].values()}
    assert f"apache/kafka:{settings.kafka.version}" in images
    dockerfile = (COMPOSE.parent / "engine.Dockerfile").read_text()
    for name, version in (
        ("hadoop", settings.hdfs.version),
        ("hbase", settings.hbase.version),
        ("hive", settings.metastore.version),
        ("postgresql.driver", settings.metastore.postgresql_driver_version),
    ):
        assert f"-D{name}.version={version}" in dockerfile


@pytest.mark.parametrize("script", sorted(FILES.glob("*.sh")), ids=lambda path: path.name)
def test_scripts_are_read_by_a_plain_shell(script: Path) -> None:
    subprocess.run(["sh", "-n", script], check=True)
