"""Nothing that our browser SDK took is lost or counts twice, whatever the network does."""

import pytest
from playwright.sync_api import BrowserContext, Page
from tests.browser.sdk.conftest import Shop, said
from tests.sdk.endpoint import Endpoint

pytestmark = pytest.mark.browser

QUEUED = "Object.keys(localStorage).filter((name) => name.startsWith('qq:')).length"


def numbers(events) -> list[int]:
    return [event["properties"]["n"] for event in events if "n" in event["properties"]]


def track(tab: Page, *given: int) -> None:
    tab.evaluate("given => given.forEach((n) => queqiao.track('Sold', {n}))", list(given))


def until(tab: Page, condition: str) -> None:
    tab.wait_for_function(condition)


def loaded(tab: Page) -> None:
    """Wait for the SDK itself, which takes over from the snippet."""
    until(tab, "!Array.isArray(queqiao)")


def test_offline_then_online(tab: Page, shop: Shop, arrived) -> None:
    shop.settings |= {"pages": False}
    tab.goto(f"{shop.url}/tunnel")
    loaded(tab)
    tab.context.set_offline(True)
    track(tab, 1, 2, 3)
    tab.evaluate("queqiao.flush()")
    assert tab.evaluate(QUEUED) == 3
    track(tab, 4)
    tab.context.set_offline(False)
    events = arrived("/tunnel", 4)
    assert [said(one.properties)["n"] for one in events] == [1, 2, 3, 4]
    until(tab, f"{QUEUED} === 0")


def test_a_reload_keeps_the_queue_its_order_and_the_wait(
    tab: Page, shop: Shop, endpoint: Endpoint
) -> None:
    """503 with Retry-After: the reloaded page waits as long, then sends all, in order, once."""
    shop.settings |= {"pages": False, "clicks": False}
    endpoint.decide = lambda _: (503, {"retry-after": "2"})
    tab.goto(f"{shop.url}/reload")
    with tab.expect_response(lambda answer: answer.status == 503):
        track(tab, 1, 2)
    ids = tab.evaluate(
        "Object.keys(localStorage).filter((name) => name.startsWith('qq:')).sort()"
        ".map((name) => JSON.parse(localStorage[name]).messageId)"
    )
    endpoint.decide = lambda _: (200, {})
    tab.reload()
    loaded(tab)
    track(tab, 3)
    assert endpoint.taken == []
    until(tab, f"{QUEUED} === 0")
    assert endpoint.asked_at_s[1] - endpoint.asked_at_s[0] >= 1.9
    assert len(endpoint.asked_at_s) == 2, "no beacon went out while it was to wait"
    assert numbers(endpoint.taken) == [1, 2, 3]
    assert [event["messageId"] for event in endpoint.taken][:2] == ids


def test_a_clock_that_was_set_back_does_not_stop_it(
    tab: Page, shop: Shop, endpoint: Endpoint
) -> None:
    """A wait noted by a clock that ran a day ahead is not waited for."""
    pause = f"localStorage['qq!{shop.system.intake_key}'] = Date.now() + 86_400_000"
    tab.add_init_script(pause)
    shop.settings |= {"pages": False}
    tab.goto(f"{shop.url}/clock")
    loaded(tab)
    track(tab, 1)
    tab.evaluate("queqiao.flush()")
    assert numbers(endpoint.taken) == [1]


def test_many_events_of_one_moment_keep_their_order(
    tab: Page, shop: Shop, endpoint: Endpoint
) -> None:
    """The clock goes back and then stands still: none overwrites another."""
    shop.settings |= {"pages": False, "flushEveryMs": 1_000_000, "flushAt": 1_000}
    tab.goto(f"{shop.url}/moment")
    loaded(tab)
    track(tab, 0)
    tab.evaluate("() => { const then = Date.now() - 60_000; Date.now = () => then; }")
    track(tab, *range(1, 120))
    tab.evaluate("queqiao.flush()")
    assert numbers(endpoint.taken) == list(range(120))
    assert len(endpoint.requests) == 3, "at most 50 a batch"


