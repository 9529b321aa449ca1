"""Before a yes, and after a no, our browser SDK stores nothing and sends nothing."""

import pytest
from playwright.sync_api import Page
from tests.browser.sdk.conftest import Shop, said

pytestmark = pytest.mark.browser

STORED = "Object.keys(localStorage).concat(Object.keys(sessionStorage), document.cookie || [])"
BODY = '<a id="link" href="#x" data-qq-event="Product Clicked" data-qq-sku="S">x</a>'


@pytest.fixture
def asked(tab: Page, shop: Shop) -> list[str]:
    """What the page asks of the system, but for the script itself."""
    urls: list[str] = []
    tab.on("request", lambda one: urls.append(one.url))
    shop.body = BODY
    return urls


def foreign(urls: list[str], shop: Shop) -> list[str]:
    return [url for url in urls if not url.startswith(shop.url) and "/js/queqiao.js" not in url]


def busy(tab: Page) -> None:
    """Do what would send, were it allowed to."""
    tab.click("#link")
    tab.evaluate("queqiao.track('Sold'); queqiao.identify('u-1'); queqiao.alias('u-1')")
    tab.evaluate("queqiao.flush()")


@pytest.mark.parametrize("consent", ["required", []], ids=["not asked yet", "no"])
def test_nothing_is_stored_and_nothing_sent(
    tab: Page, shop: Shop, asked: list[str], consent: object
) -> None:
    shop.settings |= {"consent": consent, "flushEveryMs": 1}
    tab.goto(f"{shop.url}/silent")
    tab.wait_for_function("!Array.isArray(queqiao)")
    busy(tab)
    tab.evaluate("queqiao.consent([])")
    busy(tab)
    tab.evaluate("queqiao.reset()")
    stored = tab.evaluate(STORED)
    tab.goto("about:blank")
    assert stored == []
    assert tab.context.cookies() == []
    assert foreign(asked, shop) == []


def test_a_yes_releases_what_waited_and_travels_with_it(
    tab: Page, shop: Shop, asked: list[str], arrived
) -> None:
    """The next page knows it; each event says what held when it happened; a no erases it all."""
    shop.settings |= {"consent": "required"}
    tab.goto(f"{shop.url}/yes/1")
    tab.wait_for_function("!Array.isArray(queqiao)")
    tab.click("#link")
    assert foreign(asked, shop) == []
    tab.evaluate("queqiao.consent(['analytics', 'advertising'])")
    page, clicked = arrived("/yes", 2)
    assert (page.type, clicked.event) == ("page", "Product Clicked")
    agreed = {"analytics": True, "personalization": False, "advertising": True}
    for event in (page, clicked):
        assert said(event.context)["consent"] == {"categoryPreferences": agreed}
    tab.goto(f"{shop.url}/yes/2")
    again = arrived("/yes/2", 1)[0]
    assert again.anonymous_id == page.anonymous_id
    assert said(again.context)["consent"] == {"categoryPreferences": agreed}
    tab.context.set_offline(True)
    tab.evaluate("queqiao.track('Never Sent'); queqiao.consent([])")
    tab.context.set_offline(False)
    busy(tab)
    assert tab.evaluate(STORED) == []
    assert tab.context.cookies() == []
    tab.evaluate("queqiao.consent(['analytics']); queqiao.track('Back')")
    events = arrived("/yes/2", 2)
    assert [one.event for one in events] == [None, "Back"]
    assert events[1].anonymous_id != page.anonymous_id, "who was forgotten is somebody new"
