"""The tag of ads in Chromium, on a page of another origin than the system's."""

import json
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from bench.harness import System, running_system
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect
from tests.browser.sdk.conftest import Shop

from queqiao.kernel.envelope import Envelope, decode_envelope
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[3] / "console" / "node_modules" / "axe-core" / "axe.min.js"
AGENT = "Mozilla/5.0 (X11; Linux x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0"
SVG = (
    "<svg xmlns='http://www.w3.org/2000/svg' width='300' height='250'>"
    "<rect width='300' height='250' fill='teal'/></svg>"
)
VAST_CLIENT = Path(__file__).parents[2] / "clients/node_modules/@dailymotion/vast-client/dist"
PLAY = """async (url) => {
  const {VASTClient, VASTTracker} = await import('/vast-client.js');
  const client = new VASTClient();
  const {ads, errorURLTemplates} = await client.get(url);
  if (!ads.length) return {ads: 0, errors: errorURLTemplates};
  const [creative] = ads[0].creatives;
  const tracker = new VASTTracker(client, ads[0], creative);
  const clicked = new Promise((resolve) => tracker.on('clickthrough', resolve));
  tracker.trackImpression();
  tracker.trackViewableImpression();
  for (let at = 0; at <= 15; at++) tracker.setProgress(at);
  tracker.complete();
  tracker.errorWithCode('405');
  tracker.click();
  return {ads: 1, file: creative.mediaFiles[0].fileURL, skip: tracker.skipDelay,
    length: creative.duration, universal: creative.universalAdIds.length, click: await clicked};
}"""
PLACE = '<div data-queqiao-placement="{}" style="aspect-ratio:300/250;width:300px"></div>'
WALLED = """<p id=p>…</p><script>try { parent.document.title = 'taken'; } catch {
  document.getElementById('p').textContent = 'walled'; }</script>
  <a href="{click_url}" target=_blank>go</a>"""
CLS = """() => { window.shifts = 0; new PerformanceObserver((list) => list.getEntries().forEach(
  (entry) => (window.shifts += entry.value))).observe({type: 'layout-shift', buffered: true}); }"""
TOLD_AT = """() => { window.toldAt = []; const plain = fetch; window.fetch = (url, ...rest) => {
  if (String(url).includes('/t/')) toldAt.push(performance.now());
  return plain(url, ...rest); }; }"""
"""Notes when the page itself tells something: a busy machine makes the test late, not the page."""
RECORD = """async () => {
  const canvas = Object.assign(document.createElement('canvas'), {width: 64, height: 36});
  const draw = canvas.getContext('2d');
  const recorder = new MediaRecorder(canvas.captureStream(20), {mimeType: 'video/webm;codecs=vp8'});
  const parts = [];
  recorder.ondataavailable = ({data}) => parts.push(data);
  const done = new Promise((resolve) => (recorder.onstop = resolve));
  recorder.start();
  for (let at = 0; at < 30; at++) {
    draw.fillStyle = `hsl(${at * 12} 80% 50%)`;
    draw.fillRect(0, 0, 64, 36);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  recorder.stop();
  await done;
  const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
  return btoa(Array.from(bytes, (one) => String.fromCharCode(one)).join(''));
}"""


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    """A system of its own: its ads would stand in the tables of other tests."""
    with running_system() as running:
        yield running


@pytest.fixture
def shopper(chromium: Browser) -> Iterator[BrowserContext]:
    """A person's browser: what names itself headless is shown no ad."""
    made = chromium.new_context(
        locale="zh-CN", viewport={"width": 1000, "height": 700}, user_agent=AGENT
    )
    yield made
    made.close()


@pytest.fixture
def show(system: System, shop: Shop) -> Callable[..., None]:
    """Put one ad into a place of its own name, and the tag into the page."""
    shop.head = (
        f'<script async src="{system.base_url}/js/places.js" data-qq-key="{system.intake_key}">'
        "</script>"
    )

    def put(place: str, **creative: Any) -> None:
        form = creative.pop("form", None)
        shown = {"id": "c", "title": "明前龙井", "landing_url": f"{shop.url}/tea", **creative}
        campaign = {
            "name": place, "advertiser": "茶庄", "placements": [place], "bid_minor": 100,
            "currency": "CNY", "daily_budget_minor": 100_000, "creatives": [shown],
        }  # fmt: skip
        placement = {"name": place, "floor_minor": 1, "currency": "CNY"}
        if form:
            placement["format"] = form
        with admin(system) as client:
            for kind, document in (("placements", placement), ("campaigns", campaign)):
                made = client.post(f"/api/v1/{kind}", json={"id": place, "document": document})
                assert made.status_code in {200, 201}, made.text
                client.post(f"/api/v1/{kind}/{place}/publish").raise_for_status()
            once(lambda: filled(system, place))
        shop.files["/tea.svg"] = ("image/svg+xml", SVG.encode())

    return put


