"""Endpoints are scraped within bounds; what they do wrong is told by ``up``."""

import asyncio
import gzip
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import httpx
import pytest

from queqiao.collect.probes.contracts import Sample
from queqiao.collect.probes.scrape import Scraper
from queqiao.collect.probes.settings import ProbeSettings, Target


class Endpoint(BaseHTTPRequestHandler):
    """Answers as its path says."""

    hold = threading.Event()
    seen: ClassVar[list[dict]] = []

    def do_GET(self) -> None:
        self.seen.append(dict(self.headers))
        kind, body, status = "text/plain; version=0.0.4", b'm{job="own",a="b"} 1\n', 200
        if self.path == "/om":
            kind, body = "application/openmetrics-text; version=1.0.0", b"m 1 2.5\n# EOF\n"
        elif self.path == "/500":
            status = 500
        elif self.path == "/large":
            body = b"m 1\n" * 3_000
        elif self.path == "/many":
            body = b"m 1\n" * 60
        elif self.path == "/latin":
            body = b'm{a="\xff"} 1\n'
        elif self.path == "/slow":
            self.hold.wait(20)
        self.send_response(status)
        self.send_header("content-type", kind)
        if self.path == "/gzip":
            body = gzip.compress(body)
            self.send_header("content-encoding", "gzip")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def base() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    Endpoint.hold.set()
    server.shutdown()
    thread.join()
    server.server_close()
    Endpoint.hold.clear()
    Endpoint.seen.clear()


async def scraped(*targets: Target) -> list[Sample]:
    settings = ProbeSettings(scrape=list(targets), scrape_bytes_max=10_000, scrape_samples_max=50)
    scraper = Scraper(settings)
    try:
        return await scraper.samples()
    finally:
        await scraper.close()


async def test_labels_of_ours_and_of_theirs(base: str, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("secret\n")
    found = await scraped(
        Target("j", f"{base}/plain", labels={"shop": "鹊桥"}, token_file=str(token)),
        Target("j", f"{base}/gzip"),
        Target("k", f"{base}/om"),
    )
    own = {"job": "j", "instance": base.removeprefix("http://")}
    first = {"exported_job": "own", "a": "b", **own}
    assert [one for one in found if one.name == "m"] == [
        Sample("m", 1.0, {**first, "shop": "鹊桥"}, "unknown"),
        Sample("m", 1.0, first, "unknown"),
        Sample("m", 1.0, {**own, "job": "k"}, "unknown", 2500),
    ]
    assert [one.value for one in found if one.name == "up"] == [1, 1, 1]
    assert [one.value for one in found if one.name == "scrape_samples_scraped"] == [1, 1, 1]
    assert "Bearer secret" in {one.get("authorization") for one in Endpoint.seen}


@pytest.mark.parametrize("path", ["500", "large", "many", "latin", "slow"])
async def test_what_is_wrong_is_down_and_stores_nothing_else(base: str, path: str) -> None:
    started = time.monotonic()
    found = await scraped(Target("j", f"{base}/{path}", timeout_s=0.5))
    assert time.monotonic() - started < 3
    assert [(one.name, one.value) for one in found if one.name != "scrape_duration_seconds"] == [
        ("up", 0)
    ]


async def test_one_that_is_down_does_not_hide_another(base: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    gone = Target("gone", f"http://127.0.0.1:{port}/metrics", timeout_s=1)
    no_token = Target("none", f"{base}/plain", token_file="/nonexistent/token")
    found = await scraped(gone, no_token, Target("there", f"{base}/plain"))
    up = {one.labels["job"]: one.value for one in found if one.name == "up"}
    assert up == {"gone": 0, "none": 0, "there": 1}


@pytest.mark.skipif(
    shutil.which("prometheus") is None, reason="Debian's prometheus is not installed"
)
async def test_a_real_prometheus_is_scraped_and_agrees(base: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    config = tmp_path / "prometheus.yml"
    target = base.removeprefix("http://")
    config.write_text(
        "global: {scrape_interval: 1s}\nscrape_configs:\n"
        f"- {{job_name: j, metrics_path: /plain, static_configs: [{{targets: ['{target}']}}]}}\n"
    )
    server = subprocess.Popen(  # noqa: ASYNC220  # it is started once, before anything waits
        [
            "prometheus", f"--config.file={config}", f"--storage.tsdb.path={tmp_path}/data",
            f"--web.listen-address=127.0.0.1:{port}", "--log.level=error",
        ]
    )  # fmt: skip
    try:
        answer = await asked(f"http://127.0.0.1:{port}/api/v1/query?query=m")
        theirs = [
            (
                {name: value for name, value in one["metric"].items() if name != "__name__"},
                float(one["value"][1]),
            )
            for one in answer
        ]
        found = await scraped(Target("j", f"{base}/plain"))
        assert theirs == [(one.labels, one.value) for one in found if one.name == "m"]
        settings = ProbeSettings(scrape=[Target("prometheus", f"http://127.0.0.1:{port}/metrics")])
        scraper = Scraper(settings)
        whole = await scraper.samples()
        await scraper.close()
        (wrong,) = [one.value for one in whole if one.name == "scrape_wrong_lines"]
        assert wrong == 0
        assert len(whole) > 300
        kinds = {one.name: one.kind for one in whole}
        assert kinds["prometheus_http_request_duration_seconds_bucket"] == "histogram"
        assert kinds["go_goroutines"] == "gauge"
        assert kinds["process_cpu_seconds_total"] == "counter"
    finally:
        server.terminate()
        server.wait(10)


async def asked(url: str) -> list[dict]:
    """Return the first answer that holds something."""
    deadline = time.monotonic() + 20
    async with httpx.AsyncClient(timeout=2, trust_env=False) as client:
        while True:
            try:
                result = (await client.get(url)).json()["data"]["result"]
            except (httpx.HTTPError, KeyError, ValueError):
                result = []
            if result:
                return result
            assert time.monotonic() < deadline, "prometheus did not scrape in time"
            await asyncio.sleep(0.1)
