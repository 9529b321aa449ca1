"""The pixel on the running system: its address is an event, and every answer is an image."""

import json
from base64 import b64encode, urlsafe_b64encode

import httpx
import pytest
from bench.harness import System

pytestmark = pytest.mark.system


@pytest.fixture
def pixel(system: System):
    """Ask for the pixel; the answer is checked to be the image."""

    def ask(status: int = 200, method: str = "GET", headers=None, **query: str) -> httpx.Response:
        address = f"{system.base_url}/px.gif"
        answer = httpx.request(method, address, params=query, headers=headers, timeout=30)
        assert answer.status_code == status
        assert answer.headers["content-type"] == "image/gif"
        assert "no-store" in answer.headers["cache-control"]
        if method == "GET":
            assert answer.content[:6] == b"GIF89a"
            assert len(answer.content) == 42
        return answer

    return ask


@pytest.fixture
def bad_rows(system: System):
    """Return the newest bad rows."""

    def newest() -> list[dict]:
        key = {"authorization": f"Bearer {system.admin_key}"}
        return httpx.get(f"{system.base_url}/api/v1/bad-rows", headers=key).json()["items"]

    return newest


def test_a_mail_that_was_opened(system, pixel, stored) -> None:
    """Reserved names are fields, campaign names the campaign, everything else a property."""
    pixel(
        headers={"user-agent": "Mail/1.0", "referer": "https://mail.example.com/"},
        writeKey=system.intake_key,
        event="Mail Opened",
        user_id="u-1",
        utm_source="newsletter",
        utm_campaign="双十一",
        consent="analytics,advertising",
        mail="spring-1",
        cb="123",
        properties='{"weight": 2}',
    )
    (event,) = stored("Mail Opened")
    assert (event.type, event.user_id, event.source) == ("track", "u-1", "bench")
    assert json.loads(bytes(event.properties)) == {"mail": "spring-1", "weight": 2}
    context = json.loads(bytes(event.context))
    assert context["campaign"] == {"source": "newsletter", "name": "双十一"}
    assert context["userAgent"] == "Mail/1.0"
    assert context["page"] == {"url": "https://mail.example.com/"}
    agreed = {"analytics": True, "personalization": False, "advertising": True}
    assert context["consent"] == {"categoryPreferences": agreed}


def test_texts_become_what_the_vocabulary_knows(system, pixel, stored, bad_rows) -> None:
    said = {"writeKey": system.intake_key, "event": "Product Viewed", "anonymousId": "px-1"}
    pixel(**said, sku="007", price="18.99", price_minor="1899", quantity="2", currency="CNY")
    event = stored("Product Viewed")[-1]
    assert json.loads(bytes(event.properties)) == {
        "sku": "007",
        "price": "18.99",
        "price_minor": 1899,
        "quantity": 2,
        "currency": "CNY",
    }
    pixel(**said, quantity="nan")
    row = bad_rows()[0]
    assert row["path"] == "properties.quantity"
    assert '"quantity":"nan"' in row["text"]


def test_a_message_id_makes_it_one_event(system, pixel, stored, bad_rows) -> None:
    """Whoever asks again, and with whatever, it is the same event."""
    before = len(bad_rows())
    for agent in ("One/1", "Two/2"):
        said = {"writeKey": system.intake_key, "event": "Receipt Seen", "userId": "u-1"}
        pixel(headers={"user-agent": agent}, **said, messageId="receipt-1")
    assert [event.message_id for event in stored("Receipt Seen")] == ["receipt-1"]
    assert len(bad_rows()) == before


@pytest.mark.parametrize("encode", [b64encode, urlsafe_b64encode])
def test_a_whole_call_in_base64(system, pixel, stored, encode) -> None:
    name = f"Packed ~?{encode.__name__}"
    call = {"type": "track", "event": name, "userId": "u>1", "properties": {"n": [1, "？"]}}
    pixel(writeKey=system.intake_key, data=encode(json.dumps(call).encode()).decode().rstrip("="))
    (event,) = stored(name)
    assert event.user_id == "u>1"
    assert json.loads(bytes(event.properties)) == {"n": [1, "？"]}


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ({"event": "X"}, "userId"),
        ({"type": "buy", "userId": "u"}, "type"),
        ({"userId": "u", "timestamp": "yesterday"}, "timestamp"),
        ({"userId": "u", "properties": "[1]"}, "properties"),
        ({"userId": "u", "properties": '{"a":' * 2_000 + "1" + "}" * 2_000}, "properties"),
        ({"userId": "u", "x": "a\0b"}, ""),
        ({"data": "***"}, ""),
        ({"data": "bm90IGpzb24"}, ""),
    ],
)
def test_what_is_wrong_is_kept_and_answered_with_the_image(
    system, pixel, bad_rows, query: dict[str, str], path: str
) -> None:
    before = len(bad_rows())
    pixel(writeKey=system.intake_key, **query)
    rows = bad_rows()
    assert len(rows) == before + 1
    assert path in rows[0]["path"]


def test_no_key_is_a_401_with_the_image(pixel) -> None:
    pixel(401, event="X", userId="u")
    pixel(401, event="X", userId="u", writeKey="wrong")


def test_who_only_looks_whether_it_is_there_saw_nothing(system, pixel, stored) -> None:
    pixel(method="HEAD", writeKey=system.intake_key, event="Checked Only", userId="u")
    assert stored("Checked Only") == []