def admin(system: System) -> httpx.Client:
    headers = {"authorization": f"Bearer {system.admin_key}"}
    return httpx.Client(base_url=system.base_url, headers=headers, timeout=30)


def filled(system: System, place: str) -> bool:
    """Say whether the role that decides knows the place by now."""
    asked = {"write_key": system.intake_key, "placements": [{"id": place}]}
    headers = {"user-agent": AGENT}
    answer = httpx.post(f"{system.base_url}/a/v1/places", json=asked, headers=headers)
    return answer.status_code == 200 and bool(answer.json()["ads"])


def once(is_so: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 15
    while not (found := is_so()):
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.05)
    return found


class Told:
    """What the tag asks and tells."""

    def __init__(self, tab: Page) -> None:
        self.asked: list[dict[str, Any]] = []
        self.told: list[str] = []
        tab.on("request", self._note)

    def _note(self, request: Request) -> None:
        if request.url.endswith("/a/v1/places"):
            self.asked.append(json.loads(request.post_data or "{}"))
        elif "/t/" in request.url:
            self.told.append(request.url)


@pytest.fixture
def told(tab: Page) -> Told:
    return Told(tab)


def stored(system: System, place: str) -> dict[str, Envelope]:
    """Return the ads' events of a place by name, the last of each."""
    reader = EmbeddedEventLogReader(system.home / "log")
    found = [decode_envelope(one.body) for one in reader.read(0, 1_000_000)]
    reader.close()
    said = f'"placement_id":"{place}"'.encode()
    return {str(one.event): one for one in found if said in bytes(one.properties)}


def state(tab: Page, place: str, wanted: str) -> None:
    expect(tab.locator(f'[data-queqiao-placement="{place}"]')).to_have_attribute(
        "data-queqiao-state", wanted
    )


def wait_ms(tab: Page, ms: int) -> None:
    tab.wait_for_timeout(ms)


def test_it_is_drawn_labelled_moves_nothing_and_is_seen_after_a_second(
    tab: Page, shop: Shop, show, told: Told, system: System
) -> None:
    show("top", image_url=f"{shop.url}/tea.svg", image_width=300, image_height=250,
         image_sources=[{"url": f"{shop.url}/tea.svg?2x", "width": 600}])  # fmt: skip
    shop.body = f"<main><h1>茶</h1>{PLACE.format('top')}<p>下文</p></main>"
    shop.lang = "zh-CN"
    tab.add_init_script(f"({CLS})(); ({TOLD_AT})()")
    tab.goto(f"{shop.url}/top")
    state(tab, "top", "filled")
    link = tab.get_by_role("link", name="明前龙井")
    assert link.get_attribute("rel") == "noopener sponsored"
    assert str(link.get_attribute("href")).startswith(f"{system.base_url}/t/")
    srcset = link.locator("img").get_attribute("srcset") or ""
    assert srcset.endswith(" 600w")
    tab.wait_for_function(
        "document.querySelector('[data-queqiao-placement]').shadowRoot"
        ".querySelector('img').naturalWidth > 0"
    )
    assert tab.get_by_role("button", name="广告", exact=True).is_visible()
    once(lambda: "Ad Viewed" in stored(system, "top"))
    tab.wait_for_function("toldAt.length === 2")
    drawn_at, seen_at = tab.evaluate("toldAt")
    assert seen_at - drawn_at >= 1000
    once(lambda: "Ad Viewable" in stored(system, "top"))
    assert tab.evaluate("window.shifts") == 0
    assert tab.context.cookies(system.base_url.replace("127.0.0.1", "localhost")) == []
    assert told.asked[0]["anonymous_id"] == tab.evaluate("localStorage.qq_aid")
    assert stored(system, "top")["Ad Viewable"].anonymous_id == told.asked[0]["anonymous_id"]


