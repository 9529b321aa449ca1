"""Fixtures that start real engines: each just what it needs, once a session, when first asked.

They work in a home of this session's own. With ``QUEQIAO_ENGINES_HOME`` set they work in that home
instead, start there what lacks, and leave it up: quick while one writes a test.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from deploy.engines.instance import Instance

HOME_VARIABLE = "QUEQIAO_ENGINES_HOME"


@pytest.fixture(scope="session")
def engines() -> Iterator[Instance]:
    """The session's instance, in which nothing is up yet; all of it is stopped at the end."""
    given = os.environ.get(HOME_VARIABLE)
    if given:
        instance = Instance(Path(given))
        yield instance
        instance.leave()
    else:
        with own_instance() as instance:
            yield instance


@contextmanager
def own_instance() -> Iterator[Instance]:
    """Give an instance in a new home; stop and remove it afterwards."""
    home = Path(tempfile.mkdtemp(prefix="queqiao-engines-"))
    home.chmod(0o755)  # PostgreSQL runs as another user
    instance = Instance(home, owned=True)
    try:
        yield instance
    finally:
        instance.down()
    shutil.rmtree(home)


@pytest.fixture
def new_instance() -> Iterator[Callable[[], Instance]]:
    """Return a function that makes instances beside the session's, gone after the test."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(own_instance())


def _url(engines: Instance, engine: str, name: str) -> str:
    engines.up([engine])
    return engines.urls([engine])[name]


@pytest.fixture(scope="session")
def kafka_bootstrap(engines: Instance) -> str:
    """Addresses of three brokers, with commas between."""
    return _url(engines, "kafka", "kafka_bootstrap")


@pytest.fixture(scope="session")
def postgresql_url(engines: Instance) -> str:
    """A database of a role that is no superuser, and that may make databases."""
    return _url(engines, "postgresql", "postgresql_url")


@pytest.fixture(scope="session")
def redis_url(engines: Instance) -> str:
    """Redis 7, append-only file, written through always."""
    return _url(engines, "redis", "redis_url")


@pytest.fixture(scope="session")
def valkey_url(engines: Instance) -> str:
    """Valkey 8, append-only file, written through always."""
    return _url(engines, "valkey", "valkey_url")


@pytest.fixture(scope="session")
def webhdfs_url(engines: Instance) -> str:
    """HDFS over HTTP: a name node, two data nodes, two copies of each block."""
    return _url(engines, "hdfs", "webhdfs_url")


@pytest.fixture(scope="session")
def hdfs_url(engines: Instance) -> str:
    """The same HDFS by its own protocol."""
    return _url(engines, "hdfs", "hdfs_url")


@pytest.fixture(scope="session")
def s3_url(engines: Instance) -> str:
    """The end point of SeaweedFS; its bucket and keys are in ``engines.place.settings``."""
    return _url(engines, "seaweedfs", "s3_url")


@pytest.fixture(scope="session")
def metastore_url(engines: Instance) -> str:
    """Hive's metastore on PostgreSQL, its warehouse in HDFS."""
    return _url(engines, "metastore", "metastore_url")


@pytest.fixture(scope="session")
def hbase_thrift(engines: Instance) -> str:
    """HBase's Thrift 2 server; HBase lies on HDFS."""
    return _url(engines, "hbase", "hbase_thrift")


@pytest.fixture(scope="session")
def flink_rest(engines: Instance) -> str:
    """The job manager's address; a task manager with two slots is registered there."""
    return _url(engines, "flink", "flink_rest")


@pytest.fixture(scope="session")
def flink_python(engines: Instance) -> str:
    """The interpreter that has PyFlink; ``engines.urls(["flink"])`` has its folders and jars.

    Starts no server.
    """
    engines.install(["flink"])
    return engines.urls(["flink"])["flink_python"]


@pytest.fixture(scope="session")
def spark_python(engines: Instance) -> str:
    """The interpreter that has PySpark; ``engines.urls(["spark"])`` has the connector's jars."""
    return _url(engines, "spark", "spark_python")


@pytest.fixture(scope="session")
def prometheus_url(engines: Instance) -> str:
    """Prometheus, which reads its own metrics only unless the settings name others."""
    return _url(engines, "prometheus", "prometheus_url")
