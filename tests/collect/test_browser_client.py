"""The unmodified @segment/analytics-next in Chromium, on a page of another origin."""

import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import which

import pytest
from playwright.sync_api import Browser, Page, Request, sync_playwright
from tests.collect import clients

pytestmark = pytest.mark.browser

BUILT = clients.MODULES / "@segment" / "analytics-next" / "dist" / "umd"
CHROMIUM = which("chromium") or which("chromium-browser") or which("google-chrome")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
LOAD = """
([url, strategy]) => {
  const host = url.replace("http://", "");
  const own = { apiHost: `${host}/v1`, protocol: "http", deliveryStrategy: strategy };
  window.analytics = AnalyticsNext.AnalyticsBrowser.load(
    { writeKey: "web-key", cdnURL: url },
    { integrations: { "Segment.io": own } },
  );
}
"""
CALLS = """
async () => {
  await analytics.page("Docs", "Home");
  await analytics.track("Product Viewed", { sku: "保温杯", price: 18.9, currency: "CNY" });
  await analytics.identify("u1", { plan: "金牌" });
  await analytics.group("g1", { name: "Initech" });
  await analytics.alias("u2", "u1");
}
"""
RETRY = """
async (url) => {
  const answer = await fetch(`${url}/v1/t`, {
    method: "POST",
    headers: {
      "Content-Type": "text/plain",
      Authorization: `Basic ${btoa("web-key:")}`,
      "X-Retry-Count": "1",
    },
    body: JSON.stringify({ event: "E" }),
  });
  return [answer.status, (await answer.json()).code];
}
"""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing: the test's output is pytest's."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A page of a shop that carries the client's own built file."""
    if not BUILT.is_dir():
        pytest.fail("the clients for Node are not installed; run: make setup-dev")
    folder: Path = tmp_path_factory.mktemp("site")
    (folder / "client").symlink_to(BUILT)
    script = '<script src="/client/index.js"></script>'
    (folder / "index.html").write_text(f"<!doctype html><title>首页</title>{script}", "utf-8")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.fail("Chromium is not installed; run: tests/system_packages.sh")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    context = browser.new_context()  # a person of their own, with an empty store
    tab = context.new_page()
    tab.goto(f"{site}/?utm_source=wechat&utm_medium=social")
    yield tab
    context.close()


def calls_of(request: Request) -> list[dict]:
    """Return the calls in a request of the client."""
    if request.method != "POST":
        return []
    body = json.loads(request.post_data)
    return body.get("batch", [body])


@pytest.mark.parametrize("strategy", ["standard", "batching"])
def test_every_call_of_the_client_arrives_once(intake, page: Page, strategy: str) -> None:
    found = {"strategy": strategy, "config": {"size": 5, "timeout": 60_000}}
    sent: list[dict] = []
    page.on("request", lambda asked: sent.extend(calls_of(asked)))
    page.evaluate(LOAD, [intake.url, found])
    with page.expect_response(
        lambda answer: (
            answer.request.method == "POST"
            and (strategy == "batching" or answer.url.endswith("/a"))
        )
    ) as last:
        page.evaluate(CALLS)
    assert last.value.status == 200
    assert last.value.request.headers["content-type"].startswith("text/plain")
    assert last.value.request.headers["authorization"].startswith("Basic ")
    events = {(e.type, e.event): e for e in intake.envelopes()}
    assert len(intake.envelopes()) == len(events) == 5
    assert {(e.message_id, e.type, e.user_id, e.anonymous_id) for e in intake.envelopes()} == {
        (c["messageId"], c["type"], c.get("userId"), c["anonymousId"]) for c in sent
    }
    viewed = events["track", "Product Viewed"]
    assert json.loads(bytes(viewed.properties))["sku"] == "保温杯"
    assert json.loads(bytes(viewed.context))["campaign"]["medium"] == "social"
    assert json.loads(bytes(events["identify", None].traits)) == {"plan": "金牌"}


def test_a_page_can_read_a_refusal_and_repeat_a_call(intake, page: Page) -> None:
    """A refusal that a page cannot read looks like a broken network, and is retried for ever."""
    assert page.evaluate(RETRY, intake.url) == [400, "invalid_input"]
