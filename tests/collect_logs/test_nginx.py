"""A real nginx writes, a real logrotate rotates: every request is one event."""

import asyncio
import http.client
import json
import signal
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.collect_logs.conftest import Store, drain, files, tail_of

from queqiao.collect.logs.follower import Bounds
from queqiao.collect.logs.tail import Tail

NGINX, LOGROTATE = Path("/usr/sbin/nginx"), Path("/usr/sbin/logrotate")

pytestmark = pytest.mark.skipif(
    not (NGINX.exists() and LOGROTATE.exists()),
    reason="nginx or logrotate is not installed (tests/system_packages.sh)",
)

CONF = """
daemon off; master_process off; worker_processes 1; pid {root}/nginx.pid;
error_log {root}/error.log;
events {{ worker_connections 64; }}
http {{
  client_body_temp_path {root}/t1; proxy_temp_path {root}/t2; fastcgi_temp_path {root}/t3;
  uwsgi_temp_path {root}/t4; scgi_temp_path {root}/t5;
  log_format as_json escape=json '{{"time_iso8601":"$time_iso8601","remote_addr":"$remote_addr",'
    '"request_method":"$request_method","request_uri":"$request_uri","status":$status,'
    '"body_bytes_sent":$body_bytes_sent,"request_time":$request_time,'
    '"http_user_agent":"$http_user_agent","http_referer":"$http_referer"}}';
  server {{
    listen 127.0.0.1:{port};
    access_log {root}/access.log combined;
    access_log {root}/access.json as_json;
    location / {{ return 200 "ok"; }}
  }}
}}
"""


class Nginx:
    def __init__(self, root: Path) -> None:
        self.root = root
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        (root / "nginx.conf").write_text(CONF.format(root=root, port=self.port))
        self.process = subprocess.Popen(
            [str(NGINX), "-c", str(root / "nginx.conf"), "-p", str(root)], stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                break
            except OSError:
                time.sleep(0.02)

    def ask(self, path: str, agent: str = "curl/8") -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        connection.putrequest("GET", path, skip_accept_encoding=True)
        connection.putheader("User-Agent", agent.encode())
        connection.endheaders()
        assert connection.getresponse().read() == b"ok"
        connection.close()

    def rotate(self, how: str) -> None:
        rules = self.root / "rotate.conf"
        reopen = f"postrotate\n kill -USR1 {self.process.pid}\n endscript"
        names = " ".join(str(self.root / name) for name in ("access.log", "access.json"))
        rules.write_text(
            f"{names} {{\n rotate 5\n {how}\n{reopen if 'create' in how else ''}\n}}\n"
        )
        rules.chmod(0o600)
        subprocess.run(
            [str(LOGROTATE), "-f", "-s", str(self.root / "state"), str(rules)],
            check=True,
            timeout=20,
        )


@pytest.fixture
def nginx(tmp_path: Path) -> Iterator[Nginx]:
    (tmp_path / "www").mkdir(mode=0o755)
    server = Nginx(tmp_path / "www")
    yield server
    server.process.send_signal(signal.SIGTERM)
    server.process.wait(10)


async def caught_up(tail: Tail, store: Store, count: int) -> None:
    """Follow until so many events are there: nginx writes its line after its answer."""
    deadline = time.monotonic() + 10
    while len(store.paths()) < count and time.monotonic() < deadline:
        await drain(tail)
        await asyncio.sleep(0.01)


async def test_every_request_is_one_event_through_every_rotation(
    nginx: Nginx, store: Store
) -> None:
    followed = [
        files(nginx.root / "access.log"),
        files(nginx.root / "access.json", format="json"),
    ]
    tail = tail_of(store, *followed, bounds=Bounds())
    number = 0
    for how in ("create", "copytruncate", "create\n compress\n delaycompress", "create\n compress"):
        for _ in range(20):
            number += 1
            nginx.ask(f"/p/{number}")
        await drain(tail)
        for _ in range(5):  # in nginx's file, not yet read by us
            number += 1
            nginx.ask(f"/p/{number}")
        if "compress" in how:
            await drain(tail)
        nginx.rotate(how)
        nginx.ask(f"/p/{number + 1}")
        number += 1
        await caught_up(tail, store, 2 * number)
    assert Counter(store.paths()) == {f"/p/{one}": 2 for one in range(1, number + 1)}
    assert store.refused() == []


async def test_both_formats_tell_the_same(nginx: Nginx, store: Store) -> None:
    nginx.ask("/%E9%B9%8A?q=1", agent='鹊桥 "quoted" \\ back')
    combined, as_json = (
        files(nginx.root / "access.log"),
        files(nginx.root / "access.json", format="json"),
    )
    await caught_up(tail_of(store, combined, as_json), store, 2)
    first, second = store.events()
    assert first["context"] == second["context"]
    assert first["context"]["userAgent"] == '鹊桥 "quoted" \\ back'
    assert first["timestamp_us"] == second["timestamp_us"]
    assert second["properties"].pop("latency_ms") >= 0
    assert first["properties"].pop("protocol") == "HTTP/1.1"
    assert first["properties"] == second["properties"]
    assert json.dumps(store.refused()) == "[]"
