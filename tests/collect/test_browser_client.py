"""The unmodified @segment/analytics-next in Chromium, on a page of another origin."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Request
from tests.collect import clients

pytestmark = pytest.mark.browser

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


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with clients.page_of_a_shop(tmp_path_factory.mktemp("site")) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with clients.chromium() as launched:
        yield launched


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
    page.evaluate(clients.LOAD, [intake.url, "web-key", found])
    with page.expect_response(
        lambda answer: (
            answer.request.method == "POST"
            and (strategy == "batching" or answer.url.endswith("/a"))
        )
    ) as last:
        page.evaluate(clients.CALLS)
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
