"""Running the unmodified clients: those for Node, and the one for pages in Chromium."""

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

CLIENTS = Path(__file__).parents[1] / "clients"
MODULES = CLIENTS / "node_modules"
_BUILT = MODULES / "@segment" / "analytics-next" / "dist" / "umd"
_CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
LOAD = """
([url, writeKey, strategy]) => {
  const host = url.replace("http://", "");
  const own = { apiHost: `${host}/v1`, protocol: "http", deliveryStrategy: strategy };
  window.analytics = AnalyticsNext.AnalyticsBrowser.load(
    { writeKey, cdnURL: url },
    { integrations: { "Segment.io": own } },
  );
}
"""
"""Starts analytics-next: given the intake's address, the write key and its delivery strategy."""
CALLS = """
async () => {
  await analytics.page("Docs", "Home");
  await analytics.track("Product Viewed", { sku: "保温杯", price: 18.9, currency: "CNY" });
  await analytics.identify("u1", { plan: "金牌" });
  await analytics.group("g1", { name: "Initech" });
  await analytics.alias("u2", "u1");
}
"""
"""One call of each kind."""


def run(script: str, *arguments: str) -> Any:
    """Return what a script prints as JSON."""
    node = shutil.which("node")
    if node is None or not MODULES.is_dir():
        pytest.fail("the clients for Node are not installed; run: make setup-dev")
    done = subprocess.run(
        [node, CLIENTS / script, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing: the test's output is pytest's."""


@contextmanager
def page_of_a_shop(folder: Path) -> Iterator[str]:
    """Serve a page that carries analytics-next's own built file; yield its address."""
    if not _BUILT.is_dir():
        pytest.fail("the clients for Node are not installed; run: make setup-dev")
    (folder / "client").symlink_to(_BUILT)
    script = '<script src="/client/index.js"></script>'
    (folder / "index.html").write_text(f"<!doctype html><title>首页</title>{script}", "utf-8")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=folder))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Chromium, for the thread that asks."""
    if _CHROMIUM is None:
        pytest.fail("Chromium is not installed; run: tests/system_packages.sh")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=_CHROMIUM, args=_ARGUMENTS)
        yield launched
        launched.close()