def test_everyone_can_read_it_and_close_it_by_keyboard(
    tab: Page, shop: Shop, show, told: Told, system: System
) -> None:
    show("side", form="native", image_url=f"{shop.url}/tea.svg")
    shop.body = f"<main><h1>Tea</h1>{PLACE.format('side')}</main>"
    shop.lang = "en"
    tab.goto(f"{shop.url}/side")
    state(tab, "side", "filled")
    tab.add_script_tag(path=AXE)
    label = tab.get_by_role("button", name="Ad", exact=True)
    for is_open in (False, True):
        assert label.get_attribute("aria-expanded") == str(is_open).lower()
        found = tab.evaluate("axe.run().then(({violations}) => violations.map(({id}) => id))")
        assert found == []
        label.press("Enter")
    expect(label).to_have_attribute("aria-expanded", "false")
    label.press("Enter")
    expect(tab.get_by_text("It is booked for this place")).to_be_visible()
    expect(tab.get_by_text("Advertiser: 茶庄")).to_be_visible()
    label.press("Escape")
    expect(tab.get_by_text("It is booked for this place")).to_be_hidden()
    tab.get_by_role("button", name="Close the ad").press("Enter")
    expect(tab.get_by_role("status")).to_have_text("Ad closed")
    once(lambda: "Ad Closed" in stored(system, "side"))
    tab.evaluate("queqiaoPlaces.refresh()")
    wait_ms(tab, 200)
    state(tab, "side", "closed")
    assert len(told.asked) == 1


def test_it_asks_when_near_and_counts_what_is_half_in_sight(
    tab: Page, shop: Shop, show, told: Told
) -> None:
    show("deep", image_url=f"{shop.url}/tea.svg")
    gap = '<div style="height:{}px"></div>'
    shop.body = f"{gap.format(2500)}{PLACE.format('deep')}{gap.format(2000)}"
    tab.goto(f"{shop.url}/deep")
    wait_ms(tab, 300)
    state(tab, "deep", "waiting")
    assert told.asked == []
    top = tab.evaluate(
        "document.querySelector('[data-queqiao-placement]').getBoundingClientRect().top"
    )
    tab.evaluate(f"scrollTo(0, {top - 700 + 100})")  # 100 of 250 pixels
    state(tab, "deep", "filled")
    wait_ms(tab, 1300)
    assert len(told.told) == 1
    tab.evaluate(f"scrollTo(0, {top - 700 + 150})")
    once(lambda: (wait_ms(tab, 50), len(told.told) == 2)[1])
    tab.evaluate("queqiaoPlaces.refresh('deep')")
    once(lambda: (wait_ms(tab, 50), len(told.asked) == 2)[1])
    state(tab, "deep", "filled")


def test_without_a_yes_it_knows_nobody(tab: Page, shop: Shop, show, told: Told) -> None:
    show("asks", title="x")
    shop.head = str(shop.head).replace("<script ", '<script data-qq-consent="required" ')
    shop.body = PLACE.format("asks")
    tab.goto(f"{shop.url}/asks")
    state(tab, "asks", "filled")
    assert "anonymous_id" not in told.asked[0]
    assert tab.evaluate("Object.keys(localStorage).length + document.cookie.length") == 0
    tab.evaluate("localStorage.qq_consent = 'analytics,advertising'; queqiaoPlaces.refresh()")
    once(lambda: (wait_ms(tab, 50), len(told.asked) == 2)[1])
    assert told.asked[1]["anonymous_id"]


def test_a_picture_that_does_not_come_is_told(tab: Page, shop: Shop, show, system: System) -> None:
    show("torn", image_url="http://127.0.0.1:9/none.png")
    shop.body = PLACE.format("torn")
    tab.goto(f"{shop.url}/torn")
    once(lambda: (wait_ms(tab, 50), "Ad Failed" in stored(system, "torn"))[1])
    assert json.loads(bytes(stored(system, "torn")["Ad Failed"].properties))["reason"] == "image"
    expect(tab.get_by_role("link", name="明前龙井")).to_be_attached()


def test_html_of_an_ad_reaches_nothing_of_the_page(tab: Page, shop: Shop, show) -> None:
    show("rich", html=WALLED)
    shop.body = PLACE.format("rich")
    tab.goto(f"{shop.url}/rich")
    frame = tab.frame_locator("iframe")
    expect(frame.locator("#p")).to_have_text("walled")
    assert "/t/" in str(frame.get_by_role("link").get_attribute("href"))
    assert tab.title() == "茶庄"