def test_errors_are_tried_again_and_a_poisoned_event_stops_nothing(
    tab: Page, shop: Shop, endpoint: Endpoint
) -> None:
    shop.settings |= {"pages": False}
    answers = iter([(500, {}), (429, {"retry-after": "0"})])

    def decide(batch):
        return (400, {}) if 2 in numbers(batch) else next(answers, (200, {}))

    endpoint.decide = decide
    tab.goto(f"{shop.url}/errors")
    track(tab, 1, 2, 3, 4)
    until(tab, f"!Array.isArray(queqiao) && {QUEUED} === 0")
    assert numbers(endpoint.taken) == [1, 3, 4]


def test_a_beacon_takes_what_waits_when_the_page_goes_away(
    tab: Page, shop: Shop, endpoint: Endpoint
) -> None:
    """Only a beacon asks for no leave to read the answer; the events stay until they have one."""
    shop.settings |= {"pages": False, "flushEveryMs": 1_000_000}
    tab.goto(f"{shop.url}/leave")
    loaded(tab)
    track(tab, 1, 2)
    tab.goto("about:blank")
    tab.goto(f"{shop.url}/leave")
    until(tab, f"!Array.isArray(queqiao) && {QUEUED} === 0")
    assert [numbers([event])[0] for event in endpoint.taken] == [1, 2, 1, 2]
    assert sorted(asked["sec-fetch-mode"] for asked in endpoint.requests) == ["cors", "no-cors"]
    first, second = endpoint.taken[:2], endpoint.taken[2:]
    assert first == second, "to the last byte, so that the log knows them for the same"


def test_what_a_beacon_and_the_next_visit_send_counts_once(tab: Page, shop: Shop, arrived) -> None:
    shop.settings |= {"pages": False, "flushEveryMs": 1_000_000}
    tab.goto(f"{shop.url}/once")
    loaded(tab)
    track(tab, 1, 2)
    tab.goto("about:blank")
    assert len(arrived("/once", 2)) == 2
    tab.goto(f"{shop.url}/once")
    until(tab, f"!Array.isArray(queqiao) && {QUEUED} === 0")
    track(tab, 3)
    tab.evaluate("queqiao.flush()")
    assert [said(one.properties)["n"] for one in arrived("/once", 3)] == [1, 2, 3]


def test_the_queue_is_bounded_and_says_what_it_dropped(
    tab: Page, shop: Shop, endpoint: Endpoint
) -> None:
    shop.settings |= {"pages": False, "queueMax": 3}
    tab.goto(f"{shop.url}/full")
    loaded(tab)
    tab.context.set_offline(True)
    track(tab, 1, 2, 3, 4, 5)
    assert tab.evaluate(QUEUED) == 3
    tab.context.set_offline(False)
    until(tab, f"{QUEUED} === 0")
    assert numbers(endpoint.taken) == [3, 4, 5]
    assert [one["context"].get("droppedBefore") for one in endpoint.taken] == [None, 1, 2]


def test_two_tabs_share_a_queue(shopper: BrowserContext, shop: Shop, endpoint: Endpoint) -> None:
    shop.settings |= {"pages": False}
    tabs = [shopper.new_page() for _ in range(2)]
    for tab in tabs:
        tab.goto(f"{shop.url}/tabs")
        loaded(tab)
    endpoint.decide = lambda _: (500, {})
    for n in range(20):
        track(tabs[n % 2], n)
    until(tabs[0], f"{QUEUED} === 20")  # what one tab writes the other sees a moment later
    endpoint.decide = lambda _: (200, {})
    until(tabs[0], f"{QUEUED} === 0")
    seen = {event["messageId"]: event["properties"]["n"] for event in endpoint.taken}
    assert sorted(seen.values()) == list(range(20))


@pytest.mark.parametrize("broken", ["get() { throw new Error('no') }", "value: undefined"])
def test_without_storage_it_sends_all_the_same(
    tab: Page, shop: Shop, endpoint: Endpoint, broken: str
) -> None:
    tab.add_init_script(f"Object.defineProperty(window, 'localStorage', {{ {broken} }})")
    shop.settings |= {"pages": False}
    tab.goto(f"{shop.url}/bare")
    track(tab, 1, 2)
    loaded(tab)
    tab.evaluate("queqiao.flush()")
    assert numbers(endpoint.taken) == [1, 2]
    cookie = {one["name"]: one["value"] for one in tab.context.cookies()}["qq_aid"]
    assert {event["anonymousId"] for event in endpoint.taken} == {cookie}
    assert "cookie" not in endpoint.requests[-1]
    assert endpoint.requests[-1]["content-type"].startswith("text/plain")
