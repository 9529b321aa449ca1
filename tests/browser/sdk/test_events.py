"""What our browser SDK says, seen in the event log of the running system."""

import pytest
from playwright.sync_api import Page
from tests.browser.sdk.conftest import Shop, said

pytestmark = pytest.mark.browser


def test_a_visit_without_a_line_of_code(tab: Page, shop: Shop, arrived) -> None:
    """Page views, of the history API too; campaign tags; clicks; one shopper throughout."""
    shop.body = """
      <div data-qq-list-id="spring" data-qq-position="3">
        <a id="tea" href="#tea" data-qq-event="Product Clicked" data-qq-sku="007"
           data-qq-price-minor="12800" data-qq-currency="CNY"
           data-qq-properties='{"tags": ["new"]}'><b>龙井</b></a>
      </div>
      <a id="out" href="https://example.com/x">Elsewhere</a> <a id="call" href="tel:123">Call</a>"""
    tab.goto(f"{shop.url}/visit/a?utm_source=mail&utm_campaign=双十一&gclid=g1")
    arrived("/visit", 1)
    tab.evaluate("history.replaceState({}, '', location.href)")
    tab.evaluate("history.pushState({}, '', '/visit/b?x=1'); document.title = '乙'")
    tab.click("#tea b")
    tab.evaluate("document.addEventListener('click', (event) => event.preventDefault())")
    tab.click("#call")
    tab.click("#out")
    tab.go_back()
    tab.go_back()
    events = arrived("/visit", 5)
    assert [(one.type, one.event) for one in events] == [
        ("page", None),
        ("page", None),
        ("track", "Product Clicked"),
        ("track", "Link Clicked"),
        ("page", None),
    ]
    first, second, clicked, link, back = (said(one.properties) for one in events)
    assert (first["path"], first["search"][:17]) == ("/visit/a", "?utm_source=mail&")
    assert (second["path"], second["title"]) == ("/visit/b", "乙")
    assert second["referrer"] == first["url"]
    assert clicked == {
        "list_id": "spring",
        "position": 3,
        "sku": "007",
        "price_minor": 12800,
        "currency": "CNY",
        "tags": ["new"],
    }
    assert link == {"href": "https://example.com/x", "text": "Elsewhere", "outbound": True}
    assert back["path"] == "/visit/a"
    contexts = [said(one.context) for one in events]
    assert contexts[0]["campaign"] == {"source": "mail", "name": "双十一", "gclid": "g1"}
    assert "campaign" not in contexts[1]
    assert contexts[0]["channel"] == "web"
    assert contexts[0]["locale"] == "zh-CN"
    assert "consent" not in contexts[0], "nobody was asked"
    assert len({one.anonymous_id for one in events}) == 1
    assert len({one.message_id for one in events}) == 5
    cookies = tab.context.cookies()
    assert [(one["name"], one["value"]) for one in cookies] == [("qq_aid", events[0].anonymous_id)]


def test_calls_by_hand(tab: Page, shop: Shop, arrived) -> None:
    """Each kind of call; a login holds on the next page, a logout makes another person."""
    shop.settings["pages"] = False
    tab.goto(f"{shop.url}/hand/1")
    tab.evaluate("""() => {
      queqiao.track("Coupon Entered", {coupon: "春"}, {messageId: "hand-1", context: {shop: 7}});
      queqiao.identify("u-1", {plan: "金牌"});
      queqiao.group("g-1", {name: "Initech"});
      queqiao.alias("u-1");
    }""")
    arrived("/hand", 4)
    tab.goto(f"{shop.url}/hand/2")
    tab.evaluate("queqiao.page('Cart', {step: 2})")
    arrived("/hand", 5)
    tab.evaluate("queqiao.reset(); queqiao.track('Left')")
    track, identify, group, alias, page, left = arrived("/hand", 6)
    assert (track.message_id, track.user_id, said(track.context)["shop"]) == ("hand-1", None, 7)
    assert (identify.user_id, said(identify.traits)) == ("u-1", {"plan": "金牌"})
    assert said(group.properties)["group_id"] == "g-1"
    assert said(alias.properties)["previous_id"] == track.anonymous_id
    assert (page.event, page.user_id, said(page.properties)["step"]) == ("Cart", "u-1", 2)
    assert page.anonymous_id == track.anonymous_id
    assert left.user_id is None
    assert left.anonymous_id not in {None, track.anonymous_id}


def test_exposure_is_half_of_it_for_a_second(tab: Page, shop: Shop, arrived) -> None:
    """As the Media Rating Council counts: half, of a large one 30 %, for one second, once."""

    def box(name: str, top: int, width: int, height: int) -> str:
        place = f"position:absolute;left:0;top:{top}px;width:{width}px;height:{height}px"
        kind = 'data-qq-exposure="Promotion Viewed"'
        return f'<div {kind} data-qq-promotion-id="{name}" style="{place}">{name}</div>'

    shop.body = (
        box("half", 740, 100, 100)  # 60 % of it
        + box("less", 760, 100, 100)  # 40 %
        + box("large", 625, 500, 500)  # 35 % of more than 242,500 px
        + box("below", 2_000, 100, 100)
        + box("blank", 0, 100, 0)
    )
    shop.settings["pages"] = False
    tab.goto(f"{shop.url}/seen")
    seen = [said(one.properties)["promotion_id"] for one in arrived("/seen", 2)]
    assert sorted(seen) == ["half", "large"]
    late = box("late", 10, 100, 100).replace("'", "\\'")
    tab.evaluate(f"document.body.insertAdjacentHTML('beforeend', '{late}')")
    assert said(arrived("/seen", 3)[2].properties) == {"promotion_id": "late"}
    tab.evaluate("scrollTo(0, 1500)")
    events = arrived("/seen", 4)
    assert [one.event for one in events] == ["Promotion Viewed"] * 4
    assert said(events[3].properties) == {"promotion_id": "below"}


def test_one_line_is_enough(tab: Page, shop: Shop, arrived) -> None:
    """The tag with its key alone, and the calls that came before it."""
    shop.head = (
        "<script>window.queqiao = [['track', 'Early Bird']]</script>"
        f'<script src="{shop.system.base_url}/js/queqiao.js" '
        f'data-qq-key="{shop.system.intake_key}"></script>'
    )
    tab.goto(f"{shop.url}/line")
    assert [one.event for one in arrived("/line", 2)] == [None, "Early Bird"]