@pytest.mark.parametrize("is_offline", [False, True], ids=["blocked", "refused"])
def test_what_is_blocked_breaks_nothing(
    tab: Page, shop: Shop, show, system: System, *, is_offline: bool
) -> None:
    """The tab's own fixture fails the test on any error of a script."""
    show(f"lost{is_offline}", title="x")
    shop.body = PLACE.format(f"lost{is_offline}") + "<p>下文</p>"
    if is_offline:
        tab.route("**/a/v1/places", lambda route: route.fulfill(status=503, body="x"))
    else:
        tab.route("**/a/v1/places", lambda route: route.abort())
    tab.goto(f"{shop.url}/lost")
    state(tab, f"lost{is_offline}", "empty")
    assert tab.get_by_text("下文").is_visible()


def test_a_video_plays_in_sight_and_tells_how_far_it_came(
    tab: Page, shop: Shop, show, system: System
) -> None:
    tab.goto(f"{shop.url}/studio")
    shop.files["/tea.webm"] = ("video/webm", b64decode(tab.evaluate(RECORD)))
    video = {"url": f"{shop.url}/tea.webm", "mime": "video/webm", "duration_s": 2}
    show("film", form="video", video=video)
    shop.body = PLACE.format("film")
    tab.goto(f"{shop.url}/film")
    steps = {"Ad Video Started", "Ad Video First Quartile", "Ad Video Midpoint",
             "Ad Video Third Quartile", "Ad Video Completed", "Ad Viewable"}  # fmt: skip
    once(lambda: (wait_ms(tab, 100), steps <= set(stored(system, "film")))[1])
    tab.emulate_media(reduced_motion="reduce")
    tab.reload()
    state(tab, "film", "filled")
    wait_ms(tab, 500)
    assert tab.evaluate(
        "document.querySelector('[data-queqiao-placement]').shadowRoot"
        ".querySelector('video').paused"
    )


def test_a_player_of_others_plays_our_vast(tab: Page, shop: Shop, show, system: System) -> None:
    """The VAST client of Dailymotion, as it came, on a page of another origin."""
    shop.files["/vast-client.js"] = (
        "text/javascript", (VAST_CLIENT / "vast-client.js").read_bytes(),
    )  # fmt: skip
    video = {"url": "https://cdn.example/tea.mp4", "duration_s": 15}
    show("roll", form="video", video=video)
    tab.goto(f"{shop.url}/roll")
    url = f"{system.base_url}/a/v1/vast/{{}}?write_key={system.intake_key}"
    played = tab.evaluate(PLAY, url.format("roll"))
    assert played["file"] == video["url"]
    assert (played["skip"], played["length"], played["universal"]) == (5, 15, 1)
    assert str(played["click"]).startswith(f"{system.base_url}/t/")
    told = {"Ad Viewed", "Ad Viewable", "Ad Video Started", "Ad Video First Quartile",
            "Ad Video Midpoint", "Ad Video Third Quartile", "Ad Video Completed",
            "Ad Failed"}  # fmt: skip
    once(lambda: (wait_ms(tab, 100), told <= set(stored(system, "roll")))[1])
    assert json.loads(bytes(stored(system, "roll")["Ad Failed"].properties))["reason"] == "405"
    assert json.loads(bytes(stored(system, "roll")["Ad Viewed"].properties))["decision_id"]
    nobody = tab.evaluate(PLAY, url.format("none"))
    assert nobody["ads"] == 0


def test_a_customer_is_known_by_the_shops_word_alone(
    tab: Page, shop: Shop, show, system: System
) -> None:
    show("mine", title="x")
    headers = {"authorization": f"Bearer {system.decide_key}"}
    asked = {"customer_id": "u-7"}
    word = httpx.post(
        f"{system.base_url}/api/v1/landing-pages/visitors", json=asked, headers=headers
    ).json()["token"]
    plain = str(shop.head)
    shop.body = PLACE.format("mine")
    for said, customer in ((word[:-4] + "AAAA", None), (word, "u-7")):
        shop.head = plain.replace("<script ", f'<script data-qq-visitor="{said}" ')
        tab.goto(f"{shop.url}/mine")
        state(tab, "mine", "filled")
        served = once(lambda: stored(system, "mine").get("Ad Viewed"))
        assert stored(system, "mine")["Ad Served"].user_id == customer
        assert served is not None
