"""Two replicas of Debian's ClickHouse of 2018, the one real server that can be had from packages.

It knows neither our tables (it has no codecs) nor our client's handshake, but it is where inserts,
quorums and deduplication were made: what we rely on there is tried on it, with servers that hang
and that are killed. Its packages are unpacked into the cache of engines; nothing is installed.
"""

import os
import shutil
import signal
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.ports.clickhouse_replicas import free_port, wait_for, zookeeper

from deploy.engines import packages

LIBRARIES = ("usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu")
CONFIG = """<yandex>
 <logger><level>warning</level><console>1</console></logger>
 <http_port>{http}</http_port><tcp_port>{tcp}</tcp_port>
 <interserver_http_port>{replication}</interserver_http_port>
 <interserver_http_host>127.0.0.1</interserver_http_host><listen_host>127.0.0.1</listen_host>
 <path>{folder}/data/</path><tmp_path>{folder}/tmp/</tmp_path>
 <user_files_path>{folder}/files/</user_files_path>
 <format_schema_path>{folder}/schemas/</format_schema_path>
 <mark_cache_size>67108864</mark_cache_size>
 <users_config>config.xml</users_config>
 <default_profile>default</default_profile><default_database>default</default_database>
 <zookeeper>
  <node><host>127.0.0.1</host><port>{zookeeper}</port></node>
  <session_timeout_ms>6000</session_timeout_ms>
 </zookeeper>
 <profiles><default/></profiles><quotas><default/></quotas>
 <users><default>
  <password></password><networks><ip>127.0.0.1</ip></networks>
  <profile>default</profile><quota>default</quota>
 </default></users>
</yandex>"""


class Refused(Exception):
    """What a server said; ``code`` is ClickHouse's."""

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.code = int(said.removeprefix("Code: ").split(",")[0])


class OldServer:
    """One server, in a process of its own."""

    def __init__(self, root: Path, folder: Path, zookeeper_port: int) -> None:
        folder.mkdir()
        ports = {name: free_port() for name in ("http", "tcp", "replication")}
        config = CONFIG.format(folder=folder, zookeeper=zookeeper_port, **ports)
        (folder / "config.xml").write_text(config)
        self._url = f"http://127.0.0.1:{ports['http']}/?"
        self.process = subprocess.Popen(
            [root / "usr/sbin/clickhouse-server", "--config-file=config.xml"],
            cwd=folder,
            env={**os.environ, "LD_LIBRARY_PATH": ":".join(str(root / one) for one in LIBRARIES)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_for(ports["http"])
        self._known: set[str] = set()
        self._known = set(self.ask("SELECT name FROM system.settings").split())

    def ask(self, sql: str, settings: Mapping[str, object] | None = None) -> str:
        """Return the answer to a statement; settings that the server does not know are left out."""
        known = {name: value for name, value in (settings or {}).items() if name in self._known}
        url = self._url + urllib.parse.urlencode(known)
        try:
            with urllib.request.urlopen(url, sql.encode(), timeout=60) as answer:
                return answer.read().decode().strip()
        except urllib.error.HTTPError as error:
            raise Refused(error.read().decode()) from error

    def close(self) -> None:
        """Kill it, hanging or not."""
        self.process.send_signal(signal.SIGCONT)
        self.process.kill()
        self.process.wait()


def unpacked() -> Path:
    """Return the folder with Debian's server and the libraries that this machine lacks."""
    place = packages.cache_folder() / "clickhouse-debian"
    if not (place / "usr/sbin/clickhouse-server").exists():
        with_archives = place.with_name("clickhouse-debian-archives")
        shutil.rmtree(place, ignore_errors=True)
        (with_archives / "partial").mkdir(parents=True, exist_ok=True)
        options = [f"Dir::Cache::archives={with_archives}", "Debug::NoLocking=1"]
        options += ["APT::Sandbox::User=root"]
        command = ["apt-get", "install", "--download-only", "-y", "--no-install-recommends"]
        command += [word for option in options for word in ("-o", option)]
        done = subprocess.run(
            [*command, "clickhouse-server"], capture_output=True, text=True, check=False
        )
        if done.returncode:
            pytest.fail(f"Debian has no clickhouse-server here: {done.stderr.strip()[-200:]}")
        for archive in with_archives.glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", archive, place], check=True)
        shutil.rmtree(with_archives)
    return place


@pytest.fixture
def old_replicas(tmp_path: Path) -> Iterator[tuple[OldServer, OldServer]]:
    """Give two servers with one ZooKeeper."""
    root = unpacked()
    with ExitStack() as stack:
        port = stack.enter_context(zookeeper(tmp_path / "zookeeper"))
        servers = []
        for name in ("one", "other"):
            server = OldServer(root, tmp_path / name, port)
            stack.callback(server.close)
            servers.append(server)
        yield servers[0], servers[1]
